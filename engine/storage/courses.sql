-- name: publish
INSERT INTO course (uuid, institution_id, key, document, published_by)
VALUES ($1, $2, $3, $4, $5)
ON CONFLICT (institution_id, key) DO NOTHING

-- name: every
SELECT id, document FROM course ORDER BY id

-- name: find
SELECT document FROM course WHERE key = $1

-- name: lock
SELECT pg_advisory_xact_lock(hashtext('course'), $1::integer)

-- name: ledger
SELECT entry.at, entry.kind, entry.key
FROM (
    SELECT c.awarded_at AS at, 'awarded' AS kind, a.key, 0 AS rank, c.id AS place
    FROM credit c JOIN assessment a ON a.id = c.assessment_id WHERE c.account_id = $1
    UNION ALL
    SELECT c.revoked_at, 'revoked', a.key, 1, c.id
    FROM credit c JOIN assessment a ON a.id = c.assessment_id WHERE c.account_id = $1 AND c.revoked_at IS NOT NULL
    UNION ALL
    SELECT e.at, e.kind, k.key, 2, e.number
    FROM course_entry e JOIN course k ON k.id = e.course_id WHERE e.account_id = $1
) AS entry
ORDER BY entry.at, entry.place, entry.rank

-- name: add_entry
INSERT INTO course_entry (account_id, course_id, number, institution_id, kind, at)
SELECT $1, c.id, 1 + (SELECT count(*) FROM course_entry e WHERE e.account_id = $1 AND e.course_id = c.id), $2, $4, $5
FROM course c WHERE c.key = $3

-- name: holders
SELECT DISTINCT c.account_id
FROM credit c JOIN assessment a ON a.id = c.assessment_id
WHERE a.key = ANY($1::text[])
ORDER BY c.account_id
