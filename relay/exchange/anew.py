"""Taking something back and beginning it anew, with what was written in it."""

from asyncio import to_thread
from contextlib import suppress
from uuid import UUID, uuid4

from relay.audit.tags import Tag
from relay.cases.keys import own_text, put_text
from relay.db.transaction import Acting
from relay.errors import Conflict, Missing
from relay.exchange.items import begin_item, find_item, lock_item, own_holder, remove, take_back
from relay.exchange.model import Item
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
        freed = await take_back(act, house, item)
        await act.also(Tag.ITEM_STARTED, new_id)
        await _begin(act, house, person, item, new_id, text)
    await remove(house, freed)
    return new_id


async def write_again(house: House, person: Person, item_id: UUID) -> UUID:
    """Start another letter, to the same people, with what one says that was taken back: taking back undone.

    Return the new one's id. Raise `Conflict` for anything else, and where its words are sealed to keys that
    the person no longer has.
    """
    async with house.database.reading(person.id) as tx:
        item = await find_item(tx, item_id)
        if item.kind != "letter" or item.taken_back_at is None:
            raise Conflict("Only a letter that was taken back can be begun again with its words.")
    text = await last_words(house, person, item_id)
    if not text:
        raise Conflict("There are no words left of this that you can open. Please start a new letter.")
    new_id = uuid4()
    async with house.database.acting(person.id, Tag.ITEM_STARTED, chain=item.case_id, subject=new_id) as act:
        await _begin(act, house, person, item, new_id, text)
    return new_id


async def last_words(house: House, person: Person, item_id: UUID) -> str:
    """Return what a letter of theirs said last: as saved, or if they cannot open that any more, as sent.

    Empty if they can open neither, or never wrote anything.
    """
    async with house.database.reading(person.id) as tx:
        item = await find_item(tx, item_id)
        draft = None
        with suppress(Conflict):
            draft = await own_text(tx, house, person, item.case_id, "draft", item_id)
    return draft or await _sent(house, person, item_id)


async def _begin(act: Acting, house: House, person: Person, item: Item, new_id: UUID, text: str) -> None:
    seats = await act.values("SELECT seat_id FROM relay.item_recipients WHERE item_id = %s", [item.id])
    await begin_item(act, house, person, item.case_id, new_id, item.kind, tuple(seats))
    if text:
        await put_text(act, house, own_holder(person), item.case_id, "draft", new_id, text)


async def _sent(house: House, person: Person, item_id: UUID) -> str:
    """What a letter says; nothing for a file, which its author chooses or makes again."""
    async with house.database.reading(person.id) as tx:
        item = await find_item(tx, item_id)
    if item.kind != "letter" or not item.revision:
        return ""
    try:
        found = await own_content(house, person, item_id, "original")
    except Missing:
        return ""
    with opened(house, found) as reader:
        return unpad(await to_thread(reader.read_all, found.size)).decode()
