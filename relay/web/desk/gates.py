"""Recording the gates of a case."""

from collections.abc import Awaitable, Callable
from typing import Annotated, Any, TypeAlias
from uuid import UUID

from litestar import Response, post
from litestar.params import PathParameter

from relay.cases import records
from relay.cases.model import MEDIA, Grade
from relay.house import House
from relay.identity.model import Person
from relay.permissions import Permission
from relay.web.desk.cases import on_case
from relay.web.desk.doing import Asked
from relay.web.shared.access import AnyRequest, SignedIn, TheForm, TheHouse, allow
from relay.web.shared.forms import Form
from relay.web.shared.pages import see_other

CaseId = Annotated[UUID, PathParameter()]
_GRADES: tuple[Grade, ...] = ("full", "partial", "none")
Record: TypeAlias = Callable[[House, Person, UUID, Form], Awaitable[object]]


async def _request(house: House, person: Person, case_id: UUID, form: Form) -> None:
    await records.record_request(
        house, person, case_id, form.identifier("account_id"), asked=form.ticked("asked")
    )


async def _responsibility(house: House, person: Person, case_id: UUID, form: Form) -> None:
    grade = form.choice("grade", *_GRADES)
    await records.record_responsibility(
        house, person, case_id, form.identifier("account_id"), grade, form.text("reasoning")
    )


async def _consent(house: House, person: Person, case_id: UUID, form: Form) -> None:
    await records.record_consent(
        house,
        person,
        case_id,
        form.identifier("account_id"),
        form.choice("medium", *MEDIA),
        given=form.ticked("given"),
        manner=form.choice("manner", "in_person", "by_telephone", "in_writing"),
        ask_again_at=form.day("ask_again_at") if form.text("ask_again_at") else None,
    )


async def _assessment(house: House, person: Person, case_id: UUID, form: Form) -> None:
    await records.record_assessment(
        house,
        person,
        case_id,
        safe=form.choice("safe", "yes", "no") == "yes",
        valid_until=form.day("valid_until"),
        reasoning=form.text("reasoning"),
    )


async def _restriction(house: House, person: Person, case_id: UUID, form: Form) -> None:
    await records.record_restriction(
        house,
        person,
        case_id,
        form.identifier("account_id"),
        until=form.day("until"),
        description=form.text("description"),
        exception_evidence=form.text("exception_evidence").strip() or None,
    )


async def _pause(house: House, person: Person, case_id: UUID, form: Form) -> None:
    account_id = form.identifier("account_id") if form.text("account_id") else None
    await records.record_pause(house, person, case_id, account_id, paused=form.ticked("paused"))


def _handler(name: str, record: Record) -> Any:
    @post(
        f"/cases/{{case_id:uuid}}/gates/{name}",
        opt=allow(Permission.GATE_RECORD),
        status_code=200,
        name=f"page:{name}",
    )
    async def handle(
        request: AnyRequest, house: TheHouse, person: SignedIn, form: TheForm, case_id: CaseId
    ) -> Response[bytes]:
        async def do(person: Person) -> Response[bytes]:
            await record(house, person, case_id, form)
            return see_other(f"/cases/{case_id}#gates")

        return await on_case(Asked(request, house, person, form), case_id, do)

    return handle


HANDLERS = [
    _handler("requests", _request),
    _handler("responsibilities", _responsibility),
    _handler("consents", _consent),
    _handler("assessments", _assessment),
    _handler("restrictions", _restriction),
    _handler("pauses", _pause),
]
