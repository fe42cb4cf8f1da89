"""Concerns, as the facilitators of their cases read them."""

from datetime import datetime
from typing import Final, Literal
from uuid import UUID

import msgspec

from relay.cases.keys import SealedToCase
from relay.cases.model import Medium
from relay.cases.service import gate_facts
from relay.db.transaction import Reading
from relay.errors import Missing
from relay.exchange.items import find_item
from relay.exchange.model import Item
from relay.house import House
from relay.identity.model import Person
from relay.safeguarding.model import Concern, ConcernFile, Entry
from relay.safeguarding.rules import closers
from relay.safeguarding.sealing import Keys, keys_of

MOST_LISTED: Final = 200


class _Row(msgspec.Struct, frozen=True, kw_only=True):
    id: UUID
    case_id: UUID
    reference_sealed: bytes
    item_id: UUID | None
    item_kind: Medium | None
    author_id: UUID | None
    name_sealed: bytes | None
    stops_case: bool
    raised_by: UUID
    raised_at: datetime
    closed_at: datetime | None
    case_key_version: int
    sealed: bytes


class _EntryRow(msgspec.Struct, frozen=True, kw_only=True):
    id: UUID
    kind: Literal["note", "disclosed", "closed"]
    written_by: UUID
    written_at: datetime
    case_key_version: int
    sealed: bytes


_CONCERNS: Final = """
SELECT c.id, c.case_id, k.reference_sealed, c.item_id, i.kind AS item_kind, i.author_id, a.name_sealed,
       c.stops_case, c.raised_by, c.raised_at, e.written_at AS closed_at, c.case_key_version, c.sealed
FROM relay.concerns c
JOIN relay.cases k ON k.id = c.case_id
LEFT JOIN relay.items i ON i.id = c.item_id
LEFT JOIN relay.accounts a ON a.id = i.author_id
LEFT JOIN relay.concern_entries e ON e.concern_id = c.id AND e.kind = 'closed'
"""


async def open_ones(house: House, person: Person) -> list[Concern]:
    """Return the open concerns of all of the person's cases, the oldest first."""
    async with house.database.reading(person.id) as tx:
        rows = await tx.all(
            _Row, _CONCERNS + "WHERE e.id IS NULL ORDER BY c.raised_at, c.number LIMIT %s", [MOST_LISTED]
        )
        keys = {
            case_id: await keys_of(tx, house, person, case_id) for case_id in {row.case_id for row in rows}
        }
    return [_concern(house, row, keys[row.case_id]) for row in rows]


async def of_case(house: House, person: Person, case_id: UUID) -> list[Concern]:
    """Return the concerns of one case, the newest first. Raise `Missing` for a case that is not theirs."""
    async with house.database.reading(person.id) as tx:
        await gate_facts(tx, case_id)
        rows = await tx.all(
            _Row, _CONCERNS + "WHERE c.case_id = %s ORDER BY c.number DESC LIMIT %s", [case_id, MOST_LISTED]
        )
        keys = await keys_of(tx, house, person, case_id)
    return [_concern(house, row, keys) for row in rows]


async def item_of(house: House, person: Person, item_id: UUID) -> Item:
    """Return what was sent, whether or not anything of it opens. Raise `Missing`, for a draft as well.

    Its own page is refused where something of it was tampered with: a concern can be raised all the same.
    """
    async with house.database.reading(person.id) as tx:
        item = await find_item(tx, item_id)
    if item.revision == 0:
        raise Missing
    return item


async def read_concern(house: House, person: Person, concern_id: UUID) -> ConcernFile:
    """Return a concern with all that was written about it. Raise `Missing`."""
    async with house.database.reading(person.id) as tx:
        concern = await find_concern(tx, house, person, concern_id)
        rows = await tx.all(
            _EntryRow,
            "SELECT id, kind, written_by, written_at, case_key_version, sealed FROM relay.concern_entries"
            " WHERE concern_id = %s ORDER BY number",
            [concern_id],
        )
        keys = await keys_of(tx, house, person, concern.case_id)
        may_close = closers(concern, await at_work(tx, concern.case_id))
    return ConcernFile(concern=concern, entries=tuple(_entry(row, keys) for row in rows), closers=may_close)


async def find_concern(tx: Reading, house: House, person: Person, concern_id: UUID) -> Concern:
    """Return a concern of the person's cases, or raise `Missing`."""
    row = await tx.one(_Row, _CONCERNS + "WHERE c.id = %s", [concern_id])
    if row is None:
        raise Missing
    return _concern(house, row, await keys_of(tx, house, person, row.case_id))


async def at_work(tx: Reading, case_id: UUID) -> list[UUID]:
    """Return the facilitators of a case whose account is active, as PostgreSQL counts them."""
    return await tx.values(
        "SELECT account_id FROM relay.seats WHERE case_id = %s AND part = 'facilitator'"
        " AND removed_at IS NULL AND relay.works_on_case_since(case_id, account_id, 'infinity')"
        " ORDER BY added_at, id",
        [case_id],
    )


def _concern(house: House, row: _Row, keys: Keys) -> Concern:
    author = None
    if row.author_id is not None and row.name_sealed is not None:
        author = house.columns.open("accounts", "name", row.author_id, row.name_sealed)
    return Concern(
        id=row.id,
        case_id=row.case_id,
        reference=house.columns.open("cases", "reference", row.case_id, row.reference_sealed),
        item_id=row.item_id,
        item_kind=row.item_kind,
        item_author=author,
        stops_case=row.stops_case,
        raised_by=row.raised_by,
        raised_at=row.raised_at,
        closed_at=row.closed_at,
        noticed=keys.noticed(row.id, SealedToCase(row.case_key_version, row.sealed)),
    )


def _entry(row: _EntryRow, keys: Keys) -> Entry:
    return Entry(
        id=row.id,
        kind=row.kind,
        written_by=row.written_by,
        written_at=row.written_at,
        said=keys.said(row.id, SealedToCase(row.case_key_version, row.sealed)),
    )
