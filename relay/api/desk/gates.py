"""The gates of a case: recording each, and what stands in the way between whom."""

from datetime import datetime
from typing import Annotated
from uuid import UUID

import msgspec
from litestar import Response, get, post
from litestar.params import JSONBody, PathParameter

from relay.cases import records, service
from relay.cases.agreements import Agreement, agreements
from relay.cases.gates import blocks, crossings, for_staff
from relay.cases.model import MEDIA, GateFacts, Grade, Manner, Medium
from relay.cases.orders import Order, orders
from relay.cases.reasons import Reasoned, reasons
from relay.permissions import Permission
from relay.web.shared.access import SignedIn, TheHouse, allow

CaseId = Annotated[UUID, PathParameter()]
_RECORD = allow(Permission.GATE_RECORD)


class RequestRecord(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A victim asked for the exchange, or took that back."""

    account_id: UUID
    asked: bool


class ResponsibilityRecord(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How far an offender accepts responsibility, and the facilitator's reasoning."""

    account_id: UUID
    grade: Grade
    reasoning: str


class ConsentRecord(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Somebody told the facilitator that they agree to a medium, or no longer do."""

    account_id: UUID
    medium: Medium
    given: bool
    manner: Manner
    ask_again_at: datetime | None = None


class AssessmentRecord(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Whether the exchange is safe for both, until when, and why."""

    safe: bool
    valid_until: datetime
    reasoning: str


class RestrictionRecord(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A court order or licence condition; with `restriction_id`, what became of one recorded before.

    `until` is null where it holds until further order.
    """

    account_id: UUID
    until: datetime | None
    description: str
    exception_evidence: str | None = None
    lifted: bool = False
    restriction_id: UUID | None = None


class PauseRecord(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A pause of one person, or (`account_id` null) of the whole case."""

    account_id: UUID | None = None
    paused: bool


class Recorded(msgspec.Struct, frozen=True, kw_only=True):
    """The restriction that was recorded."""

    restriction_id: UUID


class Way(msgspec.Struct, frozen=True, kw_only=True):
    """What stands in the way of one medium from one person to another; nothing if it may pass."""

    author_id: UUID
    recipient_id: UUID
    medium: Medium
    blocks: tuple[str, ...]


class Gates(msgspec.Struct, frozen=True, kw_only=True):
    """The latest record of each gate, and what follows."""

    facts: GateFacts
    ways: tuple[Way, ...]


def ways(facts: GateFacts, now: datetime) -> tuple[Way, ...]:
    """Return every way across the case, in both directions and every medium."""
    return tuple(
        Way(
            author_id=author,
            recipient_id=recipient,
            medium=medium,
            blocks=for_staff(blocks(facts, author, recipient, medium, now)),
        )
        for author, recipient in crossings(facts)
        for medium in MEDIA
    )


def _done() -> Response[None]:
    return Response(None, status_code=204)


@get("/cases/{case_id:uuid}/gates", opt=allow(Permission.CASE_READ))
async def gates(house: TheHouse, person: SignedIn, case_id: CaseId) -> Gates:
    """Show the gates, and what stands in the way between whom."""
    _, _, facts = await service.read_case(house, person, case_id)
    return Gates(facts=facts, ways=ways(facts, house.local_time()))


@get("/cases/{case_id:uuid}/gates/reasons", opt=allow(Permission.CASE_READ))
async def reasoned(house: TheHouse, person: SignedIn, case_id: CaseId) -> list[Reasoned]:
    """List what was written with the newest record of responsibility of each offender, and of safety."""
    return await reasons(house, person, case_id)


@post("/cases/{case_id:uuid}/gates/requests", opt=_RECORD, status_code=204)
async def request(
    house: TheHouse, person: SignedIn, case_id: CaseId, data: JSONBody[RequestRecord]
) -> Response[None]:
    """Record it. Without it an offender sees and starts nothing."""
    await records.record_request(house, person, case_id, data.account_id, asked=data.asked)
    return _done()


@post("/cases/{case_id:uuid}/gates/responsibilities", opt=_RECORD, status_code=204)
async def responsibility(
    house: TheHouse, person: SignedIn, case_id: CaseId, data: JSONBody[ResponsibilityRecord]
) -> Response[None]:
    """Record it."""
    await records.record_responsibility(house, person, case_id, data.account_id, data.grade, data.reasoning)
    return _done()


@get("/cases/{case_id:uuid}/gates/consents", opt=allow(Permission.CASE_READ))
async def consents(house: TheHouse, person: SignedIn, case_id: CaseId) -> list[Agreement]:
    """List the newest record of each person and medium: how it was given, since when and until when."""
    return await agreements(house, person, case_id)


@post("/cases/{case_id:uuid}/gates/consents", opt=_RECORD, status_code=204)
async def consent(
    house: TheHouse, person: SignedIn, case_id: CaseId, data: JSONBody[ConsentRecord]
) -> Response[None]:
    """Record it. Taken back, it blocks everything that has not been released, at once."""
    await records.record_consent(
        house,
        person,
        case_id,
        data.account_id,
        data.medium,
        given=data.given,
        manner=data.manner,
        ask_again_at=data.ask_again_at,
    )
    return _done()


@post("/cases/{case_id:uuid}/gates/assessments", opt=_RECORD, status_code=204)
async def assessment(
    house: TheHouse, person: SignedIn, case_id: CaseId, data: JSONBody[AssessmentRecord]
) -> Response[None]:
    """Record it."""
    await records.record_assessment(
        house, person, case_id, safe=data.safe, valid_until=data.valid_until, reasoning=data.reasoning
    )
    return _done()


@get("/cases/{case_id:uuid}/gates/restrictions", opt=allow(Permission.CASE_READ))
async def restrictions(house: TheHouse, person: SignedIn, case_id: CaseId) -> list[Order]:
    """List those in force, with what was written about each. What becomes of one is recorded under its id."""
    return await orders(house, person, case_id)


@post("/cases/{case_id:uuid}/gates/restrictions", opt=_RECORD, status_code=201)
async def restriction(
    house: TheHouse, person: SignedIn, case_id: CaseId, data: JSONBody[RestrictionRecord]
) -> Recorded:
    """Record it. It blocks until its end, unless it is lifted or an exception has its evidence."""
    found = await records.record_restriction(
        house,
        person,
        case_id,
        data.account_id,
        until=data.until,
        description=data.description,
        exception_evidence=data.exception_evidence,
        lifted=data.lifted,
        restriction_id=data.restriction_id,
    )
    return Recorded(restriction_id=found)


@post("/cases/{case_id:uuid}/gates/pauses", opt=_RECORD, status_code=204)
async def pause(
    house: TheHouse, person: SignedIn, case_id: CaseId, data: JSONBody[PauseRecord]
) -> Response[None]:
    """Record it. It holds at once, for everybody, and is silent to the other side."""
    await records.record_pause(house, person, case_id, data.account_id, paused=data.paused)
    return _done()


HANDLERS = [
    gates,
    reasoned,
    request,
    responsibility,
    consents,
    consent,
    assessment,
    restrictions,
    restriction,
    pause,
]
