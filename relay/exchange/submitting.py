"""Sending an item to the facilitators, for its author."""

from typing import NamedTuple
from uuid import UUID

from psycopg.errors import UniqueViolation

from relay.audit.tags import Tag
from relay.cases import gates
from relay.cases.keys import own_text
from relay.cases.service import gate_facts
from relay.db.transaction import Acting, Reading
from relay.errors import Blocked, Conflict
from relay.exchange import editing, letters
from relay.exchange.arriving import require_arrived
from relay.exchange.edits import AS_IT_IS, Disguise, Edits
from relay.exchange.items import find_item, lock_item, remove, require_not_taken_back
from relay.exchange.model import Item
from relay.exchange.objects import NewObject, add_grant, end_others, find_key, finish, store_bytes
from relay.exchange.revisions import NewRevision, begin
from relay.exchange.transitions import Action, move
from relay.house import House
from relay.identity.model import Person
from relay.identity.trust import TrustedKey, case_key, participant_key, worker_key
from relay.vault.padding import pad
from relay.vault.suite import DataKey

ONE_AT_A_TIME = (
    "Something of yours to this person is being looked at already. It is one at a time: wait for your"
    " facilitator's answer, or take the other one back. What you made now is kept."
)

KEYS_NOT_READY = (
    "This cannot be sent yet: your facilitator first has to renew a key of this case, or to confirm yours."
    " Please tell them. What you made is kept, and you can send it then."
)


class _Original(NamedTuple):
    """What is submitted. `size` and `commitment` are empty for an upload, whose row is complete already."""

    object_id: UUID
    key: DataKey
    size: int | None
    commitment: bytes | None


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
        require_not_taken_back(item)
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
"""What would be sent now: the file that is complete and is part of nothing yet. It is one at most."""


async def _uploaded(tx: Reading, house: House, person: Person, item: Item) -> _Original:
    await require_arrived(tx, house, item.id)
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
        require_not_taken_back(item)
        move(item.state, Action.SUBMIT, "participants")
        await _check_gates(act, house, person, item)
        if original.size is not None and original.commitment is not None:
            await finish(act, original.object_id, original.size, original.commitment)
        else:
            await require_arrived(act, house, item_id)
            if await act.value(NEW_UPLOAD, [item_id]) != original.object_id:
                raise Conflict
        holders = (*await _readers(act, house, person, item.case_id), await worker_key(act, house))
        for to in holders:
            await add_grant(act, house, item.case_id, original.object_id, original.key, to)
        if edits:
            await editing.seal(act, house, item.case_id, edits, holders)
        await act.run("UPDATE relay.items SET failure = NULL, failure_page = NULL WHERE id = %s", [item_id])
        await begin(act, house, NewRevision(item=item, object_id=original.object_id, edits=edits))
        replaced = await end_others(act, item_id, original.object_id) if original.size is None else []
    await remove(house, replaced)


async def _readers(act: Acting, house: House, person: Person, case_id: UUID) -> tuple[TrustedKey, ...]:
    """Return the keys of the author and of the case."""
    try:
        return await participant_key(act, house, case_id, person.id), await case_key(act, house, case_id)
    except Conflict:  # in words for a facilitator, who is not here
        raise Conflict(KEYS_NOT_READY) from None
