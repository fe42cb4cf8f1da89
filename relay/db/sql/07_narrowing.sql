-- What a right to a column does not say: from which value to which. The apps go no further anyway; these stop a query
-- that somebody smuggles into one of their values. RL002, as for every record that is not to be edited.
--
-- Most rules are a trigger that says when it is broken, and `refuse_row` with the reason. One that has to look at other
-- rows has a function of its own, which calls `refuse`.
CREATE FUNCTION relay.refuse(p_why text) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION '%', p_why USING ERRCODE = 'RL002';
END
$$;
CREATE FUNCTION relay.refuse_row() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM relay.refuse(TG_ARGV[0]);
    RETURN NULL;
END
$$;

-- An item's number of versions and the time it came into review change with the move that they belong to.
CREATE TRIGGER check_item_revision BEFORE UPDATE ON relay.items FOR EACH ROW
    WHEN (NEW.revision <> OLD.revision
          AND NOT (NEW.state = 'submitted' AND OLD.state <> 'submitted' AND NEW.revision = OLD.revision + 1))
    EXECUTE FUNCTION relay.refuse_row('a version begins when it is submitted');
CREATE TRIGGER check_item_ready_at BEFORE UPDATE ON relay.items FOR EACH ROW
    WHEN (NEW.ready_at IS DISTINCT FROM OLD.ready_at AND NOT (NEW.state = 'in_review' AND OLD.state <> 'in_review'))
    EXECUTE FUNCTION relay.refuse_row('an item comes into the queue when it comes into review');
CREATE TRIGGER check_item_taken_back_at BEFORE UPDATE ON relay.items FOR EACH ROW
    WHEN (OLD.taken_back_at IS NOT NULL AND NEW.taken_back_at IS DISTINCT FROM OLD.taken_back_at)
    EXECUTE FUNCTION relay.refuse_row('what was taken back stays so');

-- After `check_item_move`, by its name.
CREATE FUNCTION relay.check_item_version() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NEW.revision <> OLD.revision + 1 OR NOT EXISTS (
        SELECT FROM relay.revisions r WHERE r.item_id = NEW.id AND r.number = NEW.revision
          AND coalesce(r.edited_by, r.author_id) = relay.actor()) THEN
        PERFORM relay.refuse('what is submitted is a new version, of who submits it');
    END IF;
    RETURN NEW;
END
$$;
CREATE TRIGGER check_item_version BEFORE UPDATE ON relay.items
    FOR EACH ROW WHEN (NEW.state = 'submitted' AND OLD.state <> 'submitted')
    EXECUTE FUNCTION relay.check_item_version();

CREATE TRIGGER check_text_change BEFORE UPDATE OR DELETE ON relay.sealed_texts FOR EACH ROW
    WHEN (OLD.purpose IN ('redaction', 'guidance'))
    EXECUTE FUNCTION relay.refuse_row('what a facilitator told an author stays as they said it');

-- An object is written once, and what is gone stays gone. An author lets go of originals only: not of a clean copy, which
-- a recipient may hold, nor of a file that is with the facilitators.
CREATE TRIGGER check_object_gone BEFORE UPDATE ON relay.objects FOR EACH ROW
    WHEN (OLD.state = 'gone' AND (NEW.state, NEW.plaintext_size, NEW.commitment)
          IS DISTINCT FROM (OLD.state, OLD.plaintext_size, OLD.commitment))
    EXECUTE FUNCTION relay.refuse_row('what is gone stays gone');
CREATE TRIGGER check_object_ready BEFORE UPDATE ON relay.objects FOR EACH ROW
    WHEN (OLD.state = 'ready' AND (NEW.state = 'writing' OR (NEW.plaintext_size, NEW.commitment)
          IS DISTINCT FROM (OLD.plaintext_size, OLD.commitment)))
    EXECUTE FUNCTION relay.refuse_row('an object is written once');
CREATE TRIGGER check_object_swept BEFORE UPDATE ON relay.objects FOR EACH ROW
    WHEN (NEW.state = 'gone' AND OLD.state = 'ready' AND current_user = 'relay_worker')
    EXECUTE FUNCTION relay.refuse_row('a worker sweeps what was never finished');
CREATE FUNCTION relay.check_object_let_go() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF OLD.purpose <> 'original' OR EXISTS (
        SELECT FROM relay.revisions r JOIN relay.items i ON i.id = r.item_id
        WHERE r.object_id = OLD.id AND i.taken_back_at IS NULL) THEN
        PERFORM relay.refuse('what was sent stays until it is taken back');
    END IF;
    RETURN NEW;
END
$$;
CREATE TRIGGER check_object_let_go BEFORE UPDATE ON relay.objects FOR EACH ROW
    WHEN (NEW.state = 'gone' AND OLD.state <> 'gone' AND current_user = 'relay_participants')
    EXECUTE FUNCTION relay.check_object_let_go();

CREATE TRIGGER check_upload_received BEFORE UPDATE ON relay.uploads FOR EACH ROW
    WHEN (NEW.received < OLD.received)
    EXECUTE FUNCTION relay.refuse_row('what was acknowledged stays');
CREATE TRIGGER check_upload_state BEFORE UPDATE ON relay.uploads FOR EACH ROW
    WHEN (NEW.state <> OLD.state AND (OLD.state, NEW.state) NOT IN (
          ('open', 'complete'), ('open', 'ended'), ('complete', 'ended')))
    EXECUTE FUNCTION relay.refuse_row('an upload does not begin again');

CREATE TRIGGER check_delivery_change BEFORE UPDATE ON relay.deliveries FOR EACH ROW
    WHEN (OLD.state = 'opened' AND NEW.state <> 'opened')
    EXECUTE FUNCTION relay.refuse_row('what was opened stays opened');

CREATE TRIGGER check_plan_ended BEFORE UPDATE ON relay.scheduled_releases FOR EACH ROW
    WHEN (NEW.state <> OLD.state AND OLD.state <> 'waiting')
    EXECUTE FUNCTION relay.refuse_row('a plan ends once');
CREATE TRIGGER check_plan_done BEFORE UPDATE ON relay.scheduled_releases FOR EACH ROW
    WHEN (NEW.state <> OLD.state AND NEW.state = 'done' AND current_user IN ('relay_participants', 'relay_desk'))
    EXECUTE FUNCTION relay.refuse_row('only a worker says that a plan was carried out');

CREATE TRIGGER check_seat_change BEFORE UPDATE ON relay.seats FOR EACH ROW
    WHEN (OLD.removed_at IS NOT NULL AND NEW.removed_at IS DISTINCT FROM OLD.removed_at)
    EXECUTE FUNCTION relay.refuse_row('who was taken off is given a seat anew');

-- Who enrols gets the next version of their own keys, and a name to sign in with; nobody does that for another.
CREATE FUNCTION relay.check_account_keys() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF OLD.id <> relay.actor() OR NEW.key_version <> OLD.key_version + 1 OR NOT EXISTS (
        SELECT FROM relay.account_keys k WHERE k.account_id = OLD.id AND k.version = NEW.key_version) THEN
        PERFORM relay.refuse('keys follow one another, and are their owner''s');
    END IF;
    RETURN NEW;
END
$$;
CREATE TRIGGER check_account_keys BEFORE UPDATE ON relay.accounts FOR EACH ROW
    WHEN (current_user IN ('relay_participants', 'relay_desk')
          AND (NEW.lookup, NEW.key_version) IS DISTINCT FROM (OLD.lookup, OLD.key_version))
    EXECUTE FUNCTION relay.check_account_keys();
CREATE TRIGGER check_account_state BEFORE UPDATE ON relay.accounts FOR EACH ROW
    WHEN (current_user IN ('relay_participants', 'relay_desk') AND NEW.state <> OLD.state
          AND NOT (NEW.state = 'active' AND OLD.state = 'invited' AND OLD.id = relay.actor())
          AND NOT (NEW.state = 'suspended' AND OLD.id <> relay.actor() AND current_user = 'relay_desk'))
    EXECUTE FUNCTION relay.refuse_row('an account is opened by its owner, and stopped by staff');

-- What follows looks at new rows after the policies have.
-- A version is the author's own, the next of what they may change, of a finished original of theirs; or a facilitator's
-- who has the item in hand: the newest version once more, of the same original, with a list of theirs of what is hidden.
CREATE FUNCTION relay.check_revision() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF current_user = 'relay_participants' AND NEW.edited_by IS NOT NULL THEN
        PERFORM relay.refuse('an author hides nothing in the name of another');
    ELSIF current_user = 'relay_participants' AND NOT EXISTS (
        SELECT FROM relay.items i
        JOIN relay.objects o ON o.id = NEW.object_id AND (o.case_id, o.owner_id) = (i.case_id, i.author_id)
        WHERE (i.id, i.case_id, i.author_id) = (NEW.item_id, NEW.case_id, NEW.author_id)
          AND NEW.number = i.revision + 1 AND i.state IN ('draft', 'changes_requested', 'failed')
          AND i.taken_back_at IS NULL AND o.purpose = 'original' AND o.state = 'ready') THEN
        PERFORM relay.refuse('an author sends the next version of what is theirs to change');
    END IF;
    IF NEW.edits_id IS NOT NULL AND NOT EXISTS (
        SELECT FROM relay.objects o WHERE o.id = NEW.edits_id AND o.purpose = 'edits' AND o.state = 'ready'
          AND o.case_id = NEW.case_id AND o.owner_id = coalesce(NEW.edited_by, NEW.author_id)) THEN
        PERFORM relay.refuse('what is hidden stands in a list of who hides it');
    END IF;
    IF current_user = 'relay_desk' THEN  -- apart: participants may not even ask for claims
        IF NEW.edited_by IS DISTINCT FROM relay.actor() OR NOT EXISTS (
            SELECT FROM relay.items i
            JOIN relay.revisions r ON r.item_id = i.id AND r.number = i.revision
            JOIN relay.claims c ON c.item_id = i.id AND c.facilitator_id = relay.actor()
            WHERE i.id = NEW.item_id AND i.state = 'in_review' AND NEW.number = i.revision + 1
              AND (r.case_id, r.author_id, r.object_id) = (NEW.case_id, NEW.author_id, NEW.object_id)) THEN
            PERFORM relay.refuse('a facilitator hides parts of what they have in hand, and changes nothing else');
        END IF;
    END IF;
    RETURN NEW;
END
$$;
CREATE TRIGGER check_revision AFTER INSERT ON relay.revisions
    FOR EACH ROW EXECUTE FUNCTION relay.check_revision();

-- An author agrees to what a facilitator made of theirs, while it waits: to the newest version, as it was made, under the
-- keys that they have now.
CREATE FUNCTION relay.check_agreement() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NOT EXISTS (
        SELECT FROM relay.items i
        JOIN relay.revisions r ON r.item_id = i.id AND r.number = i.revision AND r.edited_by IS NOT NULL
        JOIN relay.renditions n ON n.revision_id = r.id AND n.role = 'clean'
        JOIN relay.accounts a ON a.id = i.author_id AND a.key_version = NEW.key_version
        WHERE i.state = 'in_review' AND i.taken_back_at IS NULL
          AND (i.id, i.case_id, i.author_id, r.id, n.id, n.sha256)
            = (NEW.item_id, NEW.case_id, NEW.author_id, NEW.revision_id, NEW.rendition_id, NEW.sha256)) THEN
        PERFORM relay.refuse('there is nothing of that kind to agree to');
    END IF;
    RETURN NEW;
END
$$;
CREATE TRIGGER check_agreement AFTER INSERT ON relay.agreements
    FOR EACH ROW EXECUTE FUNCTION relay.check_agreement();

-- What is approved, planned and released is the newest version; one that a facilitator hid parts of, with its author's
-- agreement to just that file. Whose signature that is, the code sees to (relay/exchange/agreements.py). What was released
-- has no newer version, ever: it can be approved once more, and given again.
CREATE FUNCTION relay.require_agreement() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NOT EXISTS (
        SELECT FROM relay.renditions n
        JOIN relay.revisions r ON r.id = n.revision_id
        JOIN relay.items i ON i.id = n.item_id AND i.revision = r.number
        WHERE (n.id, n.revision_id, n.item_id, n.case_id)
            = (NEW.rendition_id, NEW.revision_id, NEW.item_id, NEW.case_id) AND n.role = 'clean'
          AND (TG_TABLE_NAME = 'reviews' OR n.object_id::text = to_jsonb(NEW) ->> 'object_id')) THEN
        PERFORM relay.refuse('it is the newest version that is passed on');
    ELSIF NOT EXISTS (
        SELECT FROM relay.renditions n JOIN relay.revisions r ON r.id = n.revision_id
        WHERE n.id = NEW.rendition_id AND (r.edited_by IS NULL OR EXISTS (
            SELECT FROM relay.agreements a
            WHERE (a.rendition_id, a.revision_id, a.author_id, a.sha256) = (n.id, r.id, n.author_id, n.sha256)))) THEN
        PERFORM relay.refuse('its author has not agreed to this version');
    END IF;
    RETURN NEW;
END
$$;
CREATE TRIGGER require_agreement AFTER INSERT ON relay.reviews
    FOR EACH ROW WHEN (NEW.decision = 'approve') EXECUTE FUNCTION relay.require_agreement();
CREATE TRIGGER require_agreement AFTER INSERT ON relay.releases
    FOR EACH ROW EXECUTE FUNCTION relay.require_agreement();
CREATE TRIGGER require_agreement AFTER INSERT ON relay.scheduled_releases
    FOR EACH ROW EXECUTE FUNCTION relay.require_agreement();
