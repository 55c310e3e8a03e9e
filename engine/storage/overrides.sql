-- name: add
INSERT INTO publication_override (assessment_version_id, institution_id, account_id, named, reason, warnings)
VALUES ($1, $2, $3, $4, $5, $6)

-- name: all
SELECT a.key, v.number, o.named, o.reason, o.warnings, o.created_at
FROM publication_override o
JOIN assessment_version v ON v.id = o.assessment_version_id
JOIN assessment a ON a.id = v.assessment_id
ORDER BY o.created_at DESC
