"""What recipients told of their choices."""

from datetime import date
from typing import Annotated, Final
from uuid import UUID

import msgspec
from litestar import Response, get, post
from litestar.params import JSONBody, PathParameter

from relay.exchange import told
from relay.exchange.model import ToldHow
from relay.exchange.told import Told, ToldChoice
from relay.permissions import Permission
from relay.web.shared.access import SignedIn, TheHouse, allow

ItemId = Annotated[UUID, PathParameter()]
_WRITE: Final = allow(Permission.CHOICE_WRITE_DOWN)


class NewTold(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Who told what of their choice: their seat, how, and the day. To open is their own alone."""

    seat_id: UUID
    choice: ToldChoice
    how: ToldHow
    told_on: date


@get("/items/{item_id:uuid}/told", opt=_WRITE)
async def read_told(house: TheHouse, person: SignedIn, item_id: ItemId) -> dict[str, Told]:
    """Say what stands as somebody told it, by account."""
    found = await told.told(house, person, item_id)
    return {str(account): one for account, one in found.items()}


@post("/items/{item_id:uuid}/told", opt=_WRITE, status_code=204)
async def write_down(
    house: TheHouse, person: SignedIn, item_id: ItemId, data: JSONBody[NewTold]
) -> Response[None]:
    """Write down what somebody told of their choice."""
    await told.write_down(
        house, person, item_id, data.seat_id, choice=data.choice, how=data.how, told_on=data.told_on
    )
    return Response(None, status_code=204)


HANDLERS = [read_told, write_down]
