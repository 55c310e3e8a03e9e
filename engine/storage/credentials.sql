-- name: next_status_index
SELECT candidate
FROM generate_series(0, 131071) AS candidate
WHERE NOT EXISTS (SELECT 1 FROM credential c WHERE c.status_index = candidate)
ORDER BY md5(candidate::text || $1)
LIMIT 1

-- name: save
INSERT INTO credential (
    uuid, institution_id, account_id, credit_id, document, jwt, status_index, issued_at
)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8)

-- name: get
SELECT uuid, account_id, credit_id, document, jwt, status_index, issued_at, revoked_at, revoked_reason
FROM credential
WHERE uuid = $1

-- name: revoke
UPDATE credential SET revoked_at = $2, revoked_reason = $3 WHERE credit_id = $1 AND revoked_at IS NULL

-- name: revoked_indices
SELECT status_index FROM credential WHERE revoked_at IS NOT NULL ORDER BY status_index

-- name: institution_of
SELECT institution_of_credential($1)

-- name: add_key
INSERT INTO issuer_key (institution_id, key_id, kind, private_pem, public_pem)
VALUES ($1, $2, $3, $4, $5)

-- name: retire_key
UPDATE issuer_key SET retired_at = now() WHERE kind = $1 AND retired_at IS NULL

-- name: keys
SELECT key_id, kind, private_pem, public_pem, created_at, retired_at FROM issuer_key ORDER BY id
