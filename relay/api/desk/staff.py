"""Staff accounts, for administrators. Nothing here touches a case or its content."""

from typing import Annotated, Literal
from uuid import UUID

import msgspec
from litestar import Response, get, post
from litestar.params import JSONBody, PathParameter

from relay.identity import accounts, directory, invitations, sessions
from relay.identity.directory import Colleague
from relay.identity.invitations import Invitation
from relay.permissions import Permission
from relay.web.shared.access import SignedIn, TheHouse, allow

_MANAGE = allow(Permission.ACCOUNT_MANAGE)
AccountId = Annotated[UUID, PathParameter()]
Role = Literal["facilitator", "supervisor", "administrator", "funder"]


class NewStaff(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A member of staff to invite."""

    name: str
    role: Role


@get("/staff", opt=_MANAGE)
async def staff(house: TheHouse, person: SignedIn) -> list[Colleague]:
    """List the staff of the service."""
    return await directory.colleagues(house, person)


@post("/staff", opt=_MANAGE, status_code=201)
async def invite(house: TheHouse, person: SignedIn, data: JSONBody[NewStaff]) -> Invitation:
    """Invite somebody. They can work once a roster with their keys has been signed offline."""
    return await invitations.invite_staff(house, person, data.role, data.name)


@post("/staff/{account_id:uuid}/suspend", opt=_MANAGE, status_code=204)
async def suspend(house: TheHouse, person: SignedIn, account_id: AccountId) -> Response[None]:
    """Stop an account at once."""
    await accounts.suspend(house, person, account_id)
    return Response(None, status_code=204)


@post("/staff/{account_id:uuid}/end-suspension", opt=_MANAGE, status_code=204)
async def end_suspension(house: TheHouse, person: SignedIn, account_id: AccountId) -> Response[None]:
    """Let somebody sign in again with the keys that they had. What they approved before counts no more."""
    sessions.require_step_up(house, person)
    await accounts.end_suspension(house, person, account_id)
    return Response(None, status_code=204)


HANDLERS = [staff, invite, suspend, end_suspension]
