-- name: keep
INSERT INTO upload (uuid, institution_id, account_id, name, content) VALUES ($1, $2, $3, $4, $5)

-- name: find
SELECT name, content FROM upload WHERE uuid = $1 AND account_id = $2

-- name: forget
DELETE FROM upload WHERE uuid = $1 OR created_at < now() - interval '1 day'
