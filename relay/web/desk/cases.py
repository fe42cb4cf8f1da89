"""A case on the desk: people, settings, items, what was done."""

from typing import Annotated
from uuid import UUID

from litestar import Response, get, post
from litestar.params import FromQuery, PathParameter
from msgspec import Meta

from relay.api.desk.gates import ways
from relay.audit import reading as audit
from relay.cases import service
from relay.cases import settings as working
from relay.cases.model import MEDIA
from relay.errors import Refusal, SignInNeeded, StepUpNeeded
from relay.house import House
from relay.identity import accounts, directory, invitations, sessions, vouching
from relay.identity.model import Person
from relay.permissions import Permission
from relay.review import listing
from relay.web.desk.deeds import deed, particulars
from relay.web.desk.shown import invitation_page
from relay.web.shared.access import AnyRequest, SignedIn, TheForm, TheHouse, allow
from relay.web.shared.forms import Form
from relay.web.shared.pages import page, see_other

CaseId = Annotated[UUID, PathParameter()]
AccountId = Annotated[UUID, PathParameter()]
SeatId = Annotated[UUID, PathParameter()]
Page = Response[bytes]
_PEOPLE = allow(Permission.CASE_PEOPLE)


@get("/cases/{case_id:uuid}", opt=allow(Permission.CASE_READ))
async def case_page(request: AnyRequest, house: TheHouse, person: SignedIn, case_id: CaseId) -> Page:
    """Show one case of theirs."""
    return await show_case(request, house, person, case_id)


async def show_case(
    request: AnyRequest,
    house: House,
    person: Person,
    case_id: UUID,
    refusal: Refusal | None = None,
    form: Form | None = None,
) -> Page:
    """Show a case, perhaps with what could not be done and what was written for it."""
    case, people, facts = await service.read_case(house, person, case_id)
    names = {one.account_id: one.name for one in people}
    now = house.clock()
    seated = {one.account_id for one in people}
    found = ways(facts, now)
    return page(
        request,
        "case.html",
        status=refusal.status if refusal else 200,
        refusal=refusal,
        case=case,
        people=people,
        names=names,
        facts=facts,
        now=now,
        media=MEDIA,
        ways=found,
        everywhere=[block for block in found[0].blocks if all(block in way.blocks for way in found)]
        if found
        else [],
        typed=dict(form) if form else {},
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


@post("/cases/{case_id:uuid}/settings", opt=_PEOPLE, status_code=200)
async def settings(
    request: AnyRequest, house: TheHouse, person: SignedIn, form: TheForm, case_id: CaseId
) -> Page:
    """Change how the case is worked. To give up the second approval is only asked for here."""
    case, _, _ = await service.read_case(house, person, case_id)
    lowering = case.second_approval and not form.ticked("second_approval")
    if lowering and (unproved := _proved(house, person, case_id)):
        return unproved
    try:
        await working.change_settings(
            house,
            person,
            case_id,
            second_approval=form.ticked("second_approval"),
            cooling_hours=form.number("cooling_hours"),
            is_open=not form.ticked("closed"),
        )
    except SignInNeeded:
        raise
    except Refusal as refusal:
        return await show_case(request, house, person, case_id, refusal)
    return see_other(f"/cases/{case_id}")


@post("/cases/{case_id:uuid}/single-approval", opt=_PEOPLE, status_code=200)
async def single_approval(
    request: AnyRequest, house: TheHouse, person: SignedIn, form: TheForm, case_id: CaseId
) -> Page:
    """Confirm that one approval is enough, as a colleague asked; or keep two."""
    confirms = form.choice("then", "confirm", "keep") == "confirm"
    if confirms and (unproved := _proved(house, person, case_id)):
        return unproved
    try:
        await (working.confirm_lowering if confirms else working.keep_second_approval)(house, person, case_id)
    except SignInNeeded:
        raise
    except Refusal as refusal:
        return await show_case(request, house, person, case_id, refusal)
    return see_other(f"/cases/{case_id}")


@post("/cases/{case_id:uuid}/people", opt=_PEOPLE, status_code=200)
async def invite(
    request: AnyRequest, house: TheHouse, person: SignedIn, form: TheForm, case_id: CaseId
) -> Page:
    """Put somebody new on the case; show the invitation once."""
    try:
        invitation = await invitations.invite_participant(
            house,
            person,
            case_id,
            form.text("name"),
            form.choice("part", "victim", "offender"),
            form.text("label"),
        )
    except SignInNeeded:
        raise
    except Refusal as refusal:
        return await show_case(request, house, person, case_id, refusal)
    return _invitation(request, house, invitation, case_id)


@post("/cases/{case_id:uuid}/people/{account_id:uuid}/invitation", opt=_PEOPLE, status_code=200)
async def invite_again(
    request: AnyRequest, house: TheHouse, person: SignedIn, case_id: CaseId, account_id: AccountId
) -> Page:
    """Invite a participant anew."""
    return _invitation(
        request, house, await invitations.invite_again(house, person, case_id, account_id), case_id
    )


def _invitation(request: AnyRequest, house: House, invitation: invitations.Invitation, case_id: UUID) -> Page:
    origin = house.settings.participants_origin
    return invitation_page(request, invitation, origin=origin, back=f"/cases/{case_id}", staff=False)


def _proved(house: House, person: Person, case_id: UUID) -> Page | None:
    """Lead to the page that asks for the passphrase, if that was too long ago."""
    try:
        sessions.require_step_up(house, person)
    except StepUpNeeded:
        return see_other(f"/step-up?then=/cases/{case_id}")
    return None


@post("/cases/{case_id:uuid}/people/{account_id:uuid}/vouch", opt=_PEOPLE, status_code=200)
async def vouch(
    request: AnyRequest, house: TheHouse, person: SignedIn, case_id: CaseId, account_id: AccountId
) -> Page:
    """Confirm that a participant's keys are theirs."""
    if unproved := _proved(house, person, case_id):
        return unproved
    try:
        await vouching.vouch(house, person, case_id, account_id)
    except SignInNeeded:
        raise
    except Refusal as refusal:
        return await show_case(request, house, person, case_id, refusal)
    return see_other(f"/cases/{case_id}")


@post("/cases/{case_id:uuid}/people/{account_id:uuid}/suspend", opt=_PEOPLE, status_code=303)
async def suspend(house: TheHouse, person: SignedIn, case_id: CaseId, account_id: AccountId) -> Page:
    """Stop a participant's account at once."""
    await service.read_case(house, person, case_id)
    await accounts.suspend(house, person, account_id)
    return see_other(f"/cases/{case_id}")


@post("/cases/{case_id:uuid}/facilitators", opt=_PEOPLE, status_code=200)
async def add_facilitator(
    request: AnyRequest, house: TheHouse, person: SignedIn, form: TheForm, case_id: CaseId
) -> Page:
    """Give a colleague a seat and the case's keys."""
    if unproved := _proved(house, person, case_id):
        return unproved
    try:
        await service.add_facilitator(house, person, case_id, form.identifier("account_id"))
    except SignInNeeded:
        raise
    except Refusal as refusal:
        return await show_case(request, house, person, case_id, refusal)
    return see_other(f"/cases/{case_id}")


@post("/cases/{case_id:uuid}/people/{seat_id:uuid}/remove", opt=_PEOPLE, status_code=200)
async def remove(
    request: AnyRequest, house: TheHouse, person: SignedIn, case_id: CaseId, seat_id: SeatId
) -> Page:
    """Take somebody off the case."""
    if unproved := _proved(house, person, case_id):
        return unproved
    try:
        await service.remove_seat(house, person, case_id, seat_id)
    except SignInNeeded:
        raise
    except Refusal as refusal:
        return await show_case(request, house, person, case_id, refusal)
    return see_other(f"/cases/{case_id}")


@get("/cases/{case_id:uuid}/audit", opt=allow(Permission.AUDIT_READ))
async def audit_page(
    request: AnyRequest,
    house: TheHouse,
    person: SignedIn,
    case_id: CaseId,
    before: FromQuery[Annotated[int, Meta(ge=1)]] = 2**62,
) -> Page:
    """List what was done, the newest first."""
    case, people, _ = await service.read_case(house, person, case_id)
    names = {one.account_id: one.name for one in people}
    entries = await audit.case_entries(house, person, case_id, before=before)
    return page(
        request, "audit.html", case=case, names=names, entries=entries, deed=deed, particulars=particulars
    )


HANDLERS = [
    case_page,
    settings,
    single_approval,
    invite,
    invite_again,
    vouch,
    suspend,
    add_facilitator,
    remove,
    audit_page,
]
