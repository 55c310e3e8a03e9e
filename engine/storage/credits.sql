-- name: award
INSERT INTO credit (uuid, institution_id, account_id, assessment_id, attempt_id, session_id, hours, grade, awarded_at)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)
RETURNING id

-- name: of_account
SELECT c.id, c.uuid, c.account_id, c.assessment_id, a.key AS assessment_key, c.attempt_id, c.session_id, c.hours, c.grade, c.awarded_at,
    c.revoked_at, c.revoked_reason, k.uuid AS credential_uuid
FROM credit c JOIN assessment a ON a.id = c.assessment_id LEFT JOIN LATERAL (
    SELECT uuid FROM credential
    WHERE credit_id = c.id AND (revoked_at IS NULL OR c.revoked_at IS NOT NULL)
    ORDER BY id DESC LIMIT 1
) AS k ON true
WHERE c.account_id = $1
ORDER BY c.id

-- name: of_attempt
SELECT c.id, c.uuid, c.account_id, c.assessment_id, a.key AS assessment_key, c.attempt_id, c.session_id, c.hours, c.grade, c.awarded_at,
    c.revoked_at, c.revoked_reason, k.uuid AS credential_uuid
FROM credit c JOIN assessment a ON a.id = c.assessment_id LEFT JOIN LATERAL (
    SELECT uuid FROM credential
    WHERE credit_id = c.id AND (revoked_at IS NULL OR c.revoked_at IS NOT NULL)
    ORDER BY id DESC LIMIT 1
) AS k ON true
WHERE c.attempt_id = $1
ORDER BY c.id DESC
LIMIT 1

-- name: lock
SELECT id FROM credit WHERE id = $1 FOR UPDATE

-- name: revoke
UPDATE credit SET revoked_at = $2, revoked_reason = $3 WHERE id = $1 AND revoked_at IS NULL

-- name: set_grade
UPDATE credit SET grade = $2 WHERE id = $1

-- name: rebase
UPDATE credit SET session_id = $2, grade = $3 WHERE id = $1
