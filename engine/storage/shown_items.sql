-- name: answers
SELECT s.outcome, r.category
FROM session_item i
JOIN session s ON s.id = i.session_id
JOIN response r ON r.session_id = i.session_id AND r.position = i.position
WHERE i.item_id = $1 AND s.finished_at IS NOT NULL AND s.outcome IS NOT NULL
ORDER BY s.id
LIMIT $2

-- name: by_pool
SELECT e.pool, sum(e.sittings)::bigint AS sittings, sum(e.administered[b.position + 1])::bigint AS shown
FROM bank_version_item b
JOIN item_exposure e ON e.bank_version_id = b.bank_version_id
WHERE b.item_id = $1
GROUP BY e.pool
ORDER BY e.pool

-- name: most
SELECT k.key, coalesce(shown.n, 0)::bigint AS shown, counted.n::bigint AS sittings
FROM (SELECT sum(e.sittings) AS n FROM item_exposure e WHERE e.bank_version_id = $1) AS counted
CROSS JOIN bank_version_item b
JOIN item k ON k.id = b.item_id
LEFT JOIN (
    SELECT place, sum(times) AS n
    FROM item_exposure e, unnest(e.administered) WITH ORDINALITY AS t (times, place)
    WHERE e.bank_version_id = $1
    GROUP BY place
) AS shown ON shown.place = b.position + 1
WHERE b.bank_version_id = $1 AND b.state = 'operational' AND counted.n > 0
ORDER BY shown DESC, b.position
