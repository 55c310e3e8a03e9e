-- name: sittings
SELECT s.uuid, s.occasion, a.key AS assessment, s.started_at, s.deadline, s.finished_at, s.reason, s.outcome,
    (SELECT count(*) FROM response r WHERE r.session_id = s.id) AS n_answers,
    (SELECT max(r.answered_at) FROM response r WHERE r.session_id = s.id) AS last_answer_at
FROM session s JOIN attempt t ON t.id = s.attempt_id JOIN assessment a ON a.id = t.assessment_id
WHERE s.started_at >= $1
ORDER BY s.id

-- name: exposure
SELECT i.item_id, count(*) AS n_shown, count(r.category) AS n_answered, avg(r.category)::double precision AS mean_category,
    percentile_cont(0.5) WITHIN GROUP (ORDER BY extract(epoch FROM r.answered_at - i.shown_at)) AS median_seconds
FROM session_item i
JOIN item k ON k.id = i.item_id
LEFT JOIN response r ON r.session_id = i.session_id AND r.position = i.position
WHERE k.bank_id = $1
GROUP BY i.item_id

-- name: n_sittings
SELECT count(*) FROM session s JOIN bank_version v ON v.id = s.bank_version_id WHERE v.bank_id = $1
