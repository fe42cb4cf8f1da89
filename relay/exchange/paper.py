"""A released letter on paper: for whoever has no screen, or wants none.

Printing hands the letter over once more, so all that must hold at a release has to hold again: the gates
between the two, and the release record, from values that the desk holds. What is printed is the released
rendition, and not one other word of the database; what the record says was done to it stands at its end, in
the words of the screen.
"""

import base64
import hashlib
from asyncio import to_thread
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
from relay.exchange.telling import in_words
from relay.house import House
from relay.identity.model import Person
from relay.identity.trust import past_verifier_of, roster
from relay.printing import press
from relay.printing.model import Printed, Size
from relay.safeguarding import stops
from relay.vault.padding import unpad
from relay.vault.release import ReleaseRecord, Signatures, decode, verify

_MOST_LETTER: Final = 2**20
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


async def print_letter(house: House, person: Person, item_id: UUID, seat_id: UUID, size: Size) -> Printed:
    """Return a letter that was released to whoever has this seat, as a PDF in memory. Leaves an audit entry.

    Raise `Missing` for what is not of the person's cases, `Conflict` for what was never released to them or
    cannot be given to them any more, `Blocked` with every gate that is closed now, `Unprintable` with the
    characters that no font has.
    """
    async with house.database.reading(person.id) as tx:
        item = await find_item(tx, item_id)
        row = await _printable(tx, house, item, seat_id)
        content, record = await _content(tx, house, person, item, row)
    # outside of any transaction: it takes as long as it takes
    code = receipt_code(house, row.id)
    text = await to_thread(_read, house, content, record.sha256)
    printed = await press.letter(
        text,
        code=f"Receipt {code}",
        size=size,
        folder=house.settings.print_fonts,
        told=in_words(record.told, item.kind),
    )
    async with house.database.acting(person.id, Tag.LETTER_PRINTED) as act:
        item = await lock_item(act, item_id)
        # meanwhile somebody may have pressed pause
        if (await _printable(act, house, item, seat_id)).id != row.id:
            raise Conflict
        act.note(release=row.id, recipient=row.account_id, code=code, size=str(size), pages=printed.pages)
    return printed


async def _printable(tx: Reading, house: House, item: Item, seat_id: UUID) -> _Row:
    """Return the release to print, if it may still be handed over."""
    if not await tx.value(
        "SELECT true FROM relay.item_recipients WHERE item_id = %s AND seat_id = %s", [item.id, seat_id]
    ):
        raise Missing
    if item.kind != "letter":
        raise Conflict("Only letters are printed here. A document can be opened and printed from there.")
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
            "This person has said that they do not want it, so it is not printed. Talk with them: if they"
            " have changed their mind, they can choose so on their own page, and then it can be printed."
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
    if rendition.media_type != LETTER_TYPE:
        raise VaultRefused
    return await case_content(tx, house, person, rendition), record


def _read(house: House, content: Content, sha256: bytes) -> str:
    """Return the letter, which must be the very bytes that were reviewed. Blocking."""
    with opened(house, content) as reader:
        plain = reader.read_all(_MOST_LETTER)
    if hashlib.sha256(plain).digest() != sha256:
        raise VaultRefused
    return bytes(unpad(plain)).decode()


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
    """Return the note that lies on top of a letter. `call`: whom the reader can talk to; `words`: or none.

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
