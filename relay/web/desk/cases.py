"""A case on the desk: people, settings, items, what was done."""

from collections.abc import Awaitable, Callable
from functools import partial
from typing import Annotated, Literal
from uuid import UUID

from litestar import get
from litestar.params import FromQuery, PathParameter

from relay.api.desk.cases import Before
from relay.audit import reading as audit
from relay.cases import labels, limits, service
from relay.cases import settings as working
from relay.cases.agreements import agreements
from relay.cases.gates import end_of_order
from relay.cases.model import MEDIA
from relay.cases.orders import orders
from relay.cases.reasons import earlier, reasons
from relay.cases.wishes import in_words, wishes
from relay.errors import Invalid, Refusal
from relay.house import House
from relay.identity import directory, invitations, vouching
from relay.identity.model import Person
from relay.permissions import Permission
from relay.review import listing
from relay.review.held import held
from relay.review.outdated import Outdated, outdated
from relay.safeguarding import reading as concerns
from relay.web.desk import deeds
from relay.web.desk.concerns import KIND_WORDS
from relay.web.desk.doing import Asked, Page, TheAsked, carry_out, does
from relay.web.desk.lacking import lacking, passes_as_asked, passing
from relay.web.desk.recorded import is_gate, of_whom, recorded
from relay.web.desk.shown import invitation_to_case
from relay.web.shared.access import AnyRequest, SignedIn, TheHouse, allow
from relay.web.shared.forms import Form
from relay.web.shared.pages import page, path_of

CaseId = Annotated[UUID, PathParameter()]
AccountId = Annotated[UUID, PathParameter()]
SeatId = Annotated[UUID, PathParameter()]
_ENTRIES = 25
"""On one page: on a narrow screen each is six lines high."""


@get("/cases/{case_id:uuid}", opt=allow(Permission.CASE_READ))
async def case_page(
    request: AnyRequest,
    house: TheHouse,
    person: SignedIn,
    case_id: CaseId,
    done: FromQuery[str] = "",
    whom: FromQuery[str] = "",
) -> Page:
    """Show one case of theirs. `done`: what was just done on it, and to `whom`, for a line that says so."""
    return await show_case(request, house, person, case_id, done=done, whom=whom)


async def show_case(
    request: AnyRequest,
    house: House,
    person: Person,
    case_id: UUID,
    refusal: Refusal | None = None,
    form: Form | None = None,
    *,
    done: str = "",
    whom: str = "",
) -> Page:
    """Show a case, perhaps with what could not be done and what was written for it, or what was done."""
    case, people, facts = await service.read_case(house, person, case_id)
    names = await directory.names_in_case(house, person, case_id)
    now = house.local_time()
    seated = {one.account_id for one in people}
    chosen = await held(house, person, case_id)
    return page(
        request,
        "case.html",
        status=refusal.status if refusal else 200,
        refusal=refusal,
        done="" if is_gate(done) else done,
        recorded=recorded(done, facts),
        whom=of_whom(whom, {one.account_id: one.name for one in people}),
        case=case,
        now=now,
        people=people,
        names=names,
        media=MEDIA,
        agreements={(one.account_id, one.medium): one for one in await agreements(house, person, case_id)},
        limits_version=limits.VERSION,
        limits_read=await limits.read_by(house, person, case_id),
        lacking=lacking(facts, people, now),
        passing=passing(facts, now),
        passes_as_asked=passes_as_asked(facts, now),
        reasons={one.account_id: one for one in await reasons(house, person, case_id)},
        earlier=await earlier(house, person, case_id),
        wishes=(met := await wishes(house, person, case_id)),
        who_sees={one.account_id: in_words(one, people, met) for one in people if one.part != "facilitator"},
        usual_words=house.settings.other_person,
        assessment_days=house.settings.assessment_days,
        end_of_order=partial(end_of_order, zone=house.settings.zone),
        grades={one.account_id: one.grade for one in facts.responsibilities},
        assessment=facts.assessment,
        orders=await orders(house, person, case_id) if facts.restrictions else [],
        typed=dict(form) if form else {},
        ticked=form.several("medium") if form else [],
        tried=path_of(request).removeprefix(f"/cases/{case_id}/"),
        held=[one for one in chosen if not one.refused],
        refused=[one for one in chosen if one.refused],
        outdated=_by_recipient(await outdated(house, person, case_id)),
        participants=[one for one in people if one.part != "facilitator"],
        colleagues=[
            one
            for one in await directory.colleagues(house, person)
            if one.account_id not in seated
            and one.state == "active"
            and {"facilitator", "supervisor"} & {*one.roles}
        ],
        items=await listing.case_items(house, person, case_id),
        concerns=await concerns.of_case(house, person, case_id),
        kinds=KIND_WORDS,
        stopped=facts.stopped,
        own_id=person.id,
        case_paused=any(pause.paused for pause in facts.pauses if pause.account_id is None),
        paused={pause.account_id for pause in facts.pauses if pause.paused},
    )


def _by_recipient(found: list[Outdated]) -> dict[UUID, list[Outdated]]:
    grouped: dict[UUID, list[Outdated]] = {}
    for one in found:
        grouped.setdefault(one.recipient_id, []).append(one)
    return grouped


async def on_case(
    asked: Asked,
    case_id: UUID,
    do: Callable[[Person], Awaitable[Page | None]],
    *,
    done: str = "",
    proving: str = "",
) -> Page:
    """Do something on a case, then show the case: as it is now, or with what could not be done.

    `done`: what it then says was done, unless `do` has a page of its own to show. `proving`: see `carry_out`.
    """

    async def show(refusal: Refusal) -> Page:
        return await show_case(asked.request, asked.house, asked.person, case_id, refusal, asked.form)

    return await carry_out(asked, do, show, back=f"/cases/{case_id}", done=done, proving=proving)


@does("/cases/{case_id:uuid}/settings", Permission.CASE_PEOPLE)
async def settings(asked: TheAsked, case_id: CaseId) -> Page:
    """Change how the case is worked. To give up the second approval is only asked for here."""
    form = asked.form
    case, _, _ = await service.read_case(asked.house, asked.person, case_id)
    second: bool | None = form.ticked("second_approval")
    # what the page showed and nobody changed stays as it is by now: a colleague may have changed it since
    shown = form.text("cooling_hours_seen")
    if shown and second == form.ticked("second_approval_seen"):
        second = None
    lowering = case.second_approval and second is False

    async def do(person: Person) -> None:
        cooling_hours = form.number("cooling_hours")
        await working.change_settings(
            asked.house,
            person,
            case_id,
            # nobody gives up what they did not see: a colleague may ask for it just now
            second_approval=second if second or lowering else None,
            cooling_hours=None if str(cooling_hours) == shown else cooling_hours,
        )

    deed = "a colleague is asked to confirm that one approval is enough in this case, and the rest is saved."
    return await on_case(asked, case_id, do, done="saved", proving=deed if lowering else "")


@does("/cases/{case_id:uuid}/single-approval", Permission.CASE_PEOPLE)
async def single_approval(asked: TheAsked, case_id: CaseId) -> Page:
    """Confirm that one approval is enough, as a colleague asked; or keep two."""
    confirms = asked.form.choice("then", "confirm", "keep") == "confirm"

    async def do(person: Person) -> None:
        change = working.confirm_lowering if confirms else working.keep_second_approval
        await change(asked.house, person, case_id)

    deed = "one approval is enough in this case from now on."
    done = "lowered" if confirms else "kept"
    return await on_case(asked, case_id, do, done=done, proving=deed if confirms else "")


@does("/cases/{case_id:uuid}/people", Permission.CASE_PEOPLE)
async def invite(asked: TheAsked, case_id: CaseId) -> Page:
    """Put somebody new on the case; show the invitation once."""
    form = asked.form

    async def do(person: Person) -> Page:
        name = form.text("name")
        if form.text("part") not in {"victim", "offender"}:
            raise Invalid(part="Choose victim or offender: it cannot be changed later.")
        part: Literal["victim", "offender"] = form.choice("part", "victim", "offender")
        label = form.text("label")
        invitation = await invitations.invite_participant(asked.house, person, case_id, name, part, label)
        return invitation_to_case(asked.request, asked.house, invitation, name, case_id, part)

    return await on_case(asked, case_id, do)


@does("/cases/{case_id:uuid}/people/{seat_id:uuid}/label", Permission.CASE_PEOPLE)
async def label(asked: TheAsked, case_id: CaseId, seat_id: SeatId) -> Page:
    """Change what the other side reads instead of somebody's name."""

    async def do(person: Person) -> None:
        await labels.change_label(asked.house, person, case_id, seat_id, asked.form.text("label"))

    return await on_case(asked, case_id, do, done="relabelled")


@does("/cases/{case_id:uuid}/people/{account_id:uuid}/vouch", Permission.CASE_PEOPLE)
async def vouch(asked: TheAsked, case_id: CaseId, account_id: AccountId) -> Page:
    """Confirm that a participant's keys are theirs."""

    async def do(person: Person) -> None:
        await vouching.vouch(asked.house, person, case_id, account_id)

    deed = "you confirm with your signature that these keys are this person’s own."
    return await on_case(asked, case_id, do, done="vouched", proving=deed)


@does("/cases/{case_id:uuid}/facilitators", Permission.CASE_PEOPLE)
async def add_facilitator(asked: TheAsked, case_id: CaseId) -> Page:
    """Give a colleague a seat and the case's keys."""

    async def do(person: Person) -> None:
        await service.add_facilitator(asked.house, person, case_id, asked.form.identifier("account_id"))

    deed = "the colleague is added to this case, and can read all of it."
    return await on_case(asked, case_id, do, done="added", proving=deed)


@get("/cases/{case_id:uuid}/audit", opt=allow(Permission.AUDIT_READ))
async def audit_page(
    request: AnyRequest,
    house: TheHouse,
    person: SignedIn,
    case_id: CaseId,
    before: Before = audit.NEWEST,
) -> Page:
    """List what was done, the newest first, one page of it."""
    case, _, _ = await service.read_case(house, person, case_id)
    names = await directory.names_in_case(house, person, case_id)
    people = {str(one): name for one, name in names.items()}
    entries = await audit.case_entries(house, person, case_id, before=before, limit=_ENTRIES)
    return page(
        request,
        "audit.html",
        case=case,
        names=names | {house.pins.service_id: deeds.OPERATOR},
        entries=entries,
        items={one.id: one for one in await listing.case_items(house, person, case_id)},
        left_out=await audit.left_out(house, person, case_id),
        is_newest=before == audit.NEWEST,
        deed=deeds.deed,
        facts=partial(deeds.facts, case_id=case_id, people=people),
        identifiers=partial(deeds.identifiers, people=people),
    )


HANDLERS = [
    case_page,
    settings,
    single_approval,
    invite,
    label,
    vouch,
    add_facilitator,
    audit_page,
]
