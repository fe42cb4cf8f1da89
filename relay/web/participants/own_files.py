"""What an item's page shows of its author's own files, and what of theirs keeps it from being sent."""

from contextlib import suppress
from typing import NamedTuple
from uuid import UUID

from relay.cases.own import OwnCase
from relay.errors import Conflict, Missing, RelayError
from relay.exchange import progress, uploads
from relay.exchange.arrived import Piece, arrived
from relay.exchange.arriving import arriving
from relay.exchange.model import OwnItem
from relay.exchange.renditions import as_sent
from relay.exchange.uploads import Upload
from relay.house import House
from relay.identity.model import Person


class Compared(NamedTuple):
    """What the author sent, to be held against a version in which parts are hidden.

    `lost`: it was sealed to keys that they no longer have. `pages` is 0 for no document.
    """

    pages: int
    lost: bool


class InTheWay(NamedTuple):
    """An item of the author's own that is looked at, and whom it is for."""

    item_id: UUID
    label: str


async def compared(house: House, person: Person, item: OwnItem) -> Compared | None:
    """Return what there is to compare with; None for a letter, whose text stands on the page anyway."""
    if item.kind == "letter":
        return None
    try:
        return Compared((await as_sent(house, person, item.id)).pages, lost=False)
    except (Conflict, Missing):
        return Compared(0, lost=True)


async def pieces(house: House, person: Person, item: OwnItem) -> tuple[Piece, ...]:
    """Return the files that wait to be sent; none where nothing waits that these keys open."""
    if not item.uploaded or item.state not in {"draft", "changes_requested", "failed"}:
        return ()
    try:
        return (await arrived(house, person, item.id)).pieces
    except Missing:
        return ()


async def on_their_way(house: House, person: Person, item_id: UUID) -> list[Upload]:
    """Return the files that are not all here. One that is, and that a crash cut short, comes to its end."""
    left = []
    for one in await arriving(house, person, item_id):
        if one.received == one.length:
            with suppress(RelayError):
                if (await uploads.status(house, person, one.id)).state == "complete":
                    continue
        left.append(one)
    return left


async def looked_at(house: House, person: Person, case: OwnCase) -> list[InTheWay]:
    """Return what of theirs is on its way in this case: another to the same person has to wait."""
    found = await progress.being_looked_at(house, person, case.id)
    return [InTheWay(found[one.seat_id], one.label) for one in case.counterparts if one.seat_id in found]


async def in_the_way(house: House, person: Person, item: OwnItem, case: OwnCase) -> list[InTheWay]:
    """Return what is in the way of sending this one."""
    found = await progress.being_looked_at(house, person, case.id)
    return [
        InTheWay(found[one.seat_id], one.label)
        for one in case.counterparts
        if one.seat_id in item.recipients and one.seat_id in found
    ]
