-- name: save
INSERT INTO framework (uuid, institution_id, key, document, content_hash)
VALUES ($1, $2, $3, $4, $5)
ON CONFLICT (institution_id, key)
DO UPDATE SET document = EXCLUDED.document, content_hash = EXCLUDED.content_hash, changed_at = CASE
    WHEN framework.content_hash = EXCLUDED.content_hash THEN framework.changed_at ELSE now() END
RETURNING id

-- name: save_competencies
INSERT INTO competency (uuid, institution_id, framework_id, key, position)
SELECT gen_random_uuid(), $1, $2, key, position
FROM unnest($3::text[], $4::integer[]) AS given (key, position)
ON CONFLICT (framework_id, key) DO NOTHING

-- name: competency_keys
SELECT key FROM competency WHERE framework_id = $1

-- name: get
SELECT id, document FROM framework WHERE key = $1

-- name: of_bank
SELECT f.id, f.document FROM framework f JOIN bank b ON b.framework_id = f.id WHERE b.id = $1

-- name: published
SELECT uuid, document, content_hash, changed_at FROM published_frameworks()
