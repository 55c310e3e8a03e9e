-- name: running
SELECT s.uuid, s.occasion, s.form, s.started_at, t.assessment_version_id, l.uuid AS learner, l.pseudonym,
    coalesce(p.name, l.pseudonym) AS name, (SELECT count(*) FROM session_item i WHERE i.session_id = s.id) AS n_items
FROM session s
JOIN attempt t ON t.id = s.attempt_id
JOIN account l ON l.id = s.account_id
LEFT JOIN person p ON p.account_id = l.id
WHERE s.form <> 'adaptive' AND s.finished_at IS NULL AND ($1::uuid IS NULL OR s.uuid = $1)
ORDER BY s.id
