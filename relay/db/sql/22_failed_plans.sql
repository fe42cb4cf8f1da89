-- Why plans came to nothing is looked up for a facilitator's first page, among all that was done in a case.
CREATE INDEX audit_entries_plans ON relay.audit_entries (chain, subject_id) WHERE tag = 'item.schedule_cancelled';
