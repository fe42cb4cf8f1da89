"""What somebody tries who holds the whole database and the blob store, and no private key (SAFETY 1 and 2).

Everything public is theirs: every row, every public key, the way in which grants and records are made. They
put in a grant that really opens something, beside a record that looks right. What they cannot make is a
signature of a facilitator on the roster, and the reader asks for nothing else.
"""

import io
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Literal
from uuid import UUID, uuid4

import msgspec
import psycopg
from psycopg.rows import class_row

from relay.blobs.folder import FolderBlobs
from relay.db.dsn import Dsn
from relay.exchange.moments import microseconds
from relay.settings import Settings
from relay.vault.grants import Holder, grant
from relay.vault.padding import pad
from relay.vault.release import ReleaseRecord, Signatures, SignedApproval, approval_of
from relay.vault.stream import object_binding, seal_stream
from relay.vault.suite import DataKey, PublicKey, Signer

Way = Literal["own content", "copied grant"]
FORGED = b"This was never written by the person whose name is on it.\n"


class _Target(msgspec.Struct, frozen=True, kw_only=True):
    """What the rows of an item tell whoever reads them."""

    service_id: UUID
    case_id: UUID
    author_id: UUID
    kind: str
    revision_id: UUID
    rendition_id: UUID
    object_id: UUID
    media_type: str
    sha256: bytes
    size: int
    commitment: bytes
    facilitator_id: UUID
    key_version: int
    hpke_public: bytes


_TARGET = """
SELECT i.service_id, i.case_id, i.author_id, i.kind, n.revision_id, n.id AS rendition_id, n.object_id,
       n.media_type, n.sha256, n.size, o.commitment, c.opened_by AS facilitator_id, k.version AS key_version,
       k.hpke_public
FROM relay.items i
JOIN relay.cases c ON c.id = i.case_id
JOIN relay.revisions r ON r.item_id = i.id AND r.number = i.revision
JOIN relay.renditions n ON n.revision_id = r.id AND n.role = 'clean'
JOIN relay.objects o ON o.id = n.object_id
JOIN relay.account_keys k ON k.account_id = %s
WHERE i.id = %s ORDER BY k.version DESC LIMIT 1
"""


@contextmanager
def planted(
    administrator: Dsn, settings: Settings, item_id: str, recipient_id: str, way: Way
) -> Iterator[str]:
    """Put a forged release of an unreleased item into the database and give its id; take it out at the end.

    "own content": an object of the forger's own, its key really sealed to the recipient. "copied grant": the
    reviewed rendition itself, with the author's grant on it copied to the recipient.
    """
    recipient, release_id = UUID(recipient_id), uuid4()
    with psycopg.connect(administrator.url, autocommit=True) as connection:
        # the tables refuse edits by anyone; only somebody who owns the server can switch that off
        connection.execute("SET session_replication_role = replica")
        with connection.cursor(row_factory=class_row(_Target)) as cursor:
            target = cursor.execute(_TARGET, [recipient, UUID(item_id)]).fetchone()
        if target is None:
            raise LookupError(item_id)
        if way == "own content":
            target, sealed = _own_content(connection, settings, target, recipient)
        else:
            sealed = _copied(connection, target)
        _insert(connection, target, UUID(item_id), recipient, release_id, sealed)
        try:
            yield str(release_id)
        finally:
            _take_out(connection, target.object_id, recipient, release_id)
            if way == "own content":
                connection.execute("DELETE FROM relay.objects WHERE id = %s", [target.object_id])
                FolderBlobs(settings.blobs).delete(target.object_id)


def _own_content(
    connection: psycopg.Connection, settings: Settings, target: _Target, recipient: UUID
) -> tuple[_Target, bytes]:
    object_id, key = uuid4(), DataKey.generate()
    source = io.BytesIO(pad(FORGED))
    with FolderBlobs(settings.blobs).create(object_id) as writer:
        summary = seal_stream(
            source.readinto, writer.write, key, object_binding(target.service_id, object_id), digest=True
        )
        writer.commit()
    connection.execute(
        "INSERT INTO relay.objects (id, service_id, case_id, owner_id, purpose, state, plaintext_size,"
        " commitment) VALUES (%s, %s, %s, %s, 'rendition', 'ready', %s, %s)",
        [
            object_id,
            target.service_id,
            target.case_id,
            target.author_id,
            summary.plaintext_size,
            summary.commitment,
        ],
    )
    sealed = grant(
        key,
        PublicKey(target.hpke_public),
        service=target.service_id,
        case=target.case_id,
        object_id=object_id,
        holder=Holder(kind="account", id=recipient, key_version=target.key_version),
    )
    changed = msgspec.structs.replace(
        target,
        object_id=object_id,
        sha256=summary.sha256 or b"",
        size=summary.plaintext_size,
        commitment=summary.commitment,
    )
    return changed, sealed


def _copied(connection: psycopg.Connection, target: _Target) -> bytes:
    row = connection.execute(
        "SELECT sealed FROM relay.grants WHERE object_id = %s AND holder_kind = 'account' AND holder_id = %s",
        [target.object_id, target.author_id],
    ).fetchone()
    return bytes(row[0]) if row else b""


def _record(target: _Target, item_id: UUID, recipient: UUID) -> tuple[bytes, bytes]:
    """Return a record that is right in every field, and signatures by a key of the forger's own."""
    now, forger = datetime.now(UTC), Signer.generate()
    record = ReleaseRecord(
        service=target.service_id,
        case=target.case_id,
        item=item_id,
        revision=target.revision_id,
        rendition=target.rendition_id,
        sha256=target.sha256,
        object=target.object_id,
        commitment=target.commitment,
        recipient=recipient,
        recipient_key=PublicKey(target.hpke_public).fingerprint,
        recipient_key_version=target.key_version,
        facilitators=(target.facilitator_id,),
        sequence=1_000_000,
        released_at=int(now.timestamp()),
    )
    decided_at = microseconds(now)
    approval = approval_of(record, target.facilitator_id, decided_at).sign(forger)
    signed = SignedApproval(facilitator=target.facilitator_id, decided_at=decided_at, signature=approval)
    signatures = Signatures(release=record.sign(forger), approvals=(signed,))
    return msgspec.json.encode(record), msgspec.json.encode(signatures)


def _insert(
    connection: psycopg.Connection,
    target: _Target,
    item_id: UUID,
    recipient: UUID,
    release_id: UUID,
    sealed: bytes,
) -> None:
    record, signatures = _record(target, item_id, recipient)
    values = msgspec.structs.asdict(target) | {
        "release": release_id,
        "item": item_id,
        "recipient": recipient,
        "record": record,
        "signatures": signatures,
        "sealed": sealed,
        "now": datetime.now(UTC),
    }
    connection.execute(
        """
        INSERT INTO relay.releases (id, service_id, case_id, item_id, revision_id, rendition_id, object_id,
            recipient_id, kind, media_type, size, holder_key_version, sequence, record, signatures,
            released_at)
        VALUES (%(release)s, %(service_id)s, %(case_id)s, %(item)s, %(revision_id)s, %(rendition_id)s,
            %(object_id)s, %(recipient)s, %(kind)s, %(media_type)s, %(size)s, %(key_version)s, 1000000,
            %(record)s, %(signatures)s, %(now)s)
        """,
        values,
    )
    connection.execute(
        """
        INSERT INTO relay.grants (object_id, holder_kind, holder_id, holder_key_version, case_id, sealed,
            release_id)
        VALUES (%(object_id)s, 'account', %(recipient)s, %(key_version)s, %(case_id)s, %(sealed)s,
            %(release)s)
        """,
        values,
    )
    connection.execute(
        "INSERT INTO relay.deliveries (release_id, case_id, recipient_id, changed_at)"
        " VALUES (%(release)s, %(case_id)s, %(recipient)s, %(now)s)",
        values,
    )


def _take_out(connection: psycopg.Connection, object_id: UUID, recipient: UUID, release_id: UUID) -> None:
    connection.execute("DELETE FROM relay.deliveries WHERE release_id = %s", [release_id])
    connection.execute("DELETE FROM relay.releases WHERE id = %s", [release_id])
    connection.execute(
        "DELETE FROM relay.grants WHERE object_id = %s AND holder_kind = 'account' AND holder_id = %s",
        [object_id, recipient],
    )
