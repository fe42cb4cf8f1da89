"""On paper: a released letter, an enrolment card, a cover note, a consent form. Each opens as a PDF."""

from typing import Annotated, Final
from uuid import UUID

from litestar import post
from litestar.params import PathParameter

from relay.exchange import paper, receipts
from relay.identity import cards
from relay.identity.model import Person
from relay.permissions import Permission
from relay.printing.model import Size
from relay.web.desk.cases import on_case
from relay.web.desk.doing import Asked, Page
from relay.web.desk.review import on_item
from relay.web.shared.access import AnyRequest, SignedIn, TheForm, TheHouse, allow
from relay.web.shared.forms import Form
from relay.web.shared.papers import answer

CaseId = Annotated[UUID, PathParameter()]
ItemId = Annotated[UUID, PathParameter()]
AccountId = Annotated[UUID, PathParameter()]
_PRINT: Final = allow(Permission.PAPER_PRINT)


def _size(form: Form) -> Size:
    return Size(form.choice("size", *(size.value for size in Size)))


@post("/items/{item_id:uuid}/print", opt=_PRINT, status_code=200)
async def print_letter(
    request: AnyRequest, house: TheHouse, person: SignedIn, form: TheForm, item_id: ItemId
) -> Page:
    """Print a letter that was released to one person. Asks for the passphrase, as a release does."""

    async def do(person: Person) -> Page:
        seat_id = form.identifier("seat_id")
        return answer(await paper.print_letter(house, person, item_id, seat_id, _size(form)), "letter")

    deed = "this letter is opened as a PDF, to be printed. Whoever gets hold of the paper can read it."
    return await on_item(Asked(request, house, person, form), item_id, do, proving=deed)


@post("/cases/{case_id:uuid}/people/{account_id:uuid}/card", opt=_PRINT, status_code=200)
async def print_card(
    request: AnyRequest,
    house: TheHouse,
    person: SignedIn,
    form: TheForm,
    case_id: CaseId,
    account_id: AccountId,
) -> Page:
    """Print the card of an invitation that waits. Asks for the passphrase: the secret is on it."""

    async def do(person: Person) -> Page:
        return answer(await cards.print_card(house, person, case_id, account_id, _size(form)), "card")

    deed = "the enrolment card is opened as a PDF, to be printed. The long code of the invitation is on it."
    return await on_case(Asked(request, house, person, form), case_id, do, proving=deed)


@post("/cases/{case_id:uuid}/cover-note", opt=_PRINT, status_code=200)
async def print_cover_note(
    request: AnyRequest, house: TheHouse, person: SignedIn, form: TheForm, case_id: CaseId
) -> Page:
    """Print what lies on top of a letter."""

    async def do(person: Person) -> Page:
        call, words = form.text("call"), form.text("words")
        printed = await paper.print_cover_note(
            house, person, case_id, call=call, words=words, size=_size(form)
        )
        return answer(printed, "note")

    return await on_case(Asked(request, house, person, form), case_id, do)


@post("/cases/{case_id:uuid}/consent-form", opt=_PRINT, status_code=200)
async def print_consent_form(
    request: AnyRequest, house: TheHouse, person: SignedIn, form: TheForm, case_id: CaseId
) -> Page:
    """Print an empty form to agree on."""

    async def do(person: Person) -> Page:
        return answer(await paper.print_consent_form(house, person, case_id, _size(form)), "form")

    return await on_case(Asked(request, house, person, form), case_id, do)


@post("/items/{item_id:uuid}/receipt", opt=_PRINT, status_code=200)
async def receipt(
    request: AnyRequest, house: TheHouse, person: SignedIn, form: TheForm, item_id: ItemId
) -> Page:
    """Record that a printed letter was handed over, or take that record back."""

    async def do(person: Person) -> None:
        seat_id = form.identifier("seat_id")
        if form.text("then") == "take back":
            await receipts.take_back(house, person, item_id, seat_id)
            return
        given_on = form.day("given_on").astimezone(house.settings.zone).date()
        await receipts.record(house, person, item_id, seat_id, code=form.text("code"), given_on=given_on)

    return await on_item(Asked(request, house, person, form), item_id, do)


HANDLERS = [receipt, print_letter, print_card, print_cover_note, print_consent_form]
