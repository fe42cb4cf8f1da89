CREATE TABLE relay.services (
    id uuid PRIMARY KEY,
    root_public bytea NOT NULL,       -- pinned outside the database as well; this copy is only compared
    recovery_public bytea NOT NULL,
    created_at timestamptz NOT NULL DEFAULT now()
);

CREATE TABLE relay.accounts (
    id uuid PRIMARY KEY,
    service_id uuid NOT NULL REFERENCES relay.services,
    side text NOT NULL CHECK (side IN ('staff', 'participant')),
    roles text NOT NULL DEFAULT '' CHECK (roles ~ '^([a-z]+( [a-z]+)*)?$'),  -- of staff, space between
    lookup bytea,                     -- keyed hash of the sign-in name; empty until enrolled
    name_sealed bytea NOT NULL,
    state text NOT NULL DEFAULT 'invited' CHECK (state IN ('invited', 'active', 'suspended')),
    key_version integer NOT NULL DEFAULT 0 CHECK (key_version >= 0),
    created_at timestamptz NOT NULL DEFAULT now(),
    UNIQUE (service_id, side, lookup)
);

CREATE TABLE relay.account_keys (
    account_id uuid NOT NULL REFERENCES relay.accounts,
    version integer NOT NULL CHECK (version > 0),
    hpke_public bytea NOT NULL,
    signing_public bytea NOT NULL,
    sealed_private bytea NOT NULL,    -- under passphrase and pepper
    invitation_id uuid NOT NULL,
    enrolment_mac bytea NOT NULL,     -- over the public keys, keyed by the invitation's secret
    created_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (account_id, version)
);

CREATE TABLE relay.invitations (
    id uuid PRIMARY KEY,
    service_id uuid NOT NULL REFERENCES relay.services,
    account_id uuid NOT NULL REFERENCES relay.accounts,
    case_id uuid,                     -- empty for staff
    secret_hash bytea NOT NULL,       -- of 128 random bits
    code_mac bytea NOT NULL,          -- of the short spoken code, under the keyring
    tries integer NOT NULL DEFAULT 0,
    expires_at timestamptz NOT NULL,
    used_at timestamptz,
    created_by uuid NOT NULL,
    created_at timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX invitations_account ON relay.invitations (account_id);

-- Signed offline by the service root: who is staff, with which keys.
CREATE TABLE relay.rosters (
    service_id uuid NOT NULL REFERENCES relay.services,
    version integer NOT NULL CHECK (version > 0),
    body bytea NOT NULL,
    signature bytea NOT NULL,
    created_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (service_id, version)
);

-- UNLOGGED: in no WAL and so in no backup. One half of what opens a person's key; the cookie holds the other.
CREATE UNLOGGED TABLE relay.sessions (
    id_hash bytea PRIMARY KEY,
    account_id uuid NOT NULL,
    surface text NOT NULL CHECK (surface IN ('participants', 'desk')),
    half bytea NOT NULL,
    sealed bytea NOT NULL,
    created_at timestamptz NOT NULL,
    seen_at timestamptz NOT NULL,
    expires_at timestamptz NOT NULL,
    stepped_up_at timestamptz
);
CREATE INDEX sessions_account ON relay.sessions (account_id);
CREATE INDEX sessions_expiry ON relay.sessions (expires_at);

CREATE TABLE relay.throttles (
    key bytea PRIMARY KEY,            -- keyed hash of what is counted
    window_start timestamptz NOT NULL,
    tries integer NOT NULL
);
CREATE INDEX throttles_window ON relay.throttles (window_start);

-- The workers' public keys by epoch. The private half lives in the workers' own store, never here.
CREATE TABLE relay.worker_keys (
    epoch integer PRIMARY KEY CHECK (epoch > 0),
    id uuid NOT NULL UNIQUE,
    public bytea NOT NULL,
    mac bytea NOT NULL,               -- under the keyring: a key swapped in here is not sealed to
    created_at timestamptz NOT NULL DEFAULT now(),
    retired_at timestamptz
);
