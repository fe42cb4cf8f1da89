"""Release: the act that gives one recipient the key to one reviewed rendition. A sealing, not a flag.

Always by a facilitator who approved it, never automatically. A scheduled release is decided, sealed and
signed by the facilitator now; at its time a worker takes off the outer seal, if the gates still hold
(`exchange.scheduled`). An item for several people is released or planned for each of them on its own.
"""

from datetime import UTC, datetime, timedelta
from uuid import UUID, uuid4

from relay.audit.tags import Tag
from relay.db.transaction import Acting
from relay.errors import Conflict, Invalid
from relay.exchange import notes
from relay.exchange.items import lock_item
from relay.exchange.model import Item
from relay.exchange.moments import EPOCH
from relay.exchange.preparing import Prepared, prepare
from relay.exchange.release_rows import write_release
from relay.exchange.scheduled import given_up, write_scheduled
from relay.exchange.telling import looked_up
from relay.exchange.transitions import Action, move
from relay.house import House
from relay.identity.model import Person
from relay.times import moment

LONGEST_SCHEDULE = timedelta(days=400)


async def release(house: House, person: Person, item_id: UUID, seat_id: UUID, note: str = "") -> UUID:
    """Release an approved item to one of its recipients, now. Return the release's id.

    `note`: what they read before they choose, or nothing.

    Somebody who has enrolled anew since is given it again, under their new keys: the same rendition, after
    the same checks, with a record of its own. The cooling-off time does not begin anew for that.

    Raise `Invalid` for a note that is none, `Blocked` with every gate that is closed, `Conflict` if
    approvals are missing or the cooling-off time is not over.
    """
    release_id, written = uuid4(), notes.drawn(note)
    now = house.clock()
    told = await looked_up(house, person, item_id)
    async with house.database.acting(person.id, Tag.ITEM_RELEASED) as act:
        item = await lock_item(act, item_id)
        edge = move(item.state, Action.RELEASE, "desk")
        prepared = await prepare(act, house, person, item, seat_id, now, told, written)
        if prepared.again:
            act.tag = Tag.ITEM_RELEASED_AGAIN
        elif now < (earliest := _earliest(prepared, await _cooling_hours(act, item))):
            raise Conflict(
                f"The cooling-off time of this case lasts until {moment(earliest, house.settings.zone)}."
                " Schedule the release for then, or come back."
            )
        recipient = prepared.recipient
        sealed_note = await notes.keep(act, house, recipient, item.case_id, release_id, written)
        row = prepared.row(now, sealed_note)
        await write_release(act, house, release_id, row, recipient.holder, prepared.sealed)
        await act.run("UPDATE relay.items SET state = %s WHERE id = %s", [edge.target, item_id])
        act.note(
            release=release_id,
            recipient=prepared.record.recipient,
            rendition=prepared.rendition.id,
            key_version=prepared.record.recipient_key_version,
            sequence=prepared.record.sequence,
        )
    return release_id


async def schedule(
    house: House, person: Person, item_id: UUID, seat_id: UUID, due_at: datetime, note: str = ""
) -> UUID:
    """Decide a release now that happens at `due_at`, if the gates still hold then.

    `note`: what the recipient reads before they choose, or nothing; it is signed now, with the rest.

    Return the id that it will have. Raise `Blocked` with every gate that is closed, `Conflict` if approvals
    are missing, `Invalid` for a note that is none, and for a time that is past, too far away, or within the
    cooling-off time.
    """
    release_id, written = uuid4(), notes.drawn(note)
    now = house.clock()
    if due_at.tzinfo is None or not now < due_at <= now + LONGEST_SCHEDULE:
        raise Invalid(due_at="Give a date and time in the future, within 400 days.")
    due_at = due_at.replace(microsecond=0)
    told = await looked_up(house, person, item_id)
    async with house.database.acting(person.id, Tag.ITEM_SCHEDULED) as act:
        item = await lock_item(act, item_id)
        edge = move(item.state, Action.SCHEDULE, "desk")
        prepared = await prepare(act, house, person, item, seat_id, due_at, told, written)
        if prepared.again:
            raise Conflict("This person had it before, under older keys. Give it to them again now.")
        if due_at < (earliest := _earliest(prepared, await _cooling_hours(act, item))):
            raise Invalid(
                due_at=f"The cooling-off time lasts until {moment(earliest, house.settings.zone)}."
                " Choose that time or a later one."
            )
        recipient = prepared.recipient
        sealed_note = await notes.keep(act, house, recipient, item.case_id, release_id, written)
        row = prepared.row(due_at, sealed_note)
        await write_scheduled(
            act, house, release_id, row, recipient.holder, prepared.sealed, scheduled_by=person.id
        )
        await act.run("UPDATE relay.items SET state = %s WHERE id = %s", [edge.target, item_id])
        await act.enqueue("release_due", release_id, due_at)
        act.note(
            release=release_id,
            recipient=prepared.record.recipient,
            rendition=prepared.rendition.id,
            due_at=due_at.astimezone(UTC).isoformat(),
        )
    return release_id


def _earliest(prepared: Prepared, cooling_hours: int) -> datetime:
    """Return when the cooling-off time ends: counted from the last of the approvals.

    In whole minutes, upwards: the time that a facilitator is told is one that they can then give.
    """
    approved_at = max(approval.decided_at for approval in prepared.signatures.approvals)
    if not cooling_hours:
        return EPOCH + timedelta(microseconds=approved_at)
    minutes = -(-approved_at // 60_000_000)
    return EPOCH + timedelta(minutes=minutes, hours=cooling_hours)


async def _cooling_hours(act: Acting, item: Item) -> int:
    hours: int = await act.value("SELECT cooling_hours FROM relay.cases WHERE id = %s", [item.case_id])
    return hours


async def unschedule(house: House, person: Person, item_id: UUID, seat_id: UUID | None = None) -> None:
    """Take back what is planned: for one recipient, or (`seat_id` empty) for all of them.

    An item of which nothing is planned or released any more is approved again.
    """
    async with house.database.acting(person.id, Tag.SCHEDULE_CANCELLED) as act:
        item = await lock_item(act, item_id)
        taken_back = await act.run(
            """
            UPDATE relay.scheduled_releases SET state = 'cancelled'
            WHERE item_id = %(item)s AND state = 'waiting' AND (%(seat)s::uuid IS NULL OR recipient_id = (
                SELECT account_id FROM relay.seats WHERE id = %(seat)s))
            """,
            {"item": item_id, "seat": seat_id},
        )
        if not taken_back:
            raise Conflict("Nothing of this is planned any more. Please look again.")
        edge = await given_up(act, item, "desk")
        await act.run("UPDATE relay.items SET state = %s WHERE id = %s", [edge.target, item_id])
        act.note(plans=taken_back)
