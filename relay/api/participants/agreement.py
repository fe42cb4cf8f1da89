"""A version of theirs in which a facilitator hid parts: seeing it, agreeing to it, beginning anew instead."""

from typing import Annotated
from uuid import UUID

import msgspec
from litestar import get, post
from litestar.params import JSONBody, PathParameter

from relay.errors import Missing
from relay.exchange import agreements, anew, progress
from relay.exchange.model import OwnItem, Proposal
from relay.permissions import Permission
from relay.web.shared.access import SignedIn, TheHouse, allow

ItemId = Annotated[UUID, PathParameter()]


class NewAgreement(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The version that was shown: its id and hash (base64), as GET gave them."""

    rendition_id: UUID
    sha256: bytes


@get("/items/{item_id:uuid}/proposal", opt=allow(Permission.ITEM_WRITE))
async def proposal(house: TheHouse, person: SignedIn, item_id: ItemId) -> Proposal:
    """Show what a facilitator made of it by hiding parts; its file is the item's rendition."""
    found = await progress.proposal(house, person, item_id)
    if found is None:
        raise Missing
    return found


@post("/items/{item_id:uuid}/agreement", opt=allow(Permission.ITEM_SUBMIT), status_code=200)
async def agree(house: TheHouse, person: SignedIn, item_id: ItemId, data: JSONBody[NewAgreement]) -> OwnItem:
    """Agree that exactly this version may be passed on."""
    await agreements.agree(house, person, item_id, rendition_id=data.rendition_id, sha256=data.sha256)
    return await progress.own_item(house, person, item_id)


@post("/items/{item_id:uuid}/anew", opt=allow(Permission.ITEM_SUBMIT), status_code=201)
async def begin_anew(house: TheHouse, person: SignedIn, item_id: ItemId) -> OwnItem:
    """Take it back, and start another to the same people; a letter begins with what was sent."""
    return await progress.own_item(house, person, await anew.begin_anew(house, person, item_id))


@post("/items/{item_id:uuid}/again", opt=allow(Permission.ITEM_WRITE), status_code=201)
async def write_again(house: TheHouse, person: SignedIn, item_id: ItemId) -> OwnItem:
    """Start another letter, to the same people, with the words of one that was taken back."""
    return await progress.own_item(house, person, await anew.write_again(house, person, item_id))


HANDLERS = [proposal, agree, begin_anew, write_again]
