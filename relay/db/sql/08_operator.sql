-- Whoever runs commands on the machine itself (relay init, relay staff, relay audit) works as the owner of the schema,
-- on whom row-level security is forced too. They reach the service, its staff and its roster: no participant, no case.
CREATE POLICY operator ON relay.services TO CURRENT_USER
    USING (id = (SELECT relay.service())) WITH CHECK (id = (SELECT relay.service()));
CREATE POLICY operator ON relay.rosters TO CURRENT_USER
    USING (service_id = (SELECT relay.service())) WITH CHECK (service_id = (SELECT relay.service()));
CREATE POLICY operator ON relay.accounts TO CURRENT_USER
    USING (service_id = (SELECT relay.service()) AND side = 'staff')
    WITH CHECK (service_id = (SELECT relay.service()) AND side = 'staff');
CREATE POLICY operator ON relay.account_keys FOR SELECT TO CURRENT_USER
    USING (EXISTS (SELECT FROM relay.accounts a WHERE a.id = account_id));
CREATE POLICY operator ON relay.invitations TO CURRENT_USER
    USING (service_id = (SELECT relay.service()) AND case_id IS NULL)
    WITH CHECK (service_id = (SELECT relay.service()) AND case_id IS NULL);
CREATE POLICY operator ON relay.audit_entries FOR SELECT TO CURRENT_USER USING (true);
CREATE POLICY operator ON relay.audit_chains FOR SELECT TO CURRENT_USER USING (true);

-- What they do is audited like everything else, and they compare gates with the chain: they learn which case, and no gate.
-- Only a function's new owner can let them call it.
DO $$
DECLARE
    v_operator text := current_user;
BEGIN
    SET LOCAL ROLE relay_audit;
    EXECUTE format('GRANT EXECUTE ON FUNCTION relay.audit_append(uuid, text, uuid, text) TO %I', v_operator);
    SET LOCAL ROLE relay_gate;
    EXECUTE format('GRANT EXECUTE ON FUNCTION relay.contradicted_gates() TO %I', v_operator);
    EXECUTE format('SET LOCAL ROLE %I', v_operator);
END
$$;
