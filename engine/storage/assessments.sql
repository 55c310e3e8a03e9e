-- name: create
INSERT INTO assessment (uuid, institution_id, key)
VALUES ($1, $2, $3)
ON CONFLICT (institution_id, key) DO NOTHING

-- name: find
SELECT id FROM assessment WHERE key = $1

-- name: publish
INSERT INTO assessment_version (
    uuid, institution_id, assessment_id, bank_version_id, number, policy, policy_hash, code_version, published_by
)
SELECT $1, $2, $3, $4, coalesce(max(number), 0) + 1, $5, $6, $7, $8
FROM assessment_version
WHERE assessment_id = $3
RETURNING id

-- name: current
SELECT v.id, v.uuid, a.id AS assessment_id, a.uuid AS assessment_uuid, a.key, v.number, v.bank_version_id, v.policy,
    v.policy_hash, v.code_version, v.published_at
FROM assessment_version v JOIN assessment a ON a.id = v.assessment_id
WHERE a.key = $1 AND v.withdrawn_at IS NULL
ORDER BY v.number DESC
LIMIT 1

-- name: get
SELECT v.id, v.uuid, a.id AS assessment_id, a.uuid AS assessment_uuid, a.key, v.number, v.bank_version_id, v.policy,
    v.policy_hash, v.code_version, v.published_at
FROM assessment_version v JOIN assessment a ON a.id = v.assessment_id
WHERE v.id = $1

-- name: catalogue
SELECT institution_id, institution_key, institution_name, assessment_key, assessment_uuid, version_uuid, number, policy,
    published_at
FROM published_catalogue()
