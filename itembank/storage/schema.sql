-- The whole schema as it stands. Migrations lead here; a test holds the two against each other.
-- id: inside the database; uuid: in URLs and exports; key: chosen by authors.
-- Documents that are hashed are `json`, not `jsonb`, because json keeps every byte.

CREATE TABLE institution (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    uuid uuid NOT NULL UNIQUE,
    key text NOT NULL UNIQUE CHECK (key ~ '^[a-z0-9][a-z0-9-]{0,62}$'),
    name text NOT NULL CHECK (name <> ''),
    time_zone text NOT NULL DEFAULT 'UTC',
    is_sample boolean NOT NULL DEFAULT false,
    created_at timestamptz NOT NULL DEFAULT now()
);

-- Who may act. Nothing here says who somebody is: names and addresses live in `person` alone.
CREATE TABLE account (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    uuid uuid NOT NULL UNIQUE,
    institution_id bigint NOT NULL REFERENCES institution,
    pseudonym text NOT NULL CHECK (pseudonym <> ''),
    roles text[] NOT NULL CHECK (
        cardinality(roles) > 0
        AND roles <@ ARRAY['learner', 'author', 'psychometrician', 'advisor', 'registrar', 'institution_admin', 'service', 'verifier']
    ),
    created_at timestamptz NOT NULL DEFAULT now(),
    disabled_at timestamptz,
    UNIQUE (institution_id, pseudonym),
    UNIQUE (institution_id, id)
);

CREATE TABLE person (
    account_id bigint PRIMARY KEY,
    institution_id bigint NOT NULL,
    name text NOT NULL,
    email text,
    external_id text,
    password_hash text,
    needs json NOT NULL DEFAULT '{}',
    FOREIGN KEY (institution_id, account_id) REFERENCES account (institution_id, id),
    UNIQUE (institution_id, email),
    UNIQUE (institution_id, external_id)
);

CREATE TABLE api_key (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    uuid uuid NOT NULL UNIQUE,
    institution_id bigint NOT NULL,
    account_id bigint NOT NULL,
    sha256 bytea NOT NULL UNIQUE CHECK (octet_length(sha256) = 32),
    label text NOT NULL,
    created_at timestamptz NOT NULL DEFAULT now(),
    expires_at timestamptz,
    revoked_at timestamptz,
    FOREIGN KEY (institution_id, account_id) REFERENCES account (institution_id, id)
);
CREATE INDEX api_key_account ON api_key (account_id);

CREATE TABLE web_session (
    sha256 bytea PRIMARY KEY CHECK (octet_length(sha256) = 32),
    institution_id bigint NOT NULL,
    account_id bigint NOT NULL,
    csrf_token text NOT NULL,
    created_at timestamptz NOT NULL DEFAULT now(),
    expires_at timestamptz NOT NULL,
    FOREIGN KEY (institution_id, account_id) REFERENCES account (institution_id, id)
);
CREATE INDEX web_session_account ON web_session (account_id);

-- One POST, one effect: the answer to a request that was already carried out is kept and given again.
CREATE TABLE idempotency (
    institution_id bigint NOT NULL,
    account_id bigint NOT NULL,
    key text NOT NULL CHECK (length(key) BETWEEN 1 AND 200),
    request_hash bytea NOT NULL CHECK (octet_length(request_hash) = 32),
    status smallint NOT NULL,
    body bytea NOT NULL,
    created_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (account_id, key),
    FOREIGN KEY (institution_id, account_id) REFERENCES account (institution_id, id)
);

CREATE TABLE framework (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    uuid uuid NOT NULL UNIQUE,
    institution_id bigint NOT NULL REFERENCES institution,
    key text NOT NULL,
    document json NOT NULL,
    content_hash text NOT NULL,
    created_at timestamptz NOT NULL DEFAULT now(),
    changed_at timestamptz NOT NULL DEFAULT now(),
    UNIQUE (institution_id, key),
    UNIQUE (institution_id, id)
);

CREATE TABLE competency (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    uuid uuid NOT NULL UNIQUE,
    institution_id bigint NOT NULL,
    framework_id bigint NOT NULL,
    key text NOT NULL,
    position integer NOT NULL,
    FOREIGN KEY (institution_id, framework_id) REFERENCES framework (institution_id, id),
    UNIQUE (framework_id, key),
    UNIQUE (institution_id, id)
);

CREATE TABLE bank (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    uuid uuid NOT NULL UNIQUE,
    institution_id bigint NOT NULL,
    framework_id bigint NOT NULL,
    key text NOT NULL CHECK (key ~ '^[A-Za-z0-9][A-Za-z0-9._-]{0,62}$'),
    title text NOT NULL,
    created_at timestamptz NOT NULL DEFAULT now(),
    FOREIGN KEY (institution_id, framework_id) REFERENCES framework (institution_id, id),
    UNIQUE (institution_id, key),
    UNIQUE (institution_id, id)
);

-- Items come by the ten thousand: one index serves both the way by id and the keys that name the institution as well.
CREATE TABLE item (
    id bigint GENERATED ALWAYS AS IDENTITY,
    institution_id bigint NOT NULL,
    bank_id bigint NOT NULL,
    key text NOT NULL CHECK (key <> ''),
    state text NOT NULL CHECK (state IN ('draft', 'pretest', 'operational', 'retired', 'quarantined')),
    state_reason text NOT NULL DEFAULT '',
    current_version integer NOT NULL CHECK (current_version >= 1),
    FOREIGN KEY (institution_id, bank_id) REFERENCES bank (institution_id, id),
    UNIQUE (bank_id, key),
    PRIMARY KEY (id, institution_id)
);

CREATE TABLE item_version (
    id bigint GENERATED ALWAYS AS IDENTITY,
    institution_id bigint NOT NULL,
    item_id bigint NOT NULL,
    number integer NOT NULL CHECK (number >= 1),
    title text NOT NULL,
    content json NOT NULL,
    scoring json NOT NULL,
    facts json NOT NULL,
    parameters json,
    not_deliverable text NOT NULL,
    content_hash text NOT NULL,
    created_at timestamptz NOT NULL DEFAULT now(),
    FOREIGN KEY (institution_id, item_id) REFERENCES item (institution_id, id),
    UNIQUE (item_id, number),
    PRIMARY KEY (id, institution_id)
);

-- Why an item came into its state, and through whom (NULL: the program itself). Never changed.
CREATE TABLE item_event (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    institution_id bigint NOT NULL,
    item_id bigint NOT NULL,
    version integer NOT NULL CHECK (version >= 1),
    from_state text NOT NULL CHECK (from_state IN ('draft', 'pretest', 'operational', 'retired', 'quarantined')),
    to_state text NOT NULL CHECK (to_state IN ('draft', 'pretest', 'operational', 'retired', 'quarantined')),
    reason text NOT NULL CHECK (reason <> ''),
    account_id bigint,
    happened_at timestamptz NOT NULL DEFAULT now(),
    FOREIGN KEY (institution_id, item_id) REFERENCES item (institution_id, id),
    FOREIGN KEY (institution_id, account_id) REFERENCES account (institution_id, id)
);
CREATE INDEX item_event_item ON item_event (item_id);

CREATE TABLE asset (
    institution_id bigint NOT NULL REFERENCES institution,
    sha256 text NOT NULL CHECK (sha256 ~ '^[0-9a-f]{64}$'),
    media_type text NOT NULL,
    content bytea NOT NULL,
    PRIMARY KEY (institution_id, sha256)
);

CREATE TABLE calibration (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    uuid uuid NOT NULL UNIQUE,
    institution_id bigint NOT NULL,
    bank_id bigint NOT NULL,
    document json NOT NULL,
    parameter_hash text NOT NULL,
    origin text NOT NULL CHECK (origin <> ''),
    created_at timestamptz NOT NULL DEFAULT now(),
    FOREIGN KEY (institution_id, bank_id) REFERENCES bank (institution_id, id),
    UNIQUE (institution_id, id)
);
CREATE INDEX calibration_bank ON calibration (bank_id);

-- Answers of a field test in blocks of persons: for each person of `persons` a byte an item in the order of
-- `item_ids`, 255 = not administered. Ten million answers are a hundred rows.
CREATE TABLE field_test (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    uuid uuid NOT NULL UNIQUE,
    institution_id bigint NOT NULL,
    bank_id bigint NOT NULL,
    name text NOT NULL CHECK (name <> ''),
    item_ids bigint[] NOT NULL CHECK (cardinality(item_ids) > 0),
    n_persons integer NOT NULL CHECK (n_persons > 0),
    n_responses bigint NOT NULL CHECK (n_responses >= 0),
    created_at timestamptz NOT NULL DEFAULT now(),
    FOREIGN KEY (institution_id, bank_id) REFERENCES bank (institution_id, id),
    UNIQUE (bank_id, name),
    UNIQUE (institution_id, id)
);

CREATE TABLE field_response (
    field_test_id bigint NOT NULL,
    institution_id bigint NOT NULL,
    first_person integer NOT NULL CHECK (first_person >= 0),
    persons text[] NOT NULL CHECK (cardinality(persons) > 0),
    categories bytea NOT NULL,
    PRIMARY KEY (field_test_id, first_person),
    FOREIGN KEY (institution_id, field_test_id) REFERENCES field_test (institution_id, id),
    CHECK (octet_length(categories) % cardinality(persons) = 0)
);
ALTER TABLE field_response ALTER COLUMN categories SET STORAGE EXTERNAL;

-- A published bank: what sittings pin. Content, parameters and probability tables are frozen and hashed here.
CREATE TABLE bank_version (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    uuid uuid NOT NULL UNIQUE,
    institution_id bigint NOT NULL,
    bank_id bigint NOT NULL,
    calibration_id bigint NOT NULL,
    number integer NOT NULL CHECK (number >= 1),
    grid bytea NOT NULL,
    correlations json NOT NULL,
    content_hash text NOT NULL,
    parameter_hash text NOT NULL,
    table_hash text NOT NULL,
    published_at timestamptz NOT NULL DEFAULT now(),
    FOREIGN KEY (institution_id, bank_id) REFERENCES bank (institution_id, id),
    FOREIGN KEY (institution_id, calibration_id) REFERENCES calibration (institution_id, id),
    UNIQUE (bank_id, number),
    UNIQUE (institution_id, id)
);

CREATE TABLE bank_version_item (
    bank_version_id bigint NOT NULL,
    institution_id bigint NOT NULL,
    position integer NOT NULL CHECK (position >= 0),
    item_id bigint NOT NULL,
    item_version_id bigint NOT NULL,
    state text NOT NULL CHECK (state IN ('pretest', 'operational')),
    competency text NOT NULL,
    parameters json NOT NULL,
    probabilities bytea NOT NULL,
    PRIMARY KEY (bank_version_id, position),
    FOREIGN KEY (institution_id, bank_version_id) REFERENCES bank_version (institution_id, id),
    FOREIGN KEY (institution_id, item_id) REFERENCES item (institution_id, id),
    FOREIGN KEY (institution_id, item_version_id) REFERENCES item_version (institution_id, id),
    UNIQUE (bank_version_id, item_id)
);

CREATE TABLE assessment (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    uuid uuid NOT NULL UNIQUE,
    institution_id bigint NOT NULL REFERENCES institution,
    key text NOT NULL CHECK (key ~ '^[A-Za-z0-9][A-Za-z0-9._-]{0,62}$'),
    created_at timestamptz NOT NULL DEFAULT now(),
    UNIQUE (institution_id, key),
    UNIQUE (institution_id, id)
);

CREATE TABLE assessment_version (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    uuid uuid NOT NULL UNIQUE,
    institution_id bigint NOT NULL,
    assessment_id bigint NOT NULL,
    bank_version_id bigint NOT NULL,
    number integer NOT NULL CHECK (number >= 1),
    policy json NOT NULL,
    policy_hash text NOT NULL,
    code_version text NOT NULL,
    published_by bigint NOT NULL,
    published_at timestamptz NOT NULL DEFAULT now(),
    withdrawn_at timestamptz,
    FOREIGN KEY (institution_id, assessment_id) REFERENCES assessment (institution_id, id),
    FOREIGN KEY (institution_id, bank_version_id) REFERENCES bank_version (institution_id, id),
    FOREIGN KEY (institution_id, published_by) REFERENCES account (institution_id, id),
    UNIQUE (assessment_id, number),
    UNIQUE (institution_id, id)
);

-- One learner's way through one assessment; every step is an event, and the events alone decide.
CREATE TABLE attempt (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    uuid uuid NOT NULL UNIQUE,
    institution_id bigint NOT NULL,
    account_id bigint NOT NULL,
    assessment_id bigint NOT NULL,
    assessment_version_id bigint NOT NULL,
    head text NOT NULL DEFAULT repeat('0', 64) CHECK (head ~ '^[0-9a-f]{64}$'),
    created_at timestamptz NOT NULL DEFAULT now(),
    FOREIGN KEY (institution_id, account_id) REFERENCES account (institution_id, id),
    FOREIGN KEY (institution_id, assessment_id) REFERENCES assessment (institution_id, id),
    FOREIGN KEY (institution_id, assessment_version_id) REFERENCES assessment_version (institution_id, id),
    UNIQUE (account_id, assessment_id),
    UNIQUE (institution_id, id)
);

CREATE TABLE attempt_event (
    attempt_id bigint NOT NULL,
    institution_id bigint NOT NULL,
    position integer NOT NULL CHECK (position >= 0),
    body json NOT NULL,
    hash text NOT NULL CHECK (hash ~ '^[0-9a-f]{64}$'),
    actor_id bigint NOT NULL,
    happened_at timestamptz NOT NULL,
    PRIMARY KEY (attempt_id, position),
    FOREIGN KEY (institution_id, attempt_id) REFERENCES attempt (institution_id, id),
    FOREIGN KEY (institution_id, actor_id) REFERENCES account (institution_id, id)
);

CREATE TABLE session (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    uuid uuid NOT NULL UNIQUE,
    institution_id bigint NOT NULL,
    attempt_id bigint NOT NULL,
    account_id bigint NOT NULL,
    bank_version_id bigint NOT NULL,
    occasion text NOT NULL CHECK (occasion <> ''),
    form text NOT NULL DEFAULT 'adaptive' CHECK (form IN ('adaptive', 'print', 'large_print', 'oral')),
    tie_key bytea NOT NULL CHECK (octet_length(tie_key) = 16),
    pool json,
    position integer NOT NULL CHECK (position >= 0),
    theta double precision NOT NULL,
    sem double precision NOT NULL,
    started_at timestamptz NOT NULL,
    deadline timestamptz,
    paused_until timestamptz,
    finished_at timestamptz,
    reason text,
    outcome json,
    counted boolean NOT NULL DEFAULT false,
    FOREIGN KEY (institution_id, attempt_id) REFERENCES attempt (institution_id, id),
    FOREIGN KEY (institution_id, account_id) REFERENCES account (institution_id, id),
    FOREIGN KEY (institution_id, bank_version_id) REFERENCES bank_version (institution_id, id),
    UNIQUE (institution_id, id),
    CHECK ((finished_at IS NULL) = (reason IS NULL)),
    CHECK (paused_until IS NULL OR (finished_at IS NULL AND form = 'adaptive')),
    CHECK (finished_at IS NOT NULL OR NOT counted)
) WITH (fillfactor = 50);  -- every answer changes the row: it stays on its page, and its indexes as they are
CREATE INDEX session_uncounted ON session (institution_id, finished_at) WHERE finished_at IS NOT NULL AND NOT counted;
CREATE UNIQUE INDEX session_one_open ON session (attempt_id) WHERE finished_at IS NULL;
CREATE INDEX session_account ON session (account_id);
CREATE INDEX session_finished ON session (bank_version_id, finished_at) WHERE finished_at IS NOT NULL;

CREATE TABLE session_item (
    session_id bigint NOT NULL,
    institution_id bigint NOT NULL,
    position integer NOT NULL CHECK (position >= 0),
    account_id bigint NOT NULL,
    item_id bigint NOT NULL,
    bank_position integer NOT NULL CHECK (bank_position >= 0),
    is_pretest boolean NOT NULL,
    shown_at timestamptz NOT NULL,
    PRIMARY KEY (session_id, position, institution_id),  -- a sitting has one institution: its answers follow both by this
    FOREIGN KEY (institution_id, session_id) REFERENCES session (institution_id, id),
    FOREIGN KEY (institution_id, item_id) REFERENCES item (institution_id, id),
    UNIQUE (session_id, item_id)
);
CREATE INDEX session_item_seen ON session_item (account_id, item_id);

CREATE TABLE response (
    session_id bigint NOT NULL,
    position integer NOT NULL,
    institution_id bigint NOT NULL,
    client_id uuid NOT NULL,
    request_hash bytea NOT NULL CHECK (octet_length(request_hash) = 32),
    answer json NOT NULL,
    category smallint NOT NULL CHECK (category >= 0),
    score double precision NOT NULL,
    answered_at timestamptz NOT NULL,
    PRIMARY KEY (session_id, position),
    FOREIGN KEY (session_id, position, institution_id) REFERENCES session_item (session_id, position, institution_id),
    UNIQUE (session_id, client_id)
);

-- How often the items of a bank version were shown, by occasion, rotating pool and ability group, one element a bank
-- position: how often each was administered, and the counts by which eligibility spares items, older sittings fading.
CREATE TABLE item_exposure (
    bank_version_id bigint NOT NULL,
    assessment_id bigint NOT NULL,
    occasion text NOT NULL,
    pool smallint NOT NULL CHECK (pool >= 0),
    ability_group smallint NOT NULL CHECK (ability_group >= 0),
    institution_id bigint NOT NULL,
    sittings bigint NOT NULL CHECK (sittings >= 1),
    administered bigint[] NOT NULL,
    eligible double precision[] NOT NULL CHECK (cardinality(eligible) <= cardinality(administered)),
    given double precision[] NOT NULL CHECK (cardinality(given) = cardinality(eligible)),
    PRIMARY KEY (bank_version_id, assessment_id, occasion, pool, ability_group),
    FOREIGN KEY (institution_id, bank_version_id) REFERENCES bank_version (institution_id, id),
    FOREIGN KEY (institution_id, assessment_id) REFERENCES assessment (institution_id, id)
);

CREATE TABLE draft (
    session_id bigint PRIMARY KEY,
    institution_id bigint NOT NULL,
    position integer NOT NULL,
    answer json NOT NULL,
    saved_at timestamptz NOT NULL DEFAULT now(),
    FOREIGN KEY (institution_id, session_id) REFERENCES session (institution_id, id)
);

CREATE TABLE credit (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    uuid uuid NOT NULL UNIQUE,
    institution_id bigint NOT NULL,
    account_id bigint NOT NULL,
    assessment_id bigint NOT NULL,
    attempt_id bigint NOT NULL,
    session_id bigint NOT NULL,
    hours numeric(6, 2) NOT NULL CHECK (hours >= 0),
    grade text NOT NULL,
    awarded_at timestamptz NOT NULL,
    revoked_at timestamptz,
    revoked_reason text,
    FOREIGN KEY (institution_id, account_id) REFERENCES account (institution_id, id),
    FOREIGN KEY (institution_id, assessment_id) REFERENCES assessment (institution_id, id),
    FOREIGN KEY (institution_id, attempt_id) REFERENCES attempt (institution_id, id),
    FOREIGN KEY (institution_id, session_id) REFERENCES session (institution_id, id),
    UNIQUE (session_id),
    UNIQUE (institution_id, id),
    CHECK ((revoked_at IS NULL) = (revoked_reason IS NULL))
);
CREATE UNIQUE INDEX credit_once ON credit (account_id, assessment_id) WHERE revoked_at IS NULL;

CREATE TABLE issuer_key (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    institution_id bigint NOT NULL REFERENCES institution,
    fragment text NOT NULL,
    algorithm text NOT NULL CHECK (algorithm IN ('EdDSA', 'RS256')),
    private_pem bytea NOT NULL,
    public_pem bytea NOT NULL,
    created timestamptz NOT NULL,
    retired timestamptz,
    UNIQUE (institution_id, fragment)
);
CREATE UNIQUE INDEX issuer_key_current ON issuer_key (institution_id, algorithm) WHERE retired IS NULL;

CREATE TABLE credential (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    uuid uuid NOT NULL UNIQUE,
    institution_id bigint NOT NULL,
    account_id bigint NOT NULL,
    credit_id bigint NOT NULL,
    document json NOT NULL,
    jwt text NOT NULL,
    status_index integer NOT NULL CHECK (status_index BETWEEN 0 AND 131071),
    issued_at timestamptz NOT NULL,
    revoked_at timestamptz,
    revoked_reason text,
    FOREIGN KEY (institution_id, account_id) REFERENCES account (institution_id, id),
    FOREIGN KEY (institution_id, credit_id) REFERENCES credit (institution_id, id),
    UNIQUE (institution_id, status_index),
    CHECK ((revoked_at IS NULL) = (revoked_reason IS NULL))
);
-- A score that changes after rescoring replaces the credential; one at a time is valid.
CREATE UNIQUE INDEX credential_once ON credential (credit_id) WHERE revoked_at IS NULL;

-- What an advisor wrote down about a learner, and when to look again.
CREATE TABLE advisor_note (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    uuid uuid NOT NULL UNIQUE,
    institution_id bigint NOT NULL,
    account_id bigint NOT NULL,
    author_id bigint NOT NULL,
    body text NOT NULL CHECK (length(body) BETWEEN 1 AND 4000),
    follow_up_on date,
    created_at timestamptz NOT NULL DEFAULT now(),
    done_at timestamptz,
    FOREIGN KEY (institution_id, account_id) REFERENCES account (institution_id, id),
    FOREIGN KEY (institution_id, author_id) REFERENCES account (institution_id, id)
);
CREATE INDEX advisor_note_account ON advisor_note (account_id);

-- A file that somebody looks at before it is taken in; forgotten once it is, or after a day.
CREATE TABLE upload (
    uuid uuid PRIMARY KEY,
    institution_id bigint NOT NULL,
    account_id bigint NOT NULL,
    name text NOT NULL,
    content bytea NOT NULL,
    created_at timestamptz NOT NULL DEFAULT now(),
    FOREIGN KEY (institution_id, account_id) REFERENCES account (institution_id, id)
);

-- Work that goes on after its page was sent: `progress` in words while it runs, then a document or what went wrong.
CREATE TABLE job (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    uuid uuid NOT NULL UNIQUE,
    institution_id bigint NOT NULL,
    account_id bigint NOT NULL,
    kind text NOT NULL CHECK (kind IN ('calibration', 'simulation')),
    about json NOT NULL,
    progress text NOT NULL DEFAULT '',
    document json,
    failed text,
    started_at timestamptz NOT NULL DEFAULT now(),
    seen_at timestamptz NOT NULL DEFAULT now(),
    finished_at timestamptz,
    FOREIGN KEY (institution_id, account_id) REFERENCES account (institution_id, id),
    CHECK ((finished_at IS NULL) = (document IS NULL AND failed IS NULL))
);
CREATE INDEX job_institution ON job (institution_id, kind, id);

-- Who published an assessment although its simulation warned, and why.
CREATE TABLE publication_override (
    assessment_version_id bigint PRIMARY KEY,
    institution_id bigint NOT NULL,
    account_id bigint NOT NULL,
    named text NOT NULL CHECK (named <> ''),
    reason text NOT NULL CHECK (length(reason) >= 3),
    warnings json NOT NULL,
    created_at timestamptz NOT NULL DEFAULT now(),
    FOREIGN KEY (institution_id, assessment_version_id) REFERENCES assessment_version (institution_id, id),
    FOREIGN KEY (institution_id, account_id) REFERENCES account (institution_id, id)
);

-- A one-time link by which somebody outside rates a learner. Who was asked and what they wrote about the learner
-- stand here and not in the sealed log, so that they can be erased.
CREATE TABLE invitation (
    token_hash text PRIMARY KEY CHECK (token_hash ~ '^[0-9a-f]{64}$'),
    institution_id bigint NOT NULL,
    attempt_id bigint NOT NULL,
    requirement text NOT NULL CHECK (requirement <> ''),
    rater text NOT NULL DEFAULT '',
    comment text NOT NULL DEFAULT '',
    invited_by bigint NOT NULL,
    invited_at timestamptz NOT NULL,
    used_at timestamptz,
    FOREIGN KEY (institution_id, attempt_id) REFERENCES attempt (institution_id, id),
    FOREIGN KEY (institution_id, invited_by) REFERENCES account (institution_id, id)
);
CREATE INDEX invitation_attempt ON invitation (attempt_id);

-- An item withdrawn or re-keyed after people had answered it: by whom, why, and under which key it counts now.
CREATE TABLE rescoring (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    uuid uuid NOT NULL UNIQUE,
    institution_id bigint NOT NULL,
    item_id bigint NOT NULL,
    kind text NOT NULL CHECK (kind IN ('withdraw', 'rekey')),
    scoring json,
    hold_harmless boolean NOT NULL,
    named text NOT NULL CHECK (named <> ''),
    reason text NOT NULL CHECK (length(reason) >= 3),
    account_id bigint NOT NULL,
    applied_at timestamptz NOT NULL,
    FOREIGN KEY (institution_id, item_id) REFERENCES item (institution_id, id),
    FOREIGN KEY (institution_id, account_id) REFERENCES account (institution_id, id),
    UNIQUE (institution_id, id),
    CHECK ((kind = 'rekey') = (scoring IS NOT NULL))
);
CREATE INDEX rescoring_item ON rescoring (item_id);

-- What a rescoring means for one sitting: in force when it was decided, applied to it afterwards, or held harmless.
CREATE TABLE rescored_session (
    rescoring_id bigint NOT NULL,
    session_id bigint NOT NULL,
    institution_id bigint NOT NULL,
    effect text NOT NULL CHECK (effect IN ('decided', 'applied', 'held')),
    PRIMARY KEY (session_id, rescoring_id),
    FOREIGN KEY (institution_id, rescoring_id) REFERENCES rescoring (institution_id, id),
    FOREIGN KEY (institution_id, session_id) REFERENCES session (institution_id, id)
);

-- Modules that add up to a course. A course is published once; other parts need another key.
CREATE TABLE course (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    uuid uuid NOT NULL UNIQUE,
    institution_id bigint NOT NULL REFERENCES institution,
    key text NOT NULL CHECK (key ~ '^[A-Za-z0-9][A-Za-z0-9._-]{0,62}$'),
    document json NOT NULL,
    published_by bigint NOT NULL,
    published_at timestamptz NOT NULL DEFAULT now(),
    FOREIGN KEY (institution_id, published_by) REFERENCES account (institution_id, id),
    UNIQUE (institution_id, key),
    UNIQUE (institution_id, id)
);

-- When a learner completed a course, and when a revoked part reopened it: in turns, which the number counts.
CREATE TABLE course_entry (
    account_id bigint NOT NULL,
    course_id bigint NOT NULL,
    number integer NOT NULL CHECK (number >= 1),
    institution_id bigint NOT NULL,
    kind text NOT NULL,
    at timestamptz NOT NULL,
    PRIMARY KEY (account_id, course_id, number),
    FOREIGN KEY (institution_id, account_id) REFERENCES account (institution_id, id),
    FOREIGN KEY (institution_id, course_id) REFERENCES course (institution_id, id),
    CHECK (kind = CASE number % 2 WHEN 1 THEN 'completed' ELSE 'reopened' END)
);

-- What somebody should look at: a pattern in one sitting, in two, or at an item, with its numbers as they were then. A named
-- person closes it with a reason, which goes ('') when a learner it is about is erased; nothing follows from it by itself.
CREATE TABLE flag (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    uuid uuid NOT NULL UNIQUE,
    institution_id bigint NOT NULL,
    bank_id bigint NOT NULL,
    kind text NOT NULL CHECK (
        kind IN ('rapid_guessing', 'person_misfit', 'time_aberrance', 'answer_similarity', 'leak_alarm', 'item_drift')
    ),
    session_id bigint,
    other_session_id bigint,
    item_id bigint,
    value double precision NOT NULL,
    p double precision CHECK (p BETWEEN 0 AND 1),
    said json NOT NULL,
    evidence json NOT NULL,
    raised_at timestamptz NOT NULL DEFAULT now(),
    closed_at timestamptz,
    closed_by bigint,
    outcome text CHECK (outcome IN ('noted', 'item_quarantined', 'sitting_voided')),
    named text CHECK (named <> ''),
    reason text CHECK (reason = '' OR length(reason) >= 3),
    FOREIGN KEY (institution_id, bank_id) REFERENCES bank (institution_id, id),
    FOREIGN KEY (institution_id, session_id) REFERENCES session (institution_id, id),
    FOREIGN KEY (institution_id, other_session_id) REFERENCES session (institution_id, id),
    FOREIGN KEY (institution_id, item_id) REFERENCES item (institution_id, id),
    FOREIGN KEY (institution_id, closed_by) REFERENCES account (institution_id, id),
    CHECK ((kind IN ('leak_alarm', 'item_drift')) = (item_id IS NOT NULL)),
    CHECK ((session_id IS NULL) = (item_id IS NOT NULL)),
    CHECK ((kind = 'answer_similarity') = (other_session_id IS NOT NULL)),
    CHECK (num_nulls(closed_at, closed_by, outcome, named, reason) IN (0, 5))
);
CREATE UNIQUE INDEX flag_sitting ON flag (session_id, kind, coalesce(other_session_id, 0)) WHERE item_id IS NULL;
CREATE UNIQUE INDEX flag_item ON flag (item_id, kind) WHERE item_id IS NOT NULL AND closed_at IS NULL;
CREATE INDEX flag_open ON flag (institution_id, bank_id) WHERE closed_at IS NULL;

-- What a look at a bank's sittings found besides flags: how much was judged, how every item drifts.
CREATE TABLE flag_run (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    institution_id bigint NOT NULL,
    bank_id bigint NOT NULL,
    n_sittings integer NOT NULL CHECK (n_sittings >= 0),
    document json NOT NULL,
    computed_at timestamptz NOT NULL DEFAULT now(),
    FOREIGN KEY (institution_id, bank_id) REFERENCES bank (institution_id, id)
);
CREATE INDEX flag_run_bank ON flag_run (bank_id, id);

-- Which server process looks at a bank's new sittings by itself: until that moment no other one does.
CREATE TABLE flag_round (
    bank_id bigint PRIMARY KEY,
    institution_id bigint NOT NULL,
    claimed_until timestamptz NOT NULL,
    FOREIGN KEY (institution_id, bank_id) REFERENCES bank (institution_id, id)
);

-- The service's own pulse: while it beats, time runs; time without a beat is given back to every open sitting.
CREATE TABLE service_pulse (
    id smallint PRIMARY KEY CHECK (id = 1),
    beat_at timestamptz NOT NULL
);
INSERT INTO service_pulse (id, beat_at) VALUES (1, now());

CREATE TABLE service_outage (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    began_at timestamptz NOT NULL,
    ended_at timestamptz NOT NULL,
    sittings_extended integer NOT NULL CHECK (sittings_extended >= 0)
);

-- A deadline is only ever moved later, by whomever.
CREATE FUNCTION deadline_only_later() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NEW.deadline < OLD.deadline OR (OLD.deadline IS NULL AND NEW.deadline IS NOT NULL) THEN
        RAISE EXCEPTION 'A deadline may be moved later or lifted, never earlier.' USING ERRCODE = 'check_violation';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER deadline_only_later BEFORE UPDATE OF deadline ON session
FOR EACH ROW EXECUTE FUNCTION deadline_only_later();

-- Two roles: the owner migrates; the application is `assay_app`, which cannot bypass row-level security.
DO $$ BEGIN CREATE ROLE assay_app NOLOGIN NOBYPASSRLS; EXCEPTION WHEN duplicate_object OR unique_violation THEN NULL; END $$;
DO $$ BEGIN EXECUTE format('GRANT assay_app TO %I', current_user); EXCEPTION WHEN OTHERS THEN NULL; END $$;
GRANT USAGE ON SCHEMA public TO assay_app;

-- Every table of an institution shows the application only the rows of the institution that the transaction names.
CREATE FUNCTION current_institution() RETURNS bigint LANGUAGE sql STABLE PARALLEL SAFE
RETURN nullif(current_setting('assay.institution', true), '')::bigint;

DO $$
DECLARE
    name text;
BEGIN
    FOR name IN
        SELECT c.relname FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid
        WHERE c.relnamespace = 'public'::regnamespace AND c.relkind = 'r' AND a.attname = 'institution_id'
    LOOP
        EXECUTE format('ALTER TABLE %I ENABLE ROW LEVEL SECURITY', name);
        EXECUTE format('ALTER TABLE %I FORCE ROW LEVEL SECURITY', name);
        EXECUTE format('CREATE POLICY tenant ON %I TO assay_app USING (institution_id = current_institution())', name);
        EXECUTE format('CREATE POLICY keeper ON %I TO CURRENT_USER USING (true) WITH CHECK (true)', name);
    END LOOP;
END $$;
DO $$
DECLARE
    name text;
BEGIN
    FOREACH name IN ARRAY ARRAY['service_pulse', 'service_outage']
    LOOP
        EXECUTE format('ALTER TABLE %I ENABLE ROW LEVEL SECURITY', name);
        EXECUTE format('ALTER TABLE %I FORCE ROW LEVEL SECURITY', name);
        EXECUTE format('CREATE POLICY tenant ON %I TO assay_app USING (false)', name);
        EXECUTE format('CREATE POLICY keeper ON %I TO CURRENT_USER USING (true) WITH CHECK (true)', name);
    END LOOP;
END $$;
ALTER TABLE institution ENABLE ROW LEVEL SECURITY;
ALTER TABLE institution FORCE ROW LEVEL SECURITY;
CREATE POLICY tenant ON institution TO assay_app USING (id = current_institution());
CREATE POLICY keeper ON institution TO CURRENT_USER USING (true) WITH CHECK (true);

-- What is written once is never changed: no UPDATE, no DELETE on evidence and on published versions.
GRANT SELECT ON ALL TABLES IN SCHEMA public TO assay_app;
GRANT INSERT ON
    account, person, api_key, web_session, idempotency, framework, competency, bank, item, item_version, item_event, asset,
    calibration, field_test, field_response,
    bank_version, bank_version_item, assessment, assessment_version, attempt, attempt_event, session, session_item, response,
    draft, credit, issuer_key, credential, advisor_note, upload, job, publication_override,
    invitation, rescoring, rescored_session, course, course_entry, item_exposure, flag, flag_run
TO assay_app;
GRANT UPDATE ON person, draft TO assay_app;
GRANT UPDATE (roles, disabled_at, pseudonym) ON account TO assay_app;
GRANT UPDATE (revoked_at, label) ON api_key TO assay_app;
GRANT UPDATE (used_at, rater, comment) ON invitation TO assay_app;
GRANT UPDATE (document, content_hash, changed_at) ON framework TO assay_app;
GRANT UPDATE (title) ON bank TO assay_app;
GRANT UPDATE (state, state_reason, current_version) ON item TO assay_app;
GRANT UPDATE (withdrawn_at) ON assessment_version TO assay_app;
GRANT UPDATE (head) ON attempt TO assay_app;
GRANT UPDATE (position, theta, sem, deadline, paused_until, finished_at, reason, outcome, counted) ON session TO assay_app;
GRANT UPDATE (revoked_at, revoked_reason) ON credit, credential TO assay_app;
GRANT UPDATE (grade, session_id) ON credit TO assay_app;
GRANT UPDATE (retired) ON issuer_key TO assay_app;
GRANT UPDATE (done_at) ON advisor_note TO assay_app;
GRANT UPDATE (sittings, administered, eligible, given) ON item_exposure TO assay_app;
GRANT UPDATE (progress, document, failed, seen_at, finished_at) ON job TO assay_app;
GRANT UPDATE (closed_at, closed_by, outcome, named, reason) ON flag TO assay_app;
GRANT DELETE ON advisor_note, upload TO assay_app;
GRANT DELETE ON person, web_session, idempotency, draft TO assay_app;

-- The few questions that come before the institution is known. Each runs as the owner and answers only what is asked.
CREATE FUNCTION identify_key(secret_sha256 bytea)
RETURNS TABLE (account_id bigint, account_uuid uuid, institution_id bigint, roles text[])
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public AS $$
    SELECT a.id, a.uuid, a.institution_id, a.roles
    FROM api_key k JOIN account a ON a.id = k.account_id
    WHERE k.sha256 = secret_sha256 AND k.revoked_at IS NULL AND a.disabled_at IS NULL
        AND (k.expires_at IS NULL OR k.expires_at > now())
$$;

CREATE FUNCTION identify_web_session(secret_sha256 bytea)
RETURNS TABLE (account_id bigint, account_uuid uuid, institution_id bigint, roles text[], csrf_token text)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public AS $$
    SELECT a.id, a.uuid, a.institution_id, a.roles, w.csrf_token
    FROM web_session w JOIN account a ON a.id = w.account_id
    WHERE w.sha256 = secret_sha256 AND a.disabled_at IS NULL AND w.expires_at > now()
$$;

-- Beat; when nobody has beaten for longer than `silence`, the service was down: open sittings whose time was not up
-- when it went down get that time back. Returns the seconds given back.
CREATE FUNCTION beat(silence interval) RETURNS double precision
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public AS $$
DECLARE
    last timestamptz;
    moment timestamptz;
    extended integer;
BEGIN
    SELECT p.beat_at INTO last FROM service_pulse p WHERE p.id = 1 FOR UPDATE;
    moment := clock_timestamp();
    UPDATE service_pulse SET beat_at = greatest(beat_at, moment) WHERE id = 1;
    IF moment - last <= silence THEN
        RETURN 0;
    END IF;
    UPDATE session SET deadline = deadline + (moment - last) WHERE finished_at IS NULL AND deadline > last;
    GET DIAGNOSTICS extended = ROW_COUNT;
    INSERT INTO service_outage (began_at, ended_at, sittings_extended) VALUES (last, moment, extended);
    RETURN extract(epoch FROM moment - last);
END $$;

-- Claim a bank, of whichever institution, in which sittings have ended since it was last looked at and which nobody has claimed;
-- looks are `apart` at least, and a claim that came to nothing lapses after `held`. An ending is written up to half a minute
-- after the moment it bears.
CREATE FUNCTION claim_flag_round(apart interval, held interval) RETURNS TABLE (institution text, bank text)
LANGUAGE sql SECURITY DEFINER SET search_path = public AS $$
    WITH due AS (
        SELECT b.id, b.institution_id, b.key
        FROM bank b
        LEFT JOIN flag_round w ON w.bank_id = b.id
        LEFT JOIN LATERAL (
            SELECT r.computed_at AS at FROM flag_run r WHERE r.bank_id = b.id ORDER BY r.id DESC LIMIT 1
        ) last ON true
        CROSS JOIN LATERAL (
            SELECT max(newest.at) AS at
            FROM bank_version v CROSS JOIN LATERAL (
                SELECT s.finished_at AS at FROM session s
                WHERE s.bank_version_id = v.id AND s.finished_at IS NOT NULL ORDER BY s.finished_at DESC LIMIT 1
            ) newest
            WHERE v.bank_id = b.id
        ) ended
        WHERE (w.claimed_until IS NULL OR w.claimed_until < now())
            AND (last.at IS NULL OR last.at < now() - apart)
            AND ended.at > coalesce(last.at - interval '30 seconds', '-infinity')
        ORDER BY w.claimed_until NULLS FIRST, b.id
        LIMIT 1
    ), claimed AS (
        INSERT INTO flag_round AS w (bank_id, institution_id, claimed_until)
        SELECT due.id, due.institution_id, now() + held FROM due
        ON CONFLICT (bank_id) DO UPDATE SET claimed_until = excluded.claimed_until WHERE w.claimed_until < now()
        RETURNING w.bank_id
    )
    SELECT i.key, due.key
    FROM due JOIN claimed ON claimed.bank_id = due.id JOIN institution i ON i.id = due.institution_id
$$;

CREATE FUNCTION published_catalogue()
RETURNS TABLE (
    institution_id bigint, institution_key text, institution_name text, assessment_key text, assessment_uuid uuid,
    version_uuid uuid, number integer, policy json, published_at timestamptz
)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public AS $$
    SELECT DISTINCT ON (a.id)
        i.id, i.key, i.name, a.key, a.uuid, v.uuid, v.number, v.policy, v.published_at
    FROM assessment_version v
    JOIN assessment a ON a.id = v.assessment_id
    JOIN institution i ON i.id = v.institution_id
    WHERE v.withdrawn_at IS NULL
    ORDER BY a.id, v.number DESC
$$;

CREATE FUNCTION published_frameworks()
RETURNS TABLE (uuid uuid, document json, content_hash text, changed_at timestamptz)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public AS $$
    SELECT f.uuid, f.document, f.content_hash, f.changed_at
    FROM framework f
    WHERE EXISTS (
        SELECT 1 FROM bank b
        JOIN bank_version v ON v.bank_id = b.id
        JOIN assessment_version a ON a.bank_version_id = v.id AND a.withdrawn_at IS NULL
        WHERE b.framework_id = f.id
    )
    ORDER BY f.id
$$;

CREATE FUNCTION institution_of_credential(credential_uuid uuid) RETURNS bigint
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public AS $$
    SELECT c.institution_id FROM credential c WHERE c.uuid = credential_uuid
$$;

CREATE FUNCTION institution_of_invitation(hash text) RETURNS bigint
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public AS $$
    SELECT i.institution_id FROM invitation i WHERE i.token_hash = hash
$$;

-- The functions of the hot path choose their plans themselves: one plan for good (to plan such a statement costs more than
-- to run it for a few answers), rows found by key. OFFSET 0 keeps a condition inside: on a table whose statistics are
-- young, the planner would rather read all open sittings than a handful by their keys.

-- Running sittings as they stand, each with the items shown so far, those that its learner met in earlier ones, and its
-- attempt's sealed log, as documents; nothing is held.
CREATE FUNCTION running_sittings(institution bigint, uuids uuid[]) RETURNS SETOF json
LANGUAGE plpgsql SET enable_seqscan = off SET enable_hashjoin = off SET enable_mergejoin = off
SET plan_cache_mode = force_generic_plan AS $$
BEGIN
    PERFORM set_config('assay.institution', institution::text, true);
    RETURN QUERY
    SELECT json_build_object(
        'session', (
            SELECT row_to_json(one) FROM (
                SELECT s.id, s.uuid, s.attempt_id, s.account_id, s.bank_version_id, s.occasion, s.form,
                    encode(s.tie_key, 'base64') AS tie_key, s.pool, s.position, s.theta, s.sem, s.started_at,
                    s.deadline, s.paused_until, s.finished_at, s.reason, s.outcome, now() AS now
            ) AS one
        ),
        'assessment_version_id', a.assessment_version_id,
        'log', (
            SELECT json_build_object(
                'head', a.head,
                'bodies', json_agg(e.body::text ORDER BY e.position),
                'seals', json_agg(e.hash ORDER BY e.position)
            )
            FROM attempt_event e WHERE e.attempt_id = a.id
        ),
        'shown', (
            SELECT json_agg(row_to_json(one) ORDER BY one.position) FROM (
                SELECT i.position, i.bank_position, i.item_id, i.is_pretest, i.shown_at, r.category, r.score, r.answer,
                    r.client_id, encode(r.request_hash, 'base64') AS request_hash, r.answered_at
                FROM session_item i
                LEFT JOIN response r ON r.session_id = i.session_id AND r.position = i.position
                WHERE i.session_id = s.id
            ) AS one
        ),
        'seen', (
            SELECT coalesce(json_agg(i.item_id), '[]')
            FROM session_item i WHERE i.account_id = s.account_id AND i.session_id < s.id
        )
    )
    FROM unnest(uuids) AS asked (uuid)
    CROSS JOIN LATERAL (
        SELECT s.id, s.uuid, s.attempt_id, s.account_id, s.bank_version_id, s.occasion, s.form, s.tie_key, s.pool,
            s.position, s.theta, s.sem, s.started_at, s.deadline, s.paused_until, s.finished_at, s.reason, s.outcome
        FROM session s
        WHERE s.uuid = asked.uuid
        OFFSET 0
    ) AS s
    JOIN attempt a ON a.id = s.attempt_id
    WHERE s.form = 'adaptive' AND s.finished_at IS NULL;
END $$;

-- Answers to items on screen, each with the item that follows it: every sitting that stands where its answer says takes
-- it, in one transaction. What is held by another step, has moved on, has ended, rests or is out of time is left alone, and
-- not returned. An answer whose step looked at the time carries that moment. Nothing here waits for anybody. Rows are found
-- one by one or by the whole list of ids and then hashed: a nested loop over both lists would look at each answer as often
-- as there are answers.
CREATE FUNCTION take_answers(
    institution bigint, grace interval, session_ids bigint[], positions integer[], client_ids uuid[], hashes bytea[],
    answers text[], categories smallint[], scores double precision[], thetas double precision[], sems double precision[],
    account_ids bigint[], item_ids bigint[], bank_positions integer[], pretests boolean[], moments timestamptz[]
) RETURNS TABLE (taken bigint, until timestamptz, moment timestamptz)
LANGUAGE plpgsql
SET enable_seqscan = off SET enable_nestloop = off SET enable_mergejoin = off SET enable_hashjoin = on SET jit = off
SET plan_cache_mode = force_generic_plan AS $$
BEGIN
    PERFORM set_config('assay.institution', institution::text, true);
    RETURN QUERY
    WITH given AS (
        SELECT *
        FROM unnest(
            session_ids, positions, client_ids, hashes, answers, categories, scores, thetas, sems, account_ids,
            item_ids, bank_positions, pretests, moments
        ) AS g (
            session_id, position, client_id, request_hash, answer, category, score, theta, sem, account_id, item_id,
            bank_position, is_pretest, given_at
        )
    ), held AS MATERIALIZED (
        SELECT s.deadline, coalesce(g.given_at, now()) AS at, g.*
        FROM given g CROSS JOIN LATERAL (
            SELECT s.deadline
            FROM session s
            WHERE s.id = g.session_id AND s.position = g.position AND s.account_id = g.account_id AND s.form = 'adaptive'
                AND s.finished_at IS NULL AND (s.deadline IS NULL OR now() <= s.deadline + grace)
                AND (s.paused_until IS NULL OR s.paused_until <= now())
            FOR NO KEY UPDATE SKIP LOCKED
        ) s
    ), moved AS (
        UPDATE session s SET position = h.position + 1, theta = h.theta, sem = h.sem
        FROM held h
        WHERE s.id = ANY(session_ids) AND s.id = h.session_id
    ), answered AS (
        INSERT INTO response (
            session_id, position, institution_id, client_id, request_hash, answer, category, score, answered_at
        )
        SELECT h.session_id, h.position, institution, h.client_id, h.request_hash, h.answer::json, h.category,
            h.score, h.at
        FROM held h
    ), shown AS (
        INSERT INTO session_item (
            session_id, institution_id, position, account_id, item_id, bank_position, is_pretest, shown_at
        )
        SELECT h.session_id, institution, h.position + 1, h.account_id, h.item_id, h.bank_position, h.is_pretest, h.at
        FROM held h
    ), forgotten AS (
        DELETE FROM draft d USING held h WHERE d.session_id = ANY(session_ids) AND d.session_id = h.session_id
    )
    SELECT h.session_id, h.deadline, h.at FROM held h;
END $$;

-- Last answers, each with the decision that follows and the entry that seals it in its attempt's log: every sitting that
-- stands where its answer says and whose log ends at `heads` ends so, in one transaction. What is held by another step,
-- has moved on, rests, is out of time, or shows an item that is or is being rescored is left alone, and not returned; so
-- is everything when the moment, which the entries name, lies ahead of this clock or more than a second behind it.
CREATE FUNCTION end_sittings(
    institution bigint, grace interval, moment timestamptz, session_ids bigint[], positions integer[],
    client_ids uuid[], hashes bytea[], answers text[], categories smallint[], scores double precision[],
    thetas double precision[], sems double precision[], reasons text[], outcomes text[], attempt_ids bigint[],
    heads text[], places integer[], bodies text[], seals text[], actor_ids bigint[]
) RETURNS SETOF bigint
LANGUAGE plpgsql SET enable_seqscan = off SET enable_hashjoin = off SET enable_mergejoin = off
SET plan_cache_mode = force_generic_plan AS $$
DECLARE
    held bigint[];
BEGIN
    PERFORM set_config('assay.institution', institution::text, true);
    IF moment NOT BETWEEN now() - interval '1 second' AND now()
        OR NOT pg_try_advisory_xact_lock_shared(hashtext('rescoring'), institution::integer)
    THEN
        RETURN;
    END IF;
    SELECT array_agg(s.id) INTO held
    FROM unnest(session_ids, positions, attempt_ids, heads) AS g (session_id, position, attempt_id, head)
    CROSS JOIN LATERAL (
        SELECT a.id FROM attempt a WHERE a.id = g.attempt_id AND a.head = g.head FOR NO KEY UPDATE SKIP LOCKED
    ) AS a
    CROSS JOIN LATERAL (
        SELECT s.id
        FROM session s
        WHERE s.id = g.session_id AND s.position = g.position AND s.attempt_id = a.id AND s.form = 'adaptive'
            AND s.finished_at IS NULL AND (s.deadline IS NULL OR now() <= s.deadline + grace)
            AND (s.paused_until IS NULL OR s.paused_until <= now())
        FOR NO KEY UPDATE SKIP LOCKED
    ) AS s;
    SELECT array_agg(h.id) INTO held
    FROM unnest(held) AS h (id)
    WHERE NOT EXISTS (
        SELECT 1 FROM session_item i JOIN rescoring r ON r.item_id = i.item_id WHERE i.session_id = h.id
    );
    RETURN QUERY
    WITH given AS (
        SELECT *
        FROM unnest(
            session_ids, positions, client_ids, hashes, answers, categories, scores, thetas, sems, reasons, outcomes,
            attempt_ids, places, bodies, seals, actor_ids
        ) AS g (
            session_id, position, client_id, request_hash, answer, category, score, theta, sem, reason, outcome,
            attempt_id, place, body, seal, actor_id
        )
        WHERE g.session_id = ANY(held)
    ), finished AS (
        UPDATE session s
        SET position = g.position + 1, theta = g.theta, sem = g.sem, paused_until = NULL, finished_at = moment,
            reason = g.reason, outcome = g.outcome::json
        FROM given g
        WHERE s.id = ANY(held) AND s.id = g.session_id
        RETURNING s.id
    ), answered AS (
        INSERT INTO response (
            session_id, position, institution_id, client_id, request_hash, answer, category, score, answered_at
        )
        SELECT g.session_id, g.position, institution, g.client_id, g.request_hash, g.answer::json, g.category,
            g.score, moment
        FROM given g
    ), entered AS (
        INSERT INTO attempt_event (attempt_id, institution_id, position, body, hash, actor_id, happened_at)
        SELECT g.attempt_id, institution, g.place, g.body::json, g.seal, g.actor_id, moment FROM given g
    ), headed AS (
        UPDATE attempt a SET head = g.seal
        FROM given g
        WHERE a.id = ANY(attempt_ids) AND a.id = g.attempt_id
    ), forgotten AS (
        DELETE FROM draft d WHERE d.session_id = ANY(held)
    )
    SELECT f.id FROM finished f;
END $$;

-- Evidence is never changed, with this one exception: what a learner typed in their own words is erased with the
-- person, and the scored category stays, so that the decision can still be recomputed.
CREATE FUNCTION erase_words(learner bigint, sessions bigint[], positions integer[]) RETURNS bigint
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public AS $$
DECLARE
    erased bigint;
BEGIN
    UPDATE response r SET answer = 'null', request_hash = decode(repeat('00', 32), 'hex')
    FROM unnest(sessions, positions) AS words (session_id, place), session s
    WHERE r.session_id = words.session_id AND r.position = words.place
        AND s.id = r.session_id AND s.account_id = learner AND s.institution_id = current_institution();
    GET DIAGNOSTICS erased = ROW_COUNT;
    RETURN erased;
END $$;

CREATE FUNCTION institution_by_key(institution_key text) RETURNS bigint
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public AS $$
    SELECT i.id FROM institution i WHERE i.key = institution_key
$$;

CREATE FUNCTION sample_accounts()
RETURNS TABLE (account_id bigint, institution_id bigint, pseudonym text, roles text[])
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public AS $$
    SELECT a.id, a.institution_id, a.pseudonym, a.roles
    FROM account a JOIN institution i ON i.id = a.institution_id
    WHERE i.is_sample AND a.disabled_at IS NULL AND a.pseudonym LIKE 'demo-%'
    ORDER BY a.id
$$;

REVOKE ALL ON FUNCTION
    identify_key(bytea), identify_web_session(bytea), beat(interval), claim_flag_round(interval, interval),
    published_catalogue(), published_frameworks(),
    institution_of_credential(uuid), institution_of_invitation(text), erase_words(bigint, bigint[], integer[]),
    institution_by_key(text), sample_accounts()
FROM PUBLIC;
GRANT EXECUTE ON FUNCTION
    identify_key(bytea), identify_web_session(bytea), beat(interval), claim_flag_round(interval, interval),
    published_catalogue(), published_frameworks(),
    institution_of_credential(uuid), institution_of_invitation(text), erase_words(bigint, bigint[], integer[]),
    institution_by_key(text), sample_accounts()
TO assay_app;
