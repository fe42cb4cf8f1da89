"""What a recipient told a facilitator of their choice: for who is in custody, or does not go online.

It stands as if they had chosen it on their own page, which says that a facilitator wrote it down, and there
they can choose anew. Opening is theirs alone, and what they opened stays so: here, and in the function that
is the desk's only way to a delivery (`relay.write_down_choice`). Nothing of it shows on the author's side.
"""

from datetime import date, datetime
from typing import Final, Literal
from uuid import UUID, uuid4

import msgspec

from relay.audit.tags import Tag
from relay.db.transaction import Reading
from relay.errors import Conflict, Invalid, Missing
from relay.exchange.items import find_item, lock_item
from relay.exchange.model import DeliveryState, ToldHow
from relay.house import House
from relay.identity.model import Person

ToldChoice = Literal["later", "hold", "refuse", "take_back"]
_STATE_OF: Final[dict[str, DeliveryState]] = {
    "later": "later",
    "hold": "held",
    "refuse": "refused",
    "take_back": "waiting",
}

# of one day nobody can tell which came first: what they chose stands if it keeps as much back, or more
_KEEPS_BACK: Final[dict[DeliveryState, int]] = {
    "waiting": 0,
    "later": 1,
    "held": 2,
    "refused": 3,
    "opened": 4,
}

OPENED: Final = (
    "They have opened this themselves, so nothing can be written down about it any more. Nothing was changed."
)

MEANWHILE: Final = (
    "They have chosen something about it themselves in this moment. Please look again. Nothing was changed."
)


class Told(msgspec.Struct, frozen=True, kw_only=True):
    """How something stands for a recipient, as they told a facilitator: how and when, and who wrote it."""

    state: DeliveryState
    how: ToldHow
    told_on: date
    recorded_by: UUID
    recorded_at: datetime


class _Row(msgspec.Struct, frozen=True, kw_only=True):
    recipient_id: UUID
    state: DeliveryState
    how: ToldHow
    told_on: date
    recorded_by: UUID
    recorded_at: datetime


class _Newest(msgspec.Struct, frozen=True, kw_only=True):
    """What was passed on last of an item to somebody; `chosen_on`: since when it stands as it does."""

    id: UUID
    recipient_id: UUID
    state: DeliveryState
    changed_at: datetime
    released_on: date
    chosen_on: date
    was_told: bool

    def is_newer(self, choice: DeliveryState, told_on: date) -> bool:
        """Tell whether how it stands is newer than what was told, or may be and keeps as much back."""
        if self.chosen_on == told_on and not self.was_told:
            return _KEEPS_BACK[self.state] >= _KEEPS_BACK[choice]
        return self.chosen_on > told_on


async def told(house: House, person: Person, item_id: UUID) -> dict[UUID, Told]:
    """Return, for a facilitator, what stands as somebody told it, by the recipient's account.

    Raise `Missing` for what is not of their cases.
    """
    async with house.database.reading(person.id) as tx:
        await find_item(tx, item_id)
        rows = await tx.all(
            _Row,
            """
            SELECT r.recipient_id, t.state, t.manner AS how, t.told_on, t.recorded_by, t.recorded_at
            FROM relay.releases r, LATERAL relay.stands_as_told(r.id) told
            JOIN relay.told_choices t ON (t.release_id, t.recorded_at) = (told.release_id, told.recorded_at)
            WHERE r.item_id = %s AND NOT EXISTS (
                SELECT FROM relay.releases later WHERE later.item_id = r.item_id
                AND later.recipient_id = r.recipient_id AND later.sequence > r.sequence) LIMIT 100
            """,
            [item_id],
        )
    return {
        row.recipient_id: Told(
            state=row.state,
            how=row.how,
            told_on=row.told_on,
            recorded_by=row.recorded_by,
            recorded_at=row.recorded_at,
        )
        for row in rows
    }


async def write_down(
    house: House,
    person: Person,
    item_id: UUID,
    seat_id: UUID,
    *,
    choice: ToldChoice,
    how: ToldHow,
    told_on: date,
) -> None:
    """Record what whoever has this seat told of their choice. Leaves an audit entry.

    Raise `Missing` for what is not of the person's cases, `Conflict` for what was never passed on to them,
    was opened by them, or about which they chose something else since that day (on that very day: what keeps
    as much back, or more), `Invalid` for a day on which it cannot have been.
    """
    today = house.local_time().date()
    async with house.database.acting(person.id, Tag.CHOICE_TOLD) as act:
        await lock_item(act, item_id)
        newest = await _newest(act, house, item_id, seat_id)
        if not newest.released_on <= told_on <= today:
            raise Invalid(
                told_on="Give the day on which they told it: not before this was passed on to them, and not a"
                " day that is still to come."
            )
        if newest.state == "opened":
            raise Conflict(OPENED)
        if newest.is_newer(_STATE_OF[choice], told_on):
            raise Conflict(
                "What they chose themselves on that day, or chose or told since that day, stands. Talk with"
                " them first. Nothing was changed."
            )
        written = await act.value(
            "SELECT relay.write_down_choice(%s, %s, %s, %s, %s, %s, %s, %s)",
            [
                uuid4(),
                newest.id,
                newest.state,
                newest.changed_at,
                _STATE_OF[choice],
                how,
                told_on,
                house.clock(),
            ],
        )
        if not written:
            raise Conflict(MEANWHILE)
        act.note(
            release=newest.id,
            recipient=newest.recipient_id,
            choice=choice,
            how=how,
            told_on=told_on.isoformat(),
        )


async def _newest(tx: Reading, house: House, item_id: UUID, seat_id: UUID) -> _Newest:
    zone = house.settings.zone.key
    found = await tx.one(
        _Newest,
        """
        SELECT r.id, r.recipient_id, d.state, d.changed_at, told.told_on IS NOT NULL AS was_told,
               (SELECT (min(o.released_at) AT TIME ZONE %s)::date FROM relay.releases o
                WHERE (o.item_id, o.recipient_id) = (r.item_id, r.recipient_id)) AS released_on,
               coalesce(told.told_on, (d.changed_at AT TIME ZONE %s)::date) AS chosen_on
        FROM relay.releases r JOIN relay.deliveries d ON d.release_id = r.id
        JOIN relay.seats s ON s.case_id = r.case_id AND s.account_id = r.recipient_id
        LEFT JOIN LATERAL relay.stands_as_told(r.id) told ON true
        WHERE r.item_id = %s AND s.id = %s ORDER BY r.sequence DESC LIMIT 1
        """,
        [zone, zone, item_id, seat_id],
    )
    if found is None:
        if not await tx.value(
            "SELECT true FROM relay.item_recipients WHERE item_id = %s AND seat_id = %s", [item_id, seat_id]
        ):
            raise Missing
        raise Conflict("This has not been passed on to this person, so there is nothing to choose.")
    return found
