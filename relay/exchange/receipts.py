"""Receipts of what was printed: that somebody was handed it, and when, as a facilitator learned it.

Only the recipient and the facilitators of the case read it. Nothing of it shows on the author's side, and it
changes nothing of what the recipient chose here.
"""

from datetime import date
from typing import Final
from uuid import UUID, uuid4

import msgspec

from relay.audit.tags import Tag
from relay.db.transaction import Reading
from relay.errors import Conflict, Invalid, Missing
from relay.exchange.items import find_item, lock_item
from relay.exchange.paper import KINDS, receipt_code
from relay.house import House
from relay.identity.model import Person

# read out, copied by hand: what looks alike is alike (Crockford's base 32)
_ALIKE: Final = str.maketrans({"O": "0", "I": "1", "L": "1", "-": "", " ": ""})

NOT_WANTED: Final = (
    "This person has said that they do not want it, so it is not recorded as handed over."
    " If they want it after all, they can say so on their own page, or you write down that they told"
    " you; if they were given it before they said this, give the day on which that was."
)


class Receipt(msgspec.Struct, frozen=True, kw_only=True):
    """When something was handed over on paper, and by whom that was recorded."""

    given_on: date
    recorded_by: UUID


class _Release(msgspec.Struct, frozen=True):
    id: UUID
    recipient_id: UUID
    released_on: date
    refused_on: date | None


class _Row(msgspec.Struct, frozen=True):
    recipient_id: UUID
    given_on: date | None
    recorded_by: UUID


_NEWEST = """
SELECT DISTINCT ON (p.recipient_id) p.recipient_id, p.given_on, p.recorded_by
FROM relay.paper_receipts p JOIN relay.releases r ON r.id = p.release_id
WHERE r.item_id = %s ORDER BY p.recipient_id, p.recorded_at DESC, p.id LIMIT 100
"""


async def receipts(house: House, person: Person, item_id: UUID) -> dict[UUID, Receipt]:
    """Return, for a facilitator, who was handed an item on paper, by the recipient's account.

    Raise `Missing` for what is not of their cases.
    """
    async with house.database.reading(person.id) as tx:
        await find_item(tx, item_id)
        rows = await tx.all(_Row, _NEWEST, [item_id])
    return {
        row.recipient_id: Receipt(given_on=row.given_on, recorded_by=row.recorded_by)
        for row in rows
        if row.given_on is not None
    }


async def record(
    house: House, person: Person, item_id: UUID, seat_id: UUID, *, code: str, given_on: date
) -> None:
    """Record that whoever has this seat was handed it. `code` is the one on the paper.

    Raise `Missing` for what is not of the person's cases, `Conflict` for what was never passed on to them or
    what they do not want since that day, `Invalid` for another code, or a day on which it cannot have been.
    """
    today = house.local_time().date()
    async with house.database.acting(person.id, Tag.RECEIPT_RECORDED) as act:
        item = await lock_item(act, item_id)
        releases = await _releases(act, house, item_id, seat_id)
        typed = code.strip().upper().translate(_ALIKE)
        if typed not in {receipt_code(house, one.id).translate(_ALIKE) for one in releases}:
            raise Invalid(
                code="This is not the code on what was printed for this person. Copy it from the receipt,"
                " or from the foot of a page."
            )
        if not min(one.released_on for one in releases) <= given_on <= today:
            raise Invalid(
                given_on="Give the day on which it was handed over: not before it was passed on, and not"
                " a day that is still to come."
            )
        if (refused_on := releases[0].refused_on) and given_on >= refused_on:
            raise Conflict(NOT_WANTED)
        await act.run(
            "INSERT INTO relay.paper_receipts (id, release_id, case_id, recipient_id, given_on, recorded_by,"
            " recorded_at) VALUES (%s, %s, %s, %s, %s, %s, %s)",
            [
                uuid4(),
                releases[0].id,
                item.case_id,
                releases[0].recipient_id,
                given_on,
                person.id,
                house.clock(),
            ],
        )
        act.note(release=releases[0].id, recipient=releases[0].recipient_id, given_on=given_on.isoformat())


async def take_back(house: House, person: Person, item_id: UUID, seat_id: UUID) -> None:
    """Take back a receipt that was recorded by mistake. Raise `Conflict` if none counts."""
    async with house.database.acting(person.id, Tag.RECEIPT_RECORDED) as act:
        item = await lock_item(act, item_id)
        releases = await _releases(act, house, item_id, seat_id)
        counts = {row.recipient_id: row.given_on for row in await act.all(_Row, _NEWEST, [item_id])}
        if counts.get(releases[0].recipient_id) is None:
            raise Conflict("No receipt is recorded for this person. Please look again.")
        await act.run(
            "INSERT INTO relay.paper_receipts (id, release_id, case_id, recipient_id, given_on, recorded_by,"
            " recorded_at) VALUES (%s, %s, %s, %s, NULL, %s, %s)",
            [uuid4(), releases[0].id, item.case_id, releases[0].recipient_id, person.id, house.clock()],
        )
        act.note(release=releases[0].id, recipient=releases[0].recipient_id, taken_back=True)


async def _releases(tx: Reading, house: House, item_id: UUID, seat_id: UUID) -> list[_Release]:
    """Return what was passed on of an item to whoever has this seat, the newest first."""
    if (await find_item(tx, item_id)).kind not in KINDS:
        raise Conflict("Sound and film are not printed, so there is no receipt for them.")
    rows = await tx.all(
        _Release,
        """
        SELECT r.id, r.recipient_id, (r.released_at AT TIME ZONE %s)::date AS released_on,
               CASE d.state WHEN 'refused' THEN
                   coalesce(told.told_on, (d.changed_at AT TIME ZONE %s)::date) END AS refused_on
        FROM relay.releases r JOIN relay.deliveries d ON d.release_id = r.id
        JOIN relay.seats s ON s.case_id = r.case_id AND s.account_id = r.recipient_id
        LEFT JOIN LATERAL relay.stands_as_told(r.id) told ON true
        WHERE r.item_id = %s AND s.id = %s ORDER BY r.sequence DESC LIMIT 100
        """,
        [house.settings.zone.key, house.settings.zone.key, item_id, seat_id],
    )
    if not rows:
        if not await tx.value(
            "SELECT true FROM relay.item_recipients WHERE item_id = %s AND seat_id = %s", [item_id, seat_id]
        ):
            raise Missing
        raise Conflict("This has not been passed on to this person, so there is no receipt for it.")
    return rows
