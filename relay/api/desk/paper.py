"""On paper: what was released, an enrolment card, a cover note, a consent form. Each is answered as a PDF."""

from datetime import date
from typing import Annotated, Final
from uuid import UUID

import msgspec
from litestar import Response, delete, get, post
from litestar.params import JSONBody, PathParameter

from relay.exchange import paper, receipts
from relay.exchange.receipts import Receipt
from relay.identity import cards, sessions
from relay.permissions import Permission
from relay.printing.model import Size
from relay.web.shared.access import SignedIn, TheHouse, allow
from relay.web.shared.papers import PDF, answer

CaseId = Annotated[UUID, PathParameter()]
ItemId = Annotated[UUID, PathParameter()]
AccountId = Annotated[UUID, PathParameter()]
SeatId = Annotated[UUID, PathParameter()]
_PRINT: Final = allow(Permission.PAPER_PRINT)


class ItemPrint(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Whose copy: the seat of somebody it was released to.

    `written_out`: behind the pages of a document, what was written out of them and compared with them.
    """

    seat_id: UUID
    size: Size = Size.NORMAL
    written_out: bool = False


class NewReceipt(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Who was handed something on paper: their seat, the code on the paper, the day."""

    seat_id: UUID
    code: str
    given_on: date


class SheetPrint(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How large."""

    size: Size = Size.NORMAL


class CoverNotePrint(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Whom the reader can talk to, and the facilitator's own words, in any language."""

    call: str
    words: str = ""
    size: Size = Size.NORMAL


@post("/items/{item_id:uuid}/print", opt=_PRINT, status_code=200, media_type=PDF)
async def print_item(
    house: TheHouse, person: SignedIn, item_id: ItemId, data: JSONBody[ItemPrint]
) -> Response[bytes]:
    """Print a released letter or document for one recipient. Needs the passphrase, as a release does."""
    sessions.require_step_up(house, person)
    printed = await paper.print_item(
        house, person, item_id, data.seat_id, data.size, written_out=data.written_out
    )
    return answer(printed, "letter")


@post("/cases/{case_id:uuid}/people/{account_id:uuid}/card", opt=_PRINT, status_code=200, media_type=PDF)
async def print_card(
    house: TheHouse, person: SignedIn, case_id: CaseId, account_id: AccountId, data: JSONBody[SheetPrint]
) -> Response[bytes]:
    """Print the card of the invitation that waits for somebody. Needs the passphrase as well."""
    sessions.require_step_up(house, person)
    return answer(await cards.print_card(house, person, case_id, account_id, data.size), "card")


@post("/cases/{case_id:uuid}/cover-note", opt=_PRINT, status_code=200, media_type=PDF)
async def print_cover_note(
    house: TheHouse, person: SignedIn, case_id: CaseId, data: JSONBody[CoverNotePrint]
) -> Response[bytes]:
    """Print what lies on top of a letter."""
    printed = await paper.print_cover_note(
        house, person, case_id, call=data.call, words=data.words, size=data.size
    )
    return answer(printed, "note")


@post("/cases/{case_id:uuid}/consent-form", opt=_PRINT, status_code=200, media_type=PDF)
async def print_consent_form(
    house: TheHouse, person: SignedIn, case_id: CaseId, data: JSONBody[SheetPrint]
) -> Response[bytes]:
    """Print an empty form to agree on."""
    return answer(await paper.print_consent_form(house, person, case_id, data.size), "form")


@get("/items/{item_id:uuid}/receipts", opt=_PRINT)
async def read_receipts(house: TheHouse, person: SignedIn, item_id: ItemId) -> dict[str, Receipt]:
    """Say to whom something was handed over on paper, and when, by account."""
    found = await receipts.receipts(house, person, item_id)
    return {str(account): receipt for account, receipt in found.items()}


@post("/items/{item_id:uuid}/receipts", opt=_PRINT, status_code=204)
async def record_receipt(
    house: TheHouse, person: SignedIn, item_id: ItemId, data: JSONBody[NewReceipt]
) -> Response[None]:
    """Record that something printed was handed over."""
    await receipts.record(house, person, item_id, data.seat_id, code=data.code, given_on=data.given_on)
    return Response(None, status_code=204)


@delete("/items/{item_id:uuid}/receipts/{seat_id:uuid}", opt=_PRINT, status_code=204)
async def take_back_receipt(
    house: TheHouse, person: SignedIn, item_id: ItemId, seat_id: SeatId
) -> Response[None]:
    """Take back what was recorded by mistake."""
    await receipts.take_back(house, person, item_id, seat_id)
    return Response(None, status_code=204)


HANDLERS = [
    read_receipts,
    record_receipt,
    take_back_receipt,
    print_item,
    print_card,
    print_cover_note,
    print_consent_form,
]
