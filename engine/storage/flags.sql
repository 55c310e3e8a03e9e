-- name: sittings
SELECT s.id, s.account_id AS learner, s.occasion || ' of ' || a.key AS population, s.bank_version_id,
    s.form = 'adaptive' AS timed
FROM session s
JOIN bank_version b ON b.id = s.bank_version_id
JOIN attempt t ON t.id = s.attempt_id
JOIN assessment a ON a.id = t.assessment_id
WHERE b.bank_id = $1 AND s.finished_at IS NOT NULL
    AND NOT EXISTS (
        SELECT 1 FROM attempt_event e
        WHERE e.attempt_id = s.attempt_id AND e.body ->> 'event' = 'sitting_voided'
            AND e.body ->> 'sitting' = s.uuid::text
    )
ORDER BY s.id DESC
LIMIT $2

-- name: answers
SELECT r.session_id AS sitting, i.item_id AS item, i.bank_position, r.category, r.answer::text AS raw, i.shown_at,
    r.answered_at, i.is_pretest OR EXISTS (
        SELECT 1 FROM rescoring c WHERE c.item_id = i.item_id AND c.applied_at > r.answered_at
    ) AS set_aside
FROM response r
JOIN session_item i ON i.session_id = r.session_id AND i.position = r.position
WHERE r.session_id = ANY($1::bigint[])
ORDER BY r.session_id, r.position

-- name: add
INSERT INTO flag (
    uuid, institution_id, bank_id, kind, session_id, other_session_id, item_id, value, p, said, evidence
)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)
ON CONFLICT DO NOTHING
RETURNING id

-- name: add_run
INSERT INTO flag_run (institution_id, bank_id, n_sittings, document, computed_at) VALUES ($1, $2, $3, $4, $5)

-- name: claim_round
SELECT institution, bank FROM claim_flag_round($1, $2)

-- name: latest_runs
SELECT DISTINCT ON (r.bank_id) r.bank_id, b.key AS bank, b.title, r.n_sittings, r.document, r.computed_at,
    (
        SELECT count(*) FROM session s JOIN bank_version v ON v.id = s.bank_version_id
        WHERE v.bank_id = r.bank_id AND s.finished_at > r.computed_at
    ) AS n_since
FROM flag_run r JOIN bank b ON b.id = r.bank_id
WHERE $1::bigint IS NULL OR r.bank_id = $1
ORDER BY r.bank_id, r.id DESC

-- name: closed_items
SELECT item_id, max(closed_at) AS closed_at FROM flag
WHERE bank_id = $1 AND item_id IS NOT NULL AND closed_at IS NOT NULL
GROUP BY item_id

-- name: found
SELECT f.id, f.uuid, f.kind, f.value, f.p, f.said, f.evidence, f.raised_at, f.closed_at, f.outcome, f.named, f.reason,
    b.key AS bank, i.key AS item, i.state AS item_state, s.uuid AS sitting, s.occasion, s.started_at, t.uuid AS attempt,
    k.key AS assessment, a.uuid AS learner, a.pseudonym, p.name,
    o.uuid AS other_sitting, o.occasion AS other_occasion, o.started_at AS other_started_at, u.uuid AS other_attempt,
    c.uuid AS other_learner, c.pseudonym AS other_pseudonym, q.name AS other_name
FROM flag f
JOIN bank b ON b.id = f.bank_id
LEFT JOIN item i ON i.id = f.item_id
LEFT JOIN session s ON s.id = f.session_id
LEFT JOIN attempt t ON t.id = s.attempt_id
LEFT JOIN assessment k ON k.id = t.assessment_id
LEFT JOIN account a ON a.id = s.account_id
LEFT JOIN person p ON p.account_id = s.account_id
LEFT JOIN session o ON o.id = f.other_session_id
LEFT JOIN attempt u ON u.id = o.attempt_id
LEFT JOIN account c ON c.id = o.account_id
LEFT JOIN person q ON q.account_id = o.account_id
WHERE ($1::uuid IS NULL OR f.uuid = $1) AND ($2::boolean IS NULL OR (f.closed_at IS NULL) = $2)
ORDER BY f.closed_at IS NOT NULL, f.p NULLS FIRST, f.id
LIMIT $3 OFFSET $4

-- name: counts
SELECT count(*) FILTER (WHERE closed_at IS NULL) AS n_open, count(*) FILTER (WHERE closed_at IS NOT NULL) AS n_closed
FROM flag

-- name: hold
SELECT closed_at IS NULL FROM flag WHERE uuid = $1 FOR UPDATE

-- name: close
UPDATE flag SET closed_at = now(), closed_by = $2, outcome = $3, named = $4, reason = $5
WHERE uuid = $1 AND closed_at IS NULL
RETURNING id
