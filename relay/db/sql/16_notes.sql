-- What a facilitator wrote to whoever receives something, to be read before they choose. Sealed to the recipient, in the row
-- of the release; while that is planned, sealed once more to the workers' key, as its grant is. The case has its own copy
-- among the sealed texts. What it must say is in the release record (relay/vault/notes.py).
ALTER TABLE relay.releases ADD COLUMN note bytea;
ALTER TABLE relay.scheduled_releases ADD COLUMN note bytea;

ALTER TABLE relay.sealed_texts DROP CONSTRAINT sealed_texts_purpose_check;
ALTER TABLE relay.sealed_texts ADD CONSTRAINT sealed_texts_purpose_check CHECK (purpose IN (
    'draft', 'guidance', 'responsibility', 'assessment', 'restriction', 'exception', 'invitation', 'cover_note',
    'redaction', 'transcription', 'release_note'));

CREATE TRIGGER check_note_change BEFORE UPDATE OR DELETE ON relay.sealed_texts FOR EACH ROW
    WHEN (OLD.purpose = 'release_note')
    EXECUTE FUNCTION relay.refuse_row('what was written to a recipient stays as it was written');
