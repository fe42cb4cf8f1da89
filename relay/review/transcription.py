"""What stands on scanned pages, written out by a facilitator and compared by one: it belongs with the scan.

It is for the desk alone, and sealed to the case: pages that were hidden or sent anew have none until somebody
writes it out again. Source: PRACTICE, "Writing".
"""

from datetime import datetime
from typing import Final
from uuid import UUID

import msgspec

from relay.audit.tags import Tag
from relay.cases.keys import case_text, put_case_text
from relay.db.transaction import Acting, Reading
from relay.errors import Conflict, Invalid
from relay.exchange import letters
from relay.exchange.items import find_item, lock_item
from relay.exchange.model import Item, Rendition
from relay.exchange.renditions import find_rendition
from relay.house import House
from relay.identity.model import Person
from relay.review.reading import READABLE

_PURPOSE: Final = "transcription"


class Transcription(msgspec.Struct, frozen=True, kw_only=True):
    """The text, who wrote it out, and who compared it with the pages since then, if anybody did."""

    text: str
    written_by: UUID
    written_at: datetime
    checked_by: UUID | None = None
    checked_at: datetime | None = None


async def transcription(house: House, person: Person, item_id: UUID) -> Transcription | None:
    """Return what is written out of the newest version of a document. Raise `Missing`."""
    async with house.database.reading(person.id) as tx:
        item = await find_item(tx, item_id)
        try:
            pages = await find_rendition(tx, house, item, "clean")
        except Conflict:
            return None
        return await _find(tx, house, person, pages)


async def write(house: House, person: Person, item_id: UUID, text: str) -> None:
    """Keep what somebody wrote out, in place of what was there. It is not compared yet."""
    text = letters.checked(text, house.settings.letter_characters)
    async with house.database.acting(person.id, Tag.TRANSCRIPTION_WRITTEN) as act:
        pages = await _pages(act, house, await lock_item(act, item_id))
        new = Transcription(text=text, written_by=person.id, written_at=house.clock())
        await _keep(act, house, pages, new)


async def check(house: House, person: Person, item_id: UUID, written_at: datetime) -> None:
    """Say that it was compared with the pages, word by word. `written_at` names the one that was."""
    async with house.database.acting(person.id, Tag.TRANSCRIPTION_CHECKED) as act:
        pages = await _pages(act, house, await lock_item(act, item_id))
        found = await _find(act, house, person, pages)
        if found is None or found.written_at != written_at:
            raise Conflict("Somebody has written it out again since. Please compare that one with the pages.")
        checked = msgspec.structs.replace(found, checked_by=person.id, checked_at=house.clock())
        await _keep(act, house, pages, checked)


async def _pages(act: Acting, house: House, item: Item) -> Rendition:
    if item.kind != "document":
        raise Invalid(text="Only what is on pages is written out.")
    if item.state not in READABLE or item.taken_back_at is not None:
        raise Conflict("This is not there to be read: it is not ready yet, or its author took it back.")
    pages = await find_rendition(act, house, item, "clean")
    act.note(rendition=pages.id)
    return pages


async def _find(tx: Reading, house: House, person: Person, pages: Rendition) -> Transcription | None:
    found = await case_text(tx, house, person, pages.case_id, _PURPOSE, pages.id)
    return None if found is None else msgspec.json.decode(found, type=Transcription)


async def _keep(act: Acting, house: House, pages: Rendition, transcription: Transcription) -> None:
    written = msgspec.json.encode(transcription).decode()
    await put_case_text(act, house, pages.case_id, _PURPOSE, pages.id, written)
