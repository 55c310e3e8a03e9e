-- name: create
INSERT INTO bank (uuid, institution_id, framework_id, key, title)
VALUES ($1, $2, $3, $4, $5)
RETURNING id

-- name: find
SELECT id, uuid, key, title, framework_id FROM bank WHERE key = $1

-- name: lock
SELECT id FROM bank WHERE id = $1 FOR UPDATE

-- name: list
SELECT b.id, b.uuid, b.key, b.title, b.framework_id FROM bank b ORDER BY b.key
