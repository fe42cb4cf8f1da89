"""Answering a version in which a facilitator hid parts: agreeing, or taking it back and beginning anew."""

import base64
import binascii
from typing import Annotated
from uuid import UUID

from litestar import Response, post
from litestar.params import PathParameter

from relay.errors import Conflict, Refusal, SignInNeeded
from relay.exchange import agreements, anew
from relay.permissions import Permission
from relay.web.participants.items import show_item
from relay.web.shared.access import AnyRequest, SignedIn, TheForm, TheHouse, allow
from relay.web.shared.forms import Form
from relay.web.shared.pages import see_other

ItemId = Annotated[UUID, PathParameter()]
Page = Response[bytes]
_SUBMIT = allow(Permission.ITEM_SUBMIT)


@post("/items/{item_id:uuid}/agreement", opt=_SUBMIT, status_code=200)
async def agree(
    request: AnyRequest, house: TheHouse, person: SignedIn, form: TheForm, item_id: ItemId
) -> Page:
    """Agree to the version that the page showed: the form names it by its hash."""
    try:
        await agreements.agree(
            house, person, item_id, rendition_id=form.identifier("rendition_id"), sha256=_hash(form)
        )
    except SignInNeeded:
        raise
    except Refusal as refusal:
        return await show_item(request, house, person, item_id, refusal=refusal)
    return see_other(f"/items/{item_id}?done=agreed")


def _hash(form: Form) -> bytes:
    try:
        return base64.b64decode(form.text("sha256"), validate=True)
    except (ValueError, binascii.Error):
        raise Conflict from None


@post("/items/{item_id:uuid}/anew", opt=_SUBMIT, status_code=200)
async def begin_anew(request: AnyRequest, house: TheHouse, person: SignedIn, item_id: ItemId) -> Page:
    """Take it back, and begin another to the same people with what was sent."""
    try:
        new_id = await anew.begin_anew(house, person, item_id)
    except SignInNeeded:
        raise
    except Refusal as refusal:
        return await show_item(request, house, person, item_id, refusal=refusal)
    return see_other(f"/items/{new_id}?done=anew")


@post("/items/{item_id:uuid}/again", opt=allow(Permission.ITEM_WRITE), status_code=200)
async def write_again(request: AnyRequest, house: TheHouse, person: SignedIn, item_id: ItemId) -> Page:
    """Begin again with the words of a letter that was taken back."""
    try:
        new_id = await anew.write_again(house, person, item_id)
    except SignInNeeded:
        raise
    except Refusal as refusal:
        return await show_item(request, house, person, item_id, refusal=refusal)
    return see_other(f"/items/{new_id}?done=again")


HANDLERS = [agree, begin_anew, write_again]
