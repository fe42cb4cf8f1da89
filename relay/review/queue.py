"""The queue of a facilitator's own cases, oldest first, and claims with a lease.

What a concern is open about is not in it: that stands on a list of its own (`safeguarding.reading`).

Whoever takes an item has it in hand until they decide on it or give it back. The lease says from when on a
colleague may take it all the same; it is kept up while its holder goes on with the item.
"""

from collections import defaultdict
from datetime import UTC, datetime, timedelta
from typing import Final
from uuid import UUID

import msgspec

from relay.audit.tags import Tag
from relay.cases.model import Medium, Part
from relay.errors import Conflict
from relay.exchange.items import lock_item
from relay.exchange.transitions import State
from relay.house import House
from relay.identity.model import Person
from relay.review.model import QueueEntry

PAGE = 50


class _Row(msgspec.Struct, frozen=True):
    item_id: UUID
    case_id: UUID
    reference_sealed: bytes
    kind: Medium
    state: str
    revision: int
    ready_at: datetime
    claimed_by: UUID | None
    asked: bool
    approved_by_me: bool


class _Person(msgspec.Struct, frozen=True):
    item_id: UUID
    account_id: UUID
    part: Part
    name_sealed: bytes
    wrote: bool


APPROVED_BY_ME: Final = """page.state = 'in_review' AND EXISTS (
    SELECT FROM relay.reviews v
    JOIN relay.revisions r ON r.id = v.revision_id AND r.number = page.revision
    WHERE v.item_id = page.id AND v.reviewer_id = (SELECT relay.actor()) AND v.decision = 'approve'
      AND v.decided_at >= page.ready_at
      AND relay.works_on_case_since(page.case_id, v.reviewer_id, v.decided_at)
)"""
"""Whether what is left of an item (`page`) is somebody else's: the actor's own approval counts."""

# All that waits in the actor's cases is sorted for a page. That is little: of each author to each recipient,
# at most one item is on its way through review. The index `items_queue` gives these and no others, however
# many there are elsewhere. The cases, and what a concern is open about, are read once, not for each item:
# their policies compare a list at every visit.
_WHAT: Final = """
WITH own AS MATERIALIZED (
    SELECT id, reference_sealed FROM relay.cases WHERE id = ANY ((SELECT relay.cases())::uuid[])
), stopped AS MATERIALIZED (
    SELECT n.item_id FROM relay.concerns n
    WHERE n.case_id = ANY ((SELECT relay.cases())::uuid[]) AND n.item_id IS NOT NULL AND NOT EXISTS (
        SELECT FROM relay.concern_entries e WHERE e.concern_id = n.id AND e.kind = 'closed')
)
SELECT page.id AS item_id, page.case_id, own.reference_sealed, page.kind, page.state, page.revision,
       page.ready_at, l.facilitator_id AS claimed_by,
       page.state = 'in_review' AND EXISTS (
           SELECT FROM relay.revisions r
           JOIN relay.renditions n ON n.revision_id = r.id AND n.role = 'clean'
           WHERE r.item_id = page.id AND r.number = page.revision AND r.edited_by IS NOT NULL
             AND NOT EXISTS (SELECT FROM relay.agreements a WHERE a.revision_id = r.id)
       ) AS asked,
"""
_WAITS: Final = """ AS approved_by_me
FROM (
    SELECT i.id, i.case_id, i.kind, i.state, i.revision, i.ready_at FROM relay.items i
    WHERE i.case_id = ANY ((SELECT relay.cases())::uuid[]) AND i.state IN ('in_review', 'approved')
      AND i.id NOT IN (SELECT item_id FROM stopped)
      AND (i.ready_at, i.id) > (%(after)s, %(after_id)s)
    ORDER BY i.ready_at, i.id LIMIT %(limit)s
) AS page
JOIN own ON own.id = page.case_id
LEFT JOIN relay.claims l ON l.item_id = page.id
    AND (l.until > %(now)s OR l.facilitator_id = (SELECT relay.actor()))
ORDER BY page.ready_at, page.id
"""
_QUEUE: Final = _WHAT + APPROVED_BY_ME + _WAITS

_PEOPLE = """
SELECT DISTINCT i.id AS item_id, s.account_id, s.part, a.name_sealed, s.account_id = i.author_id AS wrote
FROM relay.items i
JOIN relay.seats s ON s.case_id = i.case_id AND (s.account_id = i.author_id OR EXISTS (
    SELECT FROM relay.item_recipients p WHERE p.item_id = i.id AND p.seat_id = s.id))
JOIN relay.accounts a ON a.id = s.account_id
WHERE i.id = ANY(%s) AND s.part <> 'facilitator' ORDER BY s.account_id
"""
"""Whom the items of a page are from, and for."""

_START = datetime(1970, 1, 1, tzinfo=UTC)
_FIRST = UUID(int=0)


async def queue(
    house: House, person: Person, *, after: datetime = _START, after_id: UUID = _FIRST, limit: int = PAGE
) -> list[QueueEntry]:
    """Return what waits in the person's own cases, the oldest first, at most `PAGE` entries.

    The next page starts after the last entry: `after` its `ready_at`, `after_id` its item.
    """
    async with house.database.reading(person.id) as tx:
        rows = await tx.all(
            _Row,
            _QUEUE,
            {"now": house.clock(), "after": after, "after_id": after_id, "limit": min(limit, PAGE)},
        )
        people = await tx.all(_Person, _PEOPLE, [[row.item_id for row in rows]])
    named: dict[tuple[UUID, bool], list[tuple[str, Part]]] = defaultdict(list)
    for one in people:
        name = house.columns.open("accounts", "name", one.account_id, one.name_sealed)
        named[one.item_id, one.wrote].append((name, one.part))
    sealed = {row.case_id: row.reference_sealed for row in rows}
    references = {
        case_id: house.columns.open("cases", "reference", case_id, reference)
        for case_id, reference in sealed.items()
    }
    return [
        QueueEntry(
            item_id=row.item_id,
            case_id=row.case_id,
            reference=references[row.case_id],
            kind=row.kind,
            author=named[row.item_id, True][0][0],
            part=named[row.item_id, True][0][1],
            recipients=tuple(name for name, _ in named[row.item_id, False]),
            state=row.state,
            revision=row.revision,
            ready_at=row.ready_at,
            claimed_by=row.claimed_by,
            asked=row.asked,
            approved_by_me=row.approved_by_me,
        )
        for row in rows
    ]


async def claim(house: House, person: Person, item_id: UUID) -> datetime:
    """Take an item to review it, or renew one's own claim. Return until when.

    Raise `Conflict` if a colleague has it.
    """
    now = house.clock()
    until = now + timedelta(minutes=house.settings.lease_minutes)
    async with house.database.acting(person.id, Tag.ITEM_CLAIMED) as act:
        item = await lock_item(act, item_id)
        if item.state not in {State.IN_REVIEW, State.APPROVED}:
            raise Conflict("This is not waiting for a review. Please look at the queue again.")
        taken = await act.run(
            """
            INSERT INTO relay.claims AS l (item_id, case_id, facilitator_id, until) VALUES (%s, %s, %s, %s)
            ON CONFLICT (item_id)
            DO UPDATE SET facilitator_id = excluded.facilitator_id, until = excluded.until
            WHERE l.until <= %s OR l.facilitator_id = excluded.facilitator_id
            """,
            [item_id, item.case_id, person.id, until, now],
        )
        if not taken:
            raise Conflict("A colleague is looking at this. Take another one, or ask them to hand it over.")
    return until


async def renew(house: House, person: Person, item_id: UUID) -> None:
    """Keep an item for whoever has it in hand and goes on with it. Nothing happens for anybody else.

    Also after the lease ran out, as long as no colleague has taken it. It is no action: no audit entry.
    """
    now = house.clock()
    until = now + timedelta(minutes=house.settings.lease_minutes)
    async with house.database.keeping(person.id) as tx:
        await tx.run(
            "UPDATE relay.claims SET until = %s WHERE item_id = %s AND facilitator_id = %s AND until < %s",
            # not at every look: only once some of it has gone by
            [until, item_id, person.id, now + (until - now) * 0.9],
        )


async def hand_back(house: House, person: Person, item_id: UUID) -> None:
    """Give an item back to the queue. No reason is asked: some things are too near to oneself."""
    async with house.database.acting(person.id, Tag.CLAIM_RETURNED) as act:
        await lock_item(act, item_id)
        if not await act.run(
            "DELETE FROM relay.claims WHERE item_id = %s AND facilitator_id = %s", [item_id, person.id]
        ):
            raise Conflict("You had not taken this one, or your time with it has run out.")
