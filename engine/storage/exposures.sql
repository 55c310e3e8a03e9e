-- name: find
SELECT eligible, given
FROM item_exposure
WHERE bank_version_id = $1 AND assessment_id = $2 AND occasion = $3 AND pool = $4 AND ability_group = $5

-- name: by_pool
SELECT pool, sum(sittings)::bigint AS sittings, array_agg(administered) AS administered
FROM item_exposure
WHERE bank_version_id = $1
GROUP BY pool
ORDER BY pool

-- name: count
INSERT INTO item_exposure AS kept (
    bank_version_id, assessment_id, occasion, pool, ability_group, institution_id, sittings, administered, eligible, given
)
VALUES ($1, $2, $3, $4, $5, $6, 1, $7, $8, $9)
ON CONFLICT (bank_version_id, assessment_id, occasion, pool, ability_group)
DO UPDATE SET
    sittings = kept.sittings + 1,
    administered = (
        SELECT array_agg(before + now ORDER BY place)
        FROM unnest(kept.administered, EXCLUDED.administered) WITH ORDINALITY AS t (before, now, place)
    ),
    eligible = (
        SELECT array_agg($10 * before + now ORDER BY place)
        FROM unnest(kept.eligible, EXCLUDED.eligible) WITH ORDINALITY AS t (before, now, place)
    ),
    given = (
        SELECT array_agg($10 * before + now ORDER BY place)
        FROM unnest(kept.given, EXCLUDED.given) WITH ORDINALITY AS t (before, now, place)
    )
