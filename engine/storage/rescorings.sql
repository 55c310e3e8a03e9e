-- name: add
INSERT INTO rescoring (
    uuid, institution_id, item_id, kind, scoring, hold_harmless, named, reason, account_id, applied_at
)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)
RETURNING id

-- name: mark
INSERT INTO rescored_session (rescoring_id, session_id, institution_id, effect) VALUES ($1, $2, $3, $4)

-- name: in_force
SELECT id, item_id, kind, scoring, hold_harmless FROM rescoring WHERE item_id = ANY($1::bigint[]) ORDER BY id

-- name: of_session
SELECT r.id, r.item_id, r.kind, r.scoring, r.hold_harmless, s.effect
FROM rescored_session s JOIN rescoring r ON r.id = s.rescoring_id
WHERE s.session_id = $1
ORDER BY r.id

-- name: touched
SELECT s.uuid
FROM session s
JOIN session_item i ON i.session_id = s.id
JOIN response r ON r.session_id = i.session_id AND r.position = i.position
WHERE i.item_id = $1 AND NOT i.is_pretest AND s.finished_at IS NOT NULL
ORDER BY s.id

-- name: lock
SELECT pg_advisory_xact_lock(hashtext('rescoring'), $1::integer)

-- name: lock_shared
SELECT pg_advisory_xact_lock_shared(hashtext('rescoring'), $1::integer)

-- name: list
SELECT r.uuid, b.key AS bank, i.key AS item, r.kind, r.hold_harmless, r.named, r.reason, r.applied_at,
    count(s.session_id) FILTER (WHERE s.effect = 'applied') AS n_applied,
    count(s.session_id) FILTER (WHERE s.effect = 'held') AS n_held
FROM rescoring r
JOIN item i ON i.id = r.item_id
JOIN bank b ON b.id = i.bank_id
LEFT JOIN rescored_session s ON s.rescoring_id = r.id
GROUP BY r.id, b.key, i.key
ORDER BY r.id
