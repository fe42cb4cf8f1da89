"""A released letter or document on paper: for whoever has no screen, or wants none.

Printing hands it over once more, so all that must hold at a release has to hold again: the gates between the
two, and the release record, from values that the desk holds. What is printed is the released rendition, and
not one other word of the database, unless a facilitator asks for what was written out of a document behind
its pages, which says there what it is. What the record says was done to it stands at its end, in the words of
the screen.
"""

import base64
import hashlib
from asyncio import to_thread
from functools import partial
from typing import Final
from uuid import UUID

import msgspec

from relay.audit.tags import Tag
from relay.cases import gates
from relay.cases.service import facts_for_staff, read_case
from relay.db.transaction import Reading
from relay.errors import Blocked, Conflict, Invalid, Missing, VaultRefused
from relay.exchange import letters
from relay.exchange.items import find_item, lock_item
from relay.exchange.model import LETTER_TYPE, Content, Item
from relay.exchange.objects import opened
from relay.exchange.renditions import case_content, find_rendition
from relay.exchange.scans import scanned
from relay.exchange.telling import in_words
from relay.house import House
from relay.identity.model import Person
from relay.identity.trust import past_verifier_of, roster
from relay.printing import press
from relay.printing.model import Printed, ScannedPage, Size
from relay.review import transcription
from relay.safeguarding import stops
from relay.vault.padding import unpad
from relay.vault.release import ReleaseRecord, Signatures, decode, verify

KINDS: Final = frozenset({"letter", "document"})
"""What can be printed."""
_MOST_LETTER: Final = 2**20
_MOST_DOCUMENT: Final = 128 * 2**20
"""What is printed is held in memory: sixty photographs of pages have about 90 MB."""
_DOCUMENT_TYPE: Final = "application/pdf"
_CODE_BYTES: Final = 5
# Crockford's base 32: nothing in it is taken for something else when it is read out or copied
_ALPHABET: Final = bytes.maketrans(b"ABCDEFGHIJKLMNOPQRSTUVWXYZ234567", b"0123456789ABCDEFGHJKMNPQRSTVWXYZ")


class _Row(msgspec.Struct, frozen=True, kw_only=True):
    id: UUID
    account_id: UUID
    rendition_id: UUID
    object_id: UUID
    record: bytes
    signatures: bytes
    delivery: str


class _Released(msgspec.Struct, frozen=True):
    id: UUID
    recipient_id: UUID


def receipt_code(house: House, release_id: UUID) -> str:
    """Return the code on each page of a release's paper: always the same, and it tells nothing."""
    drawn = house.keyring.mac("receipt code", release_id.bytes)[:_CODE_BYTES]
    code = base64.b32encode(drawn).translate(_ALPHABET).decode()
    return f"{code[:4]}-{code[4:]}"


class _Found(msgspec.Struct, frozen=True):
    """What is to be printed: opened and checked, but for its bytes."""

    item: Item
    row: _Row
    content: Content
    record: ReleaseRecord
    written: str


async def print_item(
    house: House, person: Person, item_id: UUID, seat_id: UUID, size: Size, *, written_out: bool = False
) -> Printed:
    """Return what was released to whoever has this seat, as a PDF in memory. Leaves an audit entry.

    `written_out`: behind the pages of a document, what was written out of them and compared with them.

    Raise `Missing` for what is not of the person's cases, `Conflict` for what was never released to them or
    cannot be given to them any more, or where nothing that was compared is written out, `Blocked` with every
    gate that is closed now, `Unprintable` with the characters that no font has.
    """
    async with house.database.reading(person.id) as tx:
        item = await find_item(tx, item_id)
        row = await _printable(tx, house, item, seat_id)
        content, record = await _content(tx, house, person, item, row)
        written = await transcription.compared(tx, house, person, item) if written_out else ""
        found = _Found(item, row, content, record, written)
    # outside of any transaction: it takes as long as it takes
    code = receipt_code(house, row.id)
    setting = _letter if item.kind == "letter" else _document
    printed = await setting(house, found, f"Receipt {code}", size)
    async with house.database.acting(person.id, Tag.LETTER_PRINTED) as act:
        item = await lock_item(act, item_id)
        # meanwhile somebody may have pressed pause
        if (await _printable(act, house, item, seat_id)).id != row.id:
            raise Conflict
        act.note(release=row.id, recipient=row.account_id, code=code, size=str(size), pages=printed.pages)
        if written_out:
            act.note(written_out=True)
    return printed


async def _letter(house: House, found: _Found, code: str, size: Size) -> Printed:
    return await press.letter(
        await to_thread(_read, house, found.content, found.record.sha256),
        code=code,
        size=size,
        folder=house.settings.print_fonts,
        told=in_words(found.record.told, found.item.kind),
    )


async def _document(house: House, found: _Found, code: str, size: Size) -> Printed:
    return await press.document(
        await to_thread(_pages, house, found.content, found.record.sha256),
        partial(opened, house, found.content),
        code=code,
        size=size,
        folder=house.settings.print_fonts,
        told=in_words(found.record.told, found.item.kind),
        written=found.written,
    )


async def _printable(tx: Reading, house: House, item: Item, seat_id: UUID) -> _Row:
    """Return the release to print, if it may still be handed over."""
    if not await tx.value(
        "SELECT true FROM relay.item_recipients WHERE item_id = %s AND seat_id = %s", [item.id, seat_id]
    ):
        raise Missing
    if item.kind not in KINDS:
        raise Conflict("Sound and film are not printed.")
    if item.taken_back_at is not None:
        raise Conflict("The author has taken this back. Nothing more of it is printed.")
    facts = await facts_for_staff(tx, item.case_id)
    seat = facts.seat(seat_id)
    if seat is None:
        raise Conflict("The recipient is no longer on the case.")
    row = await tx.one(
        _Row,
        """
        SELECT r.id, r.recipient_id AS account_id, r.rendition_id, r.object_id, r.record, r.signatures,
               d.state AS delivery
        FROM relay.releases r JOIN relay.deliveries d ON d.release_id = r.id
        WHERE r.item_id = %s AND r.recipient_id = %s ORDER BY r.sequence DESC LIMIT 1
        """,
        [item.id, seat.account_id],
    )
    if row is None:
        raise Conflict("This has not been passed on to this person. Pass it on first, then print it.")
    if row.delivery == "refused":
        raise Conflict(
            "This person has said that they do not want it, so it is not printed. If they change their"
            " mind by themselves, they can choose so on their own page, or you write down that they told you,"
            " and then it can be printed."
        )
    found = (
        *await stops.blocks(tx, item.case_id, item.id),
        *gates.blocks(facts, item.author_id, seat.account_id, item.kind, house.local_time()),
    )
    if found:
        raise Blocked(gates.for_staff(found))
    return row


async def _content(
    tx: Reading, house: House, person: Person, item: Item, row: _Row
) -> tuple[Content, ReleaseRecord]:
    """Check the release record against what the desk knows, and open the rendition with the case's key."""
    rendition = await find_rendition(tx, house, item, "clean")
    record = msgspec.structs.replace(
        decode(row.record, ReleaseRecord),
        service=house.pins.service_id,
        case=item.case_id,
        item=item.id,
        revision=rendition.revision_id,
        rendition=rendition.id,
        sha256=rendition.sha256,
        object=rendition.object_id,
        commitment=rendition.commitment,
        recipient=row.account_id,
    )
    signed = await roster(tx, house)
    verify(record, decode(row.signatures, Signatures), lambda one: past_verifier_of(signed, one))
    if rendition.media_type != (LETTER_TYPE if item.kind == "letter" else _DOCUMENT_TYPE):
        raise VaultRefused
    if item.kind == "document" and rendition.size > _MOST_DOCUMENT:
        raise Conflict(
            "These pages are too large to be printed from here. Open the document by itself, print it from"
            " there, and write the code for the receipt on it."
        )
    return await case_content(tx, house, person, rendition), record


def _read(house: House, content: Content, sha256: bytes) -> str:
    """Return the letter, which must be the very bytes that were reviewed. Blocking."""
    with opened(house, content) as reader:
        plain = reader.read_all(_MOST_LETTER)
    if hashlib.sha256(plain).digest() != sha256:
        raise VaultRefused
    return bytes(unpad(plain)).decode()


def _pages(house: House, content: Content, sha256: bytes) -> list[ScannedPage]:
    """Return the pages of a document, which must be the very bytes that were reviewed. Blocking.

    They are read once more when they are printed: the object's key and commitment hold them to be the same.
    """
    digest = hashlib.sha256()
    with opened(house, content) as reader:
        for piece in reader.ranges():
            digest.update(piece)
        if digest.digest() != sha256:
            raise VaultRefused
        found = list(scanned(reader))
    if not found or not all(page.width and page.height and page.across and page.down for page in found):
        raise VaultRefused
    return found


async def codes(house: House, person: Person, item_id: UUID) -> dict[UUID, str]:
    """Return the code on the paper of each release of an item, by the recipient's account."""
    async with house.database.reading(person.id) as tx:
        rows = await tx.all(
            _Released,
            "SELECT id, recipient_id FROM relay.releases WHERE item_id = %s ORDER BY sequence LIMIT 100",
            [item_id],
        )
    return {row.recipient_id: receipt_code(house, row.id) for row in rows}


async def print_cover_note(
    house: House, person: Person, case_id: UUID, *, call: str, words: str, size: Size
) -> Printed:
    """Return the note that lies on top of it. `call`: whom the reader can talk to; `words`: or none.

    Raise `Missing` for a case that is not the person's, `Invalid`, `Unprintable`.
    """
    await read_case(house, person, case_id)
    if not letters.visible(call).strip():
        raise Invalid(call="Say whom the reader can talk to, and how: a name and a telephone number.")
    return await press.cover_note(
        call=_typed("call", call, 400),
        words=_typed("words", words, 2_000) if words.strip() else "",
        size=size,
        folder=house.settings.print_fonts,
    )


async def print_consent_form(house: House, person: Person, case_id: UUID, size: Size) -> Printed:
    """Return an empty form to agree on. Raise `Missing` for a case that is not the person's."""
    await read_case(house, person, case_id)
    return await press.consent_form(size=size, folder=house.settings.print_fonts)


def _typed(field: str, text: str, most: int) -> str:
    try:
        return letters.visible(letters.checked(text, most)).strip()
    except Invalid as invalid:
        raise Invalid(**{field: invalid.public}) from None
