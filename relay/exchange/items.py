"""Use cases of an author: start an item, write, take back. Sending it: `submitting`."""

from asyncio import to_thread
from collections.abc import Collection
from typing import Final
from uuid import UUID, uuid4

import msgspec

from relay.audit.tags import Tag
from relay.cases import limits
from relay.cases.keys import own_text, put_text
from relay.cases.model import MEDIA, Medium
from relay.db.transaction import Acting, Reading
from relay.errors import Conflict, Invalid, Missing, SavedElsewhere
from relay.exchange import letters
from relay.exchange.model import Item
from relay.exchange.objects import end_uploads
from relay.exchange.transitions import Action, State, move
from relay.house import House
from relay.identity.model import Person
from relay.identity.trust import TrustedKey

MOST_DRAFTS = 20

_ITEMS = """
SELECT id, case_id, author_id, kind, state, revision, failure, created_at, ready_at, taken_back_at
FROM relay.items
"""


async def find_item(tx: Reading, item_id: UUID) -> Item:
    """Return an item that the actor may see, or raise `Missing`."""
    item = await tx.one(Item, _ITEMS + "WHERE id = %s", [item_id])
    if item is None:
        raise Missing
    return msgspec.structs.replace(item, state=State(item.state))


async def lock_item(act: Acting, item_id: UUID) -> Item:
    """Lock the item's case, then the item, and return it as it is now. Raise `Missing`."""
    case_id = await act.value("SELECT case_id FROM relay.items WHERE id = %s", [item_id])
    if case_id is None:
        raise Missing
    await act.lock_case(case_id)
    item = await act.one(Item, _ITEMS + "WHERE id = %s FOR UPDATE", [item_id])
    if item is None:
        raise Missing
    act.chain, act.subject = item.case_id, item.id
    return msgspec.structs.replace(item, state=State(item.state))


async def require_seat(tx: Reading, case_id: UUID) -> None:
    """Raise `Missing` for an author who was taken off the case: they can only take back what they wrote."""
    if not await tx.value("SELECT %s = ANY (relay.cases())", [case_id]):
        raise Missing


def require_not_taken_back(item: Item) -> None:
    """Raise `Conflict` for an item that its author removed or took back, also if it was given before."""
    if item.taken_back_at is not None:
        raise Conflict("You have removed this, or taken it back.")


async def require_kept(tx: Reading, item: Item) -> None:
    """Raise `Missing` unless its author may still open the item's files.

    Not once it was taken back: they were told that the file is gone. Nor when they were taken off the case:
    the item's own page is not there for them either.
    """
    if item.taken_back_at is not None:
        raise Missing
    await require_seat(tx, item.case_id)


async def start_item(
    house: House, person: Person, case_id: UUID, kind: Medium, recipients: tuple[UUID, ...]
) -> UUID:
    """Start a draft to one or more seats of the other side. Return its id."""
    if kind not in MEDIA:
        raise Invalid(kind=f"Choose one of: {', '.join(MEDIA)}.")
    if not recipients or len(set(recipients)) != len(recipients):
        raise Invalid(recipients="Choose whom this is for, each person once.")
    item_id = uuid4()
    async with house.database.acting(person.id, Tag.ITEM_STARTED, chain=case_id, subject=item_id) as act:
        await begin_item(act, house, person, case_id, item_id, kind, recipients)
    return item_id


async def begin_item(
    act: Acting,
    house: House,
    person: Person,
    case_id: UUID,
    item_id: UUID,
    kind: Medium,
    recipients: tuple[UUID, ...],
) -> None:
    """Do what `start_item` does, in a transaction that is there already, whose subject is the item."""
    await act.lock_case(case_id)
    if not set(recipients) <= set(await act.values("SELECT id FROM relay.counterparts(%s)", [case_id])):
        raise Missing
    await limits.require_read(act, case_id, person.id)
    await _check_number(act, house, person, case_id)
    drafts = await act.value(
        "SELECT count(*) FROM relay.items WHERE author_id = %s AND case_id = %s AND state = 'draft'",
        [person.id, case_id],
    )
    if drafts >= MOST_DRAFTS:
        raise Conflict(
            f"You have {MOST_DRAFTS} unfinished items here."
            " Finish one, or remove one, before you start another."
        )
    await act.run(
        "INSERT INTO relay.items (id, service_id, case_id, author_id, kind) VALUES (%s, %s, %s, %s, %s)",
        [item_id, person.service_id, case_id, person.id, kind],
    )
    for seat_id in recipients:
        await act.run(
            "INSERT INTO relay.item_recipients (item_id, seat_id, case_id, author_id)"
            " VALUES (%s, %s, %s, %s)",
            [item_id, seat_id, case_id, person.id],
        )
    act.note(kind=kind)


async def _check_number(act: Acting, house: House, person: Person, case_id: UUID) -> None:
    started = await act.value(
        "SELECT count(*) FROM relay.items WHERE author_id = %s AND case_id = %s", [person.id, case_id]
    )
    if started >= house.settings.case_items:
        raise Conflict(
            f"You have started {started:,} items here, and that is the most. You can finish and send those"
            " that you have. Talk with your facilitator if you need more."
        )


_WRITABLE = {State.DRAFT, State.CHANGES_REQUESTED, State.FAILED}


def own_holder(person: Person) -> TrustedKey:
    """Return the person's own public key: it is proved by the private half that they hold."""
    return TrustedKey(person.holder, person.keys.public)


async def save_draft(
    house: House, person: Person, item_id: UUID, text: str, known: Collection[str] = ()
) -> None:
    """Keep what has been written so far, sealed to its author alone: nobody else can open a draft.

    `known`: the versions (`letters.version`) that this was written on top of. Raise `SavedElsewhere`, and
    keep what is there, if it is none of these, nor the same as `text`; with none given it is written over.
    """
    letters.check_length(text, house.settings.letter_characters)
    async with house.database.acting(person.id, Tag.DRAFT_SAVED) as act:
        item = await lock_item(act, item_id)
        await require_seat(act, item.case_id)
        if item.kind != "letter":
            raise Invalid(kind="Only a letter is written here. Upload a file for this item.")
        if item.taken_back_at is not None:
            raise Conflict(
                "You have removed this or taken it back, so nothing can be saved in it any more."
                " Copy what is here if you want to keep it."
            )
        if item.state not in _WRITABLE:
            raise Conflict("This has been sent already. Take it back first if you want to change it.")
        if known:
            kept = await own_text(act, house, person, item.case_id, "draft", item_id)
            if letters.version(kept or "") not in {*known, letters.version(text)}:
                raise SavedElsewhere
        await put_text(act, house, own_holder(person), item.case_id, "draft", item_id, text)


async def read_draft(house: House, person: Person, item_id: UUID) -> str:
    """Return what has been written so far; empty if nothing yet."""
    async with house.database.reading(person.id) as tx:
        item = await find_item(tx, item_id)
        return await own_text(tx, house, person, item.case_id, "draft", item_id) or ""


async def withdraw(house: House, person: Person, item_id: UUID) -> None:
    """Take an item back. From now on nothing of it is released.

    If it was released already, that stays hidden: the author reads the same words, and what was given is not
    taken away. The files that were uploaded for it go in either case, and their room is free again; the clean
    copy stays sealed to the case.
    """
    async with house.database.acting(person.id, Tag.ITEM_WITHDRAWN) as act:
        freed = await take_back(act, house, await lock_item(act, item_id))
    await remove(house, freed)


async def remove_draft(house: House, person: Person, item_id: UUID, *, with_content: bool) -> None:
    """Remove an item that was never sent, its words and its files: nothing of it is left to its author.

    Raise `Conflict` for one that was sent, and for one that has something in it unless `with_content`.
    """
    async with house.database.acting(person.id, Tag.ITEM_WITHDRAWN) as act:
        item = await lock_item(act, item_id)
        await require_seat(act, item.case_id)
        require_not_taken_back(item)
        if item.state is not State.DRAFT:
            raise Conflict("This is no draft any more. If you have sent it, you can take it back.")
        if not with_content and await _has_content(act, house, person, item):
            raise Conflict(
                "There is something in this by now, so it was not removed. Look at it first; at the end of"
                " its page you can remove it with what is in it."
            )
        freed = await take_back(act, house, item)
        await act.run("DELETE FROM relay.sealed_texts WHERE subject_id = %s AND purpose = 'draft'", [item.id])
    await remove(house, freed)


IS_THERE: Final = "(u.state = 'complete' OR u.state = 'open' AND u.expires_at > %s)"
"""Of an upload `u`, at a time: its file has arrived, or may still. One that expired is nothing any more."""


async def _has_content(act: Acting, house: House, person: Person, item: Item) -> bool:
    try:
        words = await own_text(act, house, person, item.case_id, "draft", item.id)
    except Conflict:
        return True
    return bool((words or "").strip()) or bool(
        await act.value(
            f"SELECT EXISTS (SELECT FROM relay.uploads u WHERE u.item_id = %s AND {IS_THERE})",  # noqa: S608 - a constant
            [item.id, house.clock()],
        )
    )


async def take_back(act: Acting, house: House, item: Item) -> list[UUID]:
    """Do what `withdraw` does, in a transaction that is there already. Return what `remove` has to remove."""
    now = house.clock()
    if item.taken_back_at is not None:
        raise Conflict("You have taken this back already.")
    if item.state is State.RELEASED:
        await act.run("UPDATE relay.items SET taken_back_at = %s WHERE id = %s", [now, item.id])
    else:
        edge = move(item.state, Action.WITHDRAW, "participants")
        await act.run(
            "UPDATE relay.items SET state = %s, taken_back_at = %s WHERE id = %s",
            [edge.target, now, item.id],
        )
    await act.run(
        "UPDATE relay.scheduled_releases SET state = 'cancelled' WHERE item_id = %s AND state = 'waiting'",
        [item.id],
    )
    freed = await end_uploads(act, item)
    act.note(was=item.state, files=len(freed))
    return freed


async def remove(house: House, freed: list[UUID]) -> None:
    """Remove the files that were let go of: after the transaction, which might be undone."""
    for object_id in freed:
        await to_thread(house.blobs.delete, object_id)
