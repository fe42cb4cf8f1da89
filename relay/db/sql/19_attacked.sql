-- Who asks is the login, not just the role: one statement can be allowed in an app's role, and put that off before what it
-- calls looks (`SELECT set_config('role', 'none', true), relay.audit_append(…)`). No query changes `session_user`.
CREATE FUNCTION relay.by_the_operator() RETURNS boolean LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp AS $$
    SELECT pg_has_role(session_user, nspowner, 'MEMBER') FROM pg_namespace WHERE nspname = 'relay'
$$;

SET LOCAL ROLE relay_gate;
CREATE OR REPLACE FUNCTION relay.may_append(p_chain uuid, p_tag text, p_role text) RETURNS boolean LANGUAGE sql STABLE
    SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
    SELECT (p_chain = relay.service() OR p_chain = ANY (relay.cases()) OR EXISTS (
                SELECT FROM relay.seats WHERE case_id = p_chain AND account_id = relay.actor()))
       AND (EXISTS (SELECT FROM relay.entry_writers WHERE role = p_role AND tag = p_tag)
            OR (p_role NOT IN ('relay_participants', 'relay_desk', 'relay_worker') AND relay.by_the_operator()))
$$;
RESET ROLE;

-- Of these tables some rules are only for an app's role (`current_user` in a trigger's condition): whoever has none is
-- the operator, or a function of the gate. Tables of which every rule is for everybody, or asks what the role may do, need no such line.
DO $$
DECLARE
    name text;
BEGIN
    FOREACH name IN ARRAY ARRAY['accounts', 'deliveries', 'items', 'objects', 'scheduled_releases'] LOOP
        EXECUTE format('CREATE TRIGGER acts_in_its_role BEFORE INSERT OR UPDATE OR DELETE ON relay.%I FOR EACH ROW
            WHEN (current_user NOT IN (''relay_participants'', ''relay_desk'', ''relay_worker'', ''relay_gate'') AND NOT relay.by_the_operator())
            EXECUTE FUNCTION relay.refuse_row(''an app writes in its own role'')', name);
    END LOOP;
END
$$;

-- In the order in which they came to be seen: by when they were put on the case, who had been there all along without a wish
-- stood before who came later. Who is seen since the same moment stands in an order that says nothing.
SET LOCAL ROLE relay_gate;
CREATE OR REPLACE FUNCTION relay.counterparts(p_case uuid) RETURNS TABLE (id uuid, part text, label_sealed bytea)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
    SELECT s.id, s.part, s.label_sealed FROM relay.seats s
    JOIN relay.seats me ON me.case_id = s.case_id AND me.account_id = relay.actor() AND me.removed_at IS NULL
    CROSS JOIN LATERAL relay.both_wished(
        p_case,
        CASE me.part WHEN 'victim' THEN me.account_id ELSE s.account_id END,
        CASE me.part WHEN 'victim' THEN s.account_id ELSE me.account_id END) AS wished (since)
    WHERE s.case_id = p_case AND p_case = ANY (relay.cases())
      AND ((me.part = 'victim' AND s.part = 'offender') OR (me.part = 'offender' AND s.part = 'victim'))
      AND wished.since IS NOT NULL
      AND (s.removed_at IS NULL OR greatest(wished.since, relay.looks_since(me.id)) <= s.removed_at)
    ORDER BY wished.since, s.id
$$;
RESET ROLE;
