-- The end of a suspension. It gives back the sign-in with the keys that somebody had, and nothing else: no session, no
-- invitation, and no approval, comes to life again.
ALTER TABLE relay.accounts ADD COLUMN returned_at timestamptz;  -- when its last suspension ended
GRANT UPDATE (returned_at) ON relay.accounts TO relay_desk;

DROP TRIGGER check_account_state ON relay.accounts;
CREATE TRIGGER check_account_state BEFORE UPDATE ON relay.accounts FOR EACH ROW
    WHEN (current_user IN ('relay_participants', 'relay_desk') AND NEW.state <> OLD.state
          AND NOT (NEW.state = 'active' AND OLD.state = 'invited' AND OLD.id = relay.actor())
          AND NOT ('suspended' IN (NEW.state, OLD.state) AND OLD.id <> relay.actor() AND current_user = 'relay_desk'))
    EXECUTE FUNCTION relay.refuse_row('an account is opened by its owner, and stopped and let in again by staff');

-- A colleague comes back by an administrator, a participant by who works on a case of theirs (whose row nobody else sees).
-- With keys one is as before; without, a participant is invited still. Of staff without keys there is nothing to let in.
CREATE FUNCTION relay.check_account_return() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF OLD.state <> 'suspended' OR NEW.state = 'suspended' THEN
        PERFORM relay.refuse('when a suspension ended is said at its end');
    ELSIF (NEW.lookup, NEW.key_version) IS DISTINCT FROM (OLD.lookup, OLD.key_version)
          OR NEW.state <> (CASE WHEN OLD.key_version > 0 THEN 'active' ELSE 'invited' END)
          OR (OLD.side = 'staff' AND (OLD.key_version = 0 OR NOT EXISTS (
              SELECT FROM relay.accounts a WHERE a.id = relay.actor() AND a.state = 'active'
                AND 'administrator' = ANY (string_to_array(a.roles, ' '))))) THEN
        PERFORM relay.refuse('who comes back is as they were, and an administrator lets staff in again');
    END IF;
    -- never in the past: what was approved before would count again
    NEW.returned_at := greatest(NEW.returned_at, now());
    RETURN NEW;
END
$$;
CREATE TRIGGER check_account_return BEFORE UPDATE ON relay.accounts FOR EACH ROW
    WHEN (current_user IN ('relay_participants', 'relay_desk')
          AND (NEW.returned_at IS DISTINCT FROM OLD.returned_at
               OR (OLD.state = 'suspended' AND NEW.state <> 'suspended')))
    EXECUTE FUNCTION relay.check_account_return();

-- At both ends: whose account was suspended by an earlier version may have a session left.
CREATE FUNCTION relay.end_access() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER
    SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    DELETE FROM relay.sessions WHERE account_id = NEW.id;
    UPDATE relay.invitations SET used_at = now() WHERE account_id = NEW.id AND used_at IS NULL;
    RETURN NULL;
END
$$;
CREATE TRIGGER end_access AFTER UPDATE OF state ON relay.accounts FOR EACH ROW
    WHEN (NEW.state <> OLD.state AND 'suspended' IN (NEW.state, OLD.state))
    EXECUTE FUNCTION relay.end_access();
GRANT UPDATE (used_at) ON relay.invitations TO relay_gate;
REVOKE ALL ON FUNCTION relay.end_access() FROM PUBLIC;
GRANT EXECUTE ON FUNCTION relay.end_access() TO relay_gate;
ALTER FUNCTION relay.end_access() OWNER TO relay_gate;

-- What an approval of somebody is worth (06_functions.sql), now that one can come back to the service as well.
SET LOCAL ROLE relay_gate;
CREATE OR REPLACE FUNCTION relay.works_on_case_since(p_case uuid, p_account uuid, p_since timestamptz) RETURNS boolean
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
    SELECT p_case = ANY (relay.cases())
       AND EXISTS (SELECT FROM relay.seats s JOIN relay.accounts a ON a.id = s.account_id
                   WHERE s.case_id = p_case AND s.account_id = p_account AND s.part = 'facilitator'
                     AND s.removed_at IS NULL AND a.state = 'active'
                     AND (a.returned_at IS NULL OR a.returned_at < p_since))
       AND NOT EXISTS (SELECT FROM relay.seats s
                       WHERE s.case_id = p_case AND s.account_id = p_account AND s.removed_at >= p_since)
$$;
RESET ROLE;
