-- What came back with paper: a facilitator records that somebody was handed a letter that was passed on to them, and on
-- which day. The newest record of a release counts; one without a day takes back what was recorded by mistake. Its
-- recipient reads it, and the facilitators of the case; its author never does.
CREATE TABLE relay.paper_receipts (
    id uuid PRIMARY KEY,
    release_id uuid NOT NULL REFERENCES relay.releases,
    case_id uuid NOT NULL REFERENCES relay.cases,
    recipient_id uuid NOT NULL REFERENCES relay.accounts,
    given_on date,
    recorded_by uuid NOT NULL REFERENCES relay.accounts,
    recorded_at timestamptz NOT NULL
);
CREATE INDEX paper_receipts_release ON relay.paper_receipts (release_id, recorded_at);
CREATE TRIGGER refuse_edit BEFORE UPDATE OR DELETE ON relay.paper_receipts
    FOR EACH ROW EXECUTE FUNCTION relay.refuse_edit();

CREATE FUNCTION relay.check_paper_receipt() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NEW.recorded_by IS DISTINCT FROM relay.actor() OR NOT EXISTS (
        SELECT FROM relay.releases r
        WHERE (r.id, r.case_id, r.recipient_id) = (NEW.release_id, NEW.case_id, NEW.recipient_id) AND r.kind = 'letter'
    ) THEN
        PERFORM relay.refuse('a receipt is of a letter that was passed on, and recorded by who writes it');
    END IF;
    RETURN NEW;
END
$$;
CREATE TRIGGER check_paper_receipt AFTER INSERT ON relay.paper_receipts
    FOR EACH ROW EXECUTE FUNCTION relay.check_paper_receipt();

ALTER TABLE relay.paper_receipts ENABLE ROW LEVEL SECURITY;
ALTER TABLE relay.paper_receipts FORCE ROW LEVEL SECURITY;
CREATE POLICY gate ON relay.paper_receipts TO relay_gate USING (true) WITH CHECK (true);
CREATE POLICY desk ON relay.paper_receipts TO relay_desk
    USING (case_id = ANY ((SELECT relay.cases())::uuid[]))
    WITH CHECK (case_id = ANY ((SELECT relay.cases())::uuid[]));
CREATE POLICY own ON relay.paper_receipts TO relay_participants
    USING (recipient_id = (SELECT relay.actor())) WITH CHECK (false);
GRANT SELECT, INSERT ON relay.paper_receipts TO relay_desk;
GRANT SELECT ON relay.paper_receipts TO relay_participants;
