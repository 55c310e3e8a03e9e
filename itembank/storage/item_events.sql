-- name: move
WITH given AS (
    SELECT * FROM unnest($3::bigint[], $4::integer[], $5::text[], $6::text[], $7::text[])
        AS g (item_id, version, from_state, to_state, reason)
), moved AS (
    UPDATE item i SET state = g.to_state, state_reason = g.reason
    FROM given g
    WHERE i.id = g.item_id
)
INSERT INTO item_event (institution_id, item_id, version, from_state, to_state, reason, account_id)
SELECT $1, item_id, version, from_state, to_state, reason, $2 FROM given

-- name: of_bank
SELECT i.key AS item, e.version, e.from_state, e.to_state, e.reason, coalesce(a.pseudonym, '') AS by, e.happened_at
FROM item_event e JOIN item i ON i.id = e.item_id LEFT JOIN account a ON a.id = e.account_id
WHERE i.bank_id = $1 AND ($2::text IS NULL OR i.key = $2)
ORDER BY e.id

-- name: calibrated_keys
WITH newest AS (
    SELECT document, created_at FROM calibration WHERE bank_id = $1 ORDER BY id DESC LIMIT 1
), covered AS (
    SELECT record ->> 'item_id' AS key, n.created_at
    FROM newest n, json_array_elements(n.document -> 'items') AS record
)
SELECT i.key
FROM item i
JOIN covered c ON c.key = i.key
JOIN item_version v ON v.item_id = i.id AND v.number = i.current_version
WHERE i.bank_id = $1 AND c.created_at >= (
    SELECT min(s.created_at) FROM item_version s
    WHERE s.item_id = i.id AND s.content::text = v.content::text AND s.scoring::text = v.scoring::text
)
