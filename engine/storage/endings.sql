-- name: write
SELECT ended
FROM end_sittings(
    $1, $2, $3, $4::bigint[], $5::integer[], $6::uuid[], $7::bytea[], $8::text[], $9::smallint[],
    $10::double precision[], $11::double precision[], $12::double precision[], $13::text[], $14::text[],
    $15::bigint[], $16::text[], $17::integer[], $18::text[], $19::text[], $20::bigint[]
) AS ended
