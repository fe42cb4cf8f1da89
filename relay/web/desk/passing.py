"""Passing something on, which is asked about first: it cannot be undone. Planning it; taking that back."""

from typing import Annotated
from uuid import UUID

from litestar import get
from litestar.params import FromQuery, PathParameter

from relay.cases import service
from relay.errors import Invalid, Missing
from relay.exchange import release
from relay.house import House
from relay.identity.model import Person
from relay.permissions import Permission
from relay.review import reading, redaction, standing
from relay.review.hiding import in_words
from relay.review.model import ItemOnDesk, Recipient
from relay.times import moment
from relay.web.desk.concerns import KIND_WORDS
from relay.web.desk.doing import Page, TheAsked, does
from relay.web.desk.item import concerns_about, in_the_way_of, on_item
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
) -> Page:
    """Say what is passed on to whom, and that it cannot be undone. Without a seat it leads to the item."""
    if seat_id is None:
        return see_other(f"/items/{item_id}")
    item = await reading.item_on_desk(house, person, item_id)
    one = _recipient(item, seat_id)
    case, people, _ = await service.read_case(house, person, item.case_id)
    stands = await standing.standing(house, person, item_id)
    hidden = await redaction.redaction(house, person, item_id)
    return page(
        request,
        "release.html",
        item=item,
        one=one,
        case=case,
        names={each.account_id: each.name for each in people},
        hidden_words=in_words(hidden.edits),
        hidden_by=hidden.edited_by,
        in_the_way=in_the_way_of(item, people, stands)[one.seat_id],
        concerns=await concerns_about(house, person, item),
        kinds=KIND_WORDS,
    )


@does("/items/{item_id:uuid}/release", Permission.RELEASE_MAKE)
async def make_release(asked: TheAsked, item_id: ItemId) -> Page:
    """Release it to one person, now or (with a time) later."""
    form = asked.form
    later = form.text("then") == "schedule"

    async def do(person: Person) -> None:
        seat_id = form.identifier("seat_id")
        if later:
            await release.schedule(asked.house, person, item_id, seat_id, form.moment("due_at"))
            return
        if form.text("due_at").strip():
            raise Invalid(
                due_at="A date and time are filled in, so nothing was passed on."
                " Press “Plan it” for then; or take them out, and pass it on now."
            )
        await release.release(asked.house, person, item_id, seat_id)

    deed = await _deed(asked.house, asked.person, item_id, form, later=later)
    return await on_item(asked, item_id, do, done="planned" if later else "released", proving=deed)


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
