-- name: save
INSERT INTO calibration (uuid, institution_id, bank_id, document, parameter_hash, origin)
VALUES ($1, $2, $3, $4, $5, $6)
RETURNING id

-- name: latest
SELECT id, uuid, document, parameter_hash, origin, created_at
FROM calibration
WHERE bank_id = $1
ORDER BY id DESC
LIMIT 1
