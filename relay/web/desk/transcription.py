"""Writing out what stands on scanned pages, and comparing it."""

from typing import Annotated
from uuid import UUID

from litestar import post
from litestar.params import PathParameter

from relay.identity.model import Person
from relay.permissions import Permission
from relay.review import transcription
from relay.web.desk.doing import Asked, Page
from relay.web.desk.review import on_item
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
) -> Page:
    """Keep what was written out, or say that what is there was compared."""

    async def do(person: Person) -> Page:
        if form.text("then") == "check":
            await transcription.check(house, person, item_id, form.moment("written_at"))
        else:
            await transcription.write(house, person, item_id, form.text("text"))
        return see_other(f"/items/{item_id}#transcription")

    return await on_item(Asked(request, house, person, form), item_id, do)


HANDLERS = [write]
