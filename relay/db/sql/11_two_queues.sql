-- What takes a moment has a queue of its own, and places of its own at every worker: a letter, and a release that is due,
-- wait for no film. Among files it is short before long (relay.urgency, 06_functions.sql).
SET LOCAL ROLE relay_gate;
CREATE OR REPLACE FUNCTION relay.enqueue(p_task text, p_id uuid, p_at timestamptz) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = jobs, pg_catalog, pg_temp AS $$
DECLARE
    of_a_file constant boolean := p_task = 'make_safe' AND EXISTS (
        SELECT FROM relay.revisions r JOIN relay.items i ON i.id = r.item_id WHERE r.id = p_id AND i.kind <> 'letter');
BEGIN
    IF p_task NOT IN ('make_safe', 'release_due') THEN
        RAISE EXCEPTION 'no such task' USING ERRCODE = 'RL003';
    END IF;
    PERFORM jobs.procrastinate_defer_jobs_v1(ARRAY[ROW(
        CASE WHEN of_a_file THEN 'relay' ELSE 'prompt' END, p_task,
        CASE p_task WHEN 'make_safe' THEN coalesce(relay.urgency(p_id), 0) ELSE 0 END,
        NULL, p_task || ':' || p_id, jsonb_build_object('id', p_id), p_at
    )::jobs.procrastinate_job_to_defer_v1]);
EXCEPTION WHEN unique_violation THEN
    NULL;  -- it is waiting already
END
$$;
RESET ROLE;
