-- name: save
INSERT INTO asset (institution_id, sha256, media_type, content)
SELECT $1, sha256, media_type, content
FROM unnest($2::text[], $3::text[], $4::bytea[]) AS given (sha256, media_type, content)
ON CONFLICT (institution_id, sha256) DO NOTHING

-- name: get
SELECT sha256, content FROM asset WHERE sha256 = ANY($1::text[])

-- name: one
SELECT media_type, content FROM asset WHERE sha256 = $1
