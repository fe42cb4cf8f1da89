"""Objects and grants in rows: writing one, sealing its key to a holder, opening it again."""

import io
from asyncio import to_thread
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Literal
from uuid import UUID, uuid4

import msgspec

from relay.db.transaction import Acting, Job, Reading
from relay.errors import Gone, Missing
from relay.exchange.model import Content, Item
from relay.house import House
from relay.identity.trust import TrustedKey
from relay.vault.grants import Holder, grant, open_grant
from relay.vault.stream import ObjectReader, StreamSummary, object_binding, seal_stream
from relay.vault.suite import DataKey, KeyPair


class NewObject(msgspec.Struct, frozen=True, kw_only=True):
    """An object that is in the store, and whose row still says "writing" until `finish`."""

    id: UUID
    key: DataKey
    summary: StreamSummary


async def announce(
    house: House,
    actor: UUID | Job,
    case_id: UUID,
    owner_id: UUID,
    purpose: Literal["original", "rendition", "edits"],
) -> UUID:
    """Write the object's row before its first byte, and return its id.

    So whatever is left over is found and swept.
    """
    object_id = uuid4()
    async with house.database.keeping(actor) as tx:
        await tx.run(
            "INSERT INTO relay.objects (id, service_id, case_id, owner_id, purpose)"
            " VALUES (%s, %s, %s, %s, %s)",
            [object_id, house.pins.service_id, case_id, owner_id, purpose],
        )
    return object_id


def store(
    house: House, object_id: UUID, source: io.RawIOBase | io.BufferedIOBase, *, digest: bool
) -> NewObject:
    """Seal all of `source` into the store under a fresh key. Blocking: call it in a thread."""
    key = DataKey.generate()
    binding = object_binding(house.pins.service_id, object_id)
    with house.blobs.create(object_id) as writer:
        summary = seal_stream(source.readinto, writer.write, key, binding, digest=digest)
        writer.commit()
    return NewObject(id=object_id, key=key, summary=summary)


async def store_bytes(
    house: House,
    actor: UUID | Job,
    case_id: UUID,
    owner_id: UUID,
    plain: bytes,
    purpose: Literal["original", "edits"] = "original",
) -> NewObject:
    """Announce and store something small: a letter, an edit list."""
    object_id = await announce(house, actor, case_id, owner_id, purpose)
    return await to_thread(store, house, object_id, io.BytesIO(plain), digest=False)


async def finish(act: Acting, object_id: UUID, plaintext_size: int, commitment: bytes) -> None:
    """Mark an object as ready, in the transaction that makes it part of something.

    Raise `Gone` if it was swept meanwhile.
    """
    kept = await act.run(
        "UPDATE relay.objects SET state = 'ready', plaintext_size = %s, commitment = %s"
        " WHERE id = %s AND state <> 'gone'",
        [plaintext_size, commitment, object_id],
    )
    if not kept:
        raise Gone


class _Removed(msgspec.Struct, frozen=True):
    id: UUID


async def end_uploads(act: Acting, item: Item) -> list[UUID]:
    """Let go of all that was uploaded for an item. Return the objects whose blobs are to be removed."""
    if not await act.value("SELECT %s = ANY (relay.cases())", [item.case_id]):
        return []  # who was taken off the case takes back what they wrote, and changes nothing else of it
    uploaded = await act.values("SELECT object_id FROM relay.uploads WHERE item_id = %s", [item.id])
    await act.run(
        "UPDATE relay.uploads SET state = 'ended' WHERE item_id = %s AND state <> 'ended'", [item.id]
    )
    return await _let_go(act, uploaded)


_OTHERS = """
UPDATE relay.uploads u SET state = 'ended'
WHERE u.item_id = %(item)s AND u.object_id <> %(kept)s AND u.state <> 'ended'
  AND NOT EXISTS (SELECT FROM relay.revisions r WHERE r.object_id = u.object_id)
  AND (u.state = 'complete' OR u.created_at <= (
      SELECT created_at FROM relay.uploads WHERE object_id = %(kept)s))
RETURNING u.object_id AS id
"""


async def end_others(act: Acting, item_id: UUID, kept: UUID) -> list[UUID]:
    """Let go of what `kept` replaces: files that wait to be sent, and those that were begun before it.

    Return the objects whose blobs are to be removed. What was sent stays, and what was begun later goes on.
    """
    ended = await act.all(_Removed, _OTHERS, {"item": item_id, "kept": kept})
    return await _let_go(act, [one.id for one in ended])


async def _let_go(act: Acting, objects: list[UUID]) -> list[UUID]:
    gone = await act.all(
        _Removed,
        "UPDATE relay.objects SET state = 'gone' WHERE id = ANY(%s) AND state <> 'gone' RETURNING id",
        [objects],
    )
    return [one.id for one in gone]


async def add_grant(
    act: Reading,
    house: House,
    case_id: UUID,
    object_id: UUID,
    key: DataKey,
    to: TrustedKey,
    *,
    release_id: UUID | None = None,
) -> None:
    """Seal an object's key to one holder whose public key was proved (`identity.trust`)."""
    sealed = grant(
        key, to.public, service=house.pins.service_id, case=case_id, object_id=object_id, holder=to.holder
    )
    await put_grant(act, case_id, object_id, to.holder, sealed, release_id=release_id)


async def put_grant(
    act: Reading,
    case_id: UUID,
    object_id: UUID,
    holder: Holder,
    sealed: bytes,
    *,
    release_id: UUID | None = None,
) -> bool:
    """Store a grant that is sealed already. Return whether it is in: False if the holder has one already."""
    stored = await act.run(
        """
        INSERT INTO relay.grants (object_id, holder_kind, holder_id, holder_key_version, case_id, sealed,
                                  release_id)
        VALUES (%s, %s, %s, %s, %s, %s, %s) ON CONFLICT DO NOTHING
        """,
        [object_id, holder.kind, holder.id, holder.key_version, case_id, sealed, release_id],
    )
    return stored == 1


class _GrantRow(msgspec.Struct, frozen=True):
    sealed: bytes


async def find_key(
    tx: Reading, house: House, case_id: UUID, object_id: UUID, holder: Holder, keys: KeyPair
) -> DataKey:
    """Open the grant that `holder` has on an object.

    Raise `Missing` if they have none, `VaultRefused` if it does not open with their keys.
    """
    row = await tx.one(
        _GrantRow,
        "SELECT sealed FROM relay.grants WHERE object_id = %s AND holder_kind = %s AND holder_id = %s"
        " AND holder_key_version = %s",
        [object_id, holder.kind, holder.id, holder.key_version],
    )
    if row is None:
        raise Missing
    return open_grant(
        keys, row.sealed, service=house.pins.service_id, case=case_id, object_id=object_id, holder=holder
    )


@contextmanager
def opened(house: House, content: Content) -> Iterator[ObjectReader]:
    """Open an object for reading; its header must carry the commitment that the caller expects. Blocking."""
    with house.blobs.open(content.object_id) as source:
        binding = object_binding(house.pins.service_id, content.object_id)
        yield ObjectReader(content.key, binding, source, commitment=content.commitment)
