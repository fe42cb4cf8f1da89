-- Who is shown to whom. Either side's wish stays unknown to the other until both exist: a victim's, who asked for the
-- exchange, and an offender's, who agreed to at least one medium. Several victims of one harm choose each for themselves.
-- What counts is that both existed, not that they do now: what is taken back later, or lapses, stops what is passed on
-- (relay/cases/gates.py) and changes nothing that anybody sees.
SET LOCAL ROLE relay_gate;

-- Since when a victim and an offender have both wished it; empty if one of them never did.
CREATE FUNCTION relay.both_wished(p_case uuid, p_victim uuid, p_offender uuid) RETURNS timestamptz
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
    SELECT CASE WHEN asked.at IS NOT NULL AND agreed.at IS NOT NULL THEN greatest(asked.at, agreed.at) END
    FROM (SELECT min(recorded_at) AS at FROM relay.victim_requests
          WHERE case_id = p_case AND account_id = p_victim AND asked) AS asked,
         (SELECT min(recorded_at) AS at FROM relay.consents
          WHERE case_id = p_case AND account_id = p_offender AND given) AS agreed
$$;
REVOKE ALL ON FUNCTION relay.both_wished(uuid, uuid, uuid) FROM PUBLIC;

-- Since when whoever has a seat could look at its case: they were on it, and had enrolled. Empty if they have not.
CREATE FUNCTION relay.looks_since(p_seat uuid) RETURNS timestamptz
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
    SELECT greatest(s.added_at, min(k.created_at)) FROM relay.seats s
    JOIN relay.account_keys k ON k.account_id = s.account_id WHERE s.id = p_seat GROUP BY s.id
$$;
REVOKE ALL ON FUNCTION relay.looks_since(uuid) FROM PUBLIC;

-- Whom a participant sees and may address: seats of the other side, by the label that a facilitator set. Who was taken
-- off the case stays among them if they could be seen before: that they vanished would be a message. What is written to
-- them stops at its release.
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
    ORDER BY s.added_at, s.id
$$;

-- Whether a victim's wish opened a case to an offender's seat: the wish of one who is on it, or who was while the
-- offender could look. A wish that is taken back closes a gate, and no case: one that vanished would tell them.
CREATE FUNCTION relay.opened_by_a_wish(p_seat uuid) RETURNS boolean
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
    SELECT EXISTS (
        SELECT FROM relay.seats me
        JOIN relay.seats v ON v.case_id = me.case_id AND v.part = 'victim'
        JOIN relay.victim_requests r ON r.case_id = v.case_id AND r.account_id = v.account_id AND r.asked
        WHERE me.id = p_seat
          AND (v.removed_at IS NULL OR greatest(r.recorded_at, relay.looks_since(me.id)) <= v.removed_at))
$$;
REVOKE ALL ON FUNCTION relay.opened_by_a_wish(uuid) FROM PUBLIC;

CREATE OR REPLACE FUNCTION relay.enter_participants(p_account uuid) RETURNS boolean LANGUAGE plpgsql SECURITY DEFINER
    SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    v_service uuid;
    v_cases uuid[];
BEGIN
    SELECT service_id INTO v_service FROM relay.accounts
    WHERE id = p_account AND side = 'participant' AND state <> 'suspended';
    IF v_service IS NULL THEN
        RETURN false;
    END IF;
    SELECT coalesce(array_agg(case_id), '{}') INTO v_cases FROM relay.seats
    WHERE account_id = p_account AND removed_at IS NULL
      AND (part = 'victim' OR (part = 'offender' AND relay.opened_by_a_wish(id)));
    PERFORM set_config('relay.actor', p_account::text, true), set_config('relay.service', v_service::text, true),
            set_config('relay.cases', v_cases::text, true);
    RETURN true;
END
$$;
DROP FUNCTION relay.victim_asked(uuid);
RESET ROLE;

-- The same beneath the application: nothing is addressed to somebody who is not shown.
CREATE POLICY addressed ON relay.item_recipients AS RESTRICTIVE FOR INSERT TO relay_participants
    WITH CHECK (seat_id IN (SELECT c.id FROM relay.counterparts(case_id) c));

-- What the other side reads instead of a name can be put right, with an entry of its own.
GRANT INSERT ON relay.entry_writers TO relay_gate;
SET LOCAL ROLE relay_gate;
INSERT INTO relay.entry_writers (role, tag) VALUES ('relay_desk', 'seat.label_changed');
RESET ROLE;
REVOKE INSERT ON relay.entry_writers FROM relay_gate;
