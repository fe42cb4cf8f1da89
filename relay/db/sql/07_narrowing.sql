-- What a right to a column does not say: from which value to which. The apps go no further anyway; these stop a query
-- that somebody smuggles into one of their values. RL002, as for every record that is not to be edited.
CREATE FUNCTION relay.refuse(p_why text) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION '%', p_why USING ERRCODE = 'RL002';
END
$$;

-- An item's number of versions and the time it came into review change with the move that they belong to.
CREATE FUNCTION relay.check_item_columns() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NEW.revision <> OLD.revision AND NOT (
        NEW.state = 'submitted' AND OLD.state <> 'submitted' AND NEW.revision = OLD.revision + 1) THEN
        PERFORM relay.refuse('a version begins when it is submitted');
    ELSIF NEW.ready_at IS DISTINCT FROM OLD.ready_at AND NOT (
        NEW.state = 'in_review' AND OLD.state <> 'in_review') THEN
        PERFORM relay.refuse('an item comes into the queue when it comes into review');
    ELSIF OLD.taken_back_at IS NOT NULL AND NEW.taken_back_at IS DISTINCT FROM OLD.taken_back_at THEN
        PERFORM relay.refuse('what was taken back stays so');
    END IF;
    RETURN NEW;
END
$$;
CREATE TRIGGER check_item_columns BEFORE UPDATE ON relay.items
    FOR EACH ROW EXECUTE FUNCTION relay.check_item_columns();

-- An object is written once, and what is gone stays gone. An author lets go of originals only: not of a clean copy, which
-- a recipient may hold, nor of a file that is with the facilitators.
CREATE FUNCTION relay.check_object_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NEW.state = OLD.state AND (NEW.plaintext_size, NEW.commitment)
       IS NOT DISTINCT FROM (OLD.plaintext_size, OLD.commitment) THEN
        RETURN NEW;
    ELSIF OLD.state = 'gone' THEN
        PERFORM relay.refuse('what is gone stays gone');
    ELSIF OLD.state = 'ready' AND (NEW.state = 'writing' OR (NEW.plaintext_size, NEW.commitment)
          IS DISTINCT FROM (OLD.plaintext_size, OLD.commitment)) THEN
        PERFORM relay.refuse('an object is written once');
    ELSIF NEW.state = 'gone' AND OLD.state = 'ready' AND current_user = 'relay_worker' THEN
        PERFORM relay.refuse('a worker sweeps what was never finished');
    ELSIF NEW.state = 'gone' AND current_user = 'relay_participants' AND (OLD.purpose <> 'original' OR EXISTS (
        SELECT FROM relay.revisions r JOIN relay.items i ON i.id = r.item_id
        WHERE r.object_id = OLD.id AND i.taken_back_at IS NULL)) THEN
        PERFORM relay.refuse('what was sent stays until it is taken back');
    END IF;
    RETURN NEW;
END
$$;
CREATE TRIGGER check_object_change BEFORE UPDATE ON relay.objects
    FOR EACH ROW EXECUTE FUNCTION relay.check_object_change();

CREATE FUNCTION relay.check_upload_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NEW.received < OLD.received THEN
        PERFORM relay.refuse('what was acknowledged stays');
    ELSIF NEW.state <> OLD.state AND (OLD.state, NEW.state) NOT IN (
        ('open', 'complete'), ('open', 'ended'), ('complete', 'ended')) THEN
        PERFORM relay.refuse('an upload does not begin again');
    END IF;
    RETURN NEW;
END
$$;
CREATE TRIGGER check_upload_change BEFORE UPDATE ON relay.uploads
    FOR EACH ROW EXECUTE FUNCTION relay.check_upload_change();

CREATE FUNCTION relay.check_delivery_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF OLD.state = 'opened' AND NEW.state <> 'opened' THEN
        PERFORM relay.refuse('what was opened stays opened');
    END IF;
    RETURN NEW;
END
$$;
CREATE TRIGGER check_delivery_change BEFORE UPDATE ON relay.deliveries
    FOR EACH ROW EXECUTE FUNCTION relay.check_delivery_change();

-- A plan ends once. Only a worker says that it was carried out.
CREATE FUNCTION relay.check_plan_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NEW.state <> OLD.state AND (OLD.state <> 'waiting' OR (
        NEW.state = 'done' AND current_user IN ('relay_participants', 'relay_desk'))) THEN
        PERFORM relay.refuse('a plan ends once');
    END IF;
    RETURN NEW;
END
$$;
CREATE TRIGGER check_plan_change BEFORE UPDATE ON relay.scheduled_releases
    FOR EACH ROW EXECUTE FUNCTION relay.check_plan_change();

CREATE FUNCTION relay.check_seat_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF OLD.removed_at IS NOT NULL AND NEW.removed_at IS DISTINCT FROM OLD.removed_at THEN
        PERFORM relay.refuse('who was taken off is given a seat anew');
    END IF;
    RETURN NEW;
END
$$;
CREATE TRIGGER check_seat_change BEFORE UPDATE ON relay.seats
    FOR EACH ROW EXECUTE FUNCTION relay.check_seat_change();

-- Who enrols gets the next version of their own keys, and a name to sign in with; nobody does that for another.
CREATE FUNCTION relay.check_account_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF current_user NOT IN ('relay_participants', 'relay_desk') THEN
        RETURN NEW;
    ELSIF (NEW.lookup, NEW.key_version) IS DISTINCT FROM (OLD.lookup, OLD.key_version) AND (
        OLD.id <> relay.actor() OR NEW.key_version <> OLD.key_version + 1 OR NOT EXISTS (
            SELECT FROM relay.account_keys k WHERE k.account_id = OLD.id AND k.version = NEW.key_version)) THEN
        PERFORM relay.refuse('keys follow one another, and are their owner''s');
    ELSIF NEW.state <> OLD.state AND NOT (NEW.state = 'active' AND OLD.state = 'invited' AND OLD.id = relay.actor())
          AND NOT (NEW.state = 'suspended' AND OLD.id <> relay.actor() AND current_user = 'relay_desk') THEN
        PERFORM relay.refuse('an account is opened by its owner, and stopped by staff');
    END IF;
    RETURN NEW;
END
$$;
CREATE TRIGGER check_account_change BEFORE UPDATE ON relay.accounts
    FOR EACH ROW EXECUTE FUNCTION relay.check_account_change();
