-- Who may do what. Group roles hold the rights; login roles (made by relay/db/roles.py) are NOINHERIT members,
-- so that a connection which forgot `SET LOCAL ROLE` has no rights at all.
DO $$
DECLARE
    name text;
BEGIN
    FOREACH name IN ARRAY ARRAY[
        'relay_participants',  -- the participants' app
        'relay_desk',          -- the staff desk app
        'relay_worker',        -- the workers
        'relay_gate',          -- owns the few functions that may look across walls
        'relay_audit'          -- owns the one function that writes the audit chain
    ] LOOP
        IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = name) THEN
            EXECUTE format('CREATE ROLE %I NOLOGIN NOINHERIT', name);
        END IF;
    END LOOP;
END
$$;

CREATE SCHEMA relay;
CREATE SCHEMA jobs;
REVOKE ALL ON SCHEMA public FROM PUBLIC;
GRANT USAGE ON SCHEMA relay TO relay_participants, relay_desk, relay_worker, relay_gate, relay_audit;
GRANT USAGE ON SCHEMA jobs TO relay_worker, relay_gate;

-- The actor of the running transaction, set by relay/db/transaction.py through one of the enter_ functions.
-- Written as sub-selects in policies, so that each is evaluated once a query.
CREATE FUNCTION relay.actor() RETURNS uuid LANGUAGE sql STABLE PARALLEL SAFE AS
    $$ SELECT nullif(current_setting('relay.actor', true), '')::uuid $$;
CREATE FUNCTION relay.service() RETURNS uuid LANGUAGE sql STABLE PARALLEL SAFE AS
    $$ SELECT nullif(current_setting('relay.service', true), '')::uuid $$;
CREATE FUNCTION relay.cases() RETURNS uuid[] LANGUAGE sql STABLE PARALLEL SAFE AS
    $$ SELECT coalesce(nullif(current_setting('relay.cases', true), '')::uuid[], '{}') $$;
