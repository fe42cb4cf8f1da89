"""Writing out what stands on scanned pages, and comparing it."""

from typing import Annotated
from uuid import UUID

from litestar.params import PathParameter

from relay.identity.model import Person
from relay.permissions import Permission
from relay.review import transcription
from relay.web.desk.doing import Page, TheAsked, does
from relay.web.desk.item import on_item, show_item
from relay.web.shared.pages import see_other


@does("/items/{item_id:uuid}/transcription", Permission.REVIEW_READ)
async def write(asked: TheAsked, item_id: Annotated[UUID, PathParameter()]) -> Page:
    """Keep what was written out, or say that what is there was compared.

    What was typed beside it, about the decision, stands there again.
    """
    house, form = asked.house, asked.form

    async def do(person: Person) -> Page:
        if form.text("then") == "check":
            await transcription.check(house, person, item_id, form.moment("written_at"))
        else:
            await transcription.write(house, person, item_id, form.text("text"))
            if form.text("guidance").strip() or form.several("reasons"):
                return await show_item(asked.request, house, person, item_id, form=form)
        return see_other(f"/items/{item_id}#transcription")

    return await on_item(asked, item_id, do)


HANDLERS = [write]
