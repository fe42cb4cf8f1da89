"""A case on the desk: people, settings, items, what was done."""

from collections.abc import Awaitable, Callable
from typing import Annotated, Literal
from uuid import UUID

from litestar import get, post
from litestar.params import FromQuery, PathParameter

from relay.api.desk.cases import Before
from relay.audit import reading as audit
from relay.cases import service
from relay.cases import settings as working
from relay.cases.model import MEDIA
from relay.errors import Refusal
from relay.house import House
from relay.identity import directory, invitations, vouching
from relay.identity.model import Person
from relay.permissions import Permission
from relay.review import listing
from relay.review.held import held
from relay.web.desk.deeds import deed, particulars
from relay.web.desk.doing import Asked, Page, carry_out
from relay.web.desk.lacking import lacking, passing
from relay.web.desk.recorded import is_gate, recorded
from relay.web.desk.shown import invitation_page
from relay.web.shared.access import AnyRequest, SignedIn, TheForm, TheHouse, allow
from relay.web.shared.forms import Form
from relay.web.shared.pages import page, path_of, see_other

CaseId = Annotated[UUID, PathParameter()]
AccountId = Annotated[UUID, PathParameter()]
_PEOPLE = allow(Permission.CASE_PEOPLE)
_ENTRIES = 25
"""On one page: on a narrow screen each is six lines high."""


@get("/cases/{case_id:uuid}", opt=allow(Permission.CASE_READ))
async def case_page(
    request: AnyRequest, house: TheHouse, person: SignedIn, case_id: CaseId, done: FromQuery[str] = ""
) -> Page:
    """Show one case of theirs. `done`: what was just done on it, for a line that says so."""
    return await show_case(request, house, person, case_id, done=done)


async def show_case(
    request: AnyRequest,
    house: House,
    person: Person,
    case_id: UUID,
    refusal: Refusal | None = None,
    form: Form | None = None,
    *,
    done: str = "",
) -> Page:
    """Show a case, perhaps with what could not be done and what was written for it, or what was done."""
    case, people, facts = await service.read_case(house, person, case_id)
    names = {one.account_id: one.name for one in people}
    now = house.local_time()
    seated = {one.account_id for one in people}
    return page(
        request,
        "case.html",
        status=refusal.status if refusal else 200,
        refusal=refusal,
        done="" if is_gate(done) else done,
        recorded=recorded(done, facts),
        case=case,
        people=people,
        names=names,
        media=MEDIA,
        lacking=lacking(facts, people, now),
        passing=passing(facts, now),
        typed=dict(form) if form else {},
        tried=path_of(request).removeprefix(f"/cases/{case_id}/"),
        held=await held(house, person, case_id),
        participants=[one for one in people if one.part != "facilitator"],
        colleagues=[
            one
            for one in await directory.colleagues(house, person)
            if one.account_id not in seated
            and one.state == "active"
            and {"facilitator", "supervisor"} & {*one.roles}
        ],
        items=await listing.case_items(house, person, case_id),
        own_id=person.id,
        case_paused=any(pause.paused for pause in facts.pauses if pause.account_id is None),
        paused={pause.account_id for pause in facts.pauses if pause.paused},
    )


async def on_case(
    asked: Asked, case_id: UUID, do: Callable[[Person], Awaitable[Page | None]], *, proving: str = ""
) -> Page:
    """Do something on a case, then show the case: as it is now, or with what could not be done."""

    async def then(person: Person) -> Page:
        return await do(person) or see_other(f"/cases/{case_id}")

    async def show(refusal: Refusal) -> Page:
        return await show_case(asked.request, asked.house, asked.person, case_id, refusal, asked.form)

    return await carry_out(asked, then, show, proving=proving)


def _done(case_id: UUID, done: str) -> Page:
    """Show the case, with a line that says what was done."""
    return see_other(f"/cases/{case_id}?done={done}")


@post("/cases/{case_id:uuid}/settings", opt=_PEOPLE, status_code=200)
async def settings(
    request: AnyRequest, house: TheHouse, person: SignedIn, form: TheForm, case_id: CaseId
) -> Page:
    """Change how the case is worked. To give up the second approval is only asked for here."""
    case, _, _ = await service.read_case(house, person, case_id)
    lowering = case.second_approval and not form.ticked("second_approval")

    deed = "a colleague is asked to confirm that one approval is enough in this case, and the rest is saved."

    async def do(person: Person) -> Page:
        await working.change_settings(
            house,
            person,
            case_id,
            second_approval=form.ticked("second_approval"),
            cooling_hours=form.number("cooling_hours"),
            is_open=not form.ticked("closed"),
        )
        return _done(case_id, "saved")

    return await on_case(Asked(request, house, person, form), case_id, do, proving=deed if lowering else "")


@post("/cases/{case_id:uuid}/single-approval", opt=_PEOPLE, status_code=200)
async def single_approval(
    request: AnyRequest, house: TheHouse, person: SignedIn, form: TheForm, case_id: CaseId
) -> Page:
    """Confirm that one approval is enough, as a colleague asked; or keep two."""
    confirms = form.choice("then", "confirm", "keep") == "confirm"
    deed = "one approval is enough in this case from now on."

    async def do(person: Person) -> Page:
        await (working.confirm_lowering if confirms else working.keep_second_approval)(house, person, case_id)
        return _done(case_id, "lowered" if confirms else "kept")

    return await on_case(Asked(request, house, person, form), case_id, do, proving=deed if confirms else "")


@post("/cases/{case_id:uuid}/people", opt=_PEOPLE, status_code=200)
async def invite(
    request: AnyRequest, house: TheHouse, person: SignedIn, form: TheForm, case_id: CaseId
) -> Page:
    """Put somebody new on the case; show the invitation once."""

    async def do(person: Person) -> Page:
        name = form.text("name")
        part: Literal["victim", "offender"] = form.choice("part", "victim", "offender")
        invitation = await invitations.invite_participant(
            house, person, case_id, name, part, form.text("label")
        )
        return _invitation(request, house, invitation, name, case_id)

    return await on_case(Asked(request, house, person, form), case_id, do)


@post("/cases/{case_id:uuid}/people/{account_id:uuid}/invitation", opt=_PEOPLE, status_code=200)
async def invite_again(
    request: AnyRequest,
    house: TheHouse,
    person: SignedIn,
    form: TheForm,
    case_id: CaseId,
    account_id: AccountId,
) -> Page:
    """Invite a participant anew."""

    async def do(person: Person) -> Page:
        invitation = await invitations.invite_again(house, person, case_id, account_id)
        _, people, _ = await service.read_case(house, person, case_id)
        name = next(one.name for one in people if one.account_id == account_id)
        return _invitation(request, house, invitation, name, case_id)

    return await on_case(Asked(request, house, person, form), case_id, do)


def _invitation(
    request: AnyRequest, house: House, invitation: invitations.Invitation, name: str, case_id: UUID
) -> Page:
    origin = house.settings.participants_origin
    return invitation_page(request, invitation, name, origin=origin, back=f"/cases/{case_id}", staff=False)


@post("/cases/{case_id:uuid}/people/{account_id:uuid}/vouch", opt=_PEOPLE, status_code=200)
async def vouch(
    request: AnyRequest,
    house: TheHouse,
    person: SignedIn,
    form: TheForm,
    case_id: CaseId,
    account_id: AccountId,
) -> Page:
    """Confirm that a participant's keys are theirs."""

    async def do(person: Person) -> Page:
        await vouching.vouch(house, person, case_id, account_id)
        return _done(case_id, "vouched")

    deed = "you confirm with your signature that these keys are this person’s own."
    return await on_case(Asked(request, house, person, form), case_id, do, proving=deed)


@post("/cases/{case_id:uuid}/facilitators", opt=_PEOPLE, status_code=200)
async def add_facilitator(
    request: AnyRequest, house: TheHouse, person: SignedIn, form: TheForm, case_id: CaseId
) -> Page:
    """Give a colleague a seat and the case's keys."""

    async def do(person: Person) -> Page:
        await service.add_facilitator(house, person, case_id, form.identifier("account_id"))
        return _done(case_id, "added")

    deed = "the colleague is added to this case, and can read all of it."
    return await on_case(Asked(request, house, person, form), case_id, do, proving=deed)


@get("/cases/{case_id:uuid}/audit", opt=allow(Permission.AUDIT_READ))
async def audit_page(
    request: AnyRequest,
    house: TheHouse,
    person: SignedIn,
    case_id: CaseId,
    before: Before = audit.NEWEST,
) -> Page:
    """List what was done, the newest first, one page of it."""
    case, people, _ = await service.read_case(house, person, case_id)
    names = {one.account_id: one.name for one in people}
    entries = await audit.case_entries(house, person, case_id, before=before, limit=_ENTRIES)
    return page(
        request,
        "audit.html",
        case=case,
        names=names,
        entries=entries,
        left_out=await audit.left_out(house, person, case_id),
        is_newest=before == audit.NEWEST,
        deed=deed,
        particulars=particulars,
    )


HANDLERS = [
    case_page,
    settings,
    single_approval,
    invite,
    invite_again,
    vouch,
    add_facilitator,
    audit_page,
]
