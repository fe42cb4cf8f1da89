"""What was passed on: first only that it is there, then a choice. Not to open is the default."""

from typing import Annotated
from uuid import UUID

from litestar import Response, get, post
from litestar.params import PathParameter

from relay.cases import own
from relay.errors import Missing
from relay.exchange import delivery
from relay.exchange.telling import in_words
from relay.house import House
from relay.identity.model import Person
from relay.permissions import Permission
from relay.web.shared.access import AnyRequest, SignedIn, TheForm, TheHouse, allow
from relay.web.shared.contents import read_text
from relay.web.shared.pages import page, see_other

DeliveryId = Annotated[UUID, PathParameter()]
Page = Response[bytes]
_READ = allow(Permission.DELIVERY_READ)


@get("/received", opt=_READ)
async def received(request: AnyRequest, house: TheHouse, person: SignedIn) -> Page:
    """List what is there."""
    return page(
        request,
        "received.html",
        deliveries=await delivery.deliveries(house, person),
        senders=await delivery.senders(house, person),
    )


@get("/received/{delivery_id:uuid}", opt=_READ)
async def one(request: AnyRequest, house: TheHouse, person: SignedIn, delivery_id: DeliveryId) -> Page:
    """Show one: what it is, what was done to it, and the choice; once it was opened, what it says."""
    found = await delivery.delivery(house, person, delivery_id)
    text = ""
    if found.state == "opened" and found.kind == "letter":
        text = await read_text(house, await delivery.content(house, person, delivery_id))
    sender = await delivery.sender(house, person, delivery_id)
    return page(
        request,
        "delivery.html",
        delivery=found,
        text=text,
        sender=sender,
        told=in_words(found.changes, found.kind),
        answers_in=await _answers_in(house, person, found.case_id) if found.state == "opened" else None,
    )


async def _answers_in(house: House, person: Person, case_id: UUID) -> UUID | None:
    """Return the case in which they can begin an answer; None where there is nobody to write to."""
    try:
        case = await own.own_case(house, person, case_id)
    except Missing:  # they were taken off it since
        return None
    return case.id if case.counterparts else None


@post("/received/{delivery_id:uuid}/choice", opt=allow(Permission.DELIVERY_CHOOSE), status_code=303)
async def choose(house: TheHouse, person: SignedIn, form: TheForm, delivery_id: DeliveryId) -> Page:
    """Open it, leave it for later, have it held, or refuse it."""
    await delivery.choose(
        house, person, delivery_id, form.choice("choice", "open", "later", "hold", "refuse")
    )
    return see_other(f"/received/{delivery_id}")


HANDLERS = [received, one, choose]
