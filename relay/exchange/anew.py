"""Taking something back and beginning it anew, with what was written in it."""

from asyncio import to_thread
from uuid import UUID, uuid4

from relay.audit.tags import Tag
from relay.cases.keys import put_text
from relay.errors import Missing
from relay.exchange.items import begin_item, find_item, lock_item, own_holder, remove, take_back
from relay.exchange.objects import opened
from relay.exchange.renditions import own_content
from relay.house import House
from relay.identity.model import Person
from relay.vault.padding import unpad


async def begin_anew(house: House, person: Person, item_id: UUID) -> UUID:
    """Take an item back, and start another to the same people; a letter begins with what the author sent.

    It begins empty where that was sealed to keys that they no longer have.

    Both are done, or neither. Return the new item's id. Raise what `start_item` and `withdraw` raise.
    """
    text = await _sent(house, person, item_id)
    new_id = uuid4()
    async with house.database.acting(person.id, Tag.ITEM_WITHDRAWN) as act:
        item = await lock_item(act, item_id)
        seats = await act.values("SELECT seat_id FROM relay.item_recipients WHERE item_id = %s", [item_id])
        freed = await take_back(act, house, item)
        await act.also(Tag.ITEM_STARTED, new_id)
        await begin_item(act, house, person, item.case_id, new_id, item.kind, tuple(seats))
        if text:
            await put_text(act, house, own_holder(person), item.case_id, "draft", new_id, text)
    await remove(house, freed)
    return new_id


async def _sent(house: House, person: Person, item_id: UUID) -> str:
    """What a letter says; nothing for a file, which its author chooses or makes again."""
    async with house.database.reading(person.id) as tx:
        item = await find_item(tx, item_id)
    if item.kind != "letter" or item.taken_back_at is not None:
        return ""
    try:
        found = await own_content(house, person, item_id, "original")
    except Missing:
        return ""
    with opened(house, found) as reader:
        return unpad(await to_thread(reader.read_all, found.size)).decode()
