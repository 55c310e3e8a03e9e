-- name: save
INSERT INTO bank_version (
    uuid, institution_id, bank_id, calibration_id, number, grid, correlations, content_hash, parameter_hash, table_hash
)
SELECT $1, $2, $3, $4, coalesce(max(number), 0) + 1, $5, $6, $7, $8, $9
FROM bank_version
WHERE bank_id = $3
RETURNING id

-- name: save_items
INSERT INTO bank_version_item (
    bank_version_id, institution_id, position, item_id, item_version_id, state, competency, parameters, probabilities
)
SELECT $1, $2, position, item_id, item_version_id, state, competency, parameters::json, probabilities
FROM unnest($3::integer[], $4::bigint[], $5::bigint[], $6::text[], $7::text[], $8::text[], $9::bytea[]) AS given (
    position, item_id, item_version_id, state, competency, parameters, probabilities
)

-- name: same
SELECT id FROM bank_version
WHERE bank_id = $1 AND content_hash = $2 AND parameter_hash = $3 AND table_hash = $4
ORDER BY number DESC
LIMIT 1

-- name: get
SELECT v.id, v.uuid, v.bank_id, b.key AS bank_key, v.number, v.grid, v.correlations, v.content_hash, v.parameter_hash, v.table_hash,
    v.published_at
FROM bank_version v JOIN bank b ON b.id = v.bank_id
WHERE v.id = $1

-- name: latest
SELECT id FROM bank_version WHERE bank_id = $1 ORDER BY number DESC LIMIT 1

-- name: items
SELECT position, item_id, item_version_id, state, competency, parameters, probabilities
FROM bank_version_item
WHERE bank_version_id = $1
ORDER BY position
