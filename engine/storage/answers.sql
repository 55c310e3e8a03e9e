-- name: running
SELECT running_sittings($1, $2::uuid[]) AS found

-- name: take
SELECT taken, until, moment
FROM take_answers(
    $1, $2, $3::bigint[], $4::integer[], $5::uuid[], $6::bytea[], $7::text[], $8::smallint[], $9::double precision[],
    $10::double precision[], $11::double precision[], $12::bigint[], $13::bigint[], $14::integer[], $15::boolean[],
    $16::timestamptz[]
)

-- name: end
SELECT ended AS taken, NULL::timestamptz AS until, NULL::timestamptz AS moment
FROM end_sittings(
    $1, $2, $3, $4::bigint[], $5::integer[], $6::uuid[], $7::bytea[], $8::text[], $9::smallint[],
    $10::double precision[], $11::double precision[], $12::double precision[], $13::text[], $14::text[], $15::bigint[],
    $16::text[], $17::integer[], $18::text[], $19::text[], $20::bigint[]
) AS ended

-- name: take_and_end
SELECT taken, until, moment
FROM take_answers(
    $1, $2, $3::bigint[], $4::integer[], $5::uuid[], $6::bytea[], $7::text[], $8::smallint[], $9::double precision[],
    $10::double precision[], $11::double precision[], $12::bigint[], $13::bigint[], $14::integer[], $15::boolean[],
    $16::timestamptz[]
)
UNION ALL
SELECT ended, NULL, NULL
FROM end_sittings(
    $1, $2, $17, $18::bigint[], $19::integer[], $20::uuid[], $21::bytea[], $22::text[], $23::smallint[],
    $24::double precision[], $25::double precision[], $26::double precision[], $27::text[], $28::text[], $29::bigint[],
    $30::text[], $31::integer[], $32::text[], $33::text[], $34::bigint[]
) AS ended
