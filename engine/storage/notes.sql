-- name: add
INSERT INTO advisor_note (uuid, institution_id, account_id, author_id, body, follow_up_on)
VALUES ($1, $2, $3, $4, $5, $6)

-- name: of_learner
SELECT n.uuid, a.uuid AS learner, coalesce(p.name, a.pseudonym) AS learner_name, coalesce(w.name, b.pseudonym) AS author,
    n.body, n.follow_up_on, n.created_at, n.done_at
FROM advisor_note n
JOIN account a ON a.id = n.account_id LEFT JOIN person p ON p.account_id = a.id
JOIN account b ON b.id = n.author_id LEFT JOIN person w ON w.account_id = b.id
WHERE n.account_id = $1
ORDER BY n.id DESC

-- name: due
SELECT n.uuid, a.uuid AS learner, coalesce(p.name, a.pseudonym) AS learner_name, coalesce(w.name, b.pseudonym) AS author,
    n.body, n.follow_up_on, n.created_at, n.done_at
FROM advisor_note n
JOIN account a ON a.id = n.account_id LEFT JOIN person p ON p.account_id = a.id
JOIN account b ON b.id = n.author_id LEFT JOIN person w ON w.account_id = b.id
WHERE n.follow_up_on <= $1 AND n.done_at IS NULL
ORDER BY n.follow_up_on, n.id

-- name: done
UPDATE advisor_note SET done_at = now() WHERE uuid = $1 AND done_at IS NULL
