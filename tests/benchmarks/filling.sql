-- Fills a database with a service's items, as years of work would leave them. Run by tests/benchmarks/queue_page.py as
-- superuser with triggers and foreign keys off, with temporary tables `own` (the cases of one facilitator),
-- `colleagues` and `about`.
CREATE TEMPORARY TABLE filled_cases AS
    SELECT id, true AS own FROM own
    UNION ALL
    SELECT gen_random_uuid(), false FROM about, generate_series(1, about.cases - (SELECT count(*) FROM own));
INSERT INTO relay.cases (id, service_id, reference_sealed, opened_by)
    SELECT id, about.service, '\x00', about.service FROM filled_cases, about WHERE NOT own;

CREATE TEMPORARY TABLE filled_people AS
    SELECT c.id AS case_id, part, gen_random_uuid() AS id, gen_random_uuid() AS seat_id
    FROM filled_cases c, (VALUES ('victim'), ('offender')) parts (part);
INSERT INTO relay.accounts (id, service_id, side, lookup, name_sealed, state, key_version)
    SELECT id, about.service, 'participant', decode(replace(id::text, '-', ''), 'hex'), '\x00', 'active', 1
    FROM filled_people, about;
INSERT INTO relay.seats (id, case_id, account_id, part) SELECT seat_id, case_id, id, part FROM filled_people;

-- each facilitator has thirty cases
INSERT INTO relay.accounts (id, service_id, side, roles, name_sealed, state)
    SELECT id, about.service, 'staff', 'facilitator', name_sealed, 'active' FROM colleagues, about;
INSERT INTO relay.seats (id, case_id, account_id, part)
    SELECT gen_random_uuid(), c.id, s.id, 'facilitator'
    FROM (SELECT id, row_number() OVER () / 30 AS number FROM filled_cases WHERE NOT own) c
    JOIN colleagues s USING (number);

CREATE TEMPORARY TABLE filled AS
    SELECT gen_random_uuid() AS id, c.id AS case_id, v.id AS author_id, o.id AS recipient_id, o.seat_id,
           gen_random_uuid() AS revision_id, gen_random_uuid() AS object_id, gen_random_uuid() AS rendition_id,
           gen_random_uuid() AS release_id, gen_random_uuid() AS review_id,
           (ARRAY['in_review', 'in_review', 'approved', 'released', 'released', 'released', 'declined', 'draft',
                  'withdrawn', 'changes_requested'])[1 + number % 10] AS state,
           (ARRAY['letter', 'letter', 'audio', 'video', 'document'])[1 + number % 5] AS kind,
           now() - random() * interval '1000 days' AS at, about.service, number
    FROM filled_cases c
    JOIN filled_people v ON v.case_id = c.id AND v.part = 'victim'
    JOIN filled_people o ON o.case_id = c.id AND o.part = 'offender',
    about, generate_series(1, about.items / about.cases) AS numbers (number);
INSERT INTO relay.items (id, service_id, case_id, author_id, kind, state, revision, created_at, ready_at, changed_at)
    SELECT id, service, case_id, author_id, kind, state, 1, at, at, at FROM filled;
INSERT INTO relay.item_recipients (item_id, seat_id, case_id, author_id)
    SELECT id, seat_id, case_id, author_id FROM filled;
INSERT INTO relay.objects (id, service_id, case_id, owner_id, purpose, state, plaintext_size, created_at)
    SELECT object_id, service, case_id, author_id, 'rendition', 'ready', 1000000, at FROM filled;
INSERT INTO relay.grants (object_id, holder_kind, holder_id, holder_key_version, case_id, sealed)
    SELECT object_id, 'case', case_id, 1, case_id, '\x00' FROM filled;
INSERT INTO relay.revisions (id, item_id, case_id, author_id, number, object_id, submitted_at)
    SELECT revision_id, id, case_id, author_id, 1, object_id, at FROM filled;
INSERT INTO relay.work (revision_id, case_id, percent) SELECT revision_id, case_id, 100 FROM filled;
INSERT INTO relay.renditions (id, revision_id, item_id, case_id, author_id, role, object_id, media_type, sha256, size)
    SELECT rendition_id, revision_id, id, case_id, author_id, 'clean', object_id, 'video/mp4',
           decode(repeat('00', 32), 'hex'), 1000000 FROM filled;
INSERT INTO relay.reviews (id, item_id, revision_id, rendition_id, case_id, author_id, reviewer_id, decision, sha256,
                           decided_at)
    SELECT review_id, id, revision_id, rendition_id, case_id, author_id, author_id, 'approve', '\x00', at
    FROM filled WHERE state IN ('approved', 'released');
INSERT INTO relay.releases (id, service_id, case_id, item_id, revision_id, rendition_id, object_id, recipient_id, kind,
                            media_type, size, holder_key_version, sequence, record, signatures, released_at)
    SELECT release_id, service, case_id, id, revision_id, rendition_id, object_id, recipient_id, kind, 'video/mp4',
           1000000, 1, number, '\x00', '\x00', at FROM filled WHERE state = 'released';
INSERT INTO relay.deliveries (release_id, case_id, recipient_id, state, changed_at)
    SELECT release_id, case_id, recipient_id, 'opened', at FROM filled WHERE state = 'released';
INSERT INTO relay.audit_entries (chain, sequence, service_id, tag, actor_id, subject_id, detail, at_microseconds,
                                 previous, hash)
    SELECT case_id, 1000 + number, service, 'item.submitted', author_id, id, '{}', 0, '\x00', '\x00' FROM filled;
