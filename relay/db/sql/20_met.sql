-- What is passed on begins closed for its recipient, also where the desk or a worker writes the row: only what was opened
-- before, under older keys, stays so when it is given again.
CREATE FUNCTION relay.check_delivery_begun() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NOT EXISTS (
        SELECT FROM relay.releases r
        JOIN relay.releases before ON (before.item_id, before.recipient_id) = (r.item_id, r.recipient_id)
        JOIN relay.deliveries d ON d.release_id = before.id AND d.state = 'opened'
        WHERE r.id = NEW.release_id AND before.id <> r.id) THEN
        PERFORM relay.refuse('what was passed on is opened by who it was passed on to');
    END IF;
    RETURN NEW;
END
$$;
CREATE TRIGGER check_delivery_begun BEFORE INSERT ON relay.deliveries FOR EACH ROW
    WHEN (NEW.state = 'opened' AND current_user IN ('relay_gate', 'relay_desk', 'relay_worker'))
    EXECUTE FUNCTION relay.check_delivery_begun();

CREATE INDEX told_choices_release ON relay.told_choices (release_id);
