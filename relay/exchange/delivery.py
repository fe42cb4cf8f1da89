"""Receiving: first only that something waits, then a choice. Nothing of it ever shows on the other side.

What waits says of itself whether it is all that its author sent, and may have a note with it, which a
facilitator wrote to its recipient. Both are in the release record, and nothing of a record is said, or opened
by it, before it was verified.
"""

from typing import Literal
from uuid import UUID

import msgspec

from relay.audit.tags import Tag
from relay.cases.own import CounterpartRow, label_of
from relay.db.transaction import Reading
from relay.errors import Conflict, Invalid, Missing, VaultRefused
from relay.exchange import notes
from relay.exchange.model import RELEASED_TYPES, Content, Delivery, OneDelivery
from relay.exchange.objects import find_key
from relay.house import House
from relay.identity.model import Person
from relay.identity.trust import past_verifier_of, roster
from relay.vault.release import ReleaseRecord, Signatures, decode, verify

Choice = Literal["open", "later", "hold", "refuse"]
_STATE_OF = {"open": "opened", "later": "later", "hold": "held", "refuse": "refused"}

# what is given again keeps its number
_DELIVERIES = """
SELECT r.id, r.case_id, r.kind, r.media_type, r.duration_ms, r.pages, d.state,
       CASE r.kind WHEN 'letter' THEN ceil(r.size / 2500.0)::int END AS letter_pages,
       (SELECT count(*) FROM (
            SELECT b.item_id, min(b.released_at) AS at FROM relay.releases b
            WHERE b.recipient_id = r.recipient_id AND b.kind = r.kind GROUP BY b.item_id) given
        WHERE (given.at, given.item_id) <= (
            (SELECT min(o.released_at) FROM relay.releases o
             WHERE (o.item_id, o.recipient_id) = (r.item_id, r.recipient_id)), r.item_id)) AS number,
       (SELECT p.given_on FROM relay.paper_receipts p JOIN relay.releases o ON o.id = p.release_id
        WHERE (o.item_id, o.recipient_id) = (r.item_id, r.recipient_id)
        ORDER BY p.recorded_at DESC, p.id LIMIT 1) AS on_paper,
       told.manner AS told_how, told.told_on
FROM relay.releases r JOIN relay.deliveries d ON d.release_id = r.id
LEFT JOIN LATERAL relay.stands_as_told(r.id) told ON true
"""


# what was given again under new keys takes the place of what those no longer open
_NEWEST = """
WHERE r.recipient_id = %s AND NOT EXISTS (
    SELECT FROM relay.releases later
    WHERE later.item_id = r.item_id AND later.recipient_id = r.recipient_id AND later.sequence > r.sequence)
"""
_IN_ORDER = "ORDER BY r.released_at DESC, r.id LIMIT %s"
_SENDERS = "SELECT s.*, r.id AS release_id FROM relay.releases r, LATERAL relay.sender(r.id) s"


async def deliveries(house: House, person: Person, *, limit: int = 200) -> list[Delivery]:
    """Return what waits for this person or was opened by them, the newest first."""
    async with house.database.reading(person.id) as tx:
        return await tx.all(
            Delivery,
            _DELIVERIES + _NEWEST + _IN_ORDER,
            [person.id, limit],
        )


async def delivery(house: House, person: Person, release_id: UUID) -> OneDelivery:
    """Return one of them, or raise `Missing`, or `VaultRefused` if nobody signed what it says of itself."""
    async with house.database.reading(person.id) as tx:
        found = await _find(tx, release_id)
        row = await _row(tx, person, release_id)
        stored = decode(row.record, ReleaseRecord)
        outdated = stored.recipient_key_version < person.key_version
        record = None if outdated else await _verified(tx, house, person, row, stored)
    return OneDelivery(
        **msgspec.structs.asdict(found),
        changes=record.told if record else None,
        note=notes.own(house, person, release_id, record, row.note) if record else None,
        outdated=outdated,
    )


async def sender(house: House, person: Person, release_id: UUID) -> str:
    """Return whom a delivery of this person's is from, as a facilitator called them. Raise `Missing`."""
    async with house.database.reading(person.id) as tx:
        row = await tx.one(CounterpartRow, "SELECT * FROM relay.sender(%s)", [release_id])
    if row is None:
        raise Missing
    return label_of(house, row)


class _SenderRow(CounterpartRow, frozen=True):
    release_id: UUID


async def senders(house: House, person: Person, *, limit: int = 200) -> dict[UUID, str]:
    """Return whom each of this person's deliveries is from, by its id."""
    async with house.database.reading(person.id) as tx:
        rows = await tx.all(
            _SenderRow,
            _SENDERS + _NEWEST + _IN_ORDER,
            [person.id, limit],
        )
    return {row.release_id: label_of(house, row) for row in rows}


async def _find(tx: Reading, release_id: UUID) -> Delivery:
    found = await tx.one(Delivery, _DELIVERIES + "WHERE r.id = %s", [release_id])
    if found is None:
        raise Missing
    return found


async def choose(house: House, person: Person, release_id: UUID, choice: Choice) -> Delivery:
    """Open it, leave it for later, have it held, or refuse it. Each can be taken back until it was opened.

    Return how it stands then. Nothing is verified for that: whatever waits can be refused.
    """
    if choice not in _STATE_OF:
        raise Invalid(choice="Choose one of: open, later, hold, refuse.")
    async with house.database.acting(person.id, Tag.DELIVERY_CHOSEN, subject=release_id) as act:
        act.chain = (await _find(act, release_id)).case_id
        changed = await act.run(
            "UPDATE relay.deliveries SET state = %s, changed_at = %s"
            " WHERE release_id = %s AND state <> 'opened'",
            [_STATE_OF[choice], house.clock(), release_id],
        )
        if not changed and choice != "open":
            raise Conflict("You have opened this already. You can stop reading it; nobody is told.")
        act.note(choice=choice)
        return await _find(act, release_id)


class _Row(msgspec.Struct, frozen=True, kw_only=True):
    case_id: UUID
    item_id: UUID
    object_id: UUID
    media_type: str
    size: int
    record: bytes
    signatures: bytes
    note: bytes | None
    state: str


async def content(house: House, person: Person, release_id: UUID) -> Content:
    """Return what this person opened, after its release record was verified.

    Raise `Conflict` before they chose to open it. The object's header must carry the commitment that the
    facilitators signed.
    """
    async with house.database.reading(person.id) as tx:
        row = await _row(tx, person, release_id)
        if row.state != "opened":
            raise Conflict(
                "You have not opened this. Choose to open it first, whenever you want to, or never."
            )
        if row.media_type not in RELEASED_TYPES:
            raise VaultRefused  # the type is not signed: a letter must never be served as a page
        stored = decode(row.record, ReleaseRecord)
        if stored.recipient_key_version < person.key_version:
            raise Conflict(
                "This was given to you under keys that you no longer have, so it cannot be opened any more."
                " Ask your facilitator for help."
            )
        record = await _verified(tx, house, person, row, stored)
        key = await find_key(tx, house, row.case_id, row.object_id, person.holder, person.keys)
    return Content(
        object_id=row.object_id,
        key=key,
        commitment=record.commitment,
        media_type=row.media_type,
        size=row.size,
    )


async def _row(tx: Reading, person: Person, release_id: UUID) -> _Row:
    row = await tx.one(
        _Row,
        "SELECT r.case_id, r.item_id, r.object_id, r.media_type, r.size, r.record, r.signatures,"
        " r.note, d.state FROM relay.releases r"
        " JOIN relay.deliveries d ON d.release_id = r.id WHERE r.id = %s AND r.recipient_id = %s",
        [release_id, person.id],
    )
    if row is None:
        raise Missing
    return row


async def _verified(
    tx: Reading, house: House, person: Person, row: _Row, stored: ReleaseRecord
) -> ReleaseRecord:
    """Return the record, or raise `VaultRefused` unless the facilitators that it names signed it.

    It is rebuilt from the reader's own values (their account, key and version; case, item and object of the
    row that was found for them); what only the record can tell (revision, rendition, hash, approvers, times,
    what was done to it) is what the facilitators' signatures then vouch for.
    """
    record = msgspec.structs.replace(
        stored,
        service=house.pins.service_id,
        case=row.case_id,
        item=row.item_id,
        object=row.object_id,
        recipient=person.id,
        recipient_key=person.keys.public.fingerprint,
        recipient_key_version=person.key_version,
    )
    signed = await roster(tx, house)
    verify(record, decode(row.signatures, Signatures), lambda one: past_verifier_of(signed, one))
    return record
