"""What a recipient is told of something that is not all that its author sent, or not as they sent it.

It follows from the edit list of the version, which the case's key opens, and from whose list that is: both
stand under the keyring (`origin`). Who approves the version signs it, the release record carries it, and the
recipient's side reads it from there once that was verified. It says what kind of thing was done, and never
how much of it, where, or to what.
"""

from asyncio import to_thread
from typing import Final
from uuid import UUID

import msgspec

from relay.cases.model import Medium
from relay.db.transaction import Reading
from relay.errors import Conflict, VaultRefused
from relay.exchange import editing
from relay.exchange.edits import Edits
from relay.exchange.items import find_item
from relay.exchange.model import Item, Rendition
from relay.exchange.renditions import case_object_key, find_rendition
from relay.exchange.revisions import Submitted, submitted
from relay.house import House
from relay.identity.model import Person
from relay.vault.statements import CHANGES, Change, Changes, Word


def changes_of(edits: Edits, author: Word) -> Changes | None:
    """Return what a list changes, or None: nothing. `author`: what they say to it, whose list that is."""
    done: dict[Change, bool] = {
        "parts hidden": bool(edits.spans or edits.stretches or edits.areas),
        "voice changed": edits.disguise.voice,
        "picture covered": edits.disguise.picture != "keep",
    }
    what = tuple(one for one in CHANGES if done[one])
    return Changes(author=author, what=what) if what else None


_WORD: Final = {
    "agreed": "The person who made it agreed to that.",
    "asked": "The person who made it asked for that.",
}


def word_of(row: Submitted) -> Word:
    """Return what the author says to a version: a facilitator's passes only if they agreed."""
    return "agreed" if row.edited_by else "asked"


def in_words(changes: Changes | None, kind: Medium) -> str:
    """Say it to whoever receives it; empty if there is nothing to say."""
    if changes is None:
        return ""
    words: dict[Change, str] = {
        "parts hidden": "parts of it were hidden" + (" or left out" if kind in {"audio", "video"} else ""),
        "voice changed": "the voice was changed",
        "picture covered": "the picture was covered, all of it or where a machine found faces",
    }
    *before, last = [words[one] for one in changes.what]
    listed = f"{', '.join(before)}, and {last}" if before else last
    return f"Before this was passed on, {listed}. {_WORD[changes.author]}"


async def case_list(tx: Reading, house: House, person: Person, item: Item, row: Submitted) -> Edits:
    """Return what is hidden or disguised in a version, for a facilitator of the case."""
    if row.edits_id is None or row.edits_commitment is None:
        return Edits()
    key = await case_object_key(tx, house, person, item.case_id, row.edits_id)
    written = editing.content(row.edits_id, row.edits_commitment, key)
    return await to_thread(editing.read, house, written, item.kind)


async def changes(
    tx: Reading, house: House, person: Person, item: Item, rendition: Rendition
) -> Changes | None:
    """Return what the recipient of an item's newest version is told, for a facilitator of the case."""
    row = await submitted(tx, house, item)
    if row.id != rendition.revision_id:
        raise VaultRefused  # the list of another version
    return changes_of(await case_list(tx, house, person, item, row), word_of(row))


class Told(msgspec.Struct, frozen=True):
    """What the recipient of one rendition is told. Both are empty if nothing was made ready yet."""

    rendition_id: UUID | None
    changes: Changes | None

    def of(self, rendition: Rendition) -> Changes | None:
        """Return it for this one, or raise `Conflict`: it was looked up of another."""
        if rendition.id != self.rendition_id:
            raise Conflict("A newer version has come in. Please look at that one.")
        return self.changes


async def looked_up(house: House, person: Person, item_id: UUID) -> Told:
    """Look it up for the newest version, before the item is locked: the list has to be fetched."""
    async with house.database.reading(person.id) as tx:
        item = await find_item(tx, item_id)
        try:
            rendition = await find_rendition(tx, house, item, "clean")
        except Conflict:
            return Told(None, None)
        return Told(rendition.id, await changes(tx, house, person, item, rendition))
