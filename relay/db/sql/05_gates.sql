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
                       WHEN 'gate.consent_recorded' THEN concat(e.subject_id, ' ', d.detail ->> 'medium')
                       WHEN 'gate.restriction_recorded' THEN concat(e.subject_id, ' ', d.detail ->> 'restriction')
                       ELSE e.subject_id::text END AS gate,
                   e.sequence, e.actor_id, d.detail
            FROM relay.audit_entries e,
                 -- what can not be read says nothing that a gate could agree with, and must not end the comparison
                 LATERAL (SELECT CASE WHEN e.detail IS JSON OBJECT THEN e.detail::jsonb
                                 ELSE '{"record": null}' END AS detail) d
            WHERE e.tag LIKE 'gate.%' AND d.detail ? 'record'
        ) AS entries ORDER BY tag, case_id, gate, sequence DESC
    )
    SELECT case_id, tag FROM counts FULL JOIN said USING (tag, case_id, gate)
    WHERE (counts.recorded_by, counts.detail) IS DISTINCT FROM (said.actor_id, said.detail)
      AND case_id IN (SELECT id FROM relay.cases WHERE service_id = relay.service())
    ORDER BY case_id, tag
$$;
