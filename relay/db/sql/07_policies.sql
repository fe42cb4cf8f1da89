-- The second wall. Every table has row-level security, forced; without an actor no policy lets a row through.
DO $$
DECLARE
    t text;
BEGIN
    FOR t IN SELECT tablename FROM pg_tables WHERE schemaname = 'relay' AND tablename <> 'item_moves' LOOP
        EXECUTE format('ALTER TABLE relay.%I ENABLE ROW LEVEL SECURITY', t);
        EXECUTE format('ALTER TABLE relay.%I FORCE ROW LEVEL SECURITY', t);
        -- relay_gate and relay_audit own functions only; their table rights above are the limit
        EXECUTE format('CREATE POLICY gate ON relay.%I TO relay_gate USING (true) WITH CHECK (true)', t);
    END LOOP;
    FOREACH t IN ARRAY ARRAY['audit_entries', 'audit_chains'] LOOP
        EXECUTE format('CREATE POLICY audit ON relay.%I TO relay_audit USING (true) WITH CHECK (true)', t);
    END LOOP;
    -- staff and workers: what belongs to a case that they work on
    FOREACH t IN ARRAY ARRAY['case_keys', 'case_key_grants', 'seats', 'vouches', 'victim_requests',
        'responsibilities', 'consents', 'assessments', 'restrictions', 'pauses', 'sealed_texts', 'objects', 'grants',
        'items', 'item_recipients', 'uploads', 'revisions', 'work', 'renditions', 'agreements', 'claims', 'coverage', 'reviews',
        'releases', 'deliveries', 'scheduled_releases'] LOOP
        EXECUTE format('CREATE POLICY desk ON relay.%I TO relay_desk
            USING (case_id = ANY ((SELECT relay.cases())::uuid[]))
            WITH CHECK (case_id = ANY ((SELECT relay.cases())::uuid[]))', t);
        EXECUTE format('CREATE POLICY worker ON relay.%I TO relay_worker
            USING (case_id = ANY ((SELECT relay.cases())::uuid[]))
            WITH CHECK (case_id = ANY ((SELECT relay.cases())::uuid[]))', t);
    END LOOP;
    -- participants: what is their own
    FOREACH t IN ARRAY ARRAY['item_recipients', 'revisions', 'renditions', 'agreements', 'reviews'] LOOP
        EXECUTE format('CREATE POLICY own ON relay.%I TO relay_participants
            USING (author_id = (SELECT relay.actor()))
            WITH CHECK (author_id = (SELECT relay.actor()) AND case_id = ANY ((SELECT relay.cases())::uuid[]))', t);
    END LOOP;
    -- whoever was taken off a case may still take back what they wrote, and nothing else
    CREATE POLICY own ON relay.items TO relay_participants
        USING (author_id = (SELECT relay.actor()))
        WITH CHECK (author_id = (SELECT relay.actor()) AND (case_id = ANY ((SELECT relay.cases())::uuid[])
                    OR taken_back_at IS NOT NULL));
    CREATE POLICY own ON relay.uploads TO relay_participants
        USING (owner_id = (SELECT relay.actor()))
        WITH CHECK (owner_id = (SELECT relay.actor()) AND case_id = ANY ((SELECT relay.cases())::uuid[]));
    -- they see the clean copies of what they made as well, and write originals only, and how they want to be disguised
    CREATE POLICY own ON relay.objects TO relay_participants
        USING (owner_id = (SELECT relay.actor()))
        WITH CHECK (owner_id = (SELECT relay.actor()) AND case_id = ANY ((SELECT relay.cases())::uuid[])
                    AND purpose IN ('original', 'edits'));
    FOREACH t IN ARRAY ARRAY['releases', 'deliveries'] LOOP
        EXECUTE format('CREATE POLICY own ON relay.%I TO relay_participants
            USING (recipient_id = (SELECT relay.actor())) WITH CHECK (recipient_id = (SELECT relay.actor()))', t);
    END LOOP;
    -- a participant records and takes back their own consent and pause
    FOREACH t IN ARRAY ARRAY['consents', 'pauses'] LOOP
        EXECUTE format('CREATE POLICY own ON relay.%I TO relay_participants
            USING (account_id = (SELECT relay.actor()))
            WITH CHECK (account_id = (SELECT relay.actor()) AND recorded_by = (SELECT relay.actor())
                        AND case_id = ANY ((SELECT relay.cases())::uuid[]))', t);
    END LOOP;
END
$$;

-- Services, rosters, worker keys: public values of one's own service.
CREATE POLICY everyone ON relay.services TO relay_participants, relay_desk, relay_worker
    USING (id = (SELECT relay.service()));
CREATE POLICY everyone ON relay.rosters TO relay_participants, relay_desk, relay_worker
    USING (service_id = (SELECT relay.service()));
CREATE POLICY everyone ON relay.worker_keys TO relay_participants, relay_desk, relay_worker
    USING ((SELECT relay.service()) IS NOT NULL) WITH CHECK ((SELECT relay.service()) IS NOT NULL);

CREATE POLICY own ON relay.accounts TO relay_participants USING (id = (SELECT relay.actor()));
CREATE POLICY own ON relay.account_keys TO relay_participants USING (account_id = (SELECT relay.actor()))
    WITH CHECK (account_id = (SELECT relay.actor()));
CREATE POLICY own ON relay.invitations TO relay_participants USING (account_id = (SELECT relay.actor()));
CREATE POLICY own ON relay.cases TO relay_participants USING (id = ANY ((SELECT relay.cases())::uuid[]));
CREATE POLICY own ON relay.case_keys TO relay_participants USING (case_id = ANY ((SELECT relay.cases())::uuid[]));
CREATE POLICY own ON relay.seats TO relay_participants USING (account_id = (SELECT relay.actor()));
CREATE POLICY own ON relay.vouches TO relay_participants USING (account_id = (SELECT relay.actor()));
CREATE POLICY own_read ON relay.sealed_texts FOR SELECT TO relay_participants
    USING (holder_kind = 'account' AND holder_id = (SELECT relay.actor()));
CREATE POLICY own_write ON relay.sealed_texts FOR INSERT TO relay_participants
    WITH CHECK (case_id = ANY ((SELECT relay.cases())::uuid[]) AND purpose = 'draft'
                AND holder_kind = 'account' AND holder_id = (SELECT relay.actor()));
CREATE POLICY own_change ON relay.sealed_texts FOR UPDATE TO relay_participants
    USING (purpose = 'draft' AND holder_kind = 'account' AND holder_id = (SELECT relay.actor()));
CREATE POLICY own_delete ON relay.sealed_texts FOR DELETE TO relay_participants
    USING (purpose = 'draft' AND holder_kind = 'account' AND holder_id = (SELECT relay.actor()));
CREATE POLICY own_read ON relay.grants FOR SELECT TO relay_participants
    USING (holder_kind = 'account' AND holder_id = (SELECT relay.actor()));
CREATE POLICY own_write ON relay.grants FOR INSERT TO relay_participants
    WITH CHECK (release_id IS NULL AND case_id = ANY ((SELECT relay.cases())::uuid[])
                AND (holder_kind IN ('case', 'worker') OR holder_id = (SELECT relay.actor()))
                AND EXISTS (SELECT FROM relay.objects o WHERE o.id = object_id AND o.owner_id = (SELECT relay.actor())
                            AND o.purpose IN ('original', 'edits')));
CREATE POLICY own ON relay.work TO relay_participants
    USING (EXISTS (SELECT FROM relay.revisions r WHERE r.id = revision_id))
    WITH CHECK (EXISTS (SELECT FROM relay.revisions r WHERE r.id = revision_id));
CREATE POLICY own ON relay.scheduled_releases TO relay_participants
    USING (EXISTS (SELECT FROM relay.items i WHERE i.id = item_id AND i.author_id = (SELECT relay.actor())));

CREATE POLICY desk ON relay.accounts TO relay_desk
    USING (service_id = (SELECT relay.service()) AND (
        side = 'staff' OR EXISTS (SELECT FROM relay.seats s WHERE s.account_id = accounts.id
                                  AND s.case_id = ANY ((SELECT relay.cases())::uuid[]))))
    WITH CHECK (service_id = (SELECT relay.service()));
CREATE POLICY desk ON relay.account_keys TO relay_desk
    USING (EXISTS (SELECT FROM relay.accounts a WHERE a.id = account_id))
    WITH CHECK (account_id = (SELECT relay.actor()));
CREATE POLICY desk ON relay.invitations TO relay_desk
    USING (service_id = (SELECT relay.service())
           AND (case_id = ANY ((SELECT relay.cases())::uuid[]) OR case_id IS NULL))
    -- of an account that they may see: a colleague, or a participant of their case
    WITH CHECK (service_id = (SELECT relay.service())
                AND (case_id = ANY ((SELECT relay.cases())::uuid[]) OR case_id IS NULL)
                AND EXISTS (SELECT FROM relay.accounts a WHERE a.id = account_id));
CREATE POLICY desk ON relay.cases TO relay_desk USING (id = ANY ((SELECT relay.cases())::uuid[]))
    WITH CHECK (service_id = (SELECT relay.service()) AND id = ANY ((SELECT relay.cases())::uuid[]));
CREATE POLICY desk ON relay.audit_entries FOR SELECT TO relay_desk USING (chain = ANY ((SELECT relay.cases())::uuid[]));

-- A facilitator writes one kind of object, their own lists of what is to be hidden, once; and takes only such a version
-- of an item for work (more of it: `check_revision`, 07_narrowing.sql).
CREATE POLICY desk_writes ON relay.objects AS RESTRICTIVE FOR INSERT TO relay_desk
    WITH CHECK (purpose = 'edits' AND owner_id = (SELECT relay.actor()));
CREATE POLICY desk_finishes ON relay.objects AS RESTRICTIVE FOR UPDATE TO relay_desk
    USING (purpose = 'edits' AND owner_id = (SELECT relay.actor()) AND state = 'writing') WITH CHECK (state = 'ready');
CREATE POLICY desk_begins ON relay.work AS RESTRICTIVE FOR INSERT TO relay_desk
    WITH CHECK (EXISTS (SELECT FROM relay.revisions r WHERE r.id = revision_id AND r.edited_by = (SELECT relay.actor())));

CREATE POLICY worker ON relay.cases TO relay_worker USING (id = ANY ((SELECT relay.cases())::uuid[]));
CREATE POLICY worker ON relay.account_keys TO relay_worker
    USING (EXISTS (SELECT FROM relay.seats s WHERE s.account_id = account_keys.account_id));

-- Rights by table and column; rows by policy; from which value to which: 07_narrowing.sql.
GRANT SELECT ON relay.item_moves, relay.services, relay.rosters, relay.worker_keys
    TO relay_participants, relay_desk, relay_worker;

GRANT SELECT ON relay.accounts, relay.cases, relay.case_keys, relay.seats, relay.vouches TO relay_participants;
GRANT UPDATE (lookup, state, key_version) ON relay.accounts TO relay_participants;
GRANT SELECT, INSERT ON relay.account_keys, relay.consents, relay.pauses, relay.items, relay.item_recipients,
    relay.uploads, relay.objects, relay.revisions, relay.grants, relay.work TO relay_participants;
GRANT SELECT ON relay.invitations TO relay_participants;
GRANT UPDATE (used_at) ON relay.invitations TO relay_participants, relay_desk;
GRANT SELECT, INSERT, UPDATE, DELETE ON relay.sealed_texts TO relay_participants, relay_desk;
GRANT UPDATE (state, revision, failure, failure_page, taken_back_at) ON relay.items TO relay_participants;
GRANT UPDATE (state, revision, ready_at) ON relay.items TO relay_desk;
GRANT UPDATE (state, failure, failure_page, ready_at) ON relay.items TO relay_worker;
GRANT UPDATE (received, tail, state, expires_at) ON relay.uploads TO relay_participants;
GRANT UPDATE (state) ON relay.uploads TO relay_worker;
GRANT UPDATE (state, plaintext_size, commitment) ON relay.objects TO relay_participants, relay_desk, relay_worker;
GRANT SELECT ON relay.renditions, relay.releases TO relay_participants;
GRANT SELECT, INSERT ON relay.agreements TO relay_participants;
GRANT SELECT (id, item_id, revision_id, case_id, author_id, decision, reasons, decided_at) ON relay.reviews TO relay_participants;
GRANT SELECT ON relay.deliveries TO relay_participants;
GRANT UPDATE (state, changed_at) ON relay.deliveries TO relay_participants;
GRANT SELECT (id, item_id, state) ON relay.scheduled_releases TO relay_participants;
GRANT UPDATE (state) ON relay.scheduled_releases TO relay_participants, relay_desk, relay_worker;

GRANT SELECT, INSERT ON relay.accounts, relay.account_keys, relay.invitations, relay.cases, relay.case_keys,
    relay.case_key_grants, relay.seats, relay.vouches, relay.victim_requests, relay.responsibilities, relay.consents,
    relay.assessments, relay.restrictions, relay.pauses, relay.grants, relay.reviews, relay.releases, relay.deliveries,
    relay.scheduled_releases, relay.claims, relay.coverage TO relay_desk;
GRANT UPDATE (lookup, state, key_version) ON relay.accounts TO relay_desk;
GRANT UPDATE (second_approval, lowering_asked_by, lowering_asked_at, cooling_hours, state, key_version)
    ON relay.cases TO relay_desk;
GRANT UPDATE (label_sealed, removed_at) ON relay.seats TO relay_desk;
GRANT UPDATE, DELETE ON relay.claims TO relay_desk;
GRANT UPDATE (seen) ON relay.coverage TO relay_desk;
GRANT SELECT ON relay.items, relay.item_recipients, relay.objects, relay.revisions, relay.renditions, relay.agreements,
    relay.work, relay.audit_entries TO relay_desk;
GRANT INSERT ON relay.objects, relay.revisions, relay.work TO relay_desk;

GRANT SELECT ON relay.cases, relay.case_keys, relay.account_keys, relay.seats, relay.vouches, relay.items,
    relay.item_recipients, relay.revisions, relay.agreements, relay.uploads TO relay_worker;
GRANT SELECT, INSERT ON relay.objects, relay.grants, relay.renditions, relay.releases, relay.deliveries TO relay_worker;
GRANT SELECT, INSERT, UPDATE ON relay.work TO relay_worker;
GRANT SELECT ON relay.scheduled_releases TO relay_worker;
GRANT INSERT ON relay.worker_keys TO relay_worker;
GRANT UPDATE (retired_at) ON relay.worker_keys TO relay_worker;
-- Once a revision's work is done its worker's grant goes; no other grant ever does.
GRANT DELETE ON relay.grants TO relay_worker;
CREATE POLICY worker_clear ON relay.grants AS RESTRICTIVE FOR DELETE TO relay_worker USING (holder_kind = 'worker');
