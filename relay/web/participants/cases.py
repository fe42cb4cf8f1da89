"""A case: what stands in the way, what the person agreed to, pause, and starting something new."""

from typing import Annotated
from uuid import UUID

from litestar import Response, get, post
from litestar.params import FromQuery, PathParameter

from relay.cases import limits, own
from relay.cases.model import MEDIA
from relay.errors import Invalid
from relay.exchange import items, progress
from relay.permissions import Permission
from relay.web.participants import just_done, own_files
from relay.web.shared.access import AnyRequest, SignedIn, TheForm, TheHouse, allow
from relay.web.shared.pages import page, see_other

CaseId = Annotated[UUID, PathParameter()]
Page = Response[bytes]


@get("/cases/{case_id:uuid}", opt=allow(Permission.CASE_SEE))
async def case_page(
    request: AnyRequest, house: TheHouse, person: SignedIn, case_id: CaseId, done: FromQuery[str] = ""
) -> Page:
    """Show one case of theirs."""
    case = await own.own_case(house, person, case_id)
    now = house.clock()
    agreed = {
        consent.medium: consent for consent in case.consents if consent.given and consent.ask_again_at > now
    }
    return page(
        request,
        "case.html",
        case=case,
        media=MEDIA,
        agreed=agreed,
        items=await progress.own_items(house, person, case_id),
        looked_at=await own_files.looked_at(house, person, case),
        done=just_done.on_case(done, case),
    )


@post("/cases/{case_id:uuid}/consents", opt=allow(Permission.SELF_MANAGE), status_code=303)
async def consent(house: TheHouse, person: SignedIn, form: TheForm, case_id: CaseId) -> Page:
    """Agree to a medium, or take that back."""
    medium = form.choice("medium", *MEDIA)
    await own.choose_consent(house, person, case_id, medium, given=form.ticked("given"))
    return see_other(f"/cases/{case_id}?done=saved")


@post("/cases/{case_id:uuid}/pause", opt=allow(Permission.SELF_MANAGE), status_code=303)
async def pause(house: TheHouse, person: SignedIn, form: TheForm, case_id: CaseId) -> Page:
    """Pause, or go on."""
    paused = form.ticked("paused")
    await own.choose_pause(house, person, case_id, paused=paused)
    return see_other(f"/cases/{case_id}?done={'paused' if paused else 'resumed'}")


@post("/cases/{case_id:uuid}/limits", opt=allow(Permission.SELF_MANAGE), status_code=303)
async def read_limits(house: TheHouse, person: SignedIn, form: TheForm, case_id: CaseId) -> Page:
    """Take their word that they have read what their facilitator has to pass on."""
    shown = form.text("version") == str(limits.VERSION)
    await limits.record_read(house, person, case_id, limits.VERSION if shown else 0)
    return see_other(f"/cases/{case_id}?done=read")


@post("/cases/{case_id:uuid}/items", opt=allow(Permission.ITEM_WRITE), status_code=303)
async def start(house: TheHouse, person: SignedIn, form: TheForm, case_id: CaseId) -> Page:
    """Start something new."""
    kind = form.choice("kind", *MEDIA)
    try:
        recipients = tuple(UUID(seat) for seat in form.several("recipients"))
    except ValueError:
        raise Invalid(recipients="Choose whom this is for.") from None
    return see_other(f"/items/{await items.start_item(house, person, case_id, kind, recipients)}")


HANDLERS = [case_page, consent, pause, read_limits, start]
