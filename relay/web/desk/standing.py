"""What an open page of an item asks for every few seconds: how it stands now, in the page's own words."""

from typing import Annotated
from uuid import UUID

from litestar import get
from litestar.params import FromQuery, PathParameter

from relay.permissions import Permission
from relay.review import queue, standing
from relay.web.desk.doing import Page
from relay.web.shared.access import AnyRequest, SignedIn, TheHouse, allow
from relay.web.shared.pages import page


@get("/items/{item_id:uuid}/standing", opt=allow(Permission.REVIEW_READ))
async def stands(
    request: AnyRequest,
    house: TheHouse,
    person: SignedIn,
    item_id: Annotated[UUID, PathParameter()],
    opened: FromQuery[str] = "",
    used: FromQuery[bool] = False,  # noqa: FBT002 - Litestar reads it from the query
) -> Page:
    """Answer with the parts of the item's page that change by themselves.

    `opened` is the mark of what the page shows. `used`: its reader has done something with it since the last
    time, so what they have in hand is kept for them.
    """
    if used:
        await queue.renew(house, person, item_id)
    found = await standing.standing(house, person, item_id)
    return page(
        request,
        "standing_only.html",
        item_id=item_id,
        standing=found,
        opened=opened or found.mark,
        own_id=person.id,
    )


HANDLERS = [stands]
