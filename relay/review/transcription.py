"""What stands on scanned pages, written out by a facilitator and compared by one: it belongs with the scan.

It is for the desk alone, and sealed to the case; only on paper it goes out, behind the pages, where a
facilitator chooses so (`exchange.paper`). A newer version of the pages begins with what was written out of
the one before, to be compared anew. Source: PRACTICE, "Writing".
"""

from datetime import datetime
from typing import Final
from uuid import UUID

import msgspec

from relay.audit.tags import Tag
from relay.cases.keys import case_text, put_case_text
from relay.db.transaction import Acting, Reading
from relay.errors import Conflict, Invalid, Missing
from relay.exchange import letters
from relay.exchange.items import lock_item
from relay.exchange.model import Item, Rendition
from relay.exchange.renditions import find_rendition
from relay.house import House
from relay.identity.model import Person
from relay.review.reading import READABLE

_PURPOSE: Final = "transcription"


class Transcription(msgspec.Struct, frozen=True, kw_only=True):
    """The text, who wrote it out, and who compared it with the pages since then, if anybody did.

    `revision` is the version of the pages that it was written out of.
    """

    revision: int
    text: str
    written_by: UUID
    written_at: datetime
    checked_by: UUID | None = None
    checked_at: datetime | None = None


async def transcription(house: House, person: Person, item_id: UUID) -> Transcription:
    """Return what was last written out of a document, and leave an audit entry, as for reading its pages.

    Raise `Missing` if nothing was, `Conflict` if the pages are not there to be read (any more).
    """
    async with house.database.acting(person.id, Tag.ITEM_READ) as act:
        item = await lock_item(act, item_id)
        await _pages(act, house, item)
        found = await _find(act, house, person, item)
        if found is None:
            raise Missing
        act.note(role=_PURPOSE)
        return found


async def compared(tx: Reading, house: House, person: Person, item: Item) -> str:
    """Return what was written out of the newest pages of a document, and compared with those, for its print.

    Raise `Conflict` if there is nothing of that kind.
    """
    found = await _find(tx, house, person, item) if item.kind == "document" else None
    if found is None or found.checked_by is None:
        raise Conflict(
            "Nothing that is written out was compared with these pages, so it is not printed behind them."
            " Compare it first, or print the pages alone."
        )
    return found.text


async def write(house: House, person: Person, item_id: UUID, text: str) -> None:
    """Keep what somebody wrote out, in place of what was there. It is not compared yet."""
    text = letters.checked(text, house.settings.letter_characters)
    async with house.database.acting(person.id, Tag.TRANSCRIPTION_WRITTEN) as act:
        item = await lock_item(act, item_id)
        pages = await _pages(act, house, item)
        new = Transcription(revision=item.revision, text=text, written_by=person.id, written_at=house.clock())
        await _keep(act, house, pages, new)


async def check(house: House, person: Person, item_id: UUID, written_at: datetime) -> None:
    """Say that it was compared with the pages, word by word. `written_at` names the one that was."""
    async with house.database.acting(person.id, Tag.TRANSCRIPTION_CHECKED) as act:
        item = await lock_item(act, item_id)
        pages = await _pages(act, house, item)
        found = await _find(act, house, person, item)
        if found is None or found.written_at != written_at:
            raise Conflict("Somebody has written it out again since. Please compare that one with the pages.")
        checked = msgspec.structs.replace(
            found, revision=item.revision, checked_by=person.id, checked_at=house.clock()
        )
        await _keep(act, house, pages, checked)


async def _pages(act: Acting, house: House, item: Item) -> Rendition:
    if item.kind != "document":
        raise Invalid(text="Only what is on pages is written out.")
    if item.state not in READABLE or item.taken_back_at is not None:
        raise Conflict("This is not there to be read: it is not ready yet, or its author took it back.")
    pages = await find_rendition(act, house, item, "clean")
    act.note(rendition=pages.id)
    return pages


async def _find(tx: Reading, house: House, person: Person, item: Item) -> Transcription | None:
    """Return the newest one. What was compared with other pages is not compared with these."""
    pages_id = await tx.value(
        """
        SELECT n.id FROM relay.renditions n
        JOIN relay.revisions r ON r.id = n.revision_id AND r.number <= %s
        JOIN relay.sealed_texts t ON t.subject_id = n.id AND t.purpose = 'transcription'
        WHERE n.item_id = %s AND n.role = 'clean' ORDER BY r.number DESC LIMIT 1
        """,
        [item.revision, item.id],
    )
    found = pages_id and await case_text(tx, house, person, item.case_id, _PURPOSE, pages_id)
    if not found:
        return None
    written = msgspec.json.decode(found, type=Transcription)
    if written.revision == item.revision:
        return written
    return msgspec.structs.replace(written, checked_by=None, checked_at=None)


async def _keep(act: Acting, house: House, pages: Rendition, transcription: Transcription) -> None:
    written = msgspec.json.encode(transcription).decode()
    await put_case_text(act, house, pages.case_id, _PURPOSE, pages.id, written)
