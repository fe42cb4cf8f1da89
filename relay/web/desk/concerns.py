"""Concerns on the desk: raising one, and its page, which says what was told to whom, and how it ended."""

from collections.abc import Awaitable, Callable
from functools import partial
from typing import Annotated, Final
from uuid import UUID

from litestar import get
from litestar.params import FromQuery, PathParameter

from relay.cases import service
from relay.errors import Invalid, Refusal
from relay.house import House
from relay.identity import directory
from relay.identity.model import Person
from relay.permissions import Permission
from relay.safeguarding import raising, reading, writing
from relay.safeguarding.model import KINDS, OUTCOMES, Closing, Disclosure, Kind, Note, Noticed, Outcome, Said
from relay.web.desk.doing import Asked, Page, TheAsked, carry_out, does, said
from relay.web.shared.access import AnyRequest, SignedIn, TheHouse, allow
from relay.web.shared.forms import Form
from relay.web.shared.pages import page, path_of, see_other

CaseId = Annotated[UUID, PathParameter()]
ItemId = Annotated[UUID, PathParameter()]
ConcernId = Annotated[UUID, PathParameter()]
_HANDLE = allow(Permission.CONCERN_HANDLE)
KIND_WORDS: Final[dict[Kind, str]] = {
    "threat": "A threat to somebody",
    "self_harm": "Harm to oneself",
    "at_risk": "A child or an adult at risk",
    "offence": "A new offence",
    "other": "Something else",
}
OUTCOME_WORDS: Final[dict[Outcome, str]] = {
    "nothing_further": "Nothing further is needed here",
    "handed_over": "Handed to somebody who goes on with it",
}


# raising one


async def _raise_page(
    asked: Asked, case_id: UUID, item_id: UUID | None, refusal: Refusal | None = None
) -> Page:
    request, house, person, form = asked
    case, people, facts = await service.read_case(house, person, case_id)
    item = await reading.item_of(house, person, item_id) if item_id else None
    names = await _names(house, person, case_id)
    seat = facts.as_authors_see_it().seat_of(item.author_id) if item else None
    return page(
        request,
        "raise_concern.html",
        status=refusal.status if refusal else 200,
        refusal=refusal,
        case=case,
        item=item,
        author_name=names.get(item.author_id, "Its author") if item else "",
        author_part=seat.part if seat else None,
        address=path_of(request),
        participants=[one for one in people if one.part != "facilitator"],
        kinds=KIND_WORDS,
        typed=dict(form) if refusal else {},
    )


def _noticed(form: Form) -> Noticed:
    if form.text("kind") not in KINDS:
        raise Invalid(kind="Choose what it is about.")
    return Noticed(
        kind=form.choice("kind", *KINDS),
        about=form.identifier("about") if form.text("about") else None,
        words=form.text("words"),
    )


async def _raise(asked: Asked, case_id: UUID, item_id: UUID | None) -> Page:
    """Raise one about an item, or about its case, or show the page again with what is lacking."""

    async def do(person: Person) -> Page:
        noticed, stops_case = _noticed(asked.form), asked.form.ticked("stops_case")
        if item_id:
            work = raising.raise_about_item(asked.house, person, item_id, noticed, stops_case=stops_case)
        else:
            work = raising.raise_about_case(asked.house, person, case_id, noticed, stops_case=stops_case)
        return see_other(f"/concerns/{await work}{said('concern-raised')}")

    return await carry_out(asked, do, partial(_raise_page, asked, case_id, item_id))


@get("/items/{item_id:uuid}/concern", opt=_HANDLE)
async def ask_about_item(request: AnyRequest, house: TheHouse, person: SignedIn, item_id: ItemId) -> Page:
    """Ask what was noticed in something that was sent."""
    item = await reading.item_of(house, person, item_id)
    return await _raise_page(Asked(request, house, person, Form([])), item.case_id, item_id)


@does("/items/{item_id:uuid}/concern", Permission.CONCERN_HANDLE)
async def raise_about_item(asked: TheAsked, item_id: ItemId) -> Page:
    """Raise a concern about it: it stands still from then on."""
    item = await reading.item_of(asked.house, asked.person, item_id)
    return await _raise(asked, item.case_id, item_id)


@get("/cases/{case_id:uuid}/concern", opt=_HANDLE)
async def ask_about_case(request: AnyRequest, house: TheHouse, person: SignedIn, case_id: CaseId) -> Page:
    """Ask what was noticed that is in nothing that was sent, such as something that was said."""
    return await _raise_page(Asked(request, house, person, Form([])), case_id, None)


@does("/cases/{case_id:uuid}/concern", Permission.CONCERN_HANDLE)
async def raise_about_case(asked: TheAsked, case_id: CaseId) -> Page:
    """Raise a concern about it."""
    return await _raise(asked, case_id, None)


# what is done about it


@get("/concerns/{concern_id:uuid}", opt=_HANDLE)
async def concern_page(
    request: AnyRequest, house: TheHouse, person: SignedIn, concern_id: ConcernId, done: FromQuery[str] = ""
) -> Page:
    """Show a concern, with all that was written about it."""
    return await _concern_page(Asked(request, house, person, Form([])), concern_id, done=done)


async def _concern_page(
    asked: Asked, concern_id: UUID, refusal: Refusal | None = None, *, done: str = ""
) -> Page:
    request, house, person, form = asked
    found = await reading.read_concern(house, person, concern_id)
    return page(
        request,
        "concern.html",
        status=refusal.status if refusal else 200,
        refusal=refusal,
        done=done,
        one=found.concern,
        entries=found.entries,
        closers=found.closers,
        names=await _names(house, person, found.concern.case_id),
        own_id=person.id,
        kinds=KIND_WORDS,
        outcomes=OUTCOME_WORDS,
        typed=dict(form) if refusal else {},
        tried=path_of(request).rpartition("/")[2] if refusal else "",
    )


async def _names(house: House, person: Person, case_id: UUID) -> dict[UUID, str]:
    return await directory.names_in_case(house, person, case_id)


async def _write(asked: Asked, concern_id: UUID, read: Callable[[Form], Said], done: str) -> Page:
    """Add what a form says, or show the page again with it and with what is lacking."""

    async def do(person: Person) -> None:
        await writing.write(asked.house, person, concern_id, read(asked.form))

    show: Callable[[Refusal], Awaitable[Page]] = partial(_concern_page, asked, concern_id)
    return await carry_out(asked, do, show, back=f"/concerns/{concern_id}", done=done)


def _note(form: Form) -> Note:
    return Note(words=form.text("words"))


def _disclosure(form: Form) -> Disclosure:
    if form.text("agreed") not in {"yes", "no"}:
        raise Invalid(agreed="Say whether whom it is about agreed to it.")
    return Disclosure(
        whom=form.text("whom"),
        what=form.text("what"),
        why=form.text("why"),
        agreed=form.ticked("agreed"),
        ground=form.text("ground"),
        told_at=form.moment("told_at"),
    )


def _closing(form: Form) -> Closing:
    if form.text("outcome") not in OUTCOMES:
        raise Invalid(outcome="Choose how it ends.")
    return Closing(outcome=form.choice("outcome", *OUTCOMES), words=form.text("words"))


@does("/concerns/{concern_id:uuid}/notes", Permission.CONCERN_HANDLE)
async def note(asked: TheAsked, concern_id: ConcernId) -> Page:
    """Add a note."""
    return await _write(asked, concern_id, _note, "concern-noted")


@does("/concerns/{concern_id:uuid}/disclosures", Permission.CONCERN_HANDLE)
async def disclose(asked: TheAsked, concern_id: ConcernId) -> Page:
    """Write down what was told to whom, and why."""
    return await _write(asked, concern_id, _disclosure, "concern-disclosed")


@does("/concerns/{concern_id:uuid}/closing", Permission.CONCERN_HANDLE)
async def close(asked: TheAsked, concern_id: ConcernId) -> Page:
    """Close it: what it stopped can go on."""
    return await _write(asked, concern_id, _closing, "concern-closed")


HANDLERS = [
    ask_about_item,
    raise_about_item,
    ask_about_case,
    raise_about_case,
    concern_page,
    note,
    disclose,
    close,
]
