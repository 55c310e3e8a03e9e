-- name: create
INSERT INTO field_test (uuid, institution_id, bank_id, name, item_ids, n_persons, n_responses)
VALUES (gen_random_uuid(), $1, $2, $3, $4::bigint[], $5, $6)
ON CONFLICT (bank_id, name) DO NOTHING
RETURNING id

-- name: add_block
INSERT INTO field_response (field_test_id, institution_id, first_person, persons, categories)
VALUES ($1, $2, $3, $4::text[], $5)

-- name: of_bank
SELECT id, name, n_persons, n_responses, created_at FROM field_test WHERE bank_id = $1 ORDER BY id

-- name: items
SELECT i.key
FROM field_test t, unnest(t.item_ids) WITH ORDINALITY AS listed (item_id, place) JOIN item i ON i.id = listed.item_id
WHERE t.id = $1
ORDER BY listed.place

-- name: responses
SELECT persons, categories FROM field_response WHERE field_test_id = $1 ORDER BY first_person
