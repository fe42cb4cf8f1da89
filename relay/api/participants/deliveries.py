"""What was passed on to a participant."""

from typing import Annotated
from uuid import UUID

import msgspec
from litestar import get, post, route
from litestar.enums import HttpMethod
from litestar.params import JSONBody, PathParameter
from litestar.types import ASGIApp

from relay.exchange import delivery
from relay.exchange.delivery import Choice
from relay.exchange.model import Delivery, OneDelivery
from relay.permissions import Permission
from relay.web.shared.access import AnyRequest, SignedIn, TheHouse, allow
from relay.web.shared.contents import answer, page_answer

DeliveryId = Annotated[UUID, PathParameter()]
PageNumber = Annotated[int, PathParameter()]
_READ = allow(Permission.DELIVERY_READ)


class DeliveryChoice(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What the person wants done with it."""

    choice: Choice


@get("/deliveries", opt=_READ)
async def deliveries(house: TheHouse, person: SignedIn) -> list[Delivery]:
    """List them, the newest first."""
    return await delivery.deliveries(house, person)


@get("/deliveries/{delivery_id:uuid}", opt=_READ)
async def one_delivery(house: TheHouse, person: SignedIn, delivery_id: DeliveryId) -> OneDelivery:
    """Show one: what kind it is, how long, what was done to it, a facilitator's note; not what it says."""
    return await delivery.delivery(house, person, delivery_id)


@post("/deliveries/{delivery_id:uuid}/choice", opt=allow(Permission.DELIVERY_CHOOSE), status_code=200)
async def choose(
    house: TheHouse, person: SignedIn, delivery_id: DeliveryId, data: JSONBody[DeliveryChoice]
) -> Delivery:
    """Open it, leave it for later, have it held, or refuse it. Nobody on the other side is told."""
    return await delivery.choose(house, person, delivery_id, data.choice)


@route("/deliveries/{delivery_id:uuid}/content", http_method=[HttpMethod.GET, HttpMethod.HEAD], opt=_READ)
async def content(request: AnyRequest, house: TheHouse, person: SignedIn, delivery_id: DeliveryId) -> ASGIApp:
    """Serve what was opened (ranges)."""
    return answer(request, house, await delivery.content(house, person, delivery_id), for_good=True)


@route(
    "/deliveries/{delivery_id:uuid}/pages/{number:int}",
    http_method=[HttpMethod.GET, HttpMethod.HEAD],
    opt=_READ,
)
async def page(house: TheHouse, person: SignedIn, delivery_id: DeliveryId, number: PageNumber) -> ASGIApp:
    """Serve one page of a document that was opened, as a picture; the first is 1."""
    return page_answer(house, await delivery.content(house, person, delivery_id), number)


HANDLERS = [deliveries, one_delivery, choose, content, page]
