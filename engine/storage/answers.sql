-- name: running
SELECT running_sittings($1, $2::uuid[]) AS found

-- name: take
SELECT taken, until, moment
FROM take_answers(
    $1, $2, $3::bigint[], $4::integer[], $5::uuid[], $6::bytea[], $7::text[], $8::smallint[], $9::double precision[],
    $10::double precision[], $11::double precision[], $12::bigint[], $13::bigint[], $14::integer[], $15::boolean[],
    $16::timestamptz[]
)
