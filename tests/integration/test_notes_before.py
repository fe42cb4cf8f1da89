"""A service that was made before there were notes gets room for them, and keeps all that it has."""

import psycopg

from relay.db import migrate
from tests.support.postgres import Dsns

_BEFORE = """
SET session_replication_role = replica;
DROP TABLE public.schema_version, public.schema_files;
DROP SCHEMA relay CASCADE;
DROP SCHEMA jobs CASCADE
"""
_TEXT = """
INSERT INTO relay.sealed_texts (id, service_id, case_id, purpose, subject_id, holder_kind, holder_id,
                                holder_key_version, sealed)
SELECT u, u, u, %s, u, 'case', u, 1, 'x' FROM gen_random_uuid() AS u
"""
_RELEASE = """
INSERT INTO relay.releases (id, service_id, case_id, item_id, revision_id, rendition_id, object_id,
                            recipient_id, kind, media_type, size, holder_key_version, sequence, record,
                            signatures, released_at)
SELECT u, u, u, u, u, u, u, u, 'letter', 'text/plain', 1, 1, 1, 'x', 'x', now() FROM gen_random_uuid() AS u
"""


def test_what_was_passed_on_and_written_before_stays_as_it_is(dsns: Dsns) -> None:
    with psycopg.connect(dsns.superuser.url, autocommit=True) as connection:
        connection.execute(_BEFORE)
        migrate.upgrade(dsns.owner.url, "0008_counterparts")
        connection.execute(_RELEASE)
        connection.execute(_TEXT, ["guidance"])
        migrate.upgrade(dsns.owner.url)
        assert connection.execute("SELECT record, note FROM relay.releases").fetchall() == [(b"x", None)]
        connection.execute(_TEXT, ["release_note"])
        found = connection.execute("SELECT purpose, sealed FROM relay.sealed_texts ORDER BY purpose")
        assert found.fetchall() == [("guidance", b"x"), ("release_note", b"x")]
