-- name: open
INSERT INTO attempt (uuid, institution_id, account_id, assessment_id, assessment_version_id)
VALUES ($1, $2, $3, $4, $5)
ON CONFLICT (account_id, assessment_id) DO NOTHING
RETURNING id

-- name: of_learner
SELECT id, uuid, account_id, assessment_id, assessment_version_id, created_at
FROM attempt
WHERE account_id = $1 AND assessment_id = $2

-- name: find
SELECT id, uuid, account_id, assessment_id, assessment_version_id, created_at
FROM attempt
WHERE uuid = $1

-- name: get
SELECT id, uuid, account_id, assessment_id, assessment_version_id, created_at
FROM attempt
WHERE id = $1

-- name: lock
SELECT now() FROM (SELECT id FROM attempt WHERE id = $1 FOR UPDATE) AS locked

-- name: of_account
SELECT id, uuid, account_id, assessment_id, assessment_version_id, created_at
FROM attempt
WHERE account_id = $1
ORDER BY id

-- name: all
SELECT id, uuid, account_id, assessment_id, assessment_version_id, created_at
FROM attempt
ORDER BY id

-- name: head
SELECT head FROM attempt WHERE id = $1

-- name: set_head
UPDATE attempt SET head = $2 WHERE id = $1

-- name: events
SELECT body, hash FROM attempt_event WHERE attempt_id = $1 ORDER BY position

-- name: append
INSERT INTO attempt_event (attempt_id, institution_id, position, body, hash, actor_id, happened_at)
VALUES ($1, $2, $3, $4, $5, $6, $7)
