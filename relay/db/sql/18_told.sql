-- What is printed has a receipt: a letter, and the pages of a document.
CREATE OR REPLACE FUNCTION relay.check_paper_receipt() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NEW.recorded_by IS DISTINCT FROM relay.actor() OR NOT EXISTS (
        SELECT FROM relay.releases r
        WHERE (r.id, r.case_id, r.recipient_id) = (NEW.release_id, NEW.case_id, NEW.recipient_id)
          AND r.kind IN ('letter', 'document')
    ) THEN
        PERFORM relay.refuse('a receipt is of paper that was passed on, and recorded by who writes it');
    END IF;
    RETURN NEW;
END
$$;

-- What a recipient told a facilitator of their choice, who does not choose on their own page: how, and on which day. The
-- delivery has the choice; a record is how it stands for as long as it was written when the delivery last changed.
CREATE TABLE relay.told_choices (
    id uuid PRIMARY KEY,
    release_id uuid NOT NULL REFERENCES relay.releases,
    case_id uuid NOT NULL REFERENCES relay.cases,
    recipient_id uuid NOT NULL REFERENCES relay.accounts,
    state text NOT NULL CHECK (state IN ('waiting', 'later', 'held', 'refused')),
    manner text NOT NULL CHECK (manner IN ('in_person', 'by_telephone', 'in_writing', 'through_somebody')),
    told_on date NOT NULL,
    recorded_by uuid NOT NULL REFERENCES relay.accounts,
    recorded_at timestamptz NOT NULL
);
CREATE INDEX told_choices_recipient ON relay.told_choices (recipient_id, recorded_at);
CREATE TRIGGER refuse_edit BEFORE UPDATE OR DELETE ON relay.told_choices
    FOR EACH ROW EXECUTE FUNCTION relay.refuse_edit();
ALTER TABLE relay.told_choices ENABLE ROW LEVEL SECURITY;
ALTER TABLE relay.told_choices FORCE ROW LEVEL SECURITY;
CREATE POLICY gate ON relay.told_choices TO relay_gate USING (true) WITH CHECK (true);
CREATE POLICY desk ON relay.told_choices FOR SELECT TO relay_desk
    USING (case_id = ANY ((SELECT relay.cases())::uuid[]));
CREATE POLICY own ON relay.told_choices FOR SELECT TO relay_participants
    USING (recipient_id = (SELECT relay.actor()));
GRANT SELECT ON relay.told_choices TO relay_desk;
GRANT SELECT (release_id, recipient_id, state, manner, told_on, recorded_at) ON relay.told_choices TO relay_participants;
GRANT INSERT ON relay.told_choices TO relay_gate;
GRANT SELECT ON relay.deliveries TO relay_gate;
GRANT UPDATE (state, changed_at) ON relay.deliveries TO relay_gate;

-- How what was passed on stands, if somebody told it; nothing if its recipient chose it, or nothing. In the rights of who
-- asks. What is given again under new keys stands as it did, since when it did.
CREATE FUNCTION relay.stands_as_told(p_release uuid)
RETURNS TABLE (release_id uuid, recorded_at timestamptz, manner text, told_on date)
LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp AS $$
    SELECT t.release_id, t.recorded_at, t.manner, t.told_on
    FROM relay.releases r JOIN relay.deliveries d ON d.release_id = r.id
    JOIN relay.releases o ON (o.item_id, o.recipient_id) = (r.item_id, r.recipient_id)
    JOIN relay.told_choices t ON t.release_id = o.id AND (t.state, t.recorded_at) = (d.state, d.changed_at)
    WHERE r.id = p_release LIMIT 1
$$;
REVOKE ALL ON FUNCTION relay.stands_as_told(uuid) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION relay.stands_as_told(uuid) TO relay_participants, relay_desk;

-- Opening is the recipient's own, whoever else may write the row.
CREATE TRIGGER check_delivery_opened BEFORE UPDATE ON relay.deliveries FOR EACH ROW
    WHEN (NEW.state = 'opened' AND OLD.state <> 'opened' AND current_user IN ('relay_gate', 'relay_desk', 'relay_worker'))
    EXECUTE FUNCTION relay.refuse_row('what was passed on is opened by who it was passed on to');

-- The only way in which the desk changes a delivery: of a case of the facilitator's, what was passed on last, until it is
-- opened. False if it was.
SET LOCAL ROLE relay_gate;
CREATE FUNCTION relay.write_down_choice(
    p_id uuid, p_release uuid, p_state text, p_manner text, p_told_on date, p_at timestamptz) RETURNS boolean
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    v_case uuid;
    v_recipient uuid;
BEGIN
    SELECT r.case_id, r.recipient_id INTO v_case, v_recipient FROM relay.releases r
    WHERE r.id = p_release AND r.case_id = ANY (relay.cases()) AND NOT EXISTS (
        SELECT FROM relay.releases later WHERE later.item_id = r.item_id
        AND later.recipient_id = r.recipient_id AND later.sequence > r.sequence);
    IF v_case IS NULL OR relay.actor() IS NULL THEN
        RAISE EXCEPTION 'a choice is of what was passed on, on a case of who writes it down' USING ERRCODE = 'RL002';
    END IF;
    UPDATE relay.deliveries SET state = p_state, changed_at = p_at WHERE release_id = p_release AND state <> 'opened';
    IF NOT FOUND THEN
        RETURN false;
    END IF;
    INSERT INTO relay.told_choices
        (id, release_id, case_id, recipient_id, state, manner, told_on, recorded_by, recorded_at)
    VALUES (p_id, p_release, v_case, v_recipient, p_state, p_manner, p_told_on, relay.actor(), p_at);
    RETURN true;
END
$$;
REVOKE ALL ON FUNCTION relay.write_down_choice(uuid, uuid, text, text, date, timestamptz) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION relay.write_down_choice(uuid, uuid, text, text, date, timestamptz) TO relay_desk;
RESET ROLE;

GRANT INSERT ON relay.entry_writers TO relay_gate;
SET LOCAL ROLE relay_gate;
INSERT INTO relay.entry_writers (role, tag) VALUES ('relay_desk', 'delivery.told');
RESET ROLE;
REVOKE INSERT ON relay.entry_writers FROM relay_gate;
