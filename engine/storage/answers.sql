-- name: lock
SELECT s.id, s.uuid, s.attempt_id, s.account_id, s.bank_version_id, s.occasion, s.form, s.tie_key, s.pool, s.position,
    s.theta, s.sem, s.started_at, s.deadline, s.finished_at, s.reason, s.outcome, now() AS now, a.assessment_version_id
FROM session s JOIN attempt a ON a.id = s.attempt_id
WHERE s.uuid = ANY($1::uuid[]) AND s.form = 'adaptive'
FOR NO KEY UPDATE OF s SKIP LOCKED

-- name: administered
SELECT i.session_id, i.position, i.bank_position, i.item_id, i.is_pretest, i.shown_at, r.category, r.score, r.answer,
    r.client_id, r.request_hash, r.answered_at
FROM session_item i LEFT JOIN response r ON r.session_id = i.session_id AND r.position = i.position
WHERE i.session_id = ANY($1::bigint[])
ORDER BY i.session_id, i.position

-- name: seen_earlier
SELECT g.session_id, i.item_id
FROM unnest($1::bigint[], $2::bigint[]) AS g (session_id, account_id)
JOIN session_item i ON i.account_id = g.account_id AND i.session_id < g.session_id

-- name: write
WITH given AS (
    SELECT *
    FROM unnest(
        $2::bigint[], $3::integer[], $4::uuid[], $5::bytea[], $6::text[], $7::smallint[], $8::double precision[],
        $9::double precision[], $10::double precision[], $11::bigint[], $12::bigint[], $13::integer[], $14::boolean[]
    ) AS g (
        session_id, position, client_id, request_hash, answer, category, score, theta, sem, account_id, item_id,
        bank_position, is_pretest
    )
), moved AS (
    UPDATE session s SET position = g.position + 1, theta = g.theta, sem = g.sem
    FROM given g
    WHERE s.id = ANY($2::bigint[]) AND s.id = g.session_id AND s.position = g.position AND s.finished_at IS NULL
    RETURNING s.id
), answered AS (
    INSERT INTO response (
        session_id, position, institution_id, client_id, request_hash, answer, category, score, answered_at
    )
    SELECT session_id, position, $1, client_id, request_hash, answer::json, category, score, now() FROM given
), shown AS (
    INSERT INTO session_item (
        session_id, institution_id, position, account_id, item_id, bank_position, is_pretest, shown_at
    )
    SELECT session_id, $1, position + 1, account_id, item_id, bank_position, is_pretest, now() FROM given
), forgotten AS (
    DELETE FROM draft WHERE session_id = ANY($2::bigint[])
)
SELECT count(*) FROM moved
