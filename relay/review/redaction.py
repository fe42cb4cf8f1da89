"""Hiding parts of an item: a new version of the same original, which its author then agrees to or takes back.

A facilitator who has the item in hand writes an edit list. It is sealed to the case and to the workers, with
the original, and a worker makes the version anew: so everything that holds for a version holds for this one
too, and what was decided about the one before counts no more. A list always says all that is hidden: the next
one starts from it, not on top of it.
"""

from asyncio import to_thread
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

import msgspec

from relay.audit.tags import Tag
from relay.cases.keys import case_text, put_case_text, put_text
from relay.db.transaction import Acting, Reading
from relay.errors import Conflict, Invalid, VaultRefused
from relay.exchange import agreements, editing, telling
from relay.exchange.edits import Disguise, Edits
from relay.exchange.edits import check as check_edits
from relay.exchange.items import find_item, lock_item
from relay.exchange.model import Content, Item, Rendition
from relay.exchange.objects import NewObject, add_grant, opened
from relay.exchange.renditions import case_content, case_object_key, find_rendition, own_number
from relay.exchange.revisions import NewRevision, Submitted, begin, submitted
from relay.exchange.telling import case_list
from relay.exchange.transitions import Action, move
from relay.house import House
from relay.identity.model import Person
from relay.identity.trust import case_key, participant_key, worker_key
from relay.review.decisions import MOST_GUIDANCE, check_claim
from relay.safeguarding import stops
from relay.vault.padding import unpad
from relay.vault.suite import DataKey

PURPOSE: Final = "redaction"
_PICTURES: Final = {
    "off": "no picture",
    "cover": "the whole picture to be covered",
    "faces": "faces to be covered",
}


class Redaction(msgspec.Struct, frozen=True, kw_only=True):
    """What is hidden or disguised in the newest version, and by whom: empty `edited_by` for its author.

    `note` is what its author reads about it, `agreed_at` when they agreed to the version that was made.
    """

    revision: int
    edits: Edits
    edited_by: UUID | None
    note: str
    agreed_at: datetime | None


class Ground(msgspec.Struct, frozen=True, kw_only=True):
    """What a list is written against: the newest version as its author sent it, which all lists count in.

    `text` is a letter's; `revision` the newest version, whose list the next one starts from. `own` is how
    the author asked to be disguised in the version that they sent.
    """

    item: Item
    rendition: Rendition
    text: str
    before: Redaction
    own: Disguise

    @property
    def revision(self) -> int:
        """The version that is there now."""
        return self.item.revision


async def redaction(house: House, person: Person, item_id: UUID) -> Redaction:
    """Return what is hidden in the newest version, and how its author answered. Raise `Missing`."""
    async with house.database.reading(person.id) as tx:
        return await _redaction(tx, house, person, await find_item(tx, item_id))


async def _redaction(tx: Reading, house: House, person: Person, item: Item) -> Redaction:
    row = await submitted(tx, house, item)
    edits, note, agreed_at = await case_list(tx, house, person, item, row), None, None
    if row.edited_by:
        note = await case_text(tx, house, person, item.case_id, PURPOSE, row.id)
        try:
            made = await find_rendition(tx, house, item, "clean")
            told = telling.changes_of(edits, telling.word_of(row))
            agreed_at = await agreements.agreed_at(tx, house, item.author_id, made, told)
        except Conflict:
            agreed_at = None
    return Redaction(
        revision=row.number, edits=edits, edited_by=row.edited_by, note=note or "", agreed_at=agreed_at
    )


async def ground(house: House, person: Person, item_id: UUID) -> Ground:
    """Return what the next list is written against. Raise `Conflict` if nothing was made ready yet."""
    async with house.database.reading(person.id) as tx:
        item = await find_item(tx, item_id)
        if item.taken_back_at is not None or item.revision == 0:
            raise Conflict("This is not there to be read: it is not ready yet, or its author took it back.")
        number = await own_number(tx, item_id)
        base = await find_rendition(tx, house, item, "clean", number)
        if not await _same_original(tx, base, await submitted(tx, house, item)):
            raise VaultRefused  # somebody edited a row: the places would be those of another text
        content = await case_content(tx, house, person, base)
        before = await _redaction(tx, house, person, item)
        own = await case_list(tx, house, person, item, await submitted(tx, house, item, number))
    text = await to_thread(_text, house, content) if item.kind == "letter" else ""
    return Ground(item=item, rendition=base, text=text, before=before, own=own.disguise)


def _text(house: House, content: Content) -> str:
    with opened(house, content) as reader:
        return unpad(reader.read_all(content.size)).decode()


async def _same_original(tx: Reading, base: Rendition, newest: Submitted) -> bool:
    made_from = await tx.value("SELECT object_id FROM relay.revisions WHERE id = %s", [base.revision_id])
    return base.edited_by is None and bool(made_from == newest.object_id)


def check(on: Ground, edits: Edits) -> None:
    """Raise `Invalid` unless the list fits what it is written against, and hides something or less."""
    check_edits(edits, on.item.kind)
    if any(one.end > len(on.text) for one in edits.spans):
        raise Invalid(edits="Some of the words lie after the end of the letter. Choose them again.")
    length = on.rendition.duration_ms
    if length is not None and any(one.end_ms > length for one in edits.stretches):
        raise Invalid(edits="A stretch ends after the recording does. Check the times.")
    pages = on.rendition.pages
    if pages is not None and any(one.page > pages for one in edits.areas):
        raise Invalid(edits=f"There is no such page. The last one is page {pages}.")
    if edits.disguise.is_weaker_than(on.own):
        raise Invalid(edits=_kept(on.own))
    if edits == on.before.edits and on.item.failure is None:
        raise Invalid(
            edits="This is what the version before hides too. Hide something else, or decide on that one."
            if edits
            else "Nothing is hidden by this yet. Say what is to be hidden."
        )


def _kept(own: Disguise) -> str:
    """Who asked not to be known by ear or sight is not shown as they are by somebody else's list."""
    asked = [
        *(["their voice to be changed"] if own.voice else []),
        *([_PICTURES[own.picture]] if own.picture != "keep" else []),
    ]
    return (
        f"The author asked for {' and '.join(asked)} when they sent this. That stays: choose the same"
        " disguise, or a stronger one. Only they can take it off, by sending it again without."
    )


async def redact(
    house: House, person: Person, item_id: UUID, *, revision: int, edits: Edits, note: str
) -> None:
    """Begin a version in which these parts are hidden, in place of version `revision`, which was looked at.

    `note` tells its author in plain words what and why; they are asked before anything of it passes. Raise
    `Invalid` for a list that does not fit, `Conflict` if the item has moved on or is not in hand.
    """
    note = checked_note(note)
    on = await ground(house, person, item_id)
    check(on, edits)
    async with house.database.reading(person.id) as tx:
        await _check_place(tx, person, on.item, revision)
        row = await submitted(tx, house, on.item)
        original = await case_object_key(tx, house, person, on.item.case_id, row.object_id)
    stored = await editing.store_edits(house, person.id, on.item.case_id, edits, on.item.kind)
    async with house.database.acting(person.id, Tag.ITEM_REDACTED) as act:
        item = await lock_item(act, item_id)
        await _check_place(act, person, item, revision)
        await _begin(act, house, person, item, await submitted(act, house, item), original, stored, note)


def checked_note(note: str) -> str:
    """Return what the author is to read, or raise `Invalid`."""
    note = note.strip()
    if not note:
        raise Invalid(note="Say in plain words what you hide, and why. The author reads this.")
    if len(note) > MOST_GUIDANCE:
        raise Invalid(note=f"Keep what you say to {MOST_GUIDANCE:,} characters.")
    return note


async def _check_place(tx: Reading, person: Person, item: Item, revision: int) -> None:
    await stops.require_none(tx, item.case_id, item.id)
    move(item.state, Action.REDACT, "desk")
    if item.taken_back_at is not None or item.revision != revision:
        raise Conflict("A newer version has come in. Please look at that one.")
    await check_claim(tx, person, item)


async def _begin(
    act: Acting,
    house: House,
    person: Person,
    item: Item,
    row: Submitted,
    original: DataKey,
    stored: NewObject,
    note: str,
) -> None:
    worker = await worker_key(act, house)
    author = await participant_key(act, house, item.case_id, item.author_id)
    # to its author as well: they agree to what they can read of it
    readers = (await case_key(act, house, item.case_id), author, worker)
    await editing.seal(act, house, item.case_id, stored, readers)
    await add_grant(act, house, item.case_id, row.object_id, original, worker)
    new = NewRevision(item=item, object_id=row.object_id, edits=stored, edited_by=person.id)
    revision_id = await begin(act, house, new)
    await put_text(act, house, author, item.case_id, PURPOSE, revision_id, note)
    await put_case_text(act, house, item.case_id, PURPOSE, revision_id, note)
    # whoever hides parts looks at what becomes of it: they keep it in hand
    until = house.clock() + timedelta(minutes=house.settings.lease_minutes)
    await act.run("UPDATE relay.claims SET until = %s WHERE item_id = %s", [until, item.id])
