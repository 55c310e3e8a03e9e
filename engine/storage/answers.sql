-- name: lock
SELECT s.id, s.uuid, s.attempt_id, s.account_id, s.bank_version_id, s.occasion, s.form, s.tie_key, s.pool, s.position,
    s.theta, s.sem, s.started_at, s.deadline, s.paused_until, s.finished_at, s.reason, s.outcome, now() AS now,
    a.assessment_version_id
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

-- name: take
SELECT taken, until, moment
FROM take_answers(
    $1, $2, $3::bigint[], $4::integer[], $5::uuid[], $6::bytea[], $7::text[], $8::smallint[], $9::double precision[],
    $10::double precision[], $11::double precision[], $12::bigint[], $13::bigint[], $14::integer[], $15::boolean[]
)
