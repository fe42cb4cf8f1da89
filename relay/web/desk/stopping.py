"""Inviting anew, suspending, ending that, taking somebody off a case, closing one: each is asked about first.

The page that asks says what follows. Its address is the form's, which can then be asked for by itself.
"""

from typing import Annotated
from uuid import UUID

from litestar import get
from litestar.params import PathParameter

from relay.cases import service, settings
from relay.cases.model import Case, PersonOnCase
from relay.cases.wishes import seen_by, wishes
from relay.errors import Conflict, Missing
from relay.house import House
from relay.identity import accounts, directory, invitations
from relay.identity.directory import Colleague
from relay.identity.model import Person
from relay.permissions import Permission
from relay.web.desk.cases import on_case
from relay.web.desk.doing import Page, TheAsked, does
from relay.web.desk.home import on_accounts
from relay.web.desk.shown import invitation_to_case
from relay.web.shared.access import AnyRequest, SignedIn, TheHouse, allow
from relay.web.shared.pages import page

CaseId = Annotated[UUID, PathParameter()]
AccountId = Annotated[UUID, PathParameter()]
SeatId = Annotated[UUID, PathParameter()]
_PEOPLE = allow(Permission.CASE_PEOPLE)
_ACCOUNTS = allow(Permission.ACCOUNT_MANAGE)
_ON_CASES = {"facilitator", "supervisor"}
_ENDS = "the suspension ends, and this person can sign in again."
_TAKEN_OFF = "this person is taken off the case."


@get("/cases/{case_id:uuid}/people/{account_id:uuid}/invitation", opt=_PEOPLE)
async def ask_to_invite_again(
    request: AnyRequest, house: TheHouse, person: SignedIn, case_id: CaseId, account_id: AccountId
) -> Page:
    """Say what follows when a participant is invited anew: what they lose, or which invitation ends."""
    case, one = await _participant(house, person, case_id, account_id)
    return page(request, "invite_again.html", case=case, one=one)


@does("/cases/{case_id:uuid}/people/{account_id:uuid}/invitation", Permission.CASE_PEOPLE)
async def invite_again(asked: TheAsked, case_id: CaseId, account_id: AccountId) -> Page:
    """Invite a participant anew; show the invitation once."""

    async def do(person: Person) -> Page:
        # first: what is made next is shown once, and no trouble of ours may stand in between
        _, one = await _participant(asked.house, person, case_id, account_id)
        if asked.form.text("enrolled") not in {"", str(one.key_version)}:
            raise Conflict(
                f"{one.name} has enrolled since that page was opened, so nothing was done: inviting them anew"
                " would now take from them what they have begun. If it is still needed, go there once more."
            )
        invitation = await invitations.invite_again(asked.house, person, case_id, account_id)
        return invitation_to_case(asked.request, asked.house, invitation, one.name, case_id, one.part)

    return await on_case(asked, case_id, do)


@get("/cases/{case_id:uuid}/people/{account_id:uuid}/suspend", opt=_PEOPLE)
async def ask_to_suspend(
    request: AnyRequest, house: TheHouse, person: SignedIn, case_id: CaseId, account_id: AccountId
) -> Page:
    """Say what follows when a participant's account is suspended."""
    case, one = await _participant(house, person, case_id, account_id)
    return page(request, "suspend.html", case=case, one=one)


async def _participant(
    house: House, person: Person, case_id: UUID, account_id: UUID
) -> tuple[Case, PersonOnCase]:
    case, people, _ = await service.read_case(house, person, case_id)
    for one in people:
        if one.account_id == account_id and one.part != "facilitator":
            return case, one
    raise Missing


@does("/cases/{case_id:uuid}/people/{account_id:uuid}/suspend", Permission.CASE_PEOPLE)
async def suspend(asked: TheAsked, case_id: CaseId, account_id: AccountId) -> Page:
    """Stop a participant's account at once."""

    async def do(person: Person) -> None:
        await _participant(asked.house, person, case_id, account_id)
        await accounts.suspend(asked.house, person, account_id)

    return await on_case(asked, case_id, do, done="suspended")


@get("/cases/{case_id:uuid}/people/{account_id:uuid}/end-suspension", opt=_PEOPLE)
async def ask_to_end(
    request: AnyRequest, house: TheHouse, person: SignedIn, case_id: CaseId, account_id: AccountId
) -> Page:
    """Say what a participant is given back, and what not."""
    case, one = await _participant(house, person, case_id, account_id)
    return page(request, "end_suspension.html", case=case, one=one)


@does("/cases/{case_id:uuid}/people/{account_id:uuid}/end-suspension", Permission.CASE_PEOPLE)
async def end_suspension(asked: TheAsked, case_id: CaseId, account_id: AccountId) -> Page:
    """Let a participant sign in again."""

    async def do(person: Person) -> None:
        await _participant(asked.house, person, case_id, account_id)
        await accounts.end_suspension(asked.house, person, account_id)

    return await on_case(asked, case_id, do, done="suspension-ended", proving=_ENDS)


@get("/cases/{case_id:uuid}/close", opt=_PEOPLE)
async def ask_to_close(request: AnyRequest, house: TheHouse, person: SignedIn, case_id: CaseId) -> Page:
    """Say what follows when a case is closed."""
    case, people, _ = await service.read_case(house, person, case_id)
    return page(request, "close.html", case=case, people=[one for one in people if one.part != "facilitator"])


@does("/cases/{case_id:uuid}/close", Permission.CASE_PEOPLE)
async def close(asked: TheAsked, case_id: CaseId) -> Page:
    """Close a case, or open it again; how it is worked stays."""
    is_open = asked.form.text("then") == "open"

    async def do(person: Person) -> None:
        await settings.change_settings(asked.house, person, case_id, is_open=is_open)

    return await on_case(asked, case_id, do, done="opened" if is_open else "closed")


@get("/cases/{case_id:uuid}/people/{seat_id:uuid}/remove", opt=_PEOPLE)
async def ask_to_remove(
    request: AnyRequest, house: TheHouse, person: SignedIn, case_id: CaseId, seat_id: SeatId
) -> Page:
    """Say what follows when somebody is taken off the case."""
    case, people, _ = await service.read_case(house, person, case_id)
    one = next((found for found in people if found.seat_id == seat_id), None)
    if one is None:
        raise Missing
    sees = seen_by(one, people, await wishes(house, person, case_id))
    return page(request, "remove.html", case=case, one=one, seen_by=[other.name for other in sees])


@does("/cases/{case_id:uuid}/people/{seat_id:uuid}/remove", Permission.CASE_PEOPLE)
async def remove(asked: TheAsked, case_id: CaseId, seat_id: SeatId) -> Page:
    """Take somebody off the case."""

    async def do(person: Person) -> None:
        await service.remove_seat(asked.house, person, case_id, seat_id)

    return await on_case(asked, case_id, do, done="removed", proving=_TAKEN_OFF)


async def _colleague(house: House, person: Person, account_id: UUID) -> tuple[Colleague, list[Colleague]]:
    """Return one of the staff, and who else of them is active; or raise `Missing`."""
    everybody = await directory.colleagues(house, person)
    found = next((one for one in everybody if one.account_id == account_id), None)
    if found is None:
        raise Missing
    return found, [one for one in everybody if one.state == "active" and one.account_id != account_id]


@get("/accounts/{account_id:uuid}/suspend", opt=_ACCOUNTS)
async def ask_to_suspend_staff(
    request: AnyRequest, house: TheHouse, person: SignedIn, account_id: AccountId
) -> Page:
    """Say what follows when a colleague's account is suspended: also whom the service is then without."""
    one, others = await _colleague(house, person, account_id)
    works = bool(_ON_CASES & {*one.roles})
    return page(
        request,
        "suspend_staff.html",
        one=one,
        works=works,
        own=account_id == person.id,
        nobody_works=works and not any(_ON_CASES & {*other.roles} for other in others),
        alone="administrator" in one.roles
        and not any("administrator" in other.roles and other.account_id != person.id for other in others),
    )


@does("/accounts/{account_id:uuid}/suspend", Permission.ACCOUNT_MANAGE)
async def suspend_staff(asked: TheAsked, account_id: AccountId) -> Page:
    """Stop a colleague's account at once."""

    async def do(person: Person) -> None:
        await accounts.suspend(asked.house, person, account_id)

    return await on_accounts(asked, do, done="suspended")


@get("/accounts/{account_id:uuid}/end-suspension", opt=_ACCOUNTS)
async def ask_to_end_staff(
    request: AnyRequest, house: TheHouse, person: SignedIn, account_id: AccountId
) -> Page:
    """Say what a colleague is given back, and what not."""
    one, _ = await _colleague(house, person, account_id)
    return page(request, "end_suspension_staff.html", one=one, works=bool(_ON_CASES & {*one.roles}))


@does("/accounts/{account_id:uuid}/end-suspension", Permission.ACCOUNT_MANAGE)
async def end_suspension_staff(asked: TheAsked, account_id: AccountId) -> Page:
    """Let a colleague sign in again."""

    async def do(person: Person) -> None:
        await accounts.end_suspension(asked.house, person, account_id)

    return await on_accounts(asked, do, done="suspension-ended", proving=_ENDS)


HANDLERS = [
    ask_to_invite_again,
    invite_again,
    ask_to_suspend,
    suspend,
    ask_to_end,
    end_suspension,
    ask_to_close,
    close,
    ask_to_remove,
    remove,
    ask_to_suspend_staff,
    suspend_staff,
    ask_to_end_staff,
    end_suspension_staff,
]
