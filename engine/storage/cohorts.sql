-- name: assessments
SELECT a.id, a.key, v.policy, (SELECT count(*) FROM attempt t WHERE t.assessment_id = a.id) AS n_attempts
FROM assessment a
JOIN LATERAL (
    SELECT policy FROM assessment_version WHERE assessment_id = a.id ORDER BY number DESC LIMIT 1
) v ON true
ORDER BY a.key

-- name: attempts
SELECT t.id, t.uuid, t.account_id, t.assessment_id, t.assessment_version_id, t.created_at, t.head, p.uuid AS learner,
    p.pseudonym, coalesce(n.name, p.pseudonym) AS name
FROM attempt t
JOIN account p ON p.id = t.account_id
LEFT JOIN person n ON n.account_id = p.id
WHERE ($1::bigint IS NULL OR t.assessment_id = $1) AND ($2::bigint IS NULL OR t.account_id = $2)
ORDER BY t.id

-- name: events
SELECT attempt_id, body, hash
FROM attempt_event
WHERE attempt_id = ANY($1::bigint[])
ORDER BY attempt_id, position

-- name: learner
SELECT id FROM account WHERE uuid = $1 AND 'learner' = ANY(roles)
