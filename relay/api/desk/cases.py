"""Cases and who is on them."""

from typing import Annotated, Literal
from uuid import UUID

import msgspec
from litestar import Response, delete, get, patch, post, put
from litestar.params import JSONBody, PathParameter, QueryParameter
from msgspec import UNSET, Meta, UnsetType

from relay.audit import reading as audit
from relay.audit.reading import AuditLine
from relay.cases import labels, service, settings
from relay.cases.model import Case, PersonOnCase
from relay.house import House
from relay.identity import accounts, directory, invitations, sessions, vouching
from relay.identity.directory import Colleague
from relay.identity.invitations import Invitation
from relay.identity.model import Person
from relay.permissions import Permission
from relay.review import listing
from relay.review.listing import ListedItem
from relay.web.shared.access import SignedIn, TheHouse, allow

CaseId = Annotated[UUID, PathParameter()]
AccountId = Annotated[UUID, PathParameter()]
SeatId = Annotated[UUID, PathParameter()]
_PEOPLE = allow(Permission.CASE_PEOPLE)
_READ = allow(Permission.CASE_READ)

Before = Annotated[
    int, QueryParameter(ge=1, le=2**63 - 1, description="The number of an entry: those before it are listed.")
]
CoolingHours = Annotated[int, Meta(ge=0, le=8760, description="Write a number of hours from 0 to 8760.")]


class NewCase(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A case to open."""

    reference: str
    second_approval: bool = False
    cooling_hours: CoolingHours = 0


class CaseChange(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What to change; what is left out stays."""

    second_approval: bool | UnsetType = UNSET
    cooling_hours: CoolingHours | UnsetType = UNSET
    state: Literal["open", "closed"] | UnsetType = UNSET


class CaseWithPeople(msgspec.Struct, frozen=True, kw_only=True):
    """A case and everybody on it."""

    case: Case
    people: tuple[PersonOnCase, ...]


class NewParticipant(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Somebody to invite. `label` is what the other side reads; empty for the service's usual words."""

    name: str
    part: Literal["victim", "offender"]
    label: str = ""


class NewLabel(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What the other side is to read instead of a participant's name; empty for the service's usual words."""

    label: str


class NewFacilitator(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A colleague to give a seat."""

    account_id: UUID


class Seated(msgspec.Struct, frozen=True, kw_only=True):
    """The seat that was made."""

    seat_id: UUID


async def _case(house: House, person: Person, case_id: UUID) -> CaseWithPeople:
    case, people, _ = await service.read_case(house, person, case_id)
    return CaseWithPeople(case=case, people=tuple(people))


@post("/cases", opt=allow(Permission.CASE_OPEN), status_code=201)
async def open_case(house: TheHouse, person: SignedIn, data: JSONBody[NewCase]) -> CaseWithPeople:
    """Open a case; whoever opens it is its first facilitator."""
    case_id = await service.open_case(
        house, person, data.reference, second_approval=data.second_approval, cooling_hours=data.cooling_hours
    )
    return await _case(house, person, case_id)


@get("/cases", opt=_READ)
async def list_cases(house: TheHouse, person: SignedIn) -> list[Case]:
    """List the person's own cases, the newest first."""
    return await service.list_cases(house, person)


@get("/cases/{case_id:uuid}", opt=_READ)
async def read_case(house: TheHouse, person: SignedIn, case_id: CaseId) -> CaseWithPeople:
    """Show one, and who is on it."""
    return await _case(house, person, case_id)


@patch("/cases/{case_id:uuid}", opt=_PEOPLE)
async def change_case(
    house: TheHouse, person: SignedIn, case_id: CaseId, data: JSONBody[CaseChange]
) -> CaseWithPeople:
    """Change how a case is worked. Closing it stops everything that has not been released.

    Two approvals do not become one by this. It is asked for (`lowering`), which needs the passphrase in the
    last ten minutes, and holds once a colleague on the case confirms it.
    """
    case, _, _ = await service.read_case(house, person, case_id)
    second = data.second_approval is True
    lowering = case.second_approval and data.second_approval is False
    if lowering:
        sessions.require_step_up(house, person)
    await settings.change_settings(
        house,
        person,
        case_id,
        second_approval=second if second or lowering else None,
        cooling_hours=None if data.cooling_hours is UNSET else data.cooling_hours,
        is_open=None if data.state is UNSET else data.state == "open",
    )
    return await _case(house, person, case_id)


@post("/cases/{case_id:uuid}/single-approval", opt=_PEOPLE, status_code=200)
async def confirm_lowering(house: TheHouse, person: SignedIn, case_id: CaseId) -> CaseWithPeople:
    """Confirm what a colleague asked for: one approval is enough from now on. Needs the passphrase too."""
    sessions.require_step_up(house, person)
    await settings.confirm_lowering(house, person, case_id)
    return await _case(house, person, case_id)


@delete("/cases/{case_id:uuid}/single-approval", opt=_PEOPLE, status_code=200)
async def keep_second_approval(house: TheHouse, person: SignedIn, case_id: CaseId) -> CaseWithPeople:
    """Keep two approvals: refuse what a colleague asked for, or take one's own wish back."""
    await settings.keep_second_approval(house, person, case_id)
    return await _case(house, person, case_id)


@get("/cases/{case_id:uuid}/items", opt=_READ)
async def case_items(house: TheHouse, person: SignedIn, case_id: CaseId) -> list[ListedItem]:
    """List what was ever sent in the case."""
    await service.read_case(house, person, case_id)
    return await listing.case_items(house, person, case_id)


@get("/cases/{case_id:uuid}/audit", opt=allow(Permission.AUDIT_READ))
async def case_audit(
    house: TheHouse, person: SignedIn, case_id: CaseId, before: Before = audit.NEWEST
) -> list[AuditLine]:
    """List what was done in the case, the newest first."""
    await service.read_case(house, person, case_id)
    return await audit.case_entries(house, person, case_id, before=before)


@get("/colleagues", opt=_PEOPLE)
async def colleagues(house: TheHouse, person: SignedIn) -> list[Colleague]:
    """List the staff of the service, so that one of them can be given a seat."""
    return await directory.colleagues(house, person)


@post("/cases/{case_id:uuid}/people", opt=_PEOPLE, status_code=201)
async def invite(
    house: TheHouse, person: SignedIn, case_id: CaseId, data: JSONBody[NewParticipant]
) -> Invitation:
    """Put a new participant on the case. The answer holds the invitation's codes, this once."""
    return await invitations.invite_participant(house, person, case_id, data.name, data.part, data.label)


@put("/cases/{case_id:uuid}/people/{seat_id:uuid}/label", opt=_PEOPLE, status_code=204)
async def change_label(
    house: TheHouse, person: SignedIn, case_id: CaseId, seat_id: SeatId, data: JSONBody[NewLabel]
) -> Response[None]:
    """Change what the other side reads of a participant. It holds at once, wherever they are shown."""
    await labels.change_label(house, person, case_id, seat_id, data.label)
    return Response(None, status_code=204)


@post("/cases/{case_id:uuid}/people/{account_id:uuid}/invitation", opt=_PEOPLE, status_code=201)
async def invite_again(
    house: TheHouse, person: SignedIn, case_id: CaseId, account_id: AccountId
) -> Invitation:
    """Invite a participant anew. The keys that they make wait to be confirmed."""
    return await invitations.invite_again(house, person, case_id, account_id)


@post("/cases/{case_id:uuid}/people/{account_id:uuid}/vouch", opt=_PEOPLE, status_code=204)
async def vouch(house: TheHouse, person: SignedIn, case_id: CaseId, account_id: AccountId) -> Response[None]:
    """Confirm that a participant's keys are theirs. Before that, nothing can be released to them."""
    sessions.require_step_up(house, person)
    await vouching.vouch(house, person, case_id, account_id)
    return Response(None, status_code=204)


@post("/cases/{case_id:uuid}/people/{account_id:uuid}/suspend", opt=_PEOPLE, status_code=204)
async def suspend(
    house: TheHouse, person: SignedIn, case_id: CaseId, account_id: AccountId
) -> Response[None]:
    """Stop a participant's account at once."""
    await service.read_case(house, person, case_id)
    await accounts.suspend(house, person, account_id)
    return Response(None, status_code=204)


@post("/cases/{case_id:uuid}/people/{account_id:uuid}/end-suspension", opt=_PEOPLE, status_code=204)
async def end_suspension(
    house: TheHouse, person: SignedIn, case_id: CaseId, account_id: AccountId
) -> Response[None]:
    """Let a participant sign in again with the keys that they had."""
    sessions.require_step_up(house, person)
    await service.read_case(house, person, case_id)
    await accounts.end_suspension(house, person, account_id)
    return Response(None, status_code=204)


@post("/cases/{case_id:uuid}/facilitators", opt=_PEOPLE, status_code=201)
async def add_facilitator(
    house: TheHouse, person: SignedIn, case_id: CaseId, data: JSONBody[NewFacilitator]
) -> Seated:
    """Give a colleague a seat and the case's keys."""
    sessions.require_step_up(house, person)
    return Seated(seat_id=await service.add_facilitator(house, person, case_id, data.account_id))


@delete("/cases/{case_id:uuid}/people/{seat_id:uuid}", opt=_PEOPLE, status_code=204)
async def remove_seat(house: TheHouse, person: SignedIn, case_id: CaseId, seat_id: SeatId) -> Response[None]:
    """Take somebody off the case. After a facilitator, the case's key changes."""
    sessions.require_step_up(house, person)
    await service.remove_seat(house, person, case_id, seat_id)
    return Response(None, status_code=204)


HANDLERS = [
    open_case,
    list_cases,
    read_case,
    change_case,
    confirm_lowering,
    keep_second_approval,
    case_items,
    case_audit,
    colleagues,
    invite,
    change_label,
    invite_again,
    vouch,
    suspend,
    end_suspension,
    add_facilitator,
    remove_seat,
]
