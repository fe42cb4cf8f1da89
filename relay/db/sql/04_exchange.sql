CREATE TABLE relay.objects (
    id uuid PRIMARY KEY,
    service_id uuid NOT NULL REFERENCES relay.services,
    case_id uuid NOT NULL REFERENCES relay.cases,
    owner_id uuid NOT NULL REFERENCES relay.accounts,  -- the author, also of the renditions made from it; of edits who wrote them
    purpose text NOT NULL CHECK (purpose IN ('original', 'rendition', 'edits')),
    state text NOT NULL DEFAULT 'writing' CHECK (state IN ('writing', 'ready', 'gone')),
    plaintext_size bigint NOT NULL DEFAULT 0 CHECK (plaintext_size >= 0),
    commitment bytea,                 -- of its data key; set when ready
    created_at timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX objects_owner ON relay.objects (owner_id, case_id);
CREATE INDEX objects_case ON relay.objects (case_id);
CREATE INDEX objects_unfinished ON relay.objects (created_at) WHERE state = 'writing';

-- A data key sealed to one holder's public key. `release_id` names the act that made a recipient's.
CREATE TABLE relay.grants (
    object_id uuid NOT NULL REFERENCES relay.objects,
    holder_kind text NOT NULL CHECK (holder_kind IN ('account', 'case', 'worker')),
    holder_id uuid NOT NULL,
    holder_key_version integer NOT NULL,
    case_id uuid NOT NULL REFERENCES relay.cases,
    sealed bytea NOT NULL,
    release_id uuid,
    created_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (object_id, holder_kind, holder_id, holder_key_version)
);
CREATE INDEX grants_holder ON relay.grants (holder_kind, holder_id);
CREATE INDEX grants_case ON relay.grants (case_id);

CREATE TABLE relay.items (
    id uuid PRIMARY KEY,
    service_id uuid NOT NULL REFERENCES relay.services,
    case_id uuid NOT NULL REFERENCES relay.cases,
    author_id uuid NOT NULL REFERENCES relay.accounts,
    kind text NOT NULL CHECK (kind IN ('letter', 'audio', 'video', 'document')),
    state text NOT NULL DEFAULT 'draft' CHECK (state IN (
        'draft', 'submitted', 'in_review', 'changes_requested', 'approved', 'scheduled', 'released',
        'declined', 'withdrawn', 'failed')),
    revision integer NOT NULL DEFAULT 0,  -- number of the newest revision; 0 before the first
    failure text CHECK (failure ~ '^[a-z-]{1,40}$'),
    failure_page integer CHECK (failure_page BETWEEN 1 AND 1000),  -- of a document, if it is because of one page
    created_at timestamptz NOT NULL DEFAULT now(),
    ready_at timestamptz,             -- when it came into the queue
    approvals_needed integer NOT NULL DEFAULT 1 CHECK (approvals_needed BETWEEN 1 AND 2),  -- fixed by trigger at that time
    taken_back_at timestamptz,        -- the author took it back; if it was released before that, they are not told
    changed_at timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX items_queue ON relay.items (case_id, ready_at, id) WHERE state IN ('in_review', 'approved');
CREATE INDEX items_author ON relay.items (author_id, created_at);
CREATE INDEX items_case ON relay.items (case_id, created_at);
CREATE INDEX items_unfinished ON relay.items (changed_at) WHERE state IN ('submitted', 'scheduled');

CREATE TABLE relay.item_recipients (
    item_id uuid NOT NULL REFERENCES relay.items,
    seat_id uuid NOT NULL REFERENCES relay.seats,
    case_id uuid NOT NULL REFERENCES relay.cases,
    author_id uuid NOT NULL REFERENCES relay.accounts,
    waiting boolean NOT NULL DEFAULT false,  -- kept by trigger: the item is submitted or in review
    PRIMARY KEY (item_id, seat_id)
);
-- At most one item on its way through review per author and recipient, however many submit at once.
CREATE UNIQUE INDEX item_recipients_one_waiting ON relay.item_recipients (author_id, seat_id) WHERE waiting;
CREATE INDEX item_recipients_seat ON relay.item_recipients (seat_id);

CREATE TABLE relay.uploads (
    object_id uuid PRIMARY KEY REFERENCES relay.objects,
    item_id uuid NOT NULL REFERENCES relay.items,
    case_id uuid NOT NULL REFERENCES relay.cases,
    owner_id uuid NOT NULL REFERENCES relay.accounts,
    length bigint NOT NULL CHECK (length > 0),
    received bigint NOT NULL DEFAULT 0 CHECK (received BETWEEN 0 AND length),
    tail bytea NOT NULL DEFAULT '',   -- sealed: what is left over after the last full segment
    state text NOT NULL DEFAULT 'open' CHECK (state IN ('open', 'complete', 'ended')),
    created_at timestamptz NOT NULL DEFAULT now(),
    expires_at timestamptz NOT NULL
);
CREATE INDEX uploads_item ON relay.uploads (item_id);
CREATE INDEX uploads_owner ON relay.uploads (owner_id) WHERE state <> 'ended';
CREATE INDEX uploads_expiry ON relay.uploads (expires_at) WHERE state = 'open';

CREATE TABLE relay.revisions (
    id uuid PRIMARY KEY,
    item_id uuid NOT NULL REFERENCES relay.items,
    case_id uuid NOT NULL REFERENCES relay.cases,
    author_id uuid NOT NULL REFERENCES relay.accounts,
    number integer NOT NULL CHECK (number > 0),
    object_id uuid NOT NULL REFERENCES relay.objects,
    submitted_at timestamptz NOT NULL,
    origin bytea NOT NULL DEFAULT '',  -- under the keyring (relay/exchange/origin.py); a row without is refused
    edits_id uuid REFERENCES relay.objects,        -- what is hidden or disguised of the same original, sealed
    edits_commitment bytea,                        -- of its data key
    edited_by uuid REFERENCES relay.accounts,      -- the facilitator who hid something; NULL: the author sent it so
    UNIQUE (item_id, number),
    CHECK ((edits_id IS NULL) = (edits_commitment IS NULL)),
    CHECK (edited_by IS NULL OR edits_id IS NOT NULL)
);
CREATE INDEX revisions_object ON relay.revisions (object_id);

-- A worker's hold on a revision while it makes it safe. Apart from `revisions`, which is never edited.
CREATE TABLE relay.work (
    revision_id uuid PRIMARY KEY REFERENCES relay.revisions,
    case_id uuid NOT NULL REFERENCES relay.cases,
    lease_id uuid,
    leased_until timestamptz,
    attempts integer NOT NULL DEFAULT 0,
    percent integer NOT NULL DEFAULT 0 CHECK (percent BETWEEN 0 AND 100),
    step text NOT NULL DEFAULT 'making' CHECK (step IN ('making', 'listening', 'keeping'))  -- what a worker does to it now
);

CREATE TABLE relay.renditions (
    id uuid PRIMARY KEY,
    revision_id uuid NOT NULL REFERENCES relay.revisions,
    item_id uuid NOT NULL REFERENCES relay.items,
    case_id uuid NOT NULL REFERENCES relay.cases,
    author_id uuid NOT NULL REFERENCES relay.accounts,
    role text NOT NULL CHECK (role IN ('clean', 'poster', 'peaks', 'transcript')),
    object_id uuid NOT NULL REFERENCES relay.objects,
    media_type text NOT NULL,
    sha256 bytea NOT NULL CHECK (length(sha256) = 32),   -- of the plaintext
    size bigint NOT NULL CHECK (size >= 0),
    duration_ms bigint,
    width integer,
    height integer,
    pages integer,
    made_at timestamptz NOT NULL DEFAULT now(),
    origin bytea NOT NULL DEFAULT '',  -- as of revisions
    UNIQUE (revision_id, role)
);
CREATE INDEX renditions_item ON relay.renditions (item_id);

-- The author's word on what a facilitator hid: that exactly this rendition may be passed on in their name.
CREATE TABLE relay.agreements (
    id uuid PRIMARY KEY,
    item_id uuid NOT NULL REFERENCES relay.items,
    revision_id uuid NOT NULL REFERENCES relay.revisions,
    rendition_id uuid NOT NULL REFERENCES relay.renditions,
    case_id uuid NOT NULL REFERENCES relay.cases,
    author_id uuid NOT NULL REFERENCES relay.accounts,
    sha256 bytea NOT NULL,            -- of the rendition that was shown
    key_version integer NOT NULL,     -- of the author's keys
    agreed_at timestamptz NOT NULL,
    signature bytea NOT NULL,         -- the author's, over Agreement (relay/vault/statements.py)
    UNIQUE (rendition_id, key_version)
);
CREATE INDEX agreements_item ON relay.agreements (item_id);
CREATE INDEX agreements_revision ON relay.agreements (revision_id);

CREATE TABLE relay.claims (
    item_id uuid PRIMARY KEY REFERENCES relay.items,
    case_id uuid NOT NULL REFERENCES relay.cases,
    facilitator_id uuid NOT NULL REFERENCES relay.accounts,
    until timestamptz NOT NULL
);

-- Which bytes of a rendition were served to a reviewer, as merged ranges.
CREATE TABLE relay.coverage (
    rendition_id uuid NOT NULL REFERENCES relay.renditions,
    reviewer_id uuid NOT NULL REFERENCES relay.accounts,
    case_id uuid NOT NULL REFERENCES relay.cases,
    seen int8multirange NOT NULL,
    PRIMARY KEY (rendition_id, reviewer_id)
);

CREATE TABLE relay.reviews (
    id uuid PRIMARY KEY,
    item_id uuid NOT NULL REFERENCES relay.items,
    revision_id uuid NOT NULL REFERENCES relay.revisions,
    rendition_id uuid NOT NULL REFERENCES relay.renditions,
    case_id uuid NOT NULL REFERENCES relay.cases,
    author_id uuid NOT NULL REFERENCES relay.accounts,
    reviewer_id uuid NOT NULL REFERENCES relay.accounts,
    decision text NOT NULL CHECK (decision IN ('approve', 'request_changes', 'decline')),
    reasons text NOT NULL DEFAULT '' CHECK (reasons ~ '^([a-z_]+( [a-z_]+)*)?$'),
    sha256 bytea NOT NULL,            -- of the rendition that was looked at
    decided_at timestamptz NOT NULL,
    signature bytea                   -- the reviewer's, over Approval; only of approvals
);
CREATE INDEX reviews_item ON relay.reviews (item_id, decided_at);

-- What one recipient may open. Everything a reader needs, so that a recipient's query touches nothing of the author's.
CREATE TABLE relay.releases (
    id uuid PRIMARY KEY,
    service_id uuid NOT NULL REFERENCES relay.services,
    case_id uuid NOT NULL REFERENCES relay.cases,
    item_id uuid NOT NULL REFERENCES relay.items,
    revision_id uuid NOT NULL,
    rendition_id uuid NOT NULL REFERENCES relay.renditions,
    object_id uuid NOT NULL REFERENCES relay.objects,
    recipient_id uuid NOT NULL REFERENCES relay.accounts,
    kind text NOT NULL,
    media_type text NOT NULL,
    size bigint NOT NULL,
    duration_ms bigint,
    pages integer,
    holder_key_version integer NOT NULL,  -- of the recipient's keys; who enrolled anew is given it again under the next
    sequence bigint NOT NULL,         -- of this recipient in this case, from 1
    record bytea NOT NULL,            -- msgspec JSON of ReleaseRecord: checked against the reader's own values
    signatures bytea NOT NULL,        -- msgspec JSON of Signatures (relay/vault/release.py)
    released_at timestamptz NOT NULL,
    UNIQUE (case_id, recipient_id, sequence),
    UNIQUE (item_id, recipient_id, holder_key_version)
);
CREATE INDEX releases_recipient ON relay.releases (recipient_id, released_at);

CREATE TABLE relay.deliveries (
    release_id uuid PRIMARY KEY REFERENCES relay.releases,
    case_id uuid NOT NULL REFERENCES relay.cases,
    recipient_id uuid NOT NULL REFERENCES relay.accounts,
    state text NOT NULL DEFAULT 'waiting' CHECK (state IN ('waiting', 'opened', 'later', 'held', 'refused')),
    changed_at timestamptz NOT NULL
);
CREATE INDEX deliveries_recipient ON relay.deliveries (recipient_id);

-- A release that waits for its time: the recipient's grant sealed once more to the workers' key.
CREATE TABLE relay.scheduled_releases (
    id uuid PRIMARY KEY,              -- becomes the release's
    case_id uuid NOT NULL REFERENCES relay.cases,
    item_id uuid NOT NULL REFERENCES relay.items,
    recipient_id uuid NOT NULL REFERENCES relay.accounts,
    scheduled_by uuid NOT NULL REFERENCES relay.accounts,
    due_at timestamptz NOT NULL,
    worker_epoch integer NOT NULL REFERENCES relay.worker_keys,
    holder_key_version integer NOT NULL,
    double_sealed bytea NOT NULL,
    revision_id uuid NOT NULL,
    rendition_id uuid NOT NULL,
    object_id uuid NOT NULL,
    kind text NOT NULL,
    media_type text NOT NULL,
    size bigint NOT NULL,
    duration_ms bigint,
    pages integer,
    sequence bigint NOT NULL,
    record bytea NOT NULL,
    signatures bytea NOT NULL,
    state text NOT NULL DEFAULT 'waiting' CHECK (state IN ('waiting', 'done', 'cancelled'))
);
CREATE INDEX scheduled_due ON relay.scheduled_releases (due_at) WHERE state = 'waiting';
CREATE INDEX scheduled_item ON relay.scheduled_releases (item_id);
CREATE INDEX scheduled_recipient ON relay.scheduled_releases (case_id, recipient_id);
CREATE UNIQUE INDEX scheduled_one ON relay.scheduled_releases (item_id, recipient_id) WHERE state = 'waiting';

-- The exchange's edges, the same as relay/exchange/transitions.py (a test compares them).
CREATE TABLE relay.item_moves (
    role text NOT NULL,
    from_state text NOT NULL,
    to_state text NOT NULL,
    PRIMARY KEY (role, from_state, to_state)
);
INSERT INTO relay.item_moves (role, from_state, to_state) VALUES
    ('relay_participants', 'draft', 'submitted'),
    ('relay_participants', 'changes_requested', 'submitted'),
    ('relay_participants', 'failed', 'submitted'),
    ('relay_participants', 'draft', 'withdrawn'),
    ('relay_participants', 'submitted', 'withdrawn'),
    ('relay_participants', 'in_review', 'withdrawn'),
    ('relay_participants', 'changes_requested', 'withdrawn'),
    ('relay_participants', 'approved', 'withdrawn'),
    ('relay_participants', 'scheduled', 'withdrawn'),
    ('relay_participants', 'failed', 'withdrawn'),
    ('relay_worker', 'submitted', 'in_review'),
    ('relay_worker', 'submitted', 'failed'),
    ('relay_worker', 'scheduled', 'released'),
    ('relay_worker', 'scheduled', 'approved'),
    ('relay_desk', 'in_review', 'submitted'),
    ('relay_desk', 'in_review', 'changes_requested'),
    ('relay_desk', 'in_review', 'declined'),
    ('relay_desk', 'in_review', 'approved'),
    ('relay_desk', 'approved', 'in_review'),
    ('relay_desk', 'approved', 'scheduled'),
    ('relay_desk', 'approved', 'released'),
    ('relay_desk', 'scheduled', 'approved'),
    ('relay_desk', 'scheduled', 'released');

CREATE FUNCTION relay.check_item_move() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF (NEW.id, NEW.case_id, NEW.author_id, NEW.kind, NEW.service_id)
       IS DISTINCT FROM (OLD.id, OLD.case_id, OLD.author_id, OLD.kind, OLD.service_id) THEN
        RAISE EXCEPTION 'an item keeps its author, case and kind' USING ERRCODE = 'RL002';
    END IF;
    IF NEW.state <> OLD.state AND NOT EXISTS (
        SELECT FROM relay.item_moves
        WHERE role = current_user AND from_state = OLD.state AND to_state = NEW.state
    ) THEN
        RAISE EXCEPTION 'no such move of an item' USING ERRCODE = 'RL001';
    END IF;
    -- What a case asks for when an item comes into review is asked of it from then on; it may become more, never less.
    NEW.approvals_needed := OLD.approvals_needed;
    IF NEW.state = 'in_review' AND OLD.state <> 'in_review' THEN
        NEW.approvals_needed := (
            SELECT CASE WHEN second_approval THEN 2 ELSE 1 END FROM relay.cases WHERE id = NEW.case_id);
        -- put back, or a facilitator's hiding that was carried out, or a case that cannot be seen
        IF OLD.state <> 'submitted' OR NEW.approvals_needed IS NULL OR EXISTS (
            SELECT FROM relay.revisions r WHERE r.item_id = NEW.id AND r.number = NEW.revision AND r.edited_by IS NOT NULL
        ) THEN
            NEW.approvals_needed := greatest(NEW.approvals_needed, OLD.approvals_needed);
        END IF;
    END IF;
    NEW.changed_at := now();
    RETURN NEW;
END
$$;
CREATE TRIGGER check_item_move BEFORE UPDATE ON relay.items
    FOR EACH ROW EXECUTE FUNCTION relay.check_item_move();

CREATE FUNCTION relay.check_item_start() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NEW.state <> 'draft' OR NEW.revision <> 0 THEN
        RAISE EXCEPTION 'an item starts as a draft' USING ERRCODE = 'RL001';
    END IF;
    RETURN NEW;
END
$$;
CREATE TRIGGER check_item_start BEFORE INSERT ON relay.items
    FOR EACH ROW EXECUTE FUNCTION relay.check_item_start();

CREATE FUNCTION relay.mark_waiting() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER
    SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    UPDATE relay.item_recipients SET waiting = NEW.state IN ('submitted', 'in_review')
    WHERE item_id = NEW.id AND waiting <> (NEW.state IN ('submitted', 'in_review'));
    RETURN NULL;
END
$$;
CREATE TRIGGER mark_waiting AFTER UPDATE OF state ON relay.items
    FOR EACH ROW EXECUTE FUNCTION relay.mark_waiting();

-- Records that are only ever followed by another.
CREATE FUNCTION relay.refuse_edit() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'this record is never edited, only followed by another' USING ERRCODE = 'RL002';
END
$$;
DO $$
DECLARE
    name text;
BEGIN
    FOREACH name IN ARRAY ARRAY['revisions', 'renditions', 'agreements', 'reviews', 'releases', 'victim_requests',
                                'responsibilities', 'consents', 'assessments', 'restrictions', 'pauses',
                                'rosters', 'case_keys', 'account_keys', 'vouches'] LOOP
        EXECUTE format('CREATE TRIGGER refuse_edit BEFORE UPDATE OR DELETE ON relay.%I
                        FOR EACH ROW EXECUTE FUNCTION relay.refuse_edit()', name);
    END LOOP;
END
$$;
