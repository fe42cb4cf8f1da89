"""A participant's cases."""

from typing import Annotated
from uuid import UUID

import msgspec
from litestar import Response, get, post
from litestar.params import JSONBody, PathParameter

from relay.cases import limits, own
from relay.cases.model import Medium
from relay.cases.own import OwnCase
from relay.permissions import Permission
from relay.web.shared.access import SignedIn, TheHouse, allow

CaseId = Annotated[UUID, PathParameter()]


class ConsentChoice(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Agree to one medium, or take that back."""

    medium: Medium
    given: bool


class PauseChoice(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Pause, or go on."""

    paused: bool


class LimitsChoice(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Which version of the words was read."""

    version: int


@get("/cases", opt=allow(Permission.CASE_SEE))
async def own_cases(house: TheHouse, person: SignedIn) -> list[OwnCase]:
    """List them."""
    return await own.own_cases(house, person)


@get("/cases/{case_id:uuid}", opt=allow(Permission.CASE_SEE))
async def own_case(house: TheHouse, person: SignedIn, case_id: CaseId) -> OwnCase:
    """Show one: whom the person may address, what they agreed to, and what stands in the way, in words."""
    return await own.own_case(house, person, case_id)


@post("/cases/{case_id:uuid}/consents", opt=allow(Permission.SELF_MANAGE), status_code=204)
async def choose_consent(
    house: TheHouse, person: SignedIn, case_id: CaseId, data: JSONBody[ConsentChoice]
) -> Response[None]:
    """Agree to a medium, or take that back at once."""
    await own.choose_consent(house, person, case_id, data.medium, given=data.given)
    return Response(None, status_code=204)


@post("/cases/{case_id:uuid}/pause", opt=allow(Permission.SELF_MANAGE), status_code=204)
async def choose_pause(
    house: TheHouse, person: SignedIn, case_id: CaseId, data: JSONBody[PauseChoice]
) -> Response[None]:
    """Pause or go on. No reason is asked, and the other side is told nothing."""
    await own.choose_pause(house, person, case_id, paused=data.paused)
    return Response(None, status_code=204)


@post("/cases/{case_id:uuid}/limits", opt=allow(Permission.SELF_MANAGE), status_code=204)
async def read_limits(
    house: TheHouse, person: SignedIn, case_id: CaseId, data: JSONBody[LimitsChoice]
) -> Response[None]:
    """Say that what a facilitator has to pass on was read: asked for before anything is begun."""
    await limits.record_read(house, person, case_id, data.version)
    return Response(None, status_code=204)


HANDLERS = [own_cases, own_case, choose_consent, choose_pause, read_limits]
