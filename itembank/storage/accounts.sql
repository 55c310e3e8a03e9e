-- name: create
INSERT INTO account (uuid, institution_id, pseudonym, roles)
VALUES ($1, $2, $3, $4)
ON CONFLICT (institution_id, pseudonym) DO UPDATE SET roles = EXCLUDED.roles
RETURNING id

-- name: name_person
INSERT INTO person (account_id, institution_id, name, email)
VALUES ($1, $2, $3, $4)
ON CONFLICT (account_id) DO UPDATE SET name = EXCLUDED.name, email = EXCLUDED.email

-- name: describe
INSERT INTO person (account_id, institution_id, name, email, external_id)
VALUES ($1, $2, coalesce($3, (SELECT pseudonym FROM account WHERE id = $1)), $4, $5)
ON CONFLICT (account_id) DO UPDATE SET
    name = coalesce($3, person.name),
    email = coalesce($4, person.email),
    external_id = coalesce($5, person.external_id)

-- name: find
SELECT a.id, a.uuid, a.pseudonym, a.roles, coalesce(p.name, a.pseudonym) AS name, p.email, coalesce(p.needs, '{}') AS needs
FROM account a LEFT JOIN person p ON p.account_id = a.id
WHERE a.pseudonym = $1

-- name: of_external_id
SELECT a.id, a.roles
FROM account a JOIN person p ON p.account_id = a.id
WHERE p.external_id = $1 AND a.disabled_at IS NULL

-- name: set_roles
UPDATE account SET roles = $2 WHERE id = $1

-- name: person
SELECT a.id, a.uuid, a.pseudonym, a.roles, coalesce(p.name, a.pseudonym) AS name, p.email, coalesce(p.needs, '{}') AS needs
FROM account a LEFT JOIN person p ON p.account_id = a.id
WHERE a.id = $1

-- name: set_needs
UPDATE person SET needs = $2 WHERE account_id = $1

-- name: list
SELECT a.id, a.uuid, a.pseudonym, a.roles, coalesce(p.name, a.pseudonym) AS name, p.email, coalesce(p.needs, '{}') AS needs
FROM account a LEFT JOIN person p ON p.account_id = a.id
ORDER BY a.id

-- name: add_key
INSERT INTO api_key (uuid, institution_id, account_id, sha256, label, expires_at)
VALUES ($1, $2, $3, $4, $5, $6)

-- name: revoke_key
UPDATE api_key SET revoked_at = now() WHERE uuid = $1 AND revoked_at IS NULL

-- name: identify_key
SELECT account_id, account_uuid, institution_id, roles, NULL AS csrf_token FROM identify_key($1)

-- name: identify_keys
SELECT d.sha256, k.account_id, k.account_uuid, k.institution_id, k.roles
FROM unnest($1::bytea[]) AS d (sha256), LATERAL identify_key(d.sha256) AS k

-- name: open_web_session
INSERT INTO web_session (sha256, institution_id, account_id, csrf_token, expires_at)
VALUES ($1, $2, $3, $4, now() + make_interval(secs => $5))

-- name: identify_web_session
SELECT account_id, account_uuid, institution_id, roles, csrf_token FROM identify_web_session($1)

-- name: close_web_sessions
DELETE FROM web_session WHERE account_id = $1

-- name: close_web_session
DELETE FROM web_session WHERE sha256 = $1

-- name: sample_accounts
SELECT account_id, institution_id, pseudonym, roles FROM sample_accounts()

-- name: password_of
SELECT a.id AS account_id, a.roles, p.password_hash
FROM account a JOIN person p ON p.account_id = a.id
WHERE (lower(p.email) = lower($1) OR a.pseudonym = $1) AND a.disabled_at IS NULL AND p.password_hash IS NOT NULL
ORDER BY lower(p.email) = lower($1) DESC NULLS LAST
LIMIT 1

-- name: set_password
UPDATE person SET password_hash = $2 WHERE account_id = $1
