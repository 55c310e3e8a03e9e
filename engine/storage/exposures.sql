-- name: find
SELECT eligible, given
FROM item_exposure
WHERE bank_version_id = $1 AND assessment_id = $2 AND occasion = $3 AND pool = $4 AND ability_group = $5

-- name: uncounted
SELECT s.id, s.uuid, s.attempt_id, s.bank_version_id, s.occasion, s.pool, a.assessment_id, a.assessment_version_id,
    ARRAY(SELECT i.bank_position FROM session_item i WHERE i.session_id = s.id ORDER BY i.position) AS shown
FROM session s JOIN attempt a ON a.id = s.attempt_id
WHERE s.institution_id = $1 AND s.finished_at IS NOT NULL AND NOT s.counted
ORDER BY s.finished_at, s.id
LIMIT $2
FOR NO KEY UPDATE OF s SKIP LOCKED

-- name: mark_counted
UPDATE session SET counted = true WHERE id = ANY($1::bigint[])

-- name: by_pool
SELECT pool, sum(sittings)::bigint AS sittings, array_agg(administered) AS administered
FROM item_exposure
WHERE bank_version_id = $1
GROUP BY pool
ORDER BY pool

-- name: keys
SELECT i.key
FROM bank_version_item v JOIN item i ON i.id = v.item_id
WHERE v.bank_version_id = $1
ORDER BY v.position

-- name: count
INSERT INTO item_exposure AS kept (
    bank_version_id, assessment_id, occasion, pool, ability_group, institution_id, sittings, administered, eligible, given
)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8::text::bigint[], $9::text::double precision[], $10::text::double precision[])
ON CONFLICT (bank_version_id, assessment_id, occasion, pool, ability_group)
DO UPDATE SET
    sittings = kept.sittings + EXCLUDED.sittings,
    (administered, eligible, given) = (
        SELECT array_agg(shown + shown_now ORDER BY place),
            array_agg($11::double precision * free + free_now ORDER BY place) FILTER (WHERE free IS NOT NULL),
            array_agg($11 * took + took_now ORDER BY place) FILTER (WHERE took IS NOT NULL)
        FROM unnest(
            kept.administered, EXCLUDED.administered, kept.eligible, EXCLUDED.eligible, kept.given, EXCLUDED.given
        ) WITH ORDINALITY AS t (shown, shown_now, free, free_now, took, took_now, place)
    )
