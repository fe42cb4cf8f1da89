-- The few functions that look across walls. Owned by relay_gate, which has rights on just the tables named here;
-- each answers the least that its caller needs.
GRANT SELECT ON relay.accounts, relay.account_keys, relay.seats, relay.victim_requests, relay.responsibilities,
    relay.consents, relay.assessments, relay.restrictions, relay.pauses, relay.cases, relay.revisions, relay.work,
    relay.items, relay.scheduled_releases, relay.services, relay.objects, relay.uploads, relay.grants,
    relay.worker_keys, relay.renditions, relay.invitations, relay.audit_chains, relay.audit_entries, relay.releases
    TO relay_gate;
GRANT SELECT, UPDATE ON relay.item_recipients TO relay_gate;
GRANT SELECT, INSERT, UPDATE, DELETE ON relay.sessions, relay.throttles TO relay_gate;
GRANT UPDATE (tries) ON relay.invitations TO relay_gate;

-- Whether a victim of the case ever asked for the exchange. Taking that back closes a gate (relay/cases/gates.py) and
-- changes nothing that an offender can see: a case that vanished would tell them.
CREATE FUNCTION relay.victim_asked(p_case uuid) RETURNS boolean LANGUAGE sql STABLE SECURITY DEFINER
    SET search_path = pg_catalog, pg_temp AS $$
    SELECT EXISTS (SELECT FROM relay.victim_requests WHERE case_id = p_case AND asked)
$$;

-- An offender's cases are those in which a victim asked: before that there is nothing for them to see.
CREATE FUNCTION relay.enter_participants(p_account uuid) RETURNS boolean LANGUAGE plpgsql SECURITY DEFINER
    SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    v_service uuid;
    v_cases uuid[];
BEGIN
    SELECT service_id INTO v_service FROM relay.accounts
    WHERE id = p_account AND side = 'participant' AND state <> 'suspended';
    IF v_service IS NULL THEN
        RETURN false;
    END IF;
    SELECT coalesce(array_agg(case_id), '{}') INTO v_cases FROM relay.seats
    WHERE account_id = p_account AND removed_at IS NULL
      AND (part = 'victim' OR (part = 'offender' AND relay.victim_asked(case_id)));
    PERFORM set_config('relay.actor', p_account::text, true), set_config('relay.service', v_service::text, true),
            set_config('relay.cases', v_cases::text, true);
    RETURN true;
END
$$;

CREATE FUNCTION relay.enter_desk(p_account uuid) RETURNS boolean LANGUAGE plpgsql SECURITY DEFINER
    SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    v_service uuid;
    v_cases uuid[];
BEGIN
    SELECT service_id INTO v_service FROM relay.accounts
    WHERE id = p_account AND side = 'staff' AND state <> 'suspended';
    IF v_service IS NULL THEN
        RETURN false;
    END IF;
    SELECT coalesce(array_agg(case_id), '{}') INTO v_cases FROM relay.seats
    WHERE account_id = p_account AND removed_at IS NULL AND part = 'facilitator';
    PERFORM set_config('relay.actor', p_account::text, true), set_config('relay.service', v_service::text, true),
            set_config('relay.cases', v_cases::text, true);
    RETURN true;
END
$$;

-- Opens a case to a desk transaction that has just made it, before its first seat is there.
CREATE FUNCTION relay.enter_new_case(p_case uuid) RETURNS void LANGUAGE plpgsql SECURITY DEFINER
    SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    IF relay.actor() IS NULL OR EXISTS (SELECT FROM relay.cases WHERE id = p_case) THEN
        RAISE EXCEPTION 'not a new case' USING ERRCODE = 'RL003';
    END IF;
    PERFORM set_config('relay.cases', (relay.cases() || p_case)::text, true);
END
$$;

-- A worker sees the one case of the one thing that its job names.
CREATE FUNCTION relay.enter_worker(p_kind text, p_id uuid) RETURNS boolean LANGUAGE plpgsql SECURITY DEFINER
    SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    v_service uuid;
    v_case uuid;
BEGIN
    IF p_kind = 'revision' THEN
        SELECT c.service_id, c.id INTO v_service, v_case
        FROM relay.revisions r JOIN relay.cases c ON c.id = r.case_id WHERE r.id = p_id;
    ELSIF p_kind = 'scheduled' THEN
        SELECT c.service_id, c.id INTO v_service, v_case
        FROM relay.scheduled_releases s JOIN relay.cases c ON c.id = s.case_id WHERE s.id = p_id;
    ELSIF p_kind = 'object' THEN
        SELECT c.service_id, c.id INTO v_service, v_case
        FROM relay.objects o JOIN relay.cases c ON c.id = o.case_id WHERE o.id = p_id;
    ELSIF p_kind = 'service' THEN
        SELECT id, NULL INTO v_service, v_case FROM relay.services WHERE id = p_id;
    END IF;
    IF v_service IS NULL THEN
        RETURN false;
    END IF;
    PERFORM set_config('relay.actor', '00000000-0000-4000-8000-000000000001', true),
            set_config('relay.service', v_service::text, true),
            set_config('relay.cases', CASE WHEN v_case IS NULL THEN '{}' ELSE ARRAY[v_case]::text END, true);
    RETURN true;
END
$$;

-- Before sign-in there is no actor: these answer one account, found by its keyed hash, of the caller's own surface.
DO $$
DECLARE
    surface text;
    v_side text;
BEGIN
    FOREACH surface IN ARRAY ARRAY['participants', 'desk'] LOOP
        v_side := CASE surface WHEN 'desk' THEN 'staff' ELSE 'participant' END;
        EXECUTE format($f$
            CREATE FUNCTION relay.find_account_%1$s(p_service uuid, p_lookup bytea)
            RETURNS TABLE (id uuid, key_version integer, sealed_private bytea)
            LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $b$
                SELECT a.id, a.key_version, k.sealed_private FROM relay.accounts a
                JOIN relay.account_keys k ON k.account_id = a.id AND k.version = a.key_version
                WHERE a.service_id = p_service AND a.lookup = p_lookup AND a.side = %2$L AND a.state = 'active'
            $b$;
            CREATE FUNCTION relay.session_start_%1$s(p_id_hash bytea, p_account uuid, p_half bytea, p_sealed bytea,
                p_now timestamptz, p_expires timestamptz, p_stepped_up timestamptz)
            RETURNS void LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $b$
                INSERT INTO relay.sessions (id_hash, account_id, surface, half, sealed, created_at, seen_at,
                                            expires_at, stepped_up_at)
                SELECT p_id_hash, id, %1$L, p_half, p_sealed, p_now, p_now, p_expires, p_stepped_up
                FROM relay.accounts WHERE id = p_account AND side = %2$L AND state = 'active'
            $b$;
            CREATE FUNCTION relay.session_open_%1$s(p_id_hash bytea, p_now timestamptz, p_idle interval)
            RETURNS TABLE (account_id uuid, service_id uuid, roles text, key_version integer, half bytea, sealed bytea,
                           created_at timestamptz, expires_at timestamptz, stepped_up_at timestamptz)
            LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $b$
                -- a row is written twice a minute at most: not for every range of a film
                UPDATE relay.sessions s SET seen_at = p_now FROM relay.accounts a
                WHERE s.id_hash = p_id_hash AND s.surface = %1$L AND s.expires_at > p_now
                  AND s.seen_at + p_idle > p_now AND s.seen_at < p_now - interval '30 seconds'
                  AND a.id = s.account_id AND a.state = 'active' AND a.side = %2$L;
                SELECT a.id, a.service_id, a.roles, a.key_version, s.half, s.sealed, s.created_at, s.expires_at,
                       s.stepped_up_at
                FROM relay.sessions s JOIN relay.accounts a ON a.id = s.account_id
                WHERE s.id_hash = p_id_hash AND s.surface = %1$L AND s.expires_at > p_now
                  AND s.seen_at + p_idle > p_now AND a.state = 'active' AND a.side = %2$L
            $b$;
            CREATE FUNCTION relay.session_end_%1$s(p_id_hash bytea) RETURNS void
            LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $b$
                DELETE FROM relay.sessions WHERE id_hash = p_id_hash AND surface = %1$L
            $b$;
            CREATE FUNCTION relay.invitation_try_%1$s(p_id uuid, p_now timestamptz)
            RETURNS TABLE (account_id uuid, service_id uuid, case_id uuid, secret_hash bytea, code_mac bytea, tries integer)
            LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $b$
                UPDATE relay.invitations i SET tries = i.tries + 1
                FROM relay.accounts a
                WHERE i.id = p_id AND i.used_at IS NULL AND i.expires_at > p_now AND i.tries < 5
                  AND a.id = i.account_id AND a.side = %2$L AND a.state <> 'suspended'
                RETURNING i.account_id, i.service_id, i.case_id, i.secret_hash, i.code_mac, i.tries
            $b$;
            $f$, surface, v_side);
    END LOOP;
END
$$;

-- Counts a try and answers how many there were in the window, this one included. Commit before comparing anything.
CREATE FUNCTION relay.throttle_take(p_key bytea, p_now timestamptz, p_window interval) RETURNS integer
LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
    INSERT INTO relay.throttles AS t (key, window_start, tries) VALUES (p_key, p_now, 1)
    ON CONFLICT (key) DO UPDATE SET
        tries = CASE WHEN t.window_start + p_window <= p_now THEN 1 ELSE t.tries + 1 END,
        window_start = CASE WHEN t.window_start + p_window <= p_now THEN p_now ELSE t.window_start END
    RETURNING t.tries
$$;
CREATE FUNCTION relay.throttle_forget(p_key bytea) RETURNS void
LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
    DELETE FROM relay.throttles WHERE key = p_key
$$;

-- Every gate fact of a case of the actor's, as relay/cases/gates.py reads it. Facts only: no text, no name.
-- A participant's app needs the other side's too, to know whether anything may pass; it never shows them.
CREATE FUNCTION relay.gate_facts(p_case uuid) RETURNS jsonb LANGUAGE sql STABLE SECURITY DEFINER
    SET search_path = pg_catalog, pg_temp AS $$
    SELECT jsonb_build_object(
        'state', c.state,
        'seats', (SELECT coalesce(jsonb_agg(jsonb_build_object('id', s.id, 'account_id', s.account_id, 'part', s.part)
                         ORDER BY s.added_at, s.id), '[]')
                  FROM relay.seats s WHERE s.case_id = c.id AND s.removed_at IS NULL),
        'former', (SELECT coalesce(jsonb_agg(jsonb_build_object('id', s.id, 'account_id', s.account_id, 'part', s.part)
                          ORDER BY s.added_at, s.id), '[]')
                   FROM relay.seats s WHERE s.case_id = c.id AND s.removed_at IS NOT NULL AND s.part <> 'facilitator'),
        'requests', (SELECT coalesce(jsonb_agg(to_jsonb(l)), '[]') FROM (
            SELECT DISTINCT ON (account_id) account_id, asked FROM relay.victim_requests
            WHERE case_id = c.id ORDER BY account_id, number DESC) l),
        'responsibilities', (SELECT coalesce(jsonb_agg(to_jsonb(l)), '[]') FROM (
            SELECT DISTINCT ON (account_id) account_id, grade FROM relay.responsibilities
            WHERE case_id = c.id ORDER BY account_id, number DESC) l),
        'consents', (SELECT coalesce(jsonb_agg(to_jsonb(l)), '[]') FROM (
            SELECT DISTINCT ON (account_id, medium) account_id, medium, given, ask_again_at FROM relay.consents
            WHERE case_id = c.id ORDER BY account_id, medium, number DESC) l),
        'assessment', (SELECT to_jsonb(l) FROM (
            SELECT safe, valid_until FROM relay.assessments WHERE case_id = c.id ORDER BY number DESC LIMIT 1) l),
        'restrictions', (SELECT coalesce(jsonb_agg(to_jsonb(l)), '[]') FROM (
            SELECT DISTINCT ON (restriction_id) account_id, until, lifted, excepted FROM relay.restrictions
            WHERE case_id = c.id ORDER BY restriction_id, number DESC) l),
        'pauses', (SELECT coalesce(jsonb_agg(to_jsonb(l)), '[]') FROM (
            SELECT DISTINCT ON (account_id) account_id, paused FROM relay.pauses
            WHERE case_id = c.id ORDER BY account_id, number DESC) l))
    FROM relay.cases c WHERE c.id = p_case AND c.id = ANY (relay.cases())
$$;

-- Whom a participant may address: seats of the other side, by the label that a facilitator set. Who was taken off the
-- case stays among them, once they had enrolled or were written to: that they vanished would be a message. What is
-- written to them stops at its release. Only somebody who was invited by mistake goes.
CREATE FUNCTION relay.counterparts(p_case uuid) RETURNS TABLE (id uuid, part text, label_sealed bytea)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
    SELECT s.id, s.part, s.label_sealed FROM relay.seats s
    JOIN relay.seats me ON me.case_id = s.case_id AND me.account_id = relay.actor() AND me.removed_at IS NULL
    JOIN relay.accounts a ON a.id = s.account_id
    WHERE s.case_id = p_case AND p_case = ANY (relay.cases())
      AND (s.removed_at IS NULL OR a.key_version > 0 OR EXISTS (
          SELECT FROM relay.item_recipients r WHERE r.seat_id = s.id AND r.author_id = relay.actor()))
      AND ((me.part = 'victim' AND s.part = 'offender') OR (me.part = 'offender' AND s.part = 'victim'))
    ORDER BY s.added_at, s.id
$$;

-- Whom a release is from, for its recipient, by the label that a facilitator set; also after one of them left the case.
CREATE FUNCTION relay.sender(p_release uuid) RETURNS TABLE (id uuid, part text, label_sealed bytea)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
    SELECT s.id, s.part, s.label_sealed FROM relay.releases r
    JOIN relay.items i ON i.id = r.item_id
    JOIN relay.seats s ON s.case_id = r.case_id AND s.account_id = i.author_id
    WHERE r.id = p_release AND r.recipient_id = relay.actor()
    ORDER BY s.removed_at DESC NULLS FIRST, s.added_at DESC LIMIT 1
$$;

-- Whether somebody works on a case and has done so without a break since a time: what an approval of theirs is worth.
-- Who left the case or the service since, and came back, has to look and approve anew.
CREATE FUNCTION relay.works_on_case_since(p_case uuid, p_account uuid, p_since timestamptz) RETURNS boolean
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
    SELECT p_case = ANY (relay.cases())
       AND EXISTS (SELECT FROM relay.seats s JOIN relay.accounts a ON a.id = s.account_id
                   WHERE s.case_id = p_case AND s.account_id = p_account AND s.part = 'facilitator'
                     AND s.removed_at IS NULL AND a.state = 'active')
       AND NOT EXISTS (SELECT FROM relay.seats s
                       WHERE s.case_id = p_case AND s.account_id = p_account AND s.removed_at >= p_since)
$$;

-- Two approvals are not given up by one person: who asked for it is on the case still, and somebody else confirms it.
CREATE FUNCTION relay.check_case_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF (NEW.lowering_asked_by, NEW.lowering_asked_at) IS DISTINCT FROM (OLD.lowering_asked_by, OLD.lowering_asked_at)
       AND NEW.lowering_asked_by <> relay.actor() THEN
        RAISE EXCEPTION 'nobody asks for this in the name of another' USING ERRCODE = 'RL002';
    END IF;
    IF OLD.second_approval AND NOT NEW.second_approval AND (
        OLD.lowering_asked_by IS NULL OR relay.actor() IS NULL OR OLD.lowering_asked_by = relay.actor()
        OR NOT relay.works_on_case_since(OLD.id, OLD.lowering_asked_by, OLD.lowering_asked_at)
    ) THEN
        RAISE EXCEPTION 'a second facilitator has to confirm this' USING ERRCODE = 'RL002';
    END IF;
    RETURN NEW;
END
$$;
CREATE TRIGGER check_case_change BEFORE UPDATE ON relay.cases
    FOR EACH ROW EXECUTE FUNCTION relay.check_case_change();

-- Gates of which the record that counts is not what the audit chain says was recorded last: edited, written in or taken
-- away behind it. For the operator alone (08_operator.sql).
CREATE FUNCTION relay.noted(p_moment timestamptz) RETURNS text LANGUAGE sql IMMUTABLE AS $$
    SELECT to_char(p_moment AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS"+00:00"')
$$;
CREATE FUNCTION relay.contradicted_gates() RETURNS TABLE (case_id uuid, tag text) LANGUAGE sql STABLE SECURITY DEFINER
    SET search_path = pg_catalog, pg_temp AS $$
    WITH written AS (
        SELECT 'gate.request_recorded' AS tag, case_id, account_id::text AS gate, number, recorded_by,
               jsonb_build_object('record', id, 'asked', asked) AS detail FROM relay.victim_requests
        UNION ALL
        SELECT 'gate.responsibility_recorded', case_id, account_id::text, number, recorded_by,
               jsonb_build_object('record', id, 'grade', grade) FROM relay.responsibilities
        UNION ALL
        SELECT 'gate.consent_recorded', case_id, account_id || ' ' || medium, number, recorded_by,
               jsonb_build_object('record', id, 'medium', medium, 'given', given, 'until', relay.noted(ask_again_at))
        FROM relay.consents
        UNION ALL
        SELECT 'gate.assessment_recorded', case_id, '', number, recorded_by,
               jsonb_build_object('record', id, 'safe', safe, 'until', relay.noted(valid_until)) FROM relay.assessments
        UNION ALL
        SELECT 'gate.restriction_recorded', case_id, account_id || ' ' || restriction_id, number, recorded_by,
               jsonb_build_object('record', id, 'restriction', restriction_id, 'until', relay.noted(until),
                                  'lifted', lifted, 'excepted', excepted) FROM relay.restrictions
        UNION ALL
        SELECT 'gate.pause_recorded', case_id, coalesce(account_id, case_id)::text, number, recorded_by,
               jsonb_build_object('record', id, 'paused', paused) FROM relay.pauses
    ), counts AS (
        SELECT DISTINCT ON (tag, case_id, gate) * FROM written ORDER BY tag, case_id, gate, number DESC
    ), said AS (
        SELECT DISTINCT ON (tag, case_id, gate) * FROM (
            SELECT e.tag, e.chain AS case_id, CASE e.tag
                       WHEN 'gate.assessment_recorded' THEN ''
                       WHEN 'gate.consent_recorded' THEN concat(e.subject_id, ' ', e.detail::jsonb ->> 'medium')
                       WHEN 'gate.restriction_recorded' THEN concat(e.subject_id, ' ', e.detail::jsonb ->> 'restriction')
                       ELSE e.subject_id::text END AS gate,
                   e.sequence, e.actor_id, e.detail::jsonb AS detail
            FROM relay.audit_entries e WHERE e.tag LIKE 'gate.%' AND e.detail::jsonb ? 'record'
        ) AS entries ORDER BY tag, case_id, gate, sequence DESC
    )
    SELECT case_id, tag FROM counts FULL JOIN said USING (tag, case_id, gate)
    WHERE (counts.recorded_by, counts.detail) IS DISTINCT FROM (said.actor_id, said.detail)
      AND case_id IN (SELECT id FROM relay.cases WHERE service_id = relay.service())
    ORDER BY case_id, tag
$$;

-- Which entries each surface writes, and where: in the service's chain, or in that of a case that the actor is on or was
-- on (what they wrote can be taken back later). Whoever works on the machine itself has taken on no role.
CREATE FUNCTION relay.may_append(p_chain uuid, p_tag text, p_role text) RETURNS boolean LANGUAGE sql STABLE
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
           WHEN 'relay_desk' THEN p_tag NOT IN (
               'item.started', 'item.draft_saved', 'item.submitted', 'item.withdrawn', 'item.agreed', 'upload.started',
               'upload.completed', 'upload.ended', 'delivery.chosen', 'delivery.read', 'item.ready', 'item.failed',
               'object.removed', 'service.created', 'roster.signed')
           ELSE true
       END
$$;

-- One row, kept by trigger, so that the watermark is never a scan.
CREATE TABLE relay.stored_total (one boolean PRIMARY KEY DEFAULT true CHECK (one), bytes bigint NOT NULL);
INSERT INTO relay.stored_total (bytes) VALUES (0);
GRANT SELECT, UPDATE ON relay.stored_total TO relay_gate;

-- For quotas: bytes of the actor's own originals in a case, of everything made by their side of it, and of the whole
-- house. What the other side has stored is in neither of the first two: a quota that it fills would tell.
CREATE FUNCTION relay.stored_bytes(p_case uuid)
RETURNS TABLE (by_owner bigint, by_side bigint, everywhere bigint)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
    SELECT (SELECT coalesce(sum(plaintext_size), 0)::bigint FROM relay.objects
            WHERE owner_id = relay.actor() AND case_id = p_case AND purpose = 'original' AND state <> 'gone'),
           (SELECT coalesce(sum(o.plaintext_size), 0)::bigint FROM relay.objects o
            WHERE o.case_id = p_case AND o.state <> 'gone' AND o.owner_id IN (
                SELECT s.account_id FROM relay.seats s JOIN relay.seats me ON me.case_id = s.case_id AND me.part = s.part
                WHERE s.case_id = p_case AND me.account_id = relay.actor())),
           (SELECT bytes FROM relay.stored_total)
    WHERE p_case = ANY (relay.cases())
$$;

CREATE FUNCTION relay.count_stored() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER
    SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    v_change bigint := CASE WHEN NEW.state = 'gone' THEN 0 ELSE NEW.plaintext_size END
        - CASE WHEN TG_OP = 'INSERT' OR OLD.state = 'gone' THEN 0 ELSE OLD.plaintext_size END;
BEGIN
    IF v_change <> 0 THEN
        UPDATE relay.stored_total SET bytes = bytes + v_change;
    END IF;
    RETURN NULL;
END
$$;
CREATE TRIGGER count_stored AFTER INSERT OR UPDATE OF state, plaintext_size ON relay.objects
    FOR EACH ROW EXECUTE FUNCTION relay.count_stored();

-- What the reconciler goes by: the state tables, never the queue.
CREATE FUNCTION relay.unfinished_revisions(p_now timestamptz) RETURNS SETOF uuid
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
    SELECT r.id FROM relay.items i
    JOIN relay.revisions r ON r.item_id = i.id AND r.number = i.revision
    JOIN relay.work w ON w.revision_id = r.id
    WHERE i.state = 'submitted' AND (w.leased_until IS NULL OR w.leased_until < p_now)
    ORDER BY i.changed_at LIMIT 1000
$$;
CREATE FUNCTION relay.due_releases(p_now timestamptz) RETURNS SETOF uuid
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
    SELECT id FROM relay.scheduled_releases WHERE state = 'waiting' AND due_at <= p_now ORDER BY due_at LIMIT 1000
$$;
-- Objects that nobody will finish: expired uploads, and renditions of tries that lost.
CREATE FUNCTION relay.abandoned_objects(p_now timestamptz, p_age interval) RETURNS SETOF uuid
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
    SELECT o.id FROM relay.objects o LEFT JOIN relay.uploads u ON u.object_id = o.id
    WHERE o.state = 'writing' AND CASE WHEN u.object_id IS NULL THEN o.created_at + p_age < p_now
                                       ELSE u.expires_at < p_now OR u.state = 'ended' END
    ORDER BY o.created_at LIMIT 1000
$$;
-- Of these blobs, those that no living row speaks of.
CREATE FUNCTION relay.stray_objects(p_names uuid[]) RETURNS SETOF uuid
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
    SELECT name FROM unnest(p_names) AS name
    WHERE NOT EXISTS (SELECT FROM relay.objects o WHERE o.id = name AND o.state <> 'gone')
$$;
-- Objects that have to be in the store, by page.
CREATE FUNCTION relay.ready_objects(p_after uuid, p_most integer) RETURNS SETOF uuid
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
    SELECT id FROM relay.objects WHERE state = 'ready' AND id > p_after ORDER BY id LIMIT p_most
$$;
-- Epochs that something unfinished is still sealed to. What its author took back meanwhile keeps its grant, but no key.
CREATE FUNCTION relay.needed_worker_epochs() RETURNS SETOF integer
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
    SELECT DISTINCT g.holder_key_version FROM relay.grants g
    JOIN relay.revisions r ON r.object_id = g.object_id
    JOIN relay.items i ON i.id = r.item_id AND i.revision = r.number
    WHERE g.holder_kind = 'worker' AND i.state = 'submitted'
    UNION SELECT DISTINCT worker_epoch FROM relay.scheduled_releases WHERE state = 'waiting'
$$;
-- Where each audit chain stands, for the checkpoints that are kept outside the database.
CREATE FUNCTION relay.audit_heads() RETURNS TABLE (chain uuid, sequence bigint, hash bytea)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
    SELECT chain, sequence, hash FROM relay.audit_chains WHERE service_id = relay.service() ORDER BY chain
$$;
CREATE FUNCTION relay.sweep_sessions(p_now timestamptz) RETURNS void
LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
    DELETE FROM relay.sessions WHERE expires_at < p_now;
    DELETE FROM relay.throttles WHERE window_start < p_now - interval '2 days';
$$;

-- A job carries one id. It has no lock of the queue's: a lease in relay.work keeps two workers apart, and a dead worker's
-- lock would keep every later job out. Deferred inside the caller's transaction; the same job waiting already is no error.
GRANT USAGE ON SCHEMA relay TO relay_gate;
-- Short before long, and nobody starves: the queue takes the highest number first, and this is when the file would be
-- due if a MiB took a second, negative. So a letter overtakes a film of 4 GiB that came up to 68 minutes before it, and
-- nothing that comes later than that does. What is no file (a release that is due, upkeep) has 0 and goes before all.
CREATE FUNCTION relay.urgency(p_revision uuid) RETURNS integer
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
    SELECT -(extract(epoch FROM r.submitted_at - timestamptz '2026-01-01 00:00+00')::bigint
             + o.plaintext_size / 1048576)::integer
    FROM relay.revisions r JOIN relay.objects o ON o.id = r.object_id WHERE r.id = p_revision
$$;
CREATE FUNCTION relay.enqueue(p_task text, p_id uuid, p_at timestamptz) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = jobs, pg_catalog, pg_temp AS $$
BEGIN
    IF p_task NOT IN ('make_safe', 'release_due') THEN
        RAISE EXCEPTION 'no such task' USING ERRCODE = 'RL003';
    END IF;
    PERFORM jobs.procrastinate_defer_jobs_v1(ARRAY[ROW(
        'relay', p_task, CASE p_task WHEN 'make_safe' THEN coalesce(relay.urgency(p_id), 0) ELSE 0 END, NULL, p_task || ':' || p_id, jsonb_build_object('id', p_id), p_at
    )::jobs.procrastinate_job_to_defer_v1]);
EXCEPTION WHEN unique_violation THEN
    NULL;  -- it is waiting already
END
$$;
GRANT SELECT, INSERT ON ALL TABLES IN SCHEMA jobs TO relay_gate;
GRANT USAGE ON ALL SEQUENCES IN SCHEMA jobs TO relay_gate;
GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA jobs TO relay_worker;
GRANT USAGE ON ALL SEQUENCES IN SCHEMA jobs TO relay_worker;

DO $$
DECLARE
    f regprocedure;
    shared text[] := ARRAY['throttle_take', 'throttle_forget', 'gate_facts', 'enqueue', 'stored_bytes'];
    worker text[] := ARRAY['enter_worker', 'unfinished_revisions', 'due_releases', 'abandoned_objects', 'sweep_sessions',
                           'needed_worker_epochs', 'audit_heads', 'stray_objects', 'ready_objects',
                           'gate_facts', 'enqueue', 'works_on_case_since'];
BEGIN
    FOR f IN SELECT p.oid::regprocedure FROM pg_proc p JOIN pg_namespace n ON n.oid = p.pronamespace
             WHERE n.nspname = 'relay' AND p.prosecdef AND p.proname NOT IN ('audit_append') LOOP
        EXECUTE format('REVOKE ALL ON FUNCTION %s FROM PUBLIC', f);
        -- the functions call one another
        EXECUTE format('GRANT EXECUTE ON FUNCTION %s TO relay_gate', f);
    END LOOP;
    GRANT EXECUTE ON FUNCTION relay.may_append(uuid, text, text) TO relay_audit;
    FOR f IN SELECT p.oid::regprocedure FROM pg_proc p JOIN pg_namespace n ON n.oid = p.pronamespace
             WHERE n.nspname = 'relay' AND (p.proname = ANY (shared) OR p.proname LIKE '%\_participants'
                                            OR p.proname IN ('counterparts', 'sender')) LOOP
        EXECUTE format('GRANT EXECUTE ON FUNCTION %s TO relay_participants', f);
    END LOOP;
    FOR f IN SELECT p.oid::regprocedure FROM pg_proc p JOIN pg_namespace n ON n.oid = p.pronamespace
             WHERE n.nspname = 'relay' AND (p.proname = ANY (shared) OR p.proname LIKE '%\_desk'
                                            OR p.proname IN ('enter_new_case', 'works_on_case_since')) LOOP
        EXECUTE format('GRANT EXECUTE ON FUNCTION %s TO relay_desk', f);
    END LOOP;
    FOR f IN SELECT p.oid::regprocedure FROM pg_proc p JOIN pg_namespace n ON n.oid = p.pronamespace
             WHERE n.nspname = 'relay' AND p.proname = ANY (worker) LOOP
        EXECUTE format('GRANT EXECUTE ON FUNCTION %s TO relay_worker', f);
    END LOOP;
    -- last: once they are another's, we may not change who can call them, and PostgreSQL says so only in a warning
    FOR f IN SELECT p.oid::regprocedure FROM pg_proc p JOIN pg_namespace n ON n.oid = p.pronamespace
             WHERE n.nspname = 'relay' AND p.prosecdef AND p.proowner = current_user::regrole LOOP
        EXECUTE format('ALTER FUNCTION %s OWNER TO relay_gate', f);
    END LOOP;
END
$$;
