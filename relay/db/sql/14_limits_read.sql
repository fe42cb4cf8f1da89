-- Who has read which version of what a facilitator has to pass on. Somebody says it for themselves; nobody edits it.
CREATE TABLE relay.limits_read (
    case_id uuid NOT NULL REFERENCES relay.cases,
    account_id uuid NOT NULL REFERENCES relay.accounts,
    version integer NOT NULL CHECK (version > 0),
    read_at timestamptz NOT NULL,
    PRIMARY KEY (case_id, account_id, version)
);
ALTER TABLE relay.limits_read ENABLE ROW LEVEL SECURITY;
ALTER TABLE relay.limits_read FORCE ROW LEVEL SECURITY;
CREATE POLICY gate ON relay.limits_read TO relay_gate USING (true) WITH CHECK (true);
CREATE POLICY own ON relay.limits_read TO relay_participants
    USING (account_id = (SELECT relay.actor()))
    WITH CHECK (account_id = (SELECT relay.actor()) AND case_id = ANY ((SELECT relay.cases())::uuid[]));
CREATE POLICY desk ON relay.limits_read FOR SELECT TO relay_desk
    USING (case_id = ANY ((SELECT relay.cases())::uuid[]));
GRANT SELECT, INSERT ON relay.limits_read TO relay_participants;
GRANT SELECT ON relay.limits_read TO relay_desk;

-- Who writes which audit entry, as rows: what is named nowhere is refused to all three surfaces (`may_append`).
CREATE TABLE relay.entry_writers (role text NOT NULL, tag text NOT NULL, PRIMARY KEY (role, tag));
INSERT INTO relay.entry_writers
SELECT 'relay_' || surface, unnest(string_to_array(tags, ' ')) FROM (VALUES
    ('participants', 'account.enrolled session.signed_in session.stepped_up session.signed_out limits.read'
        ' gate.consent_recorded gate.pause_recorded item.started item.draft_saved item.submitted item.withdrawn'
        ' item.agreed upload.started upload.completed upload.ended delivery.chosen'),
    ('worker', 'item.ready item.failed item.released item.schedule_cancelled object.removed'),
    ('desk', 'account.enrolled session.signed_in session.stepped_up session.signed_out account.invited'
        ' account.vouched account.suspended account.suspension_ended invitation.card_printed case.opened'
        ' case.settings_changed case.approvals_lowered case.approvals_kept seat.added seat.removed'
        ' gate.request_recorded gate.responsibility_recorded gate.consent_recorded gate.assessment_recorded'
        ' gate.restriction_recorded gate.pause_recorded item.claimed item.claim_returned item.read item.redacted'
        ' transcription.written transcription.checked item.changes_requested item.declined item.approved_first'
        ' item.approved item.reopened item.scheduled item.schedule_cancelled item.released item.released_again'
        ' letter.printed letter.receipt_recorded')
) AS written (surface, tags);
ALTER TABLE relay.entry_writers ENABLE ROW LEVEL SECURITY;
ALTER TABLE relay.entry_writers FORCE ROW LEVEL SECURITY;
CREATE POLICY gate ON relay.entry_writers TO relay_gate USING (true);
GRANT SELECT ON relay.entry_writers TO relay_gate;
SET LOCAL ROLE relay_gate;
CREATE OR REPLACE FUNCTION relay.may_append(p_chain uuid, p_tag text, p_role text) RETURNS boolean LANGUAGE sql STABLE
    SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
    SELECT (p_chain = relay.service() OR p_chain = ANY (relay.cases()) OR EXISTS (
                SELECT FROM relay.seats WHERE case_id = p_chain AND account_id = relay.actor()))
       AND (EXISTS (SELECT FROM relay.entry_writers WHERE role = p_role AND tag = p_tag)
            OR p_role NOT IN ('relay_participants', 'relay_desk', 'relay_worker'))
$$;
RESET ROLE;
