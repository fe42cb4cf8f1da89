-- Each surface writes the entries that are named for it, the desk too: what is named nowhere, and what an earlier version
-- wrote, is refused to all three. Whoever works on the machine itself has taken on no role.
SET LOCAL ROLE relay_gate;
CREATE OR REPLACE FUNCTION relay.may_append(p_chain uuid, p_tag text, p_role text) RETURNS boolean LANGUAGE sql STABLE
    SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
    SELECT (p_chain = relay.service() OR p_chain = ANY (relay.cases()) OR EXISTS (
                SELECT FROM relay.seats WHERE case_id = p_chain AND account_id = relay.actor()))
       AND CASE p_role
           WHEN 'relay_participants' THEN p_tag IN (
               'account.enrolled', 'session.signed_in', 'session.stepped_up', 'session.signed_out',
               'gate.consent_recorded', 'gate.pause_recorded', 'item.started', 'item.draft_saved', 'item.submitted',
               'item.withdrawn', 'item.agreed', 'upload.started', 'upload.completed', 'upload.ended', 'delivery.chosen')
           WHEN 'relay_worker' THEN p_tag IN (
               'item.ready', 'item.failed', 'item.released', 'item.schedule_cancelled', 'object.removed')
           WHEN 'relay_desk' THEN p_tag IN (
               'account.enrolled', 'session.signed_in', 'session.stepped_up', 'session.signed_out',
               'account.invited', 'account.vouched', 'account.suspended', 'account.suspension_ended',
               'invitation.card_printed', 'case.opened', 'case.settings_changed', 'case.approvals_lowered',
               'case.approvals_kept', 'seat.added', 'seat.removed', 'gate.request_recorded',
               'gate.responsibility_recorded', 'gate.consent_recorded', 'gate.assessment_recorded',
               'gate.restriction_recorded', 'gate.pause_recorded', 'item.claimed', 'item.claim_returned', 'item.read',
               'item.redacted', 'transcription.written', 'transcription.checked', 'item.changes_requested',
               'item.declined', 'item.approved_first', 'item.approved', 'item.reopened', 'item.scheduled',
               'item.schedule_cancelled', 'item.released', 'item.released_again', 'letter.printed',
               'letter.receipt_recorded')
           ELSE true
       END
$$;
RESET ROLE;
