"""On paper: what was released, an enrolment card, a cover note, a consent form. Each opens as a PDF."""

from typing import Annotated
from uuid import UUID

from litestar.params import PathParameter

from relay.exchange import paper, receipts
from relay.identity import cards
from relay.identity.model import Person
from relay.permissions import Permission
from relay.printing.model import Size
from relay.web.desk.cases import on_case
from relay.web.desk.doing import Page, TheAsked, does
from relay.web.desk.item import on_item
from relay.web.shared.forms import Form
from relay.web.shared.papers import answer

CaseId = Annotated[UUID, PathParameter()]
ItemId = Annotated[UUID, PathParameter()]
AccountId = Annotated[UUID, PathParameter()]


def _size(form: Form) -> Size:
    return Size(form.choice("size", *(size.value for size in Size)))


@does("/items/{item_id:uuid}/print", Permission.PAPER_PRINT)
async def print_item(asked: TheAsked, item_id: ItemId) -> Page:
    """Print what was released to one person. Asks for the passphrase, as a release does."""
    form = asked.form

    async def do(person: Person) -> Page:
        seat_id, size = form.identifier("seat_id"), _size(form)
        written_out = bool(form.text("written_out"))
        printed = await paper.print_item(asked.house, person, item_id, seat_id, size, written_out=written_out)
        return answer(printed, "letter")

    deed = "it is opened as a PDF, to be printed. Whoever gets hold of the paper can read it."
    return await on_item(asked, item_id, do, proving=deed)


@does("/cases/{case_id:uuid}/people/{account_id:uuid}/card", Permission.PAPER_PRINT)
async def print_card(asked: TheAsked, case_id: CaseId, account_id: AccountId) -> Page:
    """Print the card of an invitation that waits. Asks for the passphrase: the secret is on it."""

    async def do(person: Person) -> Page:
        size = _size(asked.form)
        return answer(await cards.print_card(asked.house, person, case_id, account_id, size), "card")

    deed = "the enrolment card is opened as a PDF, to be printed. The long code of the invitation is on it."
    return await on_case(asked, case_id, do, proving=deed)


@does("/cases/{case_id:uuid}/cover-note", Permission.PAPER_PRINT)
async def print_cover_note(asked: TheAsked, case_id: CaseId) -> Page:
    """Print what lies on top of a letter."""
    form = asked.form

    async def do(person: Person) -> Page:
        call, words = form.text("call"), form.text("words")
        printed = await paper.print_cover_note(
            asked.house, person, case_id, call=call, words=words, size=_size(form)
        )
        return answer(printed, "note")

    return await on_case(asked, case_id, do)


@does("/cases/{case_id:uuid}/consent-form", Permission.PAPER_PRINT)
async def print_consent_form(asked: TheAsked, case_id: CaseId) -> Page:
    """Print an empty form to agree on."""

    async def do(person: Person) -> Page:
        printed = await paper.print_consent_form(asked.house, person, case_id, _size(asked.form))
        return answer(printed, "form")

    return await on_case(asked, case_id, do)


@does("/items/{item_id:uuid}/receipt", Permission.PAPER_PRINT)
async def receipt(asked: TheAsked, item_id: ItemId) -> Page:
    """Record that what was printed was handed over, or take that record back."""
    house, form = asked.house, asked.form

    async def do(person: Person) -> None:
        seat_id = form.identifier("seat_id")
        if form.text("then") == "take back":
            await receipts.take_back(house, person, item_id, seat_id)
            return
        given_on = form.day("given_on").astimezone(house.settings.zone).date()
        await receipts.record(house, person, item_id, seat_id, code=form.text("code"), given_on=given_on)

    return await on_item(asked, item_id, do)


HANDLERS = [receipt, print_item, print_card, print_cover_note, print_consent_form]
