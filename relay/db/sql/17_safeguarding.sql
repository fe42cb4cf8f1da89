-- Safeguarding: a threat, harm to oneself, somebody at risk, a new offence. What was noticed, what was told to whom and
-- how it ended is sealed to the case, kind and whom it is about too: rows say who wrote when, and about which item.
CREATE TABLE relay.concerns (
    number bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    id uuid NOT NULL UNIQUE,
    case_id uuid NOT NULL REFERENCES relay.cases,
    item_id uuid REFERENCES relay.items,      -- empty: nothing that was sent here, such as what was said on the telephone
    stops_case boolean NOT NULL,              -- nothing passes in this case while it is open
    raised_by uuid NOT NULL REFERENCES relay.accounts,
    raised_at timestamptz NOT NULL,
    case_key_version integer NOT NULL,
    sealed bytea NOT NULL
);
CREATE INDEX concerns_case ON relay.concerns (case_id, number);
CREATE INDEX concerns_item ON relay.concerns (item_id);

CREATE TABLE relay.concern_entries (
    number bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    id uuid NOT NULL UNIQUE,
    concern_id uuid NOT NULL REFERENCES relay.concerns (id),
    case_id uuid NOT NULL REFERENCES relay.cases,
    kind text NOT NULL CHECK (kind IN ('note', 'disclosed', 'closed')),
    written_by uuid NOT NULL REFERENCES relay.accounts,
    written_at timestamptz NOT NULL,
    case_key_version integer NOT NULL,
    sealed bytea NOT NULL
);
CREATE INDEX concern_entries_concern ON relay.concern_entries (concern_id, number);
CREATE UNIQUE INDEX concern_entries_one_end ON relay.concern_entries (concern_id) WHERE kind = 'closed';

-- Facilitators of the case read all of it, and write in their own name; nobody edits anything. Participants have no right
-- to either table, and workers none.
DO $$
DECLARE
    t text;
BEGIN
    FOREACH t IN ARRAY ARRAY['concerns', 'concern_entries'] LOOP
        EXECUTE format('ALTER TABLE relay.%I ENABLE ROW LEVEL SECURITY', t);
        EXECUTE format('ALTER TABLE relay.%I FORCE ROW LEVEL SECURITY', t);
        EXECUTE format('CREATE POLICY gate ON relay.%I FOR SELECT TO relay_gate USING (true)', t);
        EXECUTE format('CREATE POLICY desk_reads ON relay.%I FOR SELECT TO relay_desk
            USING (case_id = ANY ((SELECT relay.cases())::uuid[]))', t);
        EXECUTE format('CREATE TRIGGER refuse_edit BEFORE UPDATE OR DELETE ON relay.%I
            FOR EACH ROW EXECUTE FUNCTION relay.refuse_edit()', t);
    END LOOP;
END
$$;
CREATE POLICY desk_raises ON relay.concerns FOR INSERT TO relay_desk
    WITH CHECK (case_id = ANY ((SELECT relay.cases())::uuid[]) AND raised_by = (SELECT relay.actor())
                AND (item_id IS NULL OR EXISTS (
                    SELECT FROM relay.items i
                    WHERE i.id = item_id AND i.case_id = concerns.case_id AND i.revision > 0)));
CREATE POLICY desk_writes ON relay.concern_entries FOR INSERT TO relay_desk
    WITH CHECK (case_id = ANY ((SELECT relay.cases())::uuid[]) AND written_by = (SELECT relay.actor())
                AND EXISTS (SELECT FROM relay.concerns c
                            WHERE c.id = concern_id AND c.case_id = concern_entries.case_id));
GRANT SELECT, INSERT ON relay.concerns, relay.concern_entries TO relay_desk;
GRANT SELECT ON relay.concerns, relay.concern_entries TO relay_gate;

-- The concerns of a case of the actor's that are open, and what each of them stops: no more than that, also for a worker.
GRANT INSERT ON relay.entry_writers TO relay_gate;
SET LOCAL ROLE relay_gate;
CREATE FUNCTION relay.open_concerns(p_case uuid) RETURNS TABLE (id uuid, item_id uuid, stops_case boolean)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
    SELECT c.id, c.item_id, c.stops_case FROM relay.concerns c
    WHERE c.case_id = p_case AND p_case = ANY (relay.cases())
      AND NOT EXISTS (SELECT FROM relay.concern_entries e WHERE e.concern_id = c.id AND e.kind = 'closed')
    ORDER BY c.number
$$;
REVOKE ALL ON FUNCTION relay.open_concerns(uuid) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION relay.open_concerns(uuid) TO relay_desk, relay_worker;
INSERT INTO relay.entry_writers (role, tag)
SELECT 'relay_desk', unnest(ARRAY['concern.raised', 'concern.noted', 'concern.disclosed', 'concern.closed']);
RESET ROLE;
REVOKE INSERT ON relay.entry_writers FROM relay_gate;

-- An item with an open concern stands still: nobody decides on it, plans it or passes it on. `p_passes`: what passes to
-- somebody is stopped by a concern that stops the whole case, too. Under the lock that raising a concern takes.
CREATE FUNCTION relay.stand_still(p_case uuid, p_item uuid, p_passes boolean) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    PERFORM pg_advisory_xact_lock(hashtextextended(p_case::text, 1));
    IF EXISTS (SELECT FROM relay.open_concerns(p_case) c WHERE c.item_id = p_item OR (p_passes AND c.stops_case)) THEN
        PERFORM relay.refuse('a concern is open');
    END IF;
END
$$;
CREATE FUNCTION relay.check_concern_move() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM relay.stand_still(NEW.case_id, NEW.id, false);
    RETURN NEW;
END
$$;
CREATE FUNCTION relay.check_concern_act() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM relay.stand_still(NEW.case_id, NEW.item_id, TG_TABLE_NAME <> 'reviews');
    RETURN NEW;
END
$$;
-- a plan is taken back all the same, by the desk or at its time by a worker; what an author does is theirs
CREATE TRIGGER check_item_still BEFORE UPDATE ON relay.items FOR EACH ROW
    WHEN (current_user = 'relay_desk' AND NEW.state <> OLD.state
          AND NOT (OLD.state = 'scheduled' AND NEW.state = 'approved'))
    EXECUTE FUNCTION relay.check_concern_move();
CREATE TRIGGER check_concern AFTER INSERT ON relay.reviews
    FOR EACH ROW EXECUTE FUNCTION relay.check_concern_act();
CREATE TRIGGER check_concern AFTER INSERT ON relay.releases
    FOR EACH ROW EXECUTE FUNCTION relay.check_concern_act();
CREATE TRIGGER check_concern AFTER INSERT ON relay.scheduled_releases
    FOR EACH ROW EXECUTE FUNCTION relay.check_concern_act();

-- What stopped something is let go by somebody else than who raised it, while there is anybody else on the case.
CREATE FUNCTION relay.check_concern_closed() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF EXISTS (
        SELECT FROM relay.concerns c
        JOIN relay.seats s ON s.case_id = c.case_id AND s.account_id <> c.raised_by
        WHERE c.id = NEW.concern_id AND c.raised_by = NEW.written_by AND (c.item_id IS NOT NULL OR c.stops_case)
          AND s.part = 'facilitator' AND s.removed_at IS NULL
          AND relay.works_on_case_since(c.case_id, s.account_id, 'infinity')) THEN
        PERFORM relay.refuse('somebody else than who raised a concern closes it');
    END IF;
    RETURN NEW;
END
$$;
CREATE TRIGGER check_concern_closed AFTER INSERT ON relay.concern_entries
    FOR EACH ROW WHEN (NEW.kind = 'closed') EXECUTE FUNCTION relay.check_concern_closed();

-- Concerns of which the rows are not what the audit chain says was written, as `contradicted_gates` does for gates: taken
-- away, closed or written in behind it. For the operator alone, who learns which case, and nothing of it.
DO $$
DECLARE
    v_operator text := current_user;
BEGIN
    SET LOCAL ROLE relay_gate;
    CREATE FUNCTION relay.contradicted_concerns() RETURNS TABLE (case_id uuid)
    LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $b$
        WITH written AS (
            SELECT case_id, 'concern.raised' AS tag, raised_by AS actor_id, coalesce(item_id, id) AS subject_id,
                   jsonb_build_object('concern', id, 'stops_case', stops_case) AS detail FROM relay.concerns
            UNION ALL
            SELECT e.case_id, CASE e.kind WHEN 'note' THEN 'concern.noted' ELSE 'concern.' || e.kind END, e.written_by,
                   coalesce(c.item_id, c.id), jsonb_build_object('concern', c.id, 'entry', e.id)
            FROM relay.concern_entries e JOIN relay.concerns c ON c.id = e.concern_id
        ), said AS (
            SELECT e.chain AS case_id, e.tag, e.actor_id, e.subject_id,
                   -- what can not be read says nothing that a row could agree with
                   CASE WHEN e.detail IS JSON OBJECT THEN e.detail::jsonb - 'plans' END AS detail
            FROM relay.audit_entries e WHERE e.tag LIKE 'concern.%'
        )
        SELECT DISTINCT case_id FROM (
            (SELECT * FROM written EXCEPT SELECT * FROM said) UNION ALL (SELECT * FROM said EXCEPT SELECT * FROM written)
        ) AS apart
        WHERE case_id IN (SELECT id FROM relay.cases WHERE service_id = relay.service()) ORDER BY case_id
    $b$;
    REVOKE ALL ON FUNCTION relay.contradicted_concerns() FROM PUBLIC;
    EXECUTE format('GRANT EXECUTE ON FUNCTION relay.contradicted_concerns() TO %I', v_operator);
    EXECUTE format('SET LOCAL ROLE %I', v_operator);
END
$$;
