-- name: add
INSERT INTO invitation (token_hash, institution_id, attempt_id, requirement, rater, invited_by, invited_at)
VALUES ($1, $2, $3, $4, $5, $6, $7)

-- name: institution_of
SELECT institution_of_invitation($1)

-- name: find
SELECT token_hash, attempt_id, requirement, rater, comment, invited_at, used_at FROM invitation WHERE token_hash = $1

-- name: of_attempt
SELECT token_hash, attempt_id, requirement, rater, comment, invited_at, used_at
FROM invitation
WHERE attempt_id = $1
ORDER BY invited_at

-- name: used
UPDATE invitation SET used_at = $2, comment = $3 WHERE token_hash = $1

-- name: forget_words
UPDATE invitation SET rater = '', comment = ''
WHERE attempt_id IN (SELECT id FROM attempt WHERE account_id = $1)
