-- name: find
SELECT request_hash, status, body FROM idempotency WHERE account_id = $1 AND key = $2

-- name: keep
INSERT INTO idempotency (institution_id, account_id, key, request_hash, status, body)
VALUES ($1, $2, $3, $4, $5, $6)
ON CONFLICT (account_id, key) DO NOTHING
