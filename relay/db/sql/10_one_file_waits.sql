-- Of an item one file waits to be sent. Were there two, the one that its author replaced would come back once the other
-- was sent and refused.
CREATE OR REPLACE FUNCTION relay.check_upload_alone() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF EXISTS (SELECT FROM relay.uploads u WHERE u.item_id = NEW.item_id AND u.object_id <> NEW.object_id
               AND u.state = 'complete'
               AND NOT EXISTS (SELECT FROM relay.revisions r WHERE r.object_id = u.object_id)) THEN
        PERFORM relay.refuse('a file that is replaced is let go of first');
    END IF;
    RETURN NEW;
END
$$;
CREATE OR REPLACE TRIGGER check_upload_alone AFTER UPDATE ON relay.uploads FOR EACH ROW
    WHEN (NEW.state = 'complete' AND OLD.state <> 'complete')
    EXECUTE FUNCTION relay.check_upload_alone();
