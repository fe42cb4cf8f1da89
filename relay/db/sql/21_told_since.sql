-- A choice that was told is written only over the one that was read for it, a moment before: what its recipient chooses in
-- that moment is never written over unread. False if it was opened, or stands otherwise by now.
SET LOCAL ROLE relay_gate;
DROP FUNCTION relay.write_down_choice(uuid, uuid, text, text, date, timestamptz);
CREATE FUNCTION relay.write_down_choice(
    p_id uuid, p_release uuid, p_seen text, p_seen_at timestamptz,
    p_state text, p_manner text, p_told_on date, p_at timestamptz) RETURNS boolean
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
    UPDATE relay.deliveries SET state = p_state, changed_at = p_at
    WHERE release_id = p_release AND state <> 'opened' AND (state, changed_at) = (p_seen, p_seen_at);
    IF NOT FOUND THEN
        RETURN false;
    END IF;
    INSERT INTO relay.told_choices
        (id, release_id, case_id, recipient_id, state, manner, told_on, recorded_by, recorded_at)
    VALUES (p_id, p_release, v_case, v_recipient, p_state, p_manner, p_told_on, relay.actor(), p_at);
    RETURN true;
END
$$;
REVOKE ALL ON FUNCTION relay.write_down_choice(uuid, uuid, text, timestamptz, text, text, date, timestamptz) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION relay.write_down_choice(uuid, uuid, text, timestamptz, text, text, date, timestamptz) TO relay_desk;
RESET ROLE;
