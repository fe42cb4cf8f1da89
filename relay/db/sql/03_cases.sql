CREATE TABLE relay.cases (
    id uuid PRIMARY KEY,
    service_id uuid NOT NULL REFERENCES relay.services,
    reference_sealed bytea NOT NULL,
    second_approval boolean NOT NULL DEFAULT false,
    lowering_asked_by uuid REFERENCES relay.accounts,  -- who wants one approval to be enough; another confirms it
    lowering_asked_at timestamptz,
    cooling_hours integer NOT NULL DEFAULT 0 CHECK (cooling_hours BETWEEN 0 AND 8760),
    state text NOT NULL DEFAULT 'open' CHECK (state IN ('open', 'closed')),
    key_version integer NOT NULL DEFAULT 1,
    opened_by uuid NOT NULL REFERENCES relay.accounts,
    created_at timestamptz NOT NULL DEFAULT now(),
    CHECK ((lowering_asked_by IS NULL) = (lowering_asked_at IS NULL))
);
ALTER TABLE relay.invitations ADD FOREIGN KEY (case_id) REFERENCES relay.cases;

CREATE TABLE relay.case_keys (
    case_id uuid NOT NULL REFERENCES relay.cases,
    version integer NOT NULL CHECK (version > 0),
    public bytea NOT NULL,
    facilitator_id uuid NOT NULL REFERENCES relay.accounts,
    signature bytea NOT NULL,         -- the facilitator's, over CaseKeyStatement
    created_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (case_id, version)
);

-- The private half of a case key, sealed to one holder.
CREATE TABLE relay.case_key_grants (
    case_id uuid NOT NULL,
    version integer NOT NULL,
    holder_kind text NOT NULL CHECK (holder_kind IN ('account', 'recovery')),
    holder_id uuid NOT NULL,
    holder_key_version integer NOT NULL,
    sealed bytea NOT NULL,
    created_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (case_id, version, holder_kind, holder_id, holder_key_version),
    FOREIGN KEY (case_id, version) REFERENCES relay.case_keys
);

-- A person's place in one case. Participants know one another only by seat, so nothing links two cases.
CREATE TABLE relay.seats (
    id uuid PRIMARY KEY,
    case_id uuid NOT NULL REFERENCES relay.cases,
    account_id uuid NOT NULL REFERENCES relay.accounts,
    part text NOT NULL CHECK (part IN ('victim', 'offender', 'facilitator')),
    label_sealed bytea,               -- what the other side calls them
    added_at timestamptz NOT NULL DEFAULT now(),
    removed_at timestamptz
);
CREATE UNIQUE INDEX seats_one_each ON relay.seats (case_id, account_id) WHERE removed_at IS NULL;
-- policies and histories also look at seats that were removed
CREATE INDEX seats_account ON relay.seats (account_id, case_id);
CREATE INDEX seats_case ON relay.seats (case_id);

-- A facilitator of the case says: this key is this person's.
CREATE TABLE relay.vouches (
    case_id uuid NOT NULL REFERENCES relay.cases,
    account_id uuid NOT NULL REFERENCES relay.accounts,
    key_version integer NOT NULL,
    facilitator_id uuid NOT NULL REFERENCES relay.accounts,
    vouched_at timestamptz NOT NULL,
    signature bytea NOT NULL,
    PRIMARY KEY (case_id, account_id, key_version, facilitator_id)  -- another one once who vouched has left the roster
);

-- Gates. Rows are never edited, only followed by a later one; `number` gives their order.
CREATE TABLE relay.victim_requests (
    number bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    id uuid NOT NULL UNIQUE,
    case_id uuid NOT NULL REFERENCES relay.cases,
    account_id uuid NOT NULL REFERENCES relay.accounts,
    asked boolean NOT NULL,
    recorded_by uuid NOT NULL REFERENCES relay.accounts,
    recorded_at timestamptz NOT NULL
);
CREATE TABLE relay.responsibilities (
    number bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    id uuid NOT NULL UNIQUE,
    case_id uuid NOT NULL REFERENCES relay.cases,
    account_id uuid NOT NULL REFERENCES relay.accounts,
    grade text NOT NULL CHECK (grade IN ('full', 'partial', 'none')),
    recorded_by uuid NOT NULL REFERENCES relay.accounts,
    recorded_at timestamptz NOT NULL
);
CREATE TABLE relay.consents (
    number bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    id uuid NOT NULL UNIQUE,
    case_id uuid NOT NULL REFERENCES relay.cases,
    account_id uuid NOT NULL REFERENCES relay.accounts,
    medium text NOT NULL CHECK (medium IN ('letter', 'audio', 'video', 'document')),
    given boolean NOT NULL,
    wording text NOT NULL CHECK (wording ~ '^[a-z0-9.-]{1,40}$'),       -- version of the words that were agreed to
    manner text NOT NULL CHECK (manner IN ('in_person', 'by_telephone', 'in_writing', 'in_app')),
    given_at timestamptz NOT NULL,
    ask_again_at timestamptz NOT NULL,
    recorded_by uuid NOT NULL REFERENCES relay.accounts,
    recorded_at timestamptz NOT NULL
);
CREATE TABLE relay.assessments (
    number bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    id uuid NOT NULL UNIQUE,
    case_id uuid NOT NULL REFERENCES relay.cases,
    safe boolean NOT NULL,
    valid_until timestamptz NOT NULL,
    recorded_by uuid NOT NULL REFERENCES relay.accounts,
    recorded_at timestamptz NOT NULL
);
CREATE TABLE relay.restrictions (
    number bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    id uuid NOT NULL UNIQUE,          -- of this record
    restriction_id uuid NOT NULL,     -- of the order or licence condition; the latest record of each counts
    case_id uuid NOT NULL REFERENCES relay.cases,
    account_id uuid NOT NULL REFERENCES relay.accounts,
    until timestamptz NOT NULL,
    lifted boolean NOT NULL DEFAULT false,
    excepted boolean NOT NULL DEFAULT false,  -- indirect contact is permitted; the evidence is a sealed text
    recorded_by uuid NOT NULL REFERENCES relay.accounts,
    recorded_at timestamptz NOT NULL
);
CREATE TABLE relay.pauses (
    number bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    id uuid NOT NULL UNIQUE,
    case_id uuid NOT NULL REFERENCES relay.cases,
    account_id uuid REFERENCES relay.accounts,  -- whose pause; empty for the whole case
    paused boolean NOT NULL,
    recorded_by uuid NOT NULL REFERENCES relay.accounts,
    recorded_at timestamptz NOT NULL
);
CREATE INDEX victim_requests_case ON relay.victim_requests (case_id, account_id, number DESC);
CREATE INDEX responsibilities_case ON relay.responsibilities (case_id, account_id, number DESC);
CREATE INDEX consents_case ON relay.consents (case_id, account_id, medium, number DESC);
CREATE INDEX assessments_case ON relay.assessments (case_id, number DESC);
CREATE INDEX restrictions_case ON relay.restrictions (case_id, restriction_id, number DESC);
CREATE INDEX pauses_case ON relay.pauses (case_id, account_id, number DESC);

-- Short texts sealed to one holder each: drafts, guidance, reasoning, an invitation's secret.
CREATE TABLE relay.sealed_texts (
    id uuid PRIMARY KEY,
    service_id uuid NOT NULL REFERENCES relay.services,
    case_id uuid NOT NULL REFERENCES relay.cases,
    purpose text NOT NULL CHECK (purpose IN ('draft', 'guidance', 'responsibility', 'assessment', 'restriction',
                                             'exception', 'invitation', 'cover_note', 'redaction', 'transcription')),
    subject_id uuid NOT NULL,
    holder_kind text NOT NULL CHECK (holder_kind IN ('account', 'case')),
    holder_id uuid NOT NULL,
    holder_key_version integer NOT NULL,
    sealed bytea NOT NULL,
    UNIQUE (subject_id, purpose, holder_kind, holder_id)
);
CREATE INDEX sealed_texts_case ON relay.sealed_texts (case_id);
