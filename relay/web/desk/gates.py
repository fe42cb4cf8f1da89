"""Recording the gates of a case."""

from collections.abc import Awaitable, Callable
from datetime import datetime
from typing import Annotated, TypeAlias
from uuid import UUID

from litestar.handlers import HTTPRouteHandler
from litestar.params import PathParameter

from relay.cases import orders, records
from relay.cases.model import MEDIA, Grade, Manner
from relay.errors import Invalid
from relay.house import House
from relay.identity.model import Person
from relay.permissions import Permission
from relay.web.desk.cases import on_case
from relay.web.desk.doing import Page, TheAsked, does, said
from relay.web.shared.forms import Form
from relay.web.shared.pages import see_other

CaseId = Annotated[UUID, PathParameter()]
_GRADES: tuple[Grade, ...] = ("full", "partial", "none")
_MANNERS: tuple[Manner, ...] = ("in_person", "by_telephone", "in_writing")
Record: TypeAlias = Callable[[House, Person, UUID, Form], Awaitable[str]]
"""Records it, and says what was done, as the page of the case knows it."""


async def _request(house: House, person: Person, case_id: UUID, form: Form) -> str:
    asked = form.ticked("asked")
    await records.record_request(house, person, case_id, form.identifier("account_id"), asked=asked)
    return "asked" if asked else "asked-back"


async def _responsibility(house: House, person: Person, case_id: UUID, form: Form) -> str:
    grade = form.choice("grade", *_GRADES)
    await records.record_responsibility(
        house, person, case_id, form.identifier("account_id"), grade, form.text("reasoning")
    )
    return "responsibility"


async def _consent(house: House, person: Person, case_id: UUID, form: Form) -> str:
    if not form.text("answer"):
        raise Invalid(answer="Choose whether they agree.")
    answer = form.choice("answer", "agree", "no-longer", "to-nothing")
    given, ticked = answer == "agree", form.several("medium")
    await records.record_consents(
        house,
        person,
        case_id,
        form.identifier("account_id"),
        MEDIA if answer == "to-nothing" else tuple(medium for medium in MEDIA if medium in ticked),
        given=given,
        manner=_manner(form),
        # whatever date was typed: taking back always works
        ask_again_at=form.day("ask_again_at") if given and form.text("ask_again_at") else None,
    )
    return "agreed" if given else "agreed-back"


def _manner(form: Form) -> Manner:
    if form.text("manner") not in _MANNERS:
        raise Invalid(manner="Choose how they told you.")
    return form.choice("manner", *_MANNERS)


async def _assessment(house: House, person: Person, case_id: UUID, form: Form) -> str:
    safe = form.choice("safe", "yes", "no") == "yes"
    await records.record_assessment(
        house,
        person,
        case_id,
        safe=safe,
        valid_until=form.day("valid_until"),
        reasoning=form.text("reasoning"),
    )
    return "assessed" if safe else "assessed-unsafe"


async def _restriction(house: House, person: Person, case_id: UUID, form: Form) -> str:
    evidence = form.text("exception_evidence").strip() or None
    await records.record_restriction(
        house,
        person,
        case_id,
        form.identifier("account_id"),
        until=_end(form),
        description=form.text("description"),
        exception_evidence=evidence,
    )
    return "restricted-excepted" if evidence else "restricted"


def _end(form: Form) -> datetime | None:
    """Return the end of an order; nothing where it holds until further order."""
    open_ended, typed = form.ticked("open_ended"), form.text("until").strip()
    if open_ended == bool(typed):
        raise Invalid(until="Give the day on which it ends, or tick that it holds until further order: one.")
    return None if open_ended else form.day("until")


async def _order(house: House, person: Person, case_id: UUID, form: Form) -> str:
    then = form.choice("then", "lifted", "excepted", "forbidden")
    await orders.go_on(
        house,
        person,
        case_id,
        form.identifier("restriction_id"),
        form.identifier("seen"),
        form.text("known"),
        lifted=then == "lifted",
        excepted=then == "excepted",
    )
    return {"lifted": "lifted", "excepted": "restricted-excepted", "forbidden": "restricted"}[then]


async def _pause(house: House, person: Person, case_id: UUID, form: Form) -> str:
    account_id = form.identifier("account_id") if form.text("account_id") else None
    paused = form.ticked("paused")
    await records.record_pause(house, person, case_id, account_id, paused=paused)
    return "paused" if paused else "pause-ended"


def _of_whom(form: Form) -> str:
    return f"&whom={form.identifier('account_id')}" if form.text("account_id") else ""


def _handler(name: str, record: Record) -> HTTPRouteHandler:
    @does(f"/cases/{{case_id:uuid}}/gates/{name}", Permission.GATE_RECORD, name=f"page:{name}")
    async def handle(asked: TheAsked, case_id: CaseId) -> Page:
        async def do(person: Person) -> Page:
            done = await record(asked.house, person, case_id, asked.form)
            return see_other(f"/cases/{case_id}{said(done)}{_of_whom(asked.form)}#gates")

        return await on_case(asked, case_id, do)

    return handle


HANDLERS = [
    _handler("requests", _request),
    _handler("responsibilities", _responsibility),
    _handler("consents", _consent),
    _handler("assessments", _assessment),
    _handler("restrictions", _restriction),
    _handler("orders", _order),
    _handler("pauses", _pause),
]
