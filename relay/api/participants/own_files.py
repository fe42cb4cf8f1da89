"""An author's own files: what arrived and was not sent yet; what they sent before parts were hidden."""

from typing import Annotated

from litestar import route
from litestar.enums import HttpMethod
from litestar.params import PathParameter
from litestar.types import ASGIApp

from relay.api.participants.items import ItemId
from relay.exchange.arrived import arrived
from relay.exchange.renditions import as_sent
from relay.permissions import Permission
from relay.web.shared.access import AnyRequest, SignedIn, TheHouse, allow
from relay.web.shared.arrivals import piece_answer, whole_answer
from relay.web.shared.contents import answer, page_answer

Number = Annotated[int, PathParameter()]
_WRITE = allow(Permission.ITEM_WRITE)
_READING = [HttpMethod.GET, HttpMethod.HEAD]


@route("/items/{item_id:uuid}/arrived", http_method=_READING, opt=_WRITE)
async def whole(house: TheHouse, person: SignedIn, item_id: ItemId) -> ASGIApp:
    """Serve the file that waits to be sent, as it arrived (ranges)."""
    return whole_answer(house, await arrived(house, person, item_id))


@route("/items/{item_id:uuid}/arrived/pages/{number:int}", http_method=_READING, opt=_WRITE)
async def piece(house: TheHouse, person: SignedIn, item_id: ItemId, number: Number) -> ASGIApp:
    """Serve one of the files that wait to be sent as one document; the first is 1."""
    return piece_answer(house, await arrived(house, person, item_id), number)


@route("/items/{item_id:uuid}/sent", http_method=_READING, opt=_WRITE)
async def sent(request: AnyRequest, house: TheHouse, person: SignedIn, item_id: ItemId) -> ASGIApp:
    """Serve what was made of what its author sent last, before anybody hid parts of it (ranges)."""
    return answer(request, house, (await as_sent(house, person, item_id)).content)


@route("/items/{item_id:uuid}/sent/poster", http_method=_READING, opt=_WRITE)
async def sent_poster(request: AnyRequest, house: TheHouse, person: SignedIn, item_id: ItemId) -> ASGIApp:
    """Serve the picture that stands for that."""
    return answer(request, house, (await as_sent(house, person, item_id, "poster")).content)


@route("/items/{item_id:uuid}/sent/pages/{number:int}", http_method=_READING, opt=_WRITE)
async def sent_page(house: TheHouse, person: SignedIn, item_id: ItemId, number: Number) -> ASGIApp:
    """Serve one page of that as a picture; the first is 1."""
    return page_answer(house, (await as_sent(house, person, item_id)).content, number)


HANDLERS = [whole, piece, sent, sent_poster, sent_page]
