"""Use cases of an author: start an item, write, submit, take back."""

from asyncio import to_thread
from typing import NamedTuple
from uuid import UUID, uuid4

import msgspec
from psycopg.errors import UniqueViolation

from relay.audit.tags import Tag
from relay.cases import gates
from relay.cases.keys import own_text, put_text
from relay.cases.model import MEDIA, Medium
from relay.cases.service import gate_facts
from relay.db.transaction import Acting, Reading
from relay.errors import Blocked, Conflict, Invalid, Missing
from relay.exchange import editing, letters
from relay.exchange.edits import Disguise, Edits
from relay.exchange.model import Item
from relay.exchange.objects import NewObject, add_grant, end_uploads, find_key, finish, store_bytes
from relay.exchange.revisions import NewRevision, begin
from relay.exchange.transitions import Action, State, move
from relay.house import House
from relay.identity.model import Person
from relay.identity.trust import TrustedKey, case_key, participant_key, worker_key
from relay.vault.padding import pad
from relay.vault.suite import DataKey

MOST_DRAFTS = 20
ONE_AT_A_TIME = (
    "Something of yours to this person is being looked at already. It is one at a time: wait for your"
    " facilitator's answer, or take the other one back. What you made now is kept."
)

KEYS_NOT_READY = (
    "This cannot be sent yet: your facilitator first has to renew a key of this case, or to confirm yours."
    " Please tell them. What you made is kept, and you can send it then."
)

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
    await _check_number(act, house, person, case_id)
    drafts = await act.value(
        "SELECT count(*) FROM relay.items WHERE author_id = %s AND case_id = %s AND state = 'draft'",
        [person.id, case_id],
    )
    if drafts >= MOST_DRAFTS:
        raise Conflict(
            f"You have {MOST_DRAFTS} unfinished items here."
            " Finish one, or take one back, before you start another."
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


async def save_draft(house: House, person: Person, item_id: UUID, text: str) -> None:
    """Keep what has been written so far, sealed to its author alone: nobody else can open a draft."""
    letters.check_length(text, house.settings.letter_characters)
    async with house.database.acting(person.id, Tag.DRAFT_SAVED) as act:
        item = await lock_item(act, item_id)
        await require_seat(act, item.case_id)
        if item.kind != "letter":
            raise Invalid(kind="Only a letter is written here. Upload a file for this item.")
        if item.state not in _WRITABLE:
            raise Conflict("This has been sent already. Take it back first if you want to change it.")
        await put_text(act, house, own_holder(person), item.case_id, "draft", item_id, text)


async def read_draft(house: House, person: Person, item_id: UUID) -> str:
    """Return what has been written so far; empty if nothing yet."""
    async with house.database.reading(person.id) as tx:
        item = await find_item(tx, item_id)
        return await own_text(tx, house, person, item.case_id, "draft", item_id) or ""


class _Original(NamedTuple):
    """What is submitted. `size` and `commitment` are empty for an upload, whose row is complete already."""

    object_id: UUID
    key: DataKey
    size: int | None
    commitment: bytes | None


AS_IT_IS = Disguise()


async def submit(house: House, person: Person, item_id: UUID, disguise: Disguise = AS_IT_IS) -> None:
    """Send the item to the facilitators: a new revision. Nothing is lost if it is refused.

    A `disguise` is the author's own choice, for recordings: their copy is made with it from the beginning.
    """
    item, original = await _original(house, person, item_id)
    edits = None
    if wanted := Edits(disguise=disguise):
        edits = await editing.store_edits(house, person.id, item.case_id, wanted, item.kind)
    try:
        await _submit(house, person, item_id, original, edits)
    except UniqueViolation:
        raise Conflict(ONE_AT_A_TIME) from None


async def _original(house: House, person: Person, item_id: UUID) -> tuple[Item, _Original]:
    async with house.database.reading(person.id) as tx:
        item = await find_item(tx, item_id)
        move(item.state, Action.SUBMIT, "participants")
        await _check_gates(tx, house, person, item)
        if await tx.value(_ANOTHER_WAITS, [item_id]):
            raise Conflict(ONE_AT_A_TIME)
        if item.kind != "letter":
            return item, await _uploaded(tx, house, person, item)
        text = await own_text(tx, house, person, item.case_id, "draft", item_id) or ""
    text = letters.checked(text, house.settings.letter_characters)
    stored = await store_bytes(house, person.id, item.case_id, person.id, pad(text.encode()))
    return item, _Original(stored.id, stored.key, stored.summary.plaintext_size, stored.summary.commitment)


_ANOTHER_WAITS = """
SELECT EXISTS (
    SELECT FROM relay.item_recipients p
    JOIN relay.item_recipients o ON o.seat_id = p.seat_id AND o.author_id = p.author_id
    WHERE p.item_id = %s AND o.item_id <> p.item_id AND o.waiting)
"""
"""Asked before anything is stored; the unique index decides between two at once."""

NEW_UPLOAD = """
SELECT u.object_id FROM relay.uploads u
WHERE u.item_id = %s AND u.state = 'complete'
  AND NOT EXISTS (SELECT FROM relay.revisions r WHERE r.object_id = u.object_id)
ORDER BY u.created_at DESC LIMIT 1
"""
"""What would be sent now: the newest file that is complete and is part of nothing yet."""


async def _uploaded(tx: Reading, house: House, person: Person, item: Item) -> _Original:
    object_id = await tx.value(NEW_UPLOAD, [item.id])
    if object_id is None:
        raise Conflict("There is no new file to send. Upload one, wait until it is complete, then send it.")
    key = await find_key(tx, house, item.case_id, object_id, person.holder, person.keys)
    return _Original(object_id, key, None, None)


async def _check_gates(tx: Reading, house: House, person: Person, item: Item) -> None:
    # as if nobody had been taken off: a refusal would tell; a facilitator reads of it before the release
    facts = (await gate_facts(tx, item.case_id)).as_authors_see_it()
    seats = await tx.values("SELECT seat_id FROM relay.item_recipients WHERE item_id = %s", [item.id])
    for seat in map(facts.seat, seats):
        recipient = seat.account_id if seat else item.id  # of no participant: found by no gate
        found = gates.blocks(facts, person.id, recipient, item.kind, house.clock())
        if words := gates.for_participant(found, person.id):
            raise Blocked(words)


async def _submit(
    house: House, person: Person, item_id: UUID, original: _Original, edits: NewObject | None
) -> None:
    async with house.database.acting(person.id, Tag.ITEM_SUBMITTED) as act:
        item = await lock_item(act, item_id)
        move(item.state, Action.SUBMIT, "participants")
        await _check_gates(act, house, person, item)
        if original.size is not None and original.commitment is not None:
            await finish(act, original.object_id, original.size, original.commitment)
        elif await act.value(NEW_UPLOAD, [item_id]) != original.object_id:
            raise Conflict
        holders = (*await _readers(act, house, person, item.case_id), await worker_key(act, house))
        for to in holders:
            await add_grant(act, house, item.case_id, original.object_id, original.key, to)
        if edits:
            await editing.seal(act, house, item.case_id, edits, holders)
        await act.run("UPDATE relay.items SET failure = NULL, failure_page = NULL WHERE id = %s", [item_id])
        await begin(act, house, NewRevision(item=item, object_id=original.object_id, edits=edits))


async def _readers(act: Acting, house: House, person: Person, case_id: UUID) -> tuple[TrustedKey, ...]:
    """Return the keys of the author and of the case."""
    try:
        return await participant_key(act, house, case_id, person.id), await case_key(act, house, case_id)
    except Conflict:  # in words for a facilitator, who is not here
        raise Conflict(KEYS_NOT_READY) from None


async def withdraw(house: House, person: Person, item_id: UUID) -> None:
    """Take an item back. From now on nothing of it is released.

    If it was released already, that stays hidden: the author reads the same words, and what was given is not
    taken away. The files that were uploaded for it go in either case, and their room is free again; the clean
    copy stays sealed to the case.
    """
    async with house.database.acting(person.id, Tag.ITEM_WITHDRAWN) as act:
        freed = await take_back(act, house, await lock_item(act, item_id))
    await remove(house, freed)


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
