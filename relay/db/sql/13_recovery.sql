-- A case that nobody can open any more, given to a facilitator with the recovery key (relay/cases/recovery.py): for
-- whoever works on the machine itself alone. They learn each case's identifier, its reference (sealed under the keyring),
-- who works on it and its keys; no participant, no text, no item. relay_gate gets the rights that this takes.
GRANT SELECT ON relay.case_keys, relay.case_key_grants TO relay_gate;
GRANT INSERT ON relay.seats, relay.case_key_grants TO relay_gate;
GRANT UPDATE (sealed) ON relay.case_key_grants TO relay_gate;

DO $$
DECLARE
    v_operator text := current_user;
    f text;
BEGIN
    -- made as their later owner, who alone can say who may call them
    SET LOCAL ROLE relay_gate;

    -- The cases of the service and their facilitators. `under` has the versions of a facilitator's own keys under which
    -- they were given every version of the case's key: with less than all they cannot open all that is in the case.
    CREATE FUNCTION relay.recovery_cases()
    RETURNS TABLE (id uuid, reference_sealed bytea, state text, facilitators jsonb)
    LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $b$
        SELECT c.id, c.reference_sealed, c.state,
               (SELECT coalesce(jsonb_agg(jsonb_build_object('account_id', s.account_id, 'under', (
                           SELECT coalesce(jsonb_agg(whole.holder_key_version), '[]') FROM (
                               SELECT g.holder_key_version FROM relay.case_key_grants g
                               WHERE g.case_id = c.id AND g.holder_kind = 'account' AND g.holder_id = s.account_id
                               GROUP BY g.holder_key_version
                               HAVING count(*) = (SELECT count(*) FROM relay.case_keys k WHERE k.case_id = c.id)) whole))
                       ORDER BY s.added_at, s.id), '[]')
                FROM relay.seats s WHERE s.case_id = c.id AND s.part = 'facilitator' AND s.removed_at IS NULL)
        FROM relay.cases c WHERE c.service_id = relay.service() ORDER BY c.created_at, c.id
    $b$;

    -- Every version of a case's key: who stated it, and what of it was sealed to the recovery key.
    CREATE FUNCTION relay.recovery_keys(p_case uuid)
    RETURNS TABLE (version integer, public bytea, facilitator_id uuid, signature bytea, sealed bytea)
    LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $b$
        SELECT k.version, k.public, k.facilitator_id, k.signature, g.sealed
        FROM relay.cases c JOIN relay.case_keys k ON k.case_id = c.id
        LEFT JOIN relay.case_key_grants g ON (g.case_id, g.version) = (k.case_id, k.version)
            AND (g.holder_kind, g.holder_id, g.holder_key_version) = ('recovery', c.service_id, 1)
        WHERE c.id = p_case AND c.service_id = relay.service() ORDER BY k.version
    $b$;

    -- Puts somebody who works on cases on this one, with every version of its key. Answers their seat. What they were given
    -- before is sealed anew: it may be what does not open. The case is the transaction's from here on, for its entry.
    CREATE FUNCTION relay.recover_case(
        p_case uuid, p_account uuid, p_key_version integer, p_versions integer[], p_sealed bytea[]
    ) RETURNS uuid LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $b$
    DECLARE
        v_seat uuid;
    BEGIN
        IF relay.actor() IS DISTINCT FROM relay.service() OR NOT EXISTS (
            SELECT FROM relay.cases WHERE id = p_case AND service_id = relay.service()) THEN
            PERFORM relay.refuse('a case of this service is recovered, by who runs its machine');
        ELSIF NOT EXISTS (
            SELECT FROM relay.accounts WHERE id = p_account AND service_id = relay.service() AND side = 'staff'
               AND state = 'active' AND key_version = p_key_version
               AND string_to_array(roles, ' ') && ARRAY['facilitator', 'supervisor']) THEN
            PERFORM relay.refuse('a case is given to who works on cases, under the keys that they have');
        ELSIF cardinality(p_sealed) <> cardinality(p_versions) OR p_versions IS DISTINCT FROM (
            SELECT array_agg(version ORDER BY version) FROM relay.case_keys WHERE case_id = p_case) THEN
            PERFORM relay.refuse('they are given every version of the key, each once');
        END IF;
        SELECT id INTO v_seat FROM relay.seats
        WHERE case_id = p_case AND account_id = p_account AND removed_at IS NULL;
        IF v_seat IS NULL THEN
            INSERT INTO relay.seats (id, case_id, account_id, part)
            VALUES (gen_random_uuid(), p_case, p_account, 'facilitator') RETURNING id INTO v_seat;
        ELSIF (SELECT count(*) FROM relay.case_key_grants
               WHERE case_id = p_case AND holder_kind = 'account' AND holder_id = p_account
                 AND holder_key_version = p_key_version) = cardinality(p_versions) THEN
            PERFORM relay.refuse('they have all of it already');
        END IF;
        INSERT INTO relay.case_key_grants AS g (case_id, version, holder_kind, holder_id, holder_key_version, sealed)
        SELECT p_case, given.version, 'account', p_account, p_key_version, given.sealed
        FROM unnest(p_versions, p_sealed) AS given (version, sealed)
        ON CONFLICT (case_id, version, holder_kind, holder_id, holder_key_version) DO UPDATE SET sealed = excluded.sealed;
        PERFORM set_config('relay.cases', (relay.cases() || p_case)::text, true);
        RETURN v_seat;
    END
    $b$;

    FOREACH f IN ARRAY ARRAY['relay.recovery_cases()', 'relay.recovery_keys(uuid)',
                             'relay.recover_case(uuid, uuid, integer, integer[], bytea[])'] LOOP
        EXECUTE format('REVOKE ALL ON FUNCTION %s FROM PUBLIC', f);
        EXECUTE format('GRANT EXECUTE ON FUNCTION %s TO %I', f, v_operator);
    END LOOP;
    EXECUTE format('SET LOCAL ROLE %I', v_operator);
END
$$;
