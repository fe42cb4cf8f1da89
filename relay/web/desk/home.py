"""The first page, opening a case, and (for administrators) accounts."""

from typing import Annotated
from uuid import UUID

from litestar import Response, get, post
from litestar.params import PathParameter

from relay.cases import service
from relay.errors import Refusal, SignInNeeded
from relay.house import House
from relay.identity import accounts, directory, invitations
from relay.identity.model import Person
from relay.permissions import Permission
from relay.web.desk.shown import invitation_page
from relay.web.shared.access import AnyRequest, SignedIn, TheForm, TheHouse, allow
from relay.web.shared.pages import page, see_other

Page = Response[bytes]
AccountId = Annotated[UUID, PathParameter()]
_ACCOUNTS = allow(Permission.ACCOUNT_MANAGE)
ROLES = ("facilitator", "supervisor", "administrator", "funder")


@get("/", opt=allow(Permission.STAFF_SELF_MANAGE))
async def home(request: AnyRequest, house: TheHouse, person: SignedIn) -> Page:
    """Show a facilitator their cases; an administrator is led to the accounts."""
    if Permission.CASE_READ in person.permissions:
        return page(request, "cases.html", cases=await service.list_cases(house, person), reference="")
    if Permission.ACCOUNT_MANAGE in person.permissions:
        return see_other("/accounts")
    return page(request, "nothing.html")


@post("/cases", opt=allow(Permission.CASE_OPEN), status_code=200)
async def open_case(request: AnyRequest, house: TheHouse, person: SignedIn, form: TheForm) -> Page:
    """Open a case."""
    try:
        case_id = await service.open_case(house, person, form.text("reference"))
    except SignInNeeded:
        raise
    except Refusal as refusal:
        cases = await service.list_cases(house, person)
        return page(
            request,
            "cases.html",
            status=refusal.status,
            refusal=refusal,
            cases=cases,
            reference=form.text("reference"),
        )
    return see_other(f"/cases/{case_id}")


async def _accounts_page(
    request: AnyRequest, house: House, person: Person, refusal: Refusal | None = None
) -> Page:
    return page(
        request,
        "accounts.html",
        status=refusal.status if refusal else 200,
        refusal=refusal,
        staff=await directory.colleagues(house, person),
        roles=ROLES,
        own_id=person.id,
    )


@get("/accounts", opt=_ACCOUNTS)
async def staff_page(request: AnyRequest, house: TheHouse, person: SignedIn) -> Page:
    """List the staff."""
    return await _accounts_page(request, house, person)


@post("/accounts", opt=_ACCOUNTS, status_code=200)
async def invite_staff(request: AnyRequest, house: TheHouse, person: SignedIn, form: TheForm) -> Page:
    """Invite a member of staff; show the invitation once."""
    try:
        invitation = await invitations.invite_staff(
            house, person, form.choice("role", *ROLES), form.text("name")
        )
    except SignInNeeded:
        raise
    except Refusal as refusal:
        return await _accounts_page(request, house, person, refusal)
    return invitation_page(
        request, invitation, origin=house.settings.desk_origin, back="/accounts", staff=True
    )


@post("/accounts/{account_id:uuid}/suspend", opt=_ACCOUNTS, status_code=303)
async def suspend(house: TheHouse, person: SignedIn, account_id: AccountId) -> Page:
    """Stop an account at once."""
    await accounts.suspend(house, person, account_id)
    return see_other("/accounts")


HANDLERS = [home, open_case, staff_page, invite_staff, suspend]
