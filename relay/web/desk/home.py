"""The first page, opening a case, and (for administrators) accounts."""

from collections.abc import Awaitable, Callable
from functools import partial
from uuid import UUID

from litestar import get
from litestar.params import FromQuery

from relay.cases import service
from relay.errors import Refusal
from relay.identity import directory, invitations
from relay.identity.model import Person
from relay.identity.trust import is_carried
from relay.permissions import Permission
from relay.review.held import Held, held
from relay.review.passing import why_not
from relay.review.plans import FailedOnDesk, failed_on_desk
from relay.review.waiting import waiting
from relay.web.desk.doing import Asked, Page, TheAsked, carry_out, does
from relay.web.desk.shown import invitation_page
from relay.web.shared.access import AnyRequest, SignedIn, TheHouse, allow
from relay.web.shared.forms import Form
from relay.web.shared.pages import page, see_other

_ACCOUNTS = allow(Permission.ACCOUNT_MANAGE)
ROLES = ("facilitator", "supervisor", "administrator", "funder")


@get("/", opt=allow(Permission.STAFF_SELF_MANAGE))
async def home(request: AnyRequest, house: TheHouse, person: SignedIn) -> Page:
    """Show a facilitator their cases; an administrator is led to the accounts."""
    if Permission.CASE_READ in person.permissions:
        return await _cases_page(Asked(request, house, person, Form([])))
    if Permission.ACCOUNT_MANAGE in person.permissions:
        return see_other("/accounts")
    return page(request, "nothing.html")


async def _cases_page(asked: Asked, refusal: Refusal | None = None) -> Page:
    request, house, person, form = asked
    kept: dict[UUID, list[Held]] = {}
    for one in await held(house, person):
        kept.setdefault(one.case_id, []).append(one)
    failed: dict[UUID, list[FailedOnDesk]] = {}
    for plan in await failed_on_desk(house, person):
        failed.setdefault(plan.case_id, []).append(plan)
    cases = await service.list_cases(house, person)
    async with house.database.reading(person.id) as tx:
        carried = await is_carried(tx, house, person.id)
    return page(
        request,
        "cases.html",
        status=refusal.status if refusal else 200,
        refusal=refusal,
        cases=cases,
        waiting=await waiting(house, person, [case.id for case in cases]),
        held=kept,
        failed=failed,
        why_not=why_not,
        reference=form.text("reference"),
        carried=carried,
    )


@does("/cases", Permission.CASE_OPEN)
async def open_case(asked: TheAsked) -> Page:
    """Open a case."""

    async def do(person: Person) -> Page:
        case_id = await service.open_case(asked.house, person, asked.form.text("reference"))
        return see_other(f"/cases/{case_id}")

    return await carry_out(asked, do, partial(_cases_page, asked))


async def accounts_page(asked: Asked, refusal: Refusal | None = None, *, done: str = "") -> Page:
    """List the staff, perhaps with what could not be done, or with what was done."""
    request, house, person, form = asked
    return page(
        request,
        "accounts.html",
        status=refusal.status if refusal else 200,
        refusal=refusal,
        done=done,
        staff=await directory.colleagues(house, person),
        roles=ROLES,
        own_id=person.id,
        typed=dict(form) if refusal else {},
    )


async def on_accounts(
    asked: Asked, do: Callable[[Person], Awaitable[Page | None]], *, done: str = "", proving: str = ""
) -> Page:
    """Do something with an account, then list all of them, as `on_case` shows a case."""
    show = partial(accounts_page, asked)
    return await carry_out(asked, do, show, back="/accounts", done=done, proving=proving)


@get("/accounts", opt=_ACCOUNTS)
async def staff_page(
    request: AnyRequest, house: TheHouse, person: SignedIn, done: FromQuery[str] = ""
) -> Page:
    """List the staff."""
    return await accounts_page(Asked(request, house, person, Form([])), done=done)


@does("/accounts", Permission.ACCOUNT_MANAGE)
async def invite_staff(asked: TheAsked) -> Page:
    """Invite a member of staff; show the invitation once."""

    async def do(person: Person) -> Page:
        role, name = asked.form.choice("role", *ROLES), asked.form.text("name")
        invitation = await invitations.invite_staff(asked.house, person, role, name)
        origin = asked.house.settings.desk_origin
        return invitation_page(asked.request, invitation, name, origin=origin, back="/accounts")

    return await on_accounts(asked, do)


HANDLERS = [home, open_case, staff_page, invite_staff]
