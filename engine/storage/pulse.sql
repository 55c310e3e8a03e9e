-- name: beat
SELECT beat($1)
