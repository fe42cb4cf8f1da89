"""Taking something back and beginning it anew, with what was written in it."""

from asyncio import to_thread
from uuid import UUID

from relay.errors import Conflict, Missing
from relay.exchange.items import find_item, save_draft, start_item, withdraw
from relay.exchange.objects import opened
from relay.exchange.renditions import own_content
from relay.house import House
from relay.identity.model import Person
from relay.vault.padding import unpad


async def begin_anew(house: House, person: Person, item_id: UUID) -> UUID:
    """Take an item back, and start another to the same people; a letter begins with what the author sent.

    It begins empty where that was sealed to keys that they no longer have.

    Return the new item's id. Raise what `start_item` and `withdraw` raise; then nothing was taken back.
    """
    async with house.database.reading(person.id) as tx:
        item = await find_item(tx, item_id)
        seats = await tx.values("SELECT seat_id FROM relay.item_recipients WHERE item_id = %s", [item_id])
    if item.taken_back_at is not None:
        raise Conflict("You have taken this back already.")
    text = await _sent(house, person, item_id) if item.kind == "letter" else ""
    new_id = await start_item(house, person, item.case_id, item.kind, tuple(seats))
    if text:
        await save_draft(house, person, new_id, text)
    await withdraw(house, person, item_id)
    return new_id


async def _sent(house: House, person: Person, item_id: UUID) -> str:
    try:
        found = await own_content(house, person, item_id, "original")
    except Missing:
        return ""
    with opened(house, found) as reader:
        return unpad(await to_thread(reader.read_all, found.size)).decode()
