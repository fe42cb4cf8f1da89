-- One chain a case, and one for what belongs to the service as a whole.
CREATE TABLE relay.audit_chains (
    chain uuid PRIMARY KEY,
    service_id uuid NOT NULL REFERENCES relay.services,
    sequence bigint NOT NULL,
    hash bytea NOT NULL
);
CREATE TABLE relay.audit_entries (
    chain uuid NOT NULL,
    sequence bigint NOT NULL,
    service_id uuid NOT NULL REFERENCES relay.services,
    tag text NOT NULL CHECK (tag ~ '^[a-z_]+(\.[a-z_]+)+$'),
    actor_id uuid NOT NULL,
    subject_id uuid NOT NULL,
    detail text NOT NULL CHECK (length(detail) <= 2000 AND detail !~ '[\n\r]'),  -- identifiers, states and numbers as JSON
    at_microseconds bigint NOT NULL,
    previous bytea NOT NULL,
    hash bytea NOT NULL,
    PRIMARY KEY (chain, sequence)
);
-- What the desk is shown of a case, page by page: relay/audit/reading.py has the same list.
CREATE INDEX audit_entries_shown ON relay.audit_entries (chain, sequence) WHERE tag NOT IN (
    'item.started', 'item.draft_saved', 'upload.started', 'upload.completed', 'upload.ended', 'object.removed');
CREATE TRIGGER refuse_edit BEFORE UPDATE OR DELETE ON relay.audit_entries
    FOR EACH ROW EXECUTE FUNCTION relay.refuse_edit();

-- The only way to write an entry. relay/audit/chain.py computes the same hash when it verifies.
CREATE FUNCTION relay.audit_append(p_chain uuid, p_tag text, p_subject uuid, p_detail text)
RETURNS bigint LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    v_previous bytea;
    v_sequence bigint;
    v_hash bytea;
    v_actor uuid := relay.actor();
    v_service uuid := relay.service();
    v_at bigint := (extract(epoch FROM clock_timestamp()) * 1000000)::bigint;
BEGIN
    IF v_actor IS NULL OR v_service IS NULL THEN
        RAISE EXCEPTION 'an entry needs an actor' USING ERRCODE = 'RL003';
    END IF;
    -- who called: the role that they took on, not the owner of this function
    IF relay.may_append(p_chain, p_tag, current_setting('role', true)) IS NOT TRUE THEN
        RAISE EXCEPTION 'no entry of that kind from here' USING ERRCODE = 'RL003';
    END IF;
    IF p_detail IS JSON OBJECT IS NOT TRUE THEN
        RAISE EXCEPTION 'details are one JSON object' USING ERRCODE = 'RL003';
    END IF;
    INSERT INTO relay.audit_chains (chain, service_id, sequence, hash)
    VALUES (p_chain, v_service, 0, decode(repeat('00', 32), 'hex'))
    ON CONFLICT (chain) DO NOTHING;
    SELECT sequence + 1, hash INTO v_sequence, v_previous
    FROM relay.audit_chains WHERE chain = p_chain FOR UPDATE;
    v_hash := sha256(convert_to(concat_ws(E'\n', 'relay audit 1', encode(v_previous, 'hex'), p_chain, v_sequence,
        v_service, p_tag, v_actor, p_subject, p_detail, v_at), 'UTF8'));
    INSERT INTO relay.audit_entries (chain, sequence, service_id, tag, actor_id, subject_id, detail,
                                     at_microseconds, previous, hash)
    VALUES (p_chain, v_sequence, v_service, p_tag, v_actor, p_subject, p_detail, v_at, v_previous, v_hash);
    UPDATE relay.audit_chains SET sequence = v_sequence, hash = v_hash WHERE chain = p_chain;
    RETURN v_sequence;
END
$$;
REVOKE ALL ON FUNCTION relay.audit_append(uuid, text, uuid, text) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION relay.audit_append(uuid, text, uuid, text) TO relay_participants, relay_desk, relay_worker;
-- last: once it is another's, we may not change who can call it, and PostgreSQL says so only in a warning
ALTER FUNCTION relay.audit_append(uuid, text, uuid, text) OWNER TO relay_audit;
GRANT INSERT ON relay.audit_entries TO relay_audit;
GRANT SELECT, INSERT, UPDATE ON relay.audit_chains TO relay_audit;
