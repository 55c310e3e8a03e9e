-- name: every
SELECT a.uuid AS learner, coalesce(p.name, a.pseudonym) AS name, array_agg(DISTINCT s.key ORDER BY s.key) AS modules
FROM credit c
JOIN assessment s ON s.id = c.assessment_id
JOIN account a ON a.id = c.account_id
LEFT JOIN person p ON p.account_id = a.id
WHERE c.revoked_at IS NULL AND s.key = ANY($1::text[])
GROUP BY a.id, p.name
ORDER BY name
