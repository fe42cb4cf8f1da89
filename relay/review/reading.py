"""Looking at an item: its facts, its content, and the evidence that all of it was served.

Evidence is the bytes that went out to this reviewer (SAFETY 15): with or without script it is what can be
known here. A browser fetches a short recording whole before it has played the first second of it, and what a
page measures of its player is that page's word. So pages say that all of it was sent, never that it was
heard; how much of it was played there is a hint beside that (`static/heard.js`).
"""

from datetime import datetime, timedelta
from uuid import UUID

import msgspec

from relay.audit.tags import Tag
from relay.cases import gates
from relay.cases.keys import case_text
from relay.cases.model import Block, GateFacts, Part
from relay.cases.service import facts_for_staff
from relay.db.transaction import Reading
from relay.errors import Conflict
from relay.exchange import agreements, approvals, notes, telling
from relay.exchange.items import find_item, lock_item
from relay.exchange.model import Content, Item, Rendition, RenditionRole
from relay.exchange.renditions import case_content, find_rendition, own_number
from relay.exchange.transitions import State
from relay.house import House
from relay.identity.model import Person
from relay.review.model import ItemOnDesk, PastReview, Reason, Recipient, reasons_for
from relay.review.plans import failed_plans
from relay.safeguarding import stops

READABLE = {
    State.IN_REVIEW,
    State.CHANGES_REQUESTED,
    State.APPROVED,
    State.SCHEDULED,
    State.RELEASED,
    State.DECLINED,
}


class _RecipientRow(msgspec.Struct, frozen=True):
    seat_id: UUID
    account_id: UUID
    part: Part
    name_sealed: bytes
    released_at: datetime | None
    renewed: bool | None
    chosen: str | None
    chosen_at: datetime | None
    due_at: datetime | None


class _ReviewRow(msgspec.Struct, frozen=True):
    id: UUID
    reviewer_id: UUID
    revision: int
    decision: str
    reasons: str
    decided_at: datetime
    counts: bool


class _Desk(msgspec.Struct, frozen=True):
    name_sealed: bytes
    claimed_by: UUID | None
    claimed_until: datetime | None


async def item_on_desk(house: House, person: Person, item_id: UUID) -> ItemOnDesk:
    """Return everything about an item of the person's cases but its content. Raise `Missing`."""
    async with house.database.reading(person.id) as tx:
        item = await find_item(tx, item_id)
        clean = await _clean(tx, house, item)
        unmade = clean is None and item.failure is not None and item.state is State.IN_REVIEW
        desk = await tx.one(
            _Desk,
            """
            SELECT a.name_sealed, l.facilitator_id AS claimed_by, l.until AS claimed_until
            FROM relay.accounts a
            LEFT JOIN relay.claims l ON l.item_id = %s AND (l.until > %s OR l.facilitator_id = %s)
            WHERE a.id = %s
            """,
            [item_id, house.clock(), person.id, item.author_id],
        )
        if desk is None:
            raise Conflict
        facts = await facts_for_staff(tx, item.case_id)
        still = await stops.blocks(tx, item.case_id, item_id)
        reviews = await _reviews(tx, item)
        changes, approving, answer = None, set[UUID](), agreements.Answer(None)
        if clean:
            changes = await telling.changes(tx, house, person, item, clean)
            approving = {one.reviewer_id for one in await approvals.standing(tx, house, clean, changes)}
            answer = await agreements.answer(tx, house, item.author_id, clean, changes)
        colleagues = await approvals.may_approve(tx, house, item.case_id)
        return ItemOnDesk(
            id=item.id,
            case_id=item.case_id,
            author_id=item.author_id,
            author_part=_part(facts, item),
            author_name=house.columns.open("accounts", "name", item.author_id, desk.name_sealed),
            kind=item.kind,
            state=item.state,
            revision=item.revision,
            failure=item.failure,
            clean=clean,
            changes=changes,
            as_sent=await _clean(tx, house, item, await own_number(tx, item_id)) if unmade else None,
            recipients=await _recipients(tx, house, person, item, facts, still),
            reviews=tuple(
                [await _past(tx, house, person, item, row, row.reviewer_id in approving) for row in reviews]
            ),
            approvals=len(approving),
            approvals_needed=await approvals.needed(tx, item.id),
            approved_by_me=person.id in approving,
            lapsed=tuple({row.reviewer_id for row in reviews if row.counts} - approving),
            may_approve=tuple(one for one in colleagues if one not in approving),
            seen_all=clean is not None and await seen_all(tx, person, clean),
            claimed_by=desk.claimed_by,
            claimed_until=desk.claimed_until,
            agreed_at=answer.agreed_at,
            agreement_unconfirmed=answer.unconfirmed,
            reasons=reasons_of(facts, item),
            stands_still=bool(still),
        )


def reasons_of(facts: GateFacts, item: Item) -> tuple[Reason, ...]:
    """Return for which reasons an item can be sent back to its author, also to one who left the case."""
    part = _part(facts, item)
    return reasons_for(part) if part else ()


def _part(facts: GateFacts, item: Item) -> Part | None:
    """Return the author's part, also if they left the case."""
    seat = facts.as_authors_see_it().seat_of(item.author_id)
    return seat.part if seat else None


async def _clean(tx: Reading, house: House, item: Item, number: int | None = None) -> Rendition | None:
    try:
        return await find_rendition(tx, house, item, "clean", number)
    except Conflict:
        return None


async def _recipients(
    tx: Reading, house: House, person: Person, item: Item, facts: GateFacts, still: tuple[Block, ...]
) -> tuple[Recipient, ...]:
    rows = await tx.all(
        _RecipientRow,
        """
        SELECT p.seat_id, s.account_id, s.part, a.name_sealed,
               (SELECT min(r.released_at) FROM relay.releases r
                WHERE r.item_id = p.item_id AND r.recipient_id = s.account_id) AS released_at,
               a.key_version > (SELECT max(r.holder_key_version) FROM relay.releases r
                       WHERE r.item_id = p.item_id AND r.recipient_id = s.account_id) AS renewed,
               chosen.state AS chosen, chosen.changed_at AS chosen_at,
               (SELECT d.due_at FROM relay.scheduled_releases d WHERE d.item_id = p.item_id
                AND d.recipient_id = s.account_id AND d.state = 'waiting') AS due_at
        FROM relay.item_recipients p
        JOIN relay.seats s ON s.id = p.seat_id
        JOIN relay.accounts a ON a.id = s.account_id
        LEFT JOIN LATERAL (
            SELECT d.state, d.changed_at FROM relay.deliveries d JOIN relay.releases r ON r.id = d.release_id
            WHERE r.item_id = p.item_id AND r.recipient_id = s.account_id
            ORDER BY r.sequence DESC LIMIT 1) AS chosen ON true
        WHERE p.item_id = %s ORDER BY p.seat_id
        """,
        [item.id],
    )
    failed = await failed_plans(tx, item.id, house.clock())
    written = await notes.of_case(tx, house, person, item.case_id, item.id)
    return tuple(
        Recipient(
            seat_id=row.seat_id,
            account_id=row.account_id,
            part=row.part,
            name=house.columns.open("accounts", "name", row.account_id, row.name_sealed),
            blocks=gates.for_staff(
                (*still, *gates.blocks(facts, item.author_id, row.account_id, item.kind, house.local_time()))
            ),
            released=row.released_at is not None,
            released_at=row.released_at,
            failed_plan=failed.get(row.account_id),
            renewed=bool(row.renewed),
            held_since=row.chosen_at if row.chosen == "held" else None,
            refused_since=row.chosen_at if row.chosen == "refused" else None,
            due_at=row.due_at,
            note=written.get(row.account_id),
        )
        for row in rows
    )


async def _reviews(tx: Reading, item: Item) -> list[_ReviewRow]:
    return await tx.all(
        _ReviewRow,
        """
        SELECT v.id, v.reviewer_id, r.number AS revision, v.decision, v.reasons, v.decided_at,
               v.decision = 'approve' AND r.number = i.revision AND v.decided_at >= i.ready_at AS counts
        FROM relay.reviews v
        JOIN relay.revisions r ON r.id = v.revision_id
        JOIN relay.items i ON i.id = v.item_id
        WHERE v.item_id = %s ORDER BY v.decided_at DESC LIMIT 100
        """,
        [item.id],
    )


async def _past(
    tx: Reading,
    house: House,
    person: Person,
    item: Item,
    row: _ReviewRow,
    approves: bool,  # noqa: FBT001 - whether its reviewer is among those whose approvals count
) -> PastReview:
    return msgspec.convert(
        {
            "reviewer_id": row.reviewer_id,
            "revision": row.revision,
            "decision": row.decision,
            "reasons": tuple(row.reasons.split()),
            "decided_at": row.decided_at,
            "stands": row.counts and approves,
            "guidance": await case_text(tx, house, person, item.case_id, "guidance", row.id) or "",
        },
        PastReview,
    )


async def open_rendition(
    house: House, person: Person, item_id: UUID, role: RenditionRole, *, as_sent: bool = False
) -> tuple[Rendition, Content]:
    """Return a rendition of an item, with its key, and leave an audit entry.

    `as_sent`: of the newest version that its author sent, before a facilitator hid parts.

    Raise `Conflict` if it is not ready yet, or its author took it back.
    """
    async with house.database.acting(person.id, Tag.ITEM_READ) as act:
        item = await lock_item(act, item_id)
        if item.state not in READABLE or item.taken_back_at is not None:
            raise Conflict("This is not there to be read: it is not ready yet, or its author took it back.")
        rendition = await find_rendition(
            act, house, item, role, await own_number(act, item_id) if as_sent else None
        )
        act.note(rendition=rendition.id, role=role)
        return rendition, await case_content(act, house, person, rendition)


async def record_seen(house: House, person: Person, rendition: Rendition, start: int, stop: int) -> None:
    """Record that bytes `start` up to `stop` of a rendition were served to this reviewer.

    Whoever has it in hand goes on with it, so it is kept for them: a film may be longer than the lease.
    """
    if rendition.role != "clean" or start >= stop:
        return
    now = house.clock()
    lease = timedelta(minutes=house.settings.lease_minutes)
    async with house.database.keeping(person.id) as tx:
        await tx.run(
            """
            WITH kept AS (
                UPDATE relay.claims SET until = %s
                WHERE item_id = %s AND facilitator_id = %s AND until < %s
            )
            INSERT INTO relay.coverage AS c (rendition_id, reviewer_id, case_id, seen)
            VALUES (%s, %s, %s, int8multirange(int8range(%s, %s)))
            ON CONFLICT (rendition_id, reviewer_id) DO UPDATE SET seen = c.seen + excluded.seen
            """,
            [
                now + lease,
                rendition.item_id,
                person.id,
                now + lease / 2,
                rendition.id,
                person.id,
                rendition.case_id,
                start,
                stop,
            ],
        )


async def seen_all(tx: Reading, person: Person, rendition: Rendition) -> bool:
    """Return whether every byte of a rendition was served to this reviewer."""
    return bool(
        await tx.value(
            "SELECT seen @> int8range(0, %s) FROM relay.coverage"
            " WHERE rendition_id = %s AND reviewer_id = %s",
            [rendition.size, rendition.id, person.id],
        )
    )
