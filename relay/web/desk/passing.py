"""Passing something on, which is asked about first: it cannot be undone. Planning it; taking that back.

The page that asks is also where a note to whoever receives it is written. It comes back with the note as they
will read it before anything is passed on with it.
"""

from typing import Annotated
from uuid import UUID

from litestar import get
from litestar.params import FromQuery, PathParameter

from relay.cases import service
from relay.errors import Invalid, Missing, Refusal
from relay.exchange import letters, notes, release
from relay.house import House
from relay.identity import directory
from relay.identity.model import Person
from relay.permissions import Permission
from relay.review import reading, redaction, standing
from relay.review.hiding import in_words
from relay.review.model import ItemOnDesk, Recipient
from relay.times import moment
from relay.web.desk.concerns import KIND_WORDS
from relay.web.desk.doing import Asked, Page, TheAsked, carry_out, does
from relay.web.desk.item import concerns_about, in_the_way_of, on_item, show_item
from relay.web.shared.access import AnyRequest, SignedIn, TheHouse, allow
from relay.web.shared.forms import Form
from relay.web.shared.pages import page, see_other
from relay.web.shared.words import word

ItemId = Annotated[UUID, PathParameter()]


def _recipient(item: ItemOnDesk, seat_id: UUID) -> Recipient:
    """Return one of those whom an item is for, or raise `Missing`."""
    for one in item.recipients:
        if one.seat_id == seat_id:
            return one
    raise Missing


@get("/items/{item_id:uuid}/release", opt=allow(Permission.RELEASE_MAKE))
async def ask_to_release(
    request: AnyRequest,
    house: TheHouse,
    person: SignedIn,
    item_id: ItemId,
    seat_id: FromQuery[UUID | None] = None,
    then: FromQuery[str] = "",
) -> Page:
    """Say what is passed on to whom, and that it cannot be undone. Without a seat it leads to the item.

    A note stands there as it was written to them when it was last passed on or planned.
    """
    if seat_id is None:
        return see_other(f"/items/{item_id}")
    item = await reading.item_on_desk(house, person, item_id)
    one = _recipient(item, seat_id)
    note = one.note.text if one.note else ""
    return await _question(request, house, person, item, one, later=then == "schedule", note=note)


async def _question(
    request: AnyRequest,
    house: House,
    person: Person,
    item: ItemOnDesk,
    one: Recipient,
    *,
    later: bool,
    note: str,
    due_at: str = "",
    reads: str = "",
    refusal: Refusal | None = None,
) -> Page:
    """Show what would be passed on to whom. `reads`: the note as it will be read, once it was sent here."""
    case, people, _ = await service.read_case(house, person, item.case_id)
    stands = await standing.standing(house, person, item.id)
    hidden = await redaction.redaction(house, person, item.id)
    return page(
        request,
        "release.html",
        status=refusal.status if refusal else 200,
        refusal=refusal,
        item=item,
        one=one,
        case=case,
        names=await directory.names_in_case(house, person, item.case_id),
        hidden_words=in_words(hidden.edits),
        hidden_by=hidden.edited_by,
        in_the_way=in_the_way_of(item, people, stands)[one.seat_id],
        later=later,
        note=note,
        due_at=due_at,
        reads=reads,
        shown=letters.version(reads) if reads else "",
        unsent=bool(reads or refusal),
        most=notes.MOST,
        concerns=await concerns_about(house, person, item),
        kinds=KIND_WORDS,
    )


@does("/items/{item_id:uuid}/release", Permission.RELEASE_MAKE)
async def make_release(asked: TheAsked, item_id: ItemId) -> Page:
    """Release it to one person, now or (with a time) later. A note is first shown as it will be read."""
    form = asked.form
    later = form.text("then") == "schedule"

    async def do(person: Person) -> None:
        seat_id, note = form.identifier("seat_id"), form.text("note")
        if later:
            await release.schedule(asked.house, person, item_id, seat_id, form.moment("due_at"), note)
            return
        if form.text("due_at").strip():
            raise Invalid(
                due_at="A date and time are filled in, so nothing was passed on."
                " Press “Plan it” for then; or go back, and pass it on now."
            )
        await release.release(asked.house, person, item_id, seat_id, note)

    async def show(refusal: Refusal) -> Page:
        return await _again(asked, item_id, refusal=refusal)

    try:
        reads = notes.checked(form.text("note"))
    except Invalid as invalid:
        return await show(invalid)
    if reads and form.text("shown") != letters.version(reads):
        return await _again(asked, item_id, reads=reads)
    deed = await _deed(asked.house, asked.person, item_id, form, later=later)
    done = "planned" if later else "released"
    return await carry_out(asked, do, show, back=f"/items/{item_id}", done=done, proving=deed)


async def _again(asked: Asked, item_id: UUID, *, reads: str = "", refusal: Refusal | None = None) -> Page:
    """Ask once more, with all that was typed; on the page of the item if it says of nobody whom it is for."""
    form = asked.form
    item = await reading.item_on_desk(asked.house, asked.person, item_id)
    try:
        one = _recipient(item, form.identifier("seat_id"))
    except (Invalid, Missing) as error:
        return await show_item(
            asked.request, asked.house, asked.person, item_id, refusal or error, asked.form
        )
    due_at = form.text("due_at").strip()
    return await _question(
        asked.request,
        asked.house,
        asked.person,
        item,
        one,
        later=bool(due_at) or form.text("then") == "schedule",
        note=reads or form.text("note"),
        due_at=due_at,
        reads=reads,
        refusal=refusal,
    )


async def _deed(house: House, person: Person, item_id: UUID, form: Form, *, later: bool) -> str:
    """Return what is about to be done, with the people's names and parts."""
    item = await reading.item_on_desk(house, person, item_id)
    what = f"the {word(item.kind).lower()} from {item.author_name}"
    what += f" ({word(item.author_part).lower()})" if item.author_part else ""
    try:
        one = _recipient(item, form.identifier("seat_id"))
        to = f"to {one.name} ({word(one.part).lower()})"
        at = moment(form.moment("due_at"), house.settings.zone) if later else ""
    except (Invalid, Missing):
        to, at = "to the other side", ""  # the form is refused then, and says why
    to += ", with your note" if form.text("note").strip() else ""
    if not later:
        return f"{what} is passed on {to}. That cannot be undone."
    at = f" on {at}" if at else ""
    return f"it is planned that {what} is passed on {to}{at}; until its time you can take that back."


@does("/items/{item_id:uuid}/unschedule", Permission.RELEASE_MAKE)
async def unschedule(asked: TheAsked, item_id: ItemId) -> Page:
    """Take back a scheduled release to one recipient."""

    async def do(person: Person) -> None:
        await release.unschedule(asked.house, person, item_id, asked.form.identifier("seat_id"))

    return await on_item(asked, item_id, do, done="unplanned")


HANDLERS = [ask_to_release, make_release, unschedule]
