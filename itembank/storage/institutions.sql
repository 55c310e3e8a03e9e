-- name: create
INSERT INTO institution (uuid, key, name, time_zone, is_sample)
VALUES ($1, $2, $3, $4, $5)
ON CONFLICT (key) DO NOTHING
RETURNING id

-- name: find
SELECT institution_by_key($1)

-- name: get
SELECT id, uuid, key, name, time_zone, is_sample FROM institution WHERE id = $1
