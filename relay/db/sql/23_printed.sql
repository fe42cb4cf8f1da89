-- Who printed what for whom, and when, is looked up for an item's page, among all that was done in a case.
CREATE INDEX audit_entries_printed ON relay.audit_entries (chain, subject_id) WHERE tag = 'letter.printed';
