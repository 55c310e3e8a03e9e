-- name: open
INSERT INTO session (
    uuid, institution_id, attempt_id, account_id, bank_version_id, occasion, tie_key, pool, position, theta, sem,
    started_at, deadline, form
)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, 0, $9, $10, $11, $12, $13)
RETURNING id

-- name: find
SELECT id, uuid, attempt_id, account_id, bank_version_id, occasion, form, tie_key, pool, position, theta, sem,
    started_at, deadline, paused_until, finished_at, reason, outcome, now() AS now
FROM session
WHERE uuid = $1

-- name: lock
SELECT id, uuid, attempt_id, account_id, bank_version_id, occasion, form, tie_key, pool, position, theta, sem,
    started_at, deadline, paused_until, finished_at, reason, outcome, now() AS now
FROM session
WHERE uuid = $1
FOR UPDATE

-- name: of_attempt
SELECT id, uuid, attempt_id, account_id, bank_version_id, occasion, form, tie_key, pool, position, theta, sem,
    started_at, deadline, paused_until, finished_at, reason, outcome, now() AS now
FROM session
WHERE attempt_id = $1
ORDER BY id

-- name: every
SELECT id, uuid, attempt_id, account_id, bank_version_id, occasion, form, tie_key, pool, position, theta, sem,
    started_at, deadline, paused_until, finished_at, reason, outcome, now() AS now
FROM session
ORDER BY id

-- name: show_item
INSERT INTO session_item (
    session_id, institution_id, position, account_id, item_id, bank_position, is_pretest, shown_at
)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8)

-- name: administered
SELECT i.position, i.bank_position, i.item_id, i.is_pretest, i.shown_at, r.category, r.score, r.answer, r.client_id,
    r.request_hash, r.answered_at
FROM session_item i LEFT JOIN response r ON r.session_id = i.session_id AND r.position = i.position
WHERE i.session_id = $1
ORDER BY i.position

-- name: add_response
INSERT INTO response (
    session_id, position, institution_id, client_id, request_hash, answer, category, score, answered_at
)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)

-- name: advance
UPDATE session SET position = $2, theta = $3, sem = $4 WHERE id = $1

-- name: finish
UPDATE session
SET position = $2, theta = $3, sem = $4, paused_until = NULL, finished_at = $5, reason = $6, outcome = $7
WHERE id = $1

-- name: seen_by
SELECT DISTINCT item_id FROM session_item WHERE account_id = $1

-- name: seen_before
SELECT DISTINCT item_id FROM session_item WHERE account_id = $1 AND session_id < $2

-- name: save_draft
INSERT INTO draft (session_id, institution_id, position, answer)
VALUES ($1, $2, $3, $4)
ON CONFLICT (session_id)
DO UPDATE SET position = EXCLUDED.position, answer = EXCLUDED.answer, saved_at = now()

-- name: draft
SELECT answer FROM draft WHERE session_id = $1 AND position = $2

-- name: forget_draft
DELETE FROM draft WHERE session_id = $1

-- name: extend
UPDATE session SET deadline = $2 WHERE id = $1

-- name: set_paused_until
UPDATE session SET paused_until = $2 WHERE id = $1

-- name: set_outcome
UPDATE session SET outcome = $2 WHERE id = $1
