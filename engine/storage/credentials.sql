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

-- name: of_credit
SELECT uuid, account_id, credit_id, document, jwt, status_index, issued_at, revoked_at, revoked_reason
FROM credential
WHERE credit_id = $1
ORDER BY id DESC
LIMIT 1

-- name: revoke
UPDATE credential SET revoked_at = $2, revoked_reason = $3 WHERE credit_id = $1 AND revoked_at IS NULL

-- name: revoked_indices
SELECT status_index FROM credential WHERE revoked_at IS NOT NULL ORDER BY status_index

-- name: institution_of
SELECT institution_of_credential($1)

-- name: add_key
INSERT INTO issuer_key (institution_id, fragment, algorithm, private_pem, public_pem, created)
VALUES ($1, $2, $3, $4, $5, $6)

-- name: retire_key
UPDATE issuer_key SET retired = now() WHERE algorithm = $1 AND retired IS NULL

-- name: keys
SELECT fragment, algorithm, private_pem, public_pem, created, retired FROM issuer_key ORDER BY id

-- name: lock_keys
SELECT pg_advisory_xact_lock(hashtext('issuer_key'), $1::integer)

-- name: some
(SELECT uuid, revoked_at IS NOT NULL AS revoked FROM credential WHERE revoked_at IS NULL ORDER BY id DESC LIMIT 1)
UNION ALL
(SELECT uuid, true FROM credential WHERE revoked_at IS NOT NULL ORDER BY id DESC LIMIT 1)
