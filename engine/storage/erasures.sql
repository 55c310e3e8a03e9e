-- name: asked
SELECT a.uuid, coalesce(p.name, a.pseudonym) AS name, (p.needs ->> 'erasure_asked_at')::timestamptz AS asked_at
FROM person p JOIN account a ON a.id = p.account_id
WHERE p.needs ->> 'erasure_asked_at' IS NOT NULL
ORDER BY 3

-- name: asked_at
SELECT (p.needs ->> 'erasure_asked_at')::timestamptz FROM person p WHERE p.account_id = $1 FOR UPDATE

-- name: answers
SELECT r.session_id, r.position, v.content, r.answer
FROM response r
JOIN session s ON s.id = r.session_id
JOIN session_item i ON i.session_id = r.session_id AND i.position = r.position
JOIN bank_version_item b ON b.bank_version_id = s.bank_version_id AND b.position = i.bank_position
JOIN item_version v ON v.id = b.item_version_id
WHERE s.account_id = $1

-- name: erase_words
SELECT erase_words($1, $2, $3)

-- name: forget_reasons
UPDATE flag SET reason = ''
WHERE closed_at IS NOT NULL AND (
    EXISTS (SELECT 1 FROM session s WHERE s.account_id = $1 AND s.id IN (flag.session_id, flag.other_session_id))
    OR EXISTS (
        SELECT 1 FROM person p
        WHERE p.account_id = $1 AND length(p.name) > 2 AND strpos(lower(flag.reason), lower(p.name)) > 0
    )
)

-- name: forget_person
DELETE FROM person WHERE account_id = $1

-- name: forget_account
UPDATE account SET pseudonym = 'erased-' || uuid, disabled_at = coalesce(disabled_at, now()) WHERE id = $1

-- name: forget_keys
UPDATE api_key SET label = '', revoked_at = coalesce(revoked_at, now()) WHERE account_id = $1

-- name: forget_browsers
DELETE FROM web_session WHERE account_id = $1

-- name: forget_requests
DELETE FROM idempotency WHERE account_id = $1

-- name: forget_drafts
DELETE FROM draft WHERE session_id IN (SELECT id FROM session WHERE account_id = $1)

-- name: forget_notes
DELETE FROM advisor_note WHERE account_id = $1

-- name: forget_uploads
DELETE FROM upload WHERE account_id = $1
