-- name: start
INSERT INTO job (uuid, institution_id, account_id, kind, about) VALUES ($1, $2, $3, $4, $5)

-- name: tell
UPDATE job SET progress = $2, seen_at = now() WHERE uuid = $1 AND finished_at IS NULL

-- name: finish
UPDATE job SET document = $2, failed = $3, finished_at = now(), seen_at = now() WHERE uuid = $1 AND finished_at IS NULL

-- name: find
SELECT j.uuid, j.kind, j.about, j.progress, j.document, j.failed, j.started_at, j.seen_at, j.finished_at, now() AS now,
    coalesce(p.name, a.pseudonym) AS started_by
FROM job j JOIN account a ON a.id = j.account_id LEFT JOIN person p ON p.account_id = a.id
WHERE j.uuid = $1

-- name: latest
SELECT j.uuid, j.kind, j.about, j.progress, NULL AS document, j.failed, j.started_at, j.seen_at, j.finished_at, now() AS now,
    coalesce(p.name, a.pseudonym) AS started_by
FROM job j JOIN account a ON a.id = j.account_id LEFT JOIN person p ON p.account_id = a.id
WHERE j.kind = $1 AND j.about ->> 'bank' = $2
ORDER BY j.id DESC
LIMIT 10

-- name: simulated
SELECT uuid FROM job
WHERE kind = 'simulation' AND about ->> 'policy_hash' = $1 AND about ->> 'bank_state' = $2 AND document IS NOT NULL
ORDER BY id DESC
LIMIT 1
