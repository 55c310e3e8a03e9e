-- name: of_bank
SELECT s.id AS session_id, s.occasion, i.key AS item, r.category
FROM response r
JOIN session s ON s.id = r.session_id
JOIN session_item shown ON shown.session_id = r.session_id AND shown.position = r.position
JOIN bank_version b ON b.id = s.bank_version_id
JOIN bank_version_item frozen ON frozen.bank_version_id = b.id AND frozen.position = shown.bank_position
JOIN item_version answered ON answered.id = frozen.item_version_id
JOIN item i ON i.id = shown.item_id
JOIN item_version newest ON newest.item_id = i.id AND newest.number = i.current_version
WHERE b.bank_id = $1 AND s.finished_at IS NOT NULL
    AND (
        answered.id = newest.id
        OR (answered.content::text = newest.content::text AND answered.scoring::text = newest.scoring::text)
    )
    AND NOT EXISTS (
        SELECT 1 FROM attempt_event e
        WHERE e.attempt_id = s.attempt_id AND e.body ->> 'event' = 'sitting_voided'
            AND e.body ->> 'sitting' = s.uuid::text
    )
ORDER BY s.id, r.position
