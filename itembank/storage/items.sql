-- name: heads
SELECT i.key, i.id, i.current_version AS number, i.state, v.id AS version_id, v.content_hash
FROM item i JOIN item_version v ON v.item_id = i.id AND v.number = i.current_version
WHERE i.bank_id = $1
ORDER BY i.id

-- name: add_items
INSERT INTO item (institution_id, bank_id, key, state, current_version)
SELECT $1, $2, key, 'draft', 1
FROM unnest($3::text[]) WITH ORDINALITY AS given (key, place)
ORDER BY place
RETURNING key, id

-- name: add_versions
INSERT INTO item_version (
    institution_id, item_id, number, title, content, scoring, facts, parameters, not_deliverable, content_hash
)
SELECT $1, item_id, number, title, content::json, scoring::json, facts::json, parameters::json, not_deliverable,
    content_hash
FROM unnest(
    $2::bigint[], $3::integer[], $4::text[], string_to_array($5, E'\n'), string_to_array($6, E'\n'),
    string_to_array($7, E'\n'), $8::text[], $9::text[], string_to_array($10, E'\n')
) AS given (item_id, number, title, content, scoring, facts, parameters, not_deliverable, content_hash)

-- name: advance
UPDATE item SET current_version = given.number
FROM unnest($1::bigint[], $2::integer[]) AS given (id, number)
WHERE item.id = given.id

-- name: categories
SELECT i.key, i.id, coalesce((v.scoring ->> 'max_category')::integer, 1) AS max_category
FROM item i JOIN item_version v ON v.item_id = i.id AND v.number = i.current_version
WHERE i.bank_id = $1 AND i.key = ANY($2::text[])

-- name: current
SELECT i.id, i.key, i.state, v.id AS version_id, v.number, v.title, v.content, v.scoring, v.facts, v.parameters,
    v.not_deliverable, v.content_hash
FROM item i JOIN item_version v ON v.item_id = i.id AND v.number = i.current_version
WHERE i.bank_id = $1
ORDER BY i.id

-- name: versions
SELECT i.id, i.key, i.state, v.id AS version_id, v.number, v.title, v.content, v.scoring, v.facts, v.parameters,
    v.not_deliverable, v.content_hash
FROM item_version v JOIN item i ON i.id = v.item_id
WHERE v.id = ANY($1::bigint[])

-- name: history
SELECT number, content_hash, created_at FROM item_version WHERE item_id = $1 ORDER BY number DESC
