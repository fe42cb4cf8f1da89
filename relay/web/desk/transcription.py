"""Writing out what stands on scanned pages, and comparing it."""

from typing import Annotated
from uuid import UUID

from litestar import Response, post
from litestar.params import PathParameter

from relay.errors import Refusal, SignInNeeded
from relay.permissions import Permission
from relay.review import transcription
from relay.web.desk.review import show_item
from relay.web.shared.access import AnyRequest, SignedIn, TheForm, TheHouse, allow
from relay.web.shared.pages import see_other

_READ = allow(Permission.REVIEW_READ)


@post("/items/{item_id:uuid}/transcription", opt=_READ, status_code=200)
async def write(
    request: AnyRequest,
    house: TheHouse,
    person: SignedIn,
    form: TheForm,
    item_id: Annotated[UUID, PathParameter()],
) -> Response[bytes]:
    """Keep what was written out, or say that what is there was compared."""
    try:
        if form.text("then") == "check":
            await transcription.check(house, person, item_id, form.moment("written_at"))
        else:
            await transcription.write(house, person, item_id, form.text("text"))
    except SignInNeeded:
        raise
    except Refusal as refusal:
        return await show_item(request, house, person, item_id, refusal, form)
    return see_other(f"/items/{item_id}#transcription")


HANDLERS = [write]
