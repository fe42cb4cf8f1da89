"""What must always be so (DESIGN, section 7), read from the database and tried with every key that there is.

Nothing here goes through the services: SQL as superuser, and the vault. What a grant is labelled is not
believed; each is tried with the key of everybody.
"""

import hashlib
import json
from collections import defaultdict
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any, LiteralString, NamedTuple
from uuid import UUID

import msgspec
import psycopg
from msgspec import UNSET
from psycopg.rows import class_row, namedtuple_row
from psycopg.sql import SQL, Identifier

from relay.audit.chain import START, Entry, entry_hash
from relay.blobs.interface import Blobs
from relay.errors import VaultRefused
from relay.identity.model import Person
from relay.vault.grants import Holder, HolderKind, open_case_key, open_grant
from relay.vault.release import ReleaseRecord, Signatures, approval_of
from relay.vault.statements import Agreement
from relay.vault.stream import ObjectReader, object_binding
from relay.vault.suite import DataKey, KeyPair, PublicKey, Verifier
from tests.functional.oracle import Delivered
from tests.functional.world import World
from tests.support.stage import Stage

# Rows that were written since the last look: all that there are would be read anew at each step else.
_NEW_CASE_KEYS: LiteralString = """
SELECT g.*, k.public FROM relay.case_key_grants g JOIN relay.case_keys k USING (case_id, version)
WHERE g.xmin::text::bigint >= %s
"""
_NEW_GRANTS: LiteralString = """
SELECT g.object_id, g.holder_kind, g.holder_id, g.holder_key_version, g.case_id, g.sealed,
       o.purpose, o.owner_id, pg_snapshot_xmax(pg_current_snapshot())::text::bigint
FROM relay.grants g JOIN relay.objects o ON o.id = g.object_id
WHERE g.xmin::text::bigint >= %s
"""
_STATES = """
SELECT i.id, i.state, i.revision, i.taken_back_at, i.failure, EXISTS (
    SELECT FROM relay.revisions r JOIN relay.grants g ON g.object_id IN (r.object_id, r.edits_id)
    WHERE r.item_id = i.id AND g.holder_kind = 'worker') AS for_workers
FROM relay.items i
"""


class _Grant(NamedTuple):
    object_id: UUID
    holder_kind: HolderKind
    holder_id: UUID
    holder_key_version: int
    case_id: UUID
    sealed: bytes


class Checks:
    """The checks of one copy of the service. `after` is called once a step."""

    def __init__(self, stage: Stage, address: str, blobs: Blobs) -> None:
        self._stage = stage
        self._service = stage.service.id
        self.blobs = blobs
        self.address = address
        self._database = psycopg.connect(address, autocommit=True)
        self._participants = [seated.person for case in stage.cases for seated in case.participants]
        self._staff = [*stage.staff, stage.administrator]
        everybody = [*stage.staff, *self._participants]
        self._verifiers: dict[UUID, Verifier] = {person.id: person.signer.public for person in everybody}
        self._looked_until = 0
        self._tried: set[bytes] = set()
        self._readable: dict[UUID, dict[UUID, DataKey]] = defaultdict(dict)
        self._case_pairs: dict[tuple[UUID, int], KeyPair] = {}
        self._holds: dict[UUID, set[tuple[UUID, int]]] = defaultdict(set)
        self._of_case: dict[tuple[UUID, int], set[UUID]] = defaultdict(set)
        self._gone: dict[tuple[UUID, UUID], set[UUID]] = {}
        self._heads: dict[UUID, tuple[int, bytes]] = {}
        self._entries()
        self.look()

    def close(self) -> None:
        """Let the connection go."""
        self._database.close()

    def rows(self, sql: LiteralString, *values: object) -> list[Any]:
        """Ask as superuser."""
        with self._database.cursor(row_factory=namedtuple_row) as cursor:
            return cursor.execute(sql, values).fetchall()

    # 7. every action has exactly one entry, and the chain verifies

    def _entries(self) -> list[Entry]:
        with self._database.cursor(row_factory=class_row(Entry)) as cursor:
            new = cursor.execute(
                """
                SELECT e.chain, e.sequence, e.service_id, e.tag, e.actor_id, e.subject_id, e.detail,
                       e.at_microseconds, e.previous, e.hash
                FROM relay.audit_entries e
                LEFT JOIN unnest(%s::uuid[], %s::bigint[]) AS known (chain, sequence) ON known.chain = e.chain
                WHERE e.sequence > coalesce(known.sequence, 0) ORDER BY e.chain, e.sequence
                """,
                [list(self._heads), [sequence for sequence, _ in self._heads.values()]],
            ).fetchall()
        for entry in new:
            sequence, previous = self._heads.get(entry.chain, (0, START))
            assert entry.sequence == sequence + 1, "an entry is missing"
            assert entry.previous == previous, "the chain is broken"
            assert entry.hash == entry_hash(entry), "an entry was changed"
            self._heads[entry.chain] = entry.sequence, entry.hash
        return new

    def audit(self, expected: int) -> list[Entry]:
        """Exactly so many new entries, each following the one before, and the heads agree."""
        new = self._entries()
        assert len(new) == expected, f"{expected} entries were expected, not {[entry.tag for entry in new]}"
        heads = {row.chain: (row.sequence, row.hash) for row in self.rows("SELECT * FROM relay.audit_chains")}
        assert heads == self._heads, "a head does not stand where its chain ends"
        return new

    # 1 to 3, and 6: who can open what

    def look(self) -> list[tuple[Person, UUID]]:
        """Try every new grant with everybody's keys. Return who can open which object since the last look."""
        for row in self.rows(_NEW_CASE_KEYS, self._looked_until):
            self._try_case_key(row)
        new: list[tuple[Person, UUID]] = []
        until = self._looked_until
        for row in self.rows(_NEW_GRANTS, until):
            *columns, purpose, owner, self._looked_until = row
            grant = _Grant(*columns)
            if purpose == "original":
                self._is_for_no_reader(grant, owner)
            if grant.sealed not in self._tried:
                self._tried.add(grant.sealed)
                new += list(self._try_grant(grant))
        return new

    def _is_for_no_reader(self, grant: _Grant, owner: UUID) -> None:
        """3. By its label too, which says for whom it was meant, an original is for none but these."""
        meant = {("account", owner), ("case", grant.case_id)}
        assert grant.holder_kind == "worker" or (grant.holder_kind, grant.holder_id) in meant, (
            "an original is sealed to somebody but its author, its case and the workers"
        )

    def _try_case_key(self, row: Any) -> None:
        if row.sealed in self._tried:
            return
        self._tried.add(row.sealed)
        for person in [*self._staff, *self._participants]:
            try:
                pair = open_case_key(
                    person.keys,
                    row.sealed,
                    service=self._service,
                    case=row.case_id,
                    case_key_version=row.version,
                    holder=Holder(row.holder_kind, row.holder_id, row.holder_key_version),
                    fingerprint=PublicKey(row.public).fingerprint,
                )
            except VaultRefused:
                continue
            assert person in self._stage.staff, "only a facilitator ever holds a case's key"
            self._case_pairs[row.case_id, row.version] = pair
            self._holds[person.id].add((row.case_id, row.version))

    def _open(self, pair: KeyPair, grant: _Grant, holder: Holder) -> DataKey | None:
        try:
            return open_grant(
                pair,
                grant.sealed,
                service=self._service,
                case=grant.case_id,
                object_id=grant.object_id,
                holder=holder,
            )
        except VaultRefused:
            return None

    def _try_grant(self, grant: _Grant) -> Iterator[tuple[Person, UUID]]:
        labelled = Holder(grant.holder_kind, grant.holder_id, grant.holder_key_version)
        for (case_id, version), pair in self._case_pairs.items():
            if self._open(pair, grant, labelled):
                assert case_id == grant.case_id, "a grant of one case opens with another's key"
                self._of_case[case_id, version].add(grant.object_id)
        for person in [*self._participants, *self._staff]:
            for holder in {labelled, person.holder}:
                key = self._open(person.keys, grant, holder)
                if key is None:
                    continue
                assert person in self._participants, "nothing is sealed to staff directly"
                self._readable[person.id][grant.object_id] = key
                yield person, grant.object_id

    def reach(self, account: UUID) -> set[UUID]:
        """Objects that a member of staff can open, with all that the database holds and their own keys."""
        return {object_id for held in self._holds[account] for object_id in self._of_case[held]}

    def removed(self, account: UUID, case_id: UUID) -> None:
        """Remember what they could open of the case when they were taken off it."""
        self._gone[account, case_id] = self._reach_of_case(account, case_id)

    def back(self, account: UUID, case_id: UUID) -> None:
        """They are on the case again."""
        self._gone.pop((account, case_id), None)

    def _reach_of_case(self, account: UUID, case_id: UUID) -> set[UUID]:
        return {
            object_id
            for held in self._holds[account]
            if held[0] == case_id
            for object_id in self._of_case[held]
        }

    def nobody_off_the_case_gains(self, world: World) -> None:
        """6. Who is off the case opens nothing that came after; an administrator opens nothing."""
        assert not self._holds[self._stage.administrator.id], "an administrator holds a case's key"
        for case in world.cases:
            for person in self._stage.staff:
                if person.id not in case.staff:
                    before = self._gone.get((person.id, case.id), set())
                    assert self._reach_of_case(person.id, case.id) <= before, (
                        "a removed facilitator opens more"
                    )

    def newly_readable(self, expected: dict[UUID, Delivered]) -> None:
        """1 to 4. What somebody can open now and could not before is theirs, or was just released to them.

        `expected` is by recipient: what this very step may have given them.
        """
        given = set()
        for person, object_id in self.look():
            owner, purpose = self.rows(
                "SELECT owner_id, purpose FROM relay.objects WHERE id = %s", object_id
            )[0]
            if owner == person.id:
                continue
            if purpose == "edits":  # what was hidden is told to whose item it is, and to nobody else
                authors = self.rows("SELECT author_id FROM relay.revisions WHERE edits_id = %s", object_id)
                assert authors == [(person.id,)], "a participant reads what is hidden of another's item"
                continue
            assert purpose == "rendition", "a participant can open another's original"
            assert person.id in expected, (
                "somebody can read something that was not given to them in this step"
            )
            self._check_release(person, object_id, expected[person.id])
            given.add(person.id)
        assert given == set(expected), "a release gave its recipient nothing"

    def _check_release(self, person: Person, object_id: UUID, delivered: Delivered) -> None:
        [row] = self.rows(
            """
            SELECT r.*, n.role, n.sha256, n.revision_id = r.revision_id AS same, v.number,
                   i.revision AS newest, v.edited_by
            FROM relay.releases r
            JOIN relay.renditions n ON n.id = r.rendition_id AND n.object_id = r.object_id
            JOIN relay.revisions v ON v.id = n.revision_id JOIN relay.items i ON i.id = r.item_id
            WHERE r.object_id = %s AND r.recipient_id = %s
            """,
            object_id,
            person.id,
        )
        assert (row.role, row.same, row.number) == ("clean", True, row.newest), "not the newest clean file"
        assert (row.item_id, row.id) == (delivered.item.id, delivered.id)
        self._check_record(person, row, delivered)
        assert (row.edited_by is not None) == (delivered.item.hidden is not None)
        if row.edited_by is not None:
            self._check_agreement(row, delivered)
        with self.blobs.open(object_id) as source:
            reader = ObjectReader(
                self._readable[person.id][object_id], object_binding(self._service, object_id), source
            )
            plain = reader.read_all(1 << 20)
            commitment = reader.commitment
        record = msgspec.json.decode(row.record, type=ReleaseRecord)
        assert hashlib.sha256(plain).digest() == record.sha256 == row.sha256, "not what was reviewed"
        assert commitment == record.commitment, "the record names another object's commitment"
        assert delivered.item.is_read_as(plain), "not what was sent, or is left of it"

    def _check_agreement(self, row: Any, delivered: Delivered) -> None:
        """Nothing with hidden parts is released without its author's agreement to exactly that rendition."""
        found = self.rows("SELECT * FROM relay.agreements WHERE rendition_id = %s", row.rendition_id)
        assert len(found) == 1, "nobody agreed to this"
        record = msgspec.json.decode(row.record, type=ReleaseRecord)
        author = delivered.item.author.id
        at = found[0].agreed_at - datetime(1970, 1, 1, tzinfo=UTC)
        statement = Agreement(
            service=self._service,
            case=record.case,
            item=record.item,
            revision=record.revision,
            rendition=record.rendition,
            sha256=record.sha256,
            object=record.object,
            commitment=record.commitment,
            author=author,
            agreed_at=at // timedelta(microseconds=1),
        )
        statement.verify(found[0].signature, self._verifiers[author])

    def _check_record(self, person: Person, row: Any, delivered: Delivered) -> None:
        record = msgspec.json.decode(row.record, type=ReleaseRecord)
        signatures = msgspec.json.decode(row.signatures, type=Signatures)
        assert (record.service, record.case, record.item) == (self._service, row.case_id, row.item_id)
        assert (record.rendition, record.object, record.revision) == (
            row.rendition_id,
            row.object_id,
            row.revision_id,
        )
        assert (record.recipient, record.recipient_key) == (person.id, person.keys.public.fingerprint)
        assert len(set(record.facilitators)) == len(record.facilitators) >= delivered.item.needs
        assert record.told == delivered.item.told, "its recipient is not told what was done to it"
        assert (record.note is not UNSET) == bool(delivered.note), "the record says another thing of a note"
        record.verify(signatures.release, self._verifiers[record.facilitators[0]])
        assert tuple(one.facilitator for one in signatures.approvals) == record.facilitators
        for one in signatures.approvals:
            statement = approval_of(record, one.facilitator, one.decided_at)
            statement.verify(one.signature, self._verifiers[one.facilitator])

    # the model and the database agree, and nothing that was sent is lost (8)

    def states(self, world: World) -> None:
        """Every item is where the model says, and sealed to workers only while they are to work on it."""
        found = {row.id: row for row in self.rows(_STATES)}
        assert found.keys() == {item.id for item in world.items}
        for item in world.items:
            row = found[item.id]
            assert (row.state, row.revision, row.taken_back_at is not None, row.failure) == (
                item.state,
                item.revision,
                item.taken_back,
                item.failure,
            )
            assert row.for_workers == item.for_workers, "sealed to workers, or not"

    def nothing_lost(self) -> None:
        """8. After the workers have done all there is, what was sent is ready, or failed with a reason."""
        lost = self.rows(
            """
            SELECT i.id FROM relay.revisions r JOIN relay.items i ON i.id = r.item_id
            WHERE NOT EXISTS (SELECT FROM relay.renditions n WHERE n.revision_id = r.id AND n.role = 'clean')
              AND NOT (i.state = 'failed' AND i.failure IS NOT NULL) AND i.taken_back_at IS NULL
              AND NOT (i.state = 'in_review' AND i.failure IS NOT NULL AND r.edited_by IS NOT NULL)
              AND r.number = i.revision
            """
        )
        assert not lost

    # 9. no plaintext and no name in PostgreSQL, or in the store

    def nothing_in_plain(self, words: set[str], pieces: set[bytes]) -> None:
        """No row and no blob holds one of these, as text or as bytes."""
        raw = {word.encode() for word in words} | pieces
        forms = words | {json.dumps(word)[1:-1] for word in words} | {one.hex() for one in raw}
        for row in self.rows(
            "SELECT schemaname, tablename FROM pg_tables"
            " WHERE schemaname NOT IN ('pg_catalog', 'information_schema')"
        ):
            table = Identifier(row.schemaname, row.tablename)
            query = SQL("SELECT string_agg(row::text, E'\\n') FROM {} AS row").format(table)
            [(text,)] = self._database.execute(query).fetchall()
            assert not any(form in (text or "") for form in forms), f"plaintext stands in {table.as_string()}"
        for (object_id,) in self.rows("SELECT id FROM relay.objects WHERE state = 'ready'"):
            with self.blobs.open(object_id) as source:
                stored = bytearray(source.size)
                source.read_into(0, memoryview(stored))
            assert not any(one in stored for one in raw), "plaintext stands in the store"

    def stored(self) -> None:
        """Every object that is ready is in the store (SAFETY 24)."""
        for (object_id,) in self.rows("SELECT id FROM relay.objects WHERE state = 'ready'"):
            assert self.blobs.size(object_id) > 0
