-- name: hold
SELECT a.id, a.uuid, a.account_id, a.assessment_id, a.assessment_version_id, a.created_at, a.head,
    (SELECT pg_try_advisory_xact_lock_shared(hashtext('rescoring'), $2::integer)) AS undisturbed
FROM attempt a
WHERE a.id = ANY($1::bigint[])
ORDER BY a.id
FOR UPDATE OF a SKIP LOCKED

-- name: before
SELECT e.attempt_id, array_agg(e.body::text ORDER BY e.position) AS bodies,
    array_agg(e.hash ORDER BY e.position) AS hashes,
    ARRAY(SELECT r.item_id FROM rescoring r WHERE r.item_id = ANY($2::bigint[])) AS rescored
FROM attempt_event e
WHERE e.attempt_id = ANY($1::bigint[])
GROUP BY e.attempt_id

-- name: write
WITH given AS (
    SELECT *
    FROM unnest(
        $2::bigint[], $3::integer[], $4::uuid[], $5::bytea[], $6::text[], $7::smallint[], $8::double precision[],
        $9::double precision[], $10::double precision[], $11::text[], $12::text[]
    ) AS g (
        session_id, position, client_id, request_hash, answer, category, score, theta, sem, reason, outcome
    )
), logged AS (
    SELECT *
    FROM unnest($13::bigint[], $14::integer[], $15::text[], $16::text[], $17::bigint[]) AS l (
        attempt_id, position, body, hash, actor_id
    )
), finished AS (
    UPDATE session s
    SET position = g.position + 1, theta = g.theta, sem = g.sem, finished_at = now(), reason = g.reason,
        outcome = g.outcome::json
    FROM given g
    WHERE s.id = ANY($2::bigint[]) AND s.id = g.session_id AND s.position = g.position AND s.finished_at IS NULL
    RETURNING s.id
), answered AS (
    INSERT INTO response (
        session_id, position, institution_id, client_id, request_hash, answer, category, score, answered_at
    )
    SELECT session_id, position, $1, client_id, request_hash, answer::json, category, score, now() FROM given
), entered AS (
    INSERT INTO attempt_event (attempt_id, institution_id, position, body, hash, actor_id, happened_at)
    SELECT attempt_id, $1, position, body::json, hash, actor_id, now() FROM logged
), headed AS (
    UPDATE attempt a SET head = l.hash
    FROM logged l
    WHERE a.id = ANY($13::bigint[]) AND a.id = l.attempt_id
), forgotten AS (
    DELETE FROM draft WHERE session_id = ANY($2::bigint[])
)
SELECT count(*) FROM finished
