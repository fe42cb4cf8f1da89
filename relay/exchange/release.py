"""Release: the act that gives one recipient the key to one reviewed rendition. A sealing, not a flag.

Always by a facilitator who approved it, never automatically. A scheduled release is decided, sealed and
signed by the facilitator now; at its time a worker takes off the outer seal, if the gates still hold
(`exchange.scheduled`).
"""

from datetime import datetime, timedelta
from typing import NamedTuple
from uuid import UUID, uuid4

import msgspec

from relay.audit.tags import Tag
from relay.cases import gates
from relay.cases.service import gate_facts
from relay.db.transaction import Acting
from relay.errors import Blocked, Conflict, Invalid, Missing
from relay.exchange import approvals
from relay.exchange.items import lock_item
from relay.exchange.model import Item, Rendition
from relay.exchange.moments import EPOCH, microseconds
from relay.exchange.release_rows import ReleaseRow, write_release
from relay.exchange.renditions import case_content, find_rendition
from relay.exchange.scheduled import write_scheduled
from relay.exchange.transitions import Action, move
from relay.house import House
from relay.identity.model import Person
from relay.identity.trust import TrustedKey, participant_key, roster, verifier_of
from relay.vault.grants import grant
from relay.vault.release import ReleaseRecord, Signatures, SignedApproval, verify
from relay.vault.suite import Sealed

LONGEST_SCHEDULE = timedelta(days=400)


class _Prepared(NamedTuple):
    """Everything that a release writes, sealed and signed."""

    item: Item
    rendition: Rendition
    recipient: TrustedKey
    sealed: Sealed
    record: ReleaseRecord
    signatures: Signatures

    def row(self, released_at: datetime) -> ReleaseRow:
        """Return what is written down of it."""
        return ReleaseRow(
            case_id=self.item.case_id,
            item_id=self.item.id,
            revision_id=self.rendition.revision_id,
            rendition_id=self.rendition.id,
            object_id=self.rendition.object_id,
            recipient_id=self.record.recipient,
            kind=self.item.kind,
            media_type=self.rendition.media_type,
            size=self.rendition.size,
            duration_ms=self.rendition.duration_ms,
            pages=self.rendition.pages,
            sequence=self.record.sequence,
            record=msgspec.json.encode(self.record),
            signatures=msgspec.json.encode(self.signatures),
            released_at=released_at,
        )


async def release(house: House, person: Person, item_id: UUID, seat_id: UUID) -> UUID:
    """Release an approved item to one of its recipients, now. Return the release's id.

    Raise `Blocked` with every gate that is closed, `Conflict` if approvals are missing or the
    cooling-off time is not over.
    """
    release_id = uuid4()
    now = house.clock()
    async with house.database.acting(person.id, Tag.ITEM_RELEASED) as act:
        item = await lock_item(act, item_id)
        edge = move(item.state, Action.RELEASE, "desk")
        prepared = await _prepare(act, house, person, item, seat_id, now)
        if now < (earliest := _earliest(prepared, await _cooling_hours(act, item))):
            raise Conflict(
                f"The cooling-off time of this case lasts until {earliest:%d %B %Y %H:%M %Z}."
                " Schedule the release for then, or come back."
            )
        await write_release(
            act, house, release_id, prepared.row(now), prepared.recipient.holder, prepared.sealed
        )
        await act.run("UPDATE relay.items SET state = %s WHERE id = %s", [edge.target, item_id])
        act.note(
            release=release_id,
            recipient=prepared.record.recipient,
            rendition=prepared.rendition.id,
            sequence=prepared.record.sequence,
        )
    return release_id


async def schedule(house: House, person: Person, item_id: UUID, seat_id: UUID, due_at: datetime) -> UUID:
    """Decide a release now that happens at `due_at`, if the gates still hold then.

    Return the id that it will have. Raise `Blocked` with every gate that is closed, `Conflict` if approvals
    are missing, `Invalid` for a time that is past, too far away, or within the cooling-off time.
    """
    release_id = uuid4()
    now = house.clock()
    if due_at.tzinfo is None or not now < due_at <= now + LONGEST_SCHEDULE:
        raise Invalid(due_at="Give a date and time in the future, within 400 days.")
    due_at = due_at.replace(microsecond=0)
    async with house.database.acting(person.id, Tag.ITEM_SCHEDULED) as act:
        item = await lock_item(act, item_id)
        edge = move(item.state, Action.SCHEDULE, "desk")
        prepared = await _prepare(act, house, person, item, seat_id, due_at)
        if due_at < (earliest := _earliest(prepared, await _cooling_hours(act, item))):
            raise Invalid(
                due_at=f"The cooling-off time lasts until {earliest:%d %B %Y %H:%M %Z}."
                " Choose that time or a later one."
            )
        await write_scheduled(
            act,
            house,
            release_id,
            prepared.row(due_at),
            prepared.recipient.holder,
            prepared.sealed,
            scheduled_by=person.id,
        )
        await act.run("UPDATE relay.items SET state = %s WHERE id = %s", [edge.target, item_id])
        await act.enqueue("release_due", release_id, due_at)
        act.note(release=release_id, recipient=prepared.record.recipient, rendition=prepared.rendition.id)
    return release_id


def _earliest(prepared: _Prepared, cooling_hours: int) -> datetime:
    """Return when the cooling-off time ends: counted from the last of the approvals.

    In whole minutes, upwards: the time that a facilitator is told is one that they can then give.
    """
    approved_at = max(approval.decided_at for approval in prepared.signatures.approvals)
    if not cooling_hours:
        return EPOCH + timedelta(microseconds=approved_at)
    minutes = -(-approved_at // 60_000_000)
    return EPOCH + timedelta(minutes=minutes, hours=cooling_hours)


async def unschedule(house: House, person: Person, item_id: UUID) -> None:
    """Take back a scheduled release; the item is approved again."""
    async with house.database.acting(person.id, Tag.SCHEDULE_CANCELLED) as act:
        item = await lock_item(act, item_id)
        edge = move(item.state, Action.UNSCHEDULE, "desk")
        await act.run(
            "UPDATE relay.scheduled_releases SET state = 'cancelled'"
            " WHERE item_id = %s AND state = 'waiting'",
            [item_id],
        )
        await act.run("UPDATE relay.items SET state = %s WHERE id = %s", [edge.target, item_id])


async def _cooling_hours(act: Acting, item: Item) -> int:
    hours: int = await act.value("SELECT cooling_hours FROM relay.cases WHERE id = %s", [item.case_id])
    return hours


async def _prepare(
    act: Acting,
    house: House,
    person: Person,
    item: Item,
    seat_id: UUID,
    released_at: datetime,
) -> _Prepared:
    """Check everything under lock, open the key as the case, seal it to the recipient, sign the record."""
    if item.taken_back_at is not None:
        raise Conflict("The author has taken this back. Nothing more of it is released.")
    account_id = await _recipient(act, house, item, seat_id)
    rendition = await find_rendition(act, house, item, "clean")
    approved = await _approvals(act, house, person, rendition)
    recipient = await participant_key(act, house, item.case_id, account_id)
    key = (await case_content(act, house, person, rendition)).key
    sequence = await act.value(
        """
        SELECT 1 + greatest(
            (SELECT coalesce(max(sequence), 0) FROM relay.releases
             WHERE case_id = %(c)s AND recipient_id = %(r)s),
            (SELECT coalesce(max(sequence), 0) FROM relay.scheduled_releases
             WHERE case_id = %(c)s AND recipient_id = %(r)s))
        """,
        {"c": item.case_id, "r": account_id},
    )
    record = ReleaseRecord(
        service=house.pins.service_id,
        case=item.case_id,
        item=item.id,
        revision=rendition.revision_id,
        rendition=rendition.id,
        sha256=rendition.sha256,
        object=rendition.object_id,
        commitment=rendition.commitment,
        recipient=account_id,
        recipient_key=recipient.public.fingerprint,
        recipient_key_version=recipient.holder.key_version,
        facilitators=tuple(approval.facilitator for approval in approved),
        sequence=sequence,
        released_at=int(released_at.timestamp()),
    )
    signatures = Signatures(release=record.sign(person.signer), approvals=approved)
    signed = await roster(act, house)
    # before anything is sealed: rows that were swapped since the approval was signed end here (SAFETY 3)
    verify(record, signatures, lambda facilitator: verifier_of(signed, facilitator))
    sealed = grant(
        key,
        recipient.public,
        service=house.pins.service_id,
        case=item.case_id,
        object_id=rendition.object_id,
        holder=recipient.holder,
    )
    return _Prepared(item, rendition, recipient, sealed, record, signatures)


async def _recipient(act: Acting, house: House, item: Item, seat_id: UUID) -> UUID:
    """Return the account in the recipient's seat, if every gate between the two is open."""
    if not await act.value(
        "SELECT true FROM relay.item_recipients WHERE item_id = %s AND seat_id = %s", [item.id, seat_id]
    ):
        raise Missing
    facts = await gate_facts(act, item.case_id)
    seat = facts.seat(seat_id)
    if seat is None:
        raise Conflict("The recipient is no longer on the case.")
    if found := gates.blocks(facts, item.author_id, seat.account_id, item.kind, house.clock()):
        raise Blocked(gates.for_staff(found))
    if await act.value(
        "SELECT true FROM relay.releases WHERE item_id = %s AND recipient_id = %s", [item.id, seat.account_id]
    ):
        raise Conflict("This has been released to this person already.")
    return seat.account_id


async def _approvals(
    act: Acting, house: House, person: Person, rendition: Rendition
) -> tuple[SignedApproval, ...]:
    """Return as many of the approvals that count as the item needs, the releaser's first."""
    rows = await approvals.standing(act, house, rendition)
    needed = await approvals.needed(act, rendition.item_id)
    if len(rows) < needed:
        raise Conflict(
            "This needs two approvals, by two people who are on the case now."
            " A colleague on the case reads it and approves it too."
            if needed > 1
            else "Nobody who is on the case now has approved this. Read it and approve it first."
        )
    own = next((row for row in rows if row.reviewer_id == person.id), None)
    if own is None:
        raise Conflict(
            "Only somebody who approved this can release it. Read it and approve it first, or ask who did."
        )
    chosen = [own, *(row for row in rows if row is not own)][:needed]
    return tuple(
        SignedApproval(
            facilitator=row.reviewer_id, decided_at=microseconds(row.decided_at), signature=row.signature
        )
        for row in chosen
    )
