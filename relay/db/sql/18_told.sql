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
