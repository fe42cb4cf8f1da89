"""Uploads: bound to their owner, sealed as they arrive, resumable after a cut at any byte.

A byte is acknowledged only after it would survive a loss of power. The part after the last full segment (the
tail) is recorded, sealed, in the same transaction as the offset.
"""

from asyncio import create_task, shield, to_thread
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import datetime, timedelta
from typing import Literal
from uuid import UUID

import msgspec

from relay.audit.tags import Tag
from relay.blobs.interface import BlobWriter
from relay.cases.model import Medium
from relay.db.transaction import Reading
from relay.errors import BlobMissing, Conflict, Gone, Invalid, Missing, TooLarge
from relay.exchange.items import (
    find_item,
    lock_item,
    own_holder,
    remove,
    require_not_taken_back,
    require_seat,
)
from relay.exchange.objects import add_grant, announce, end_others, find_key, finish
from relay.exchange.sink import Sink
from relay.exchange.transitions import State
from relay.house import House
from relay.identity.model import Person
from relay.vault.stream import HEADER, UploadSealer, create_header, header_commitment, object_binding
from relay.vault.suite import DataKey

MOST_WAITING = 50
"""Files of one person that are on their way or wait to be sent. A quota of bytes would let any number in."""
_OPEN_TO_FILES = {State.DRAFT, State.CHANGES_REQUESTED, State.FAILED}


class Upload(msgspec.Struct, frozen=True, kw_only=True):
    """How far an upload has come; `id` is its object's. `received` and `length` are bytes."""

    id: UUID
    item_id: UUID
    received: int
    length: int
    expires_at: datetime
    state: Literal["open", "complete", "ended"]


class _Row(msgspec.Struct, frozen=True, kw_only=True):
    object_id: UUID
    item_id: UUID
    case_id: UUID
    received: int
    length: int
    tail: bytes
    state: Literal["open", "complete", "ended"]
    expires_at: datetime

    def public(self) -> Upload:
        return Upload(
            id=self.object_id,
            item_id=self.item_id,
            received=self.received,
            length=self.length,
            expires_at=self.expires_at,
            state=self.state,
        )


_FIND = """
SELECT object_id, item_id, case_id, received, length, tail, state, expires_at
FROM relay.uploads WHERE object_id = %s
"""


class Receiving(Sink):
    """Takes one request's bytes. `upload` says, after the block of `append`, how far they brought it."""

    def __init__(self, sealer: UploadSealer, writer: BlobWriter, upload: Upload) -> None:
        """Made by `append` only."""
        super().__init__(sealer, writer)
        self.upload = upload


class _Stored(msgspec.Struct, frozen=True):
    by_owner: int
    by_side: int
    everywhere: int


def _expiry(house: House) -> datetime:
    return house.clock() + timedelta(hours=house.settings.upload_hours)


def _largest(house: House, kind: Medium) -> int:
    settings = house.settings
    return {
        "letter": 0,
        "audio": settings.audio_bytes,
        "video": settings.video_bytes,
        "document": settings.document_bytes,
    }[kind]


_WAITING = """
SELECT count(*) FROM relay.uploads u WHERE u.owner_id = %s AND u.state <> 'ended'
AND NOT EXISTS (SELECT FROM relay.revisions r WHERE r.object_id = u.object_id)
"""


async def _check_quota(tx: Reading, house: House, person: Person, case_id: UUID, length: int) -> None:
    settings = house.settings
    stored = await tx.one(_Stored, "SELECT * FROM relay.stored_bytes(%s)", [case_id])
    announced = await tx.value(
        "SELECT coalesce(sum(length), 0)::bigint FROM relay.uploads WHERE owner_id = %s AND state = 'open'",
        [person.id],
    )
    if stored is None:
        raise Missing
    if await tx.value(_WAITING, [person.id]) >= MOST_WAITING:
        raise Conflict(
            f"You have {MOST_WAITING} files here that were not sent. End some of them, or send them, first."
        )
    if stored.by_owner + announced + length > settings.person_quota:
        raise TooLarge(
            "With this file you would have stored more than is allowed."
            " Take back something that you no longer need, or ask your facilitator."
        )
    # Each side has half of a case's room. The house's total is held against its mark alone, without `length`:
    # else somebody could measure with announcements of every length how much others have stored.
    if stored.by_side + length > settings.case_quota // 2 or stored.everywhere > settings.store_watermark:
        raise TooLarge("There is no room for this file at the moment. Please tell your facilitator.")


async def create(house: House, person: Person, item_id: UUID, length: int) -> Upload:
    """Start an upload of `length` bytes for an item that awaits a file.

    Raise `TooLarge` over a limit or quota.
    """
    if length < 1:
        raise Invalid(length="The file is empty. Choose another one.")
    async with house.database.reading(person.id) as tx:
        item = await find_item(tx, item_id)
        await require_seat(tx, item.case_id)
        if item.kind == "letter":
            raise Invalid(
                kind="A letter is written, not uploaded. Start a document for a scan or a photograph."
            )
        most = _largest(house, item.kind)
        if length > most:
            raise TooLarge(
                f"The file has {length:,} bytes; {most:,} is the most."
                " Send a shorter one, or send it in parts."
            )
        await _check_quota(tx, house, person, item.case_id, length)
    object_id = await announce(house, person.id, item.case_id, person.id, "original")
    key = DataKey.generate()
    await to_thread(_start_blob, house, object_id, key)
    expires_at = _expiry(house)
    async with house.database.acting(person.id, Tag.UPLOAD_STARTED) as act:
        item = await lock_item(act, item_id)
        require_not_taken_back(item)
        if item.state not in _OPEN_TO_FILES:
            raise Conflict("This has been sent already. Take it back first if you want to send another file.")
        await _check_quota(act, house, person, item.case_id, length)
        await add_grant(act, house, item.case_id, object_id, key, own_holder(person))
        await act.run(
            "INSERT INTO relay.uploads (object_id, item_id, case_id, owner_id, length, expires_at)"
            " VALUES (%s, %s, %s, %s, %s, %s)",
            [object_id, item_id, item.case_id, person.id, length, expires_at],
        )
        act.note(object=object_id, length=length)
    return Upload(
        id=object_id, item_id=item_id, received=0, length=length, expires_at=expires_at, state="open"
    )


def _start_blob(house: House, object_id: UUID, key: DataKey) -> None:
    with house.blobs.create(object_id) as writer:
        writer.write_at(0, create_header(key, object_binding(house.pins.service_id, object_id)))
        writer.sync()


async def _find(tx: Reading, house: House, upload_id: UUID) -> _Row:
    row = await tx.one(_Row, _FIND, [upload_id])
    if row is None or row.state == "ended":
        raise Missing
    if row.state == "open" and row.expires_at <= house.clock():
        raise Gone("This upload has expired. Start it again; the file on your side is untouched.")
    return row


async def status(house: House, person: Person, upload_id: UUID) -> Upload:
    """Return how far an upload of this person's has come. Raise `Missing`, or `Gone` after it expired."""
    async with house.database.reading(person.id) as tx:
        row = await _find(tx, house, upload_id)
    if row.state == "open" and row.received == row.length:  # a crash came between the last byte and the end
        await _complete(house, person, upload_id)
        row = msgspec.structs.replace(row, state="complete")
    return row.public()


@asynccontextmanager
async def append(house: House, person: Person, upload_id: UUID, offset: int) -> AsyncIterator[Receiving]:
    """Take bytes from `offset` on. However the block ends, all that came is made durable, then acknowledged.

    Where a part could not be written, nothing of this request is acknowledged. Raise `Missing`, `Gone`, or
    `Conflict` if `offset` is not where the upload stands or another request is writing.
    """
    async with house.database.reading(person.id) as tx:
        row = await _find(tx, house, upload_id)
        await require_seat(tx, row.case_id)
        if row.state != "open" or row.received != offset:
            raise Conflict("The upload stands elsewhere. Ask where it stands, and go on from there.")
        key = await find_key(tx, house, row.case_id, upload_id, person.holder, person.keys)
    writer, header = await to_thread(_resume, house, upload_id)
    try:
        binding = object_binding(house.pins.service_id, upload_id)
        sealer = UploadSealer(key, binding, header, total=row.length, offset=offset, tail=row.tail)
    except BaseException:
        writer.close()
        raise
    sink = Receiving(sealer, writer, row.public())
    try:
        yield sink
    finally:
        await shield(create_task(_end(house, person, row, sink, writer)))
    if sink.received == row.length and not sink.discarded:
        await _complete(house, person, upload_id)
        sink.upload = msgspec.structs.replace(sink.upload, state="complete")


def _resume(house: House, upload_id: UUID) -> tuple[BlobWriter, bytes]:
    writer = house.blobs.resume(upload_id)
    try:
        return writer, writer.read_at(0, HEADER)
    except BaseException:
        writer.close()
        raise


async def _end(house: House, person: Person, row: _Row, sink: Receiving, writer: BlobWriter) -> None:
    """Record, then close: in one task, so that nothing is closed beneath a thread that still writes."""
    try:
        await _record(house, person, row, sink, writer)
    finally:
        await to_thread(writer.close)


async def _record(house: House, person: Person, row: _Row, sink: Receiving, writer: BlobWriter) -> None:
    """Make durable, then record offset and tail: only now may the bytes be acknowledged."""
    await sink.settle()
    if sink.discarded or sink.received == row.received:
        return
    tail = sink.sealer.close()
    await to_thread(writer.sync)
    expires_at = _expiry(house)
    async with house.database.keeping(person.id) as tx:
        recorded = await tx.run(
            """
            UPDATE relay.uploads SET received = %s, tail = %s, expires_at = %s
            WHERE object_id = %s AND received = %s AND state = 'open'
            """,
            [sink.received, tail, expires_at, row.object_id, row.received],
        )
    if not recorded:
        raise Conflict("Another request wrote to this upload. Ask where it stands, and go on from there.")
    sink.upload = msgspec.structs.replace(sink.upload, received=sink.received, expires_at=expires_at)


async def _complete(house: House, person: Person, upload_id: UUID) -> None:
    """Finish the blob and the rows of an upload that has all its bytes. What it replaces is gone for good.

    Doing it again, after a crash, changes nothing.
    """
    try:
        commitment = await to_thread(_finish_blob, house, upload_id)
    except BlobMissing:
        async with house.database.reading(person.id) as tx:
            await _find(tx, house, upload_id)  # raises if its author ended it a moment ago
        raise
    async with house.database.acting(person.id, Tag.UPLOAD_COMPLETED, subject=upload_id) as act:
        row = await _find(act, house, upload_id)
        item = await lock_item(act, row.item_id)
        act.subject = upload_id
        row = await _find(act, house, upload_id)  # as it is now that nobody else can end it
        if item.state not in _OPEN_TO_FILES:
            raise Conflict("This has been sent or taken back already, so the file was not added.")
        replaced = await end_others(act, item.id, upload_id)
        await act.run(
            "UPDATE relay.uploads SET state = 'complete'"
            " WHERE object_id = %s AND state = 'open' AND received = length",
            [upload_id],
        )
        await finish(act, upload_id, row.length, commitment)
        act.note(item=row.item_id, length=row.length, replaced=len(replaced))
    await remove(house, replaced)


def _finish_blob(house: House, object_id: UUID) -> bytes:
    try:
        with house.blobs.resume(object_id) as writer:
            commitment = header_commitment(writer.read_at(0, HEADER))
            writer.commit()
    except BlobMissing:  # finished before a crash kept the rows from saying so
        with house.blobs.open(object_id) as reader:
            header = bytearray(HEADER)
            reader.read_into(0, memoryview(header))
            commitment = header_commitment(bytes(header))
    return commitment


async def terminate(house: House, person: Person, upload_id: UUID, *, unfinished: bool = False) -> None:
    """End an upload and remove what came of it. One that is part of a submitted revision stays.

    With `unfinished`, one that has arrived stays too: what it replaced is gone, so nothing would be left.
    Raise `Missing` for one that has ended: of several at once, one ends it.
    """
    async with house.database.acting(person.id, Tag.UPLOAD_ENDED, subject=upload_id) as act:
        item_id = await act.value("SELECT item_id FROM relay.uploads WHERE object_id = %s", [upload_id])
        if item_id is None:
            raise Missing
        await lock_item(act, item_id)
        act.subject = upload_id
        state = await act.value("SELECT state FROM relay.uploads WHERE object_id = %s", [upload_id])
        if state == "ended":
            raise Missing
        if unfinished and state != "open":
            raise Conflict("This file has arrived meanwhile, so the upload was not cancelled.")
        if await act.value("SELECT true FROM relay.revisions WHERE object_id = %s", [upload_id]):
            raise Conflict("This file has been sent already. Take the item back instead.")
        await act.run("UPDATE relay.uploads SET state = 'ended' WHERE object_id = %s", [upload_id])
        await act.run("UPDATE relay.objects SET state = 'gone' WHERE id = %s", [upload_id])
    await to_thread(house.blobs.delete, upload_id)
