"""Coming in and going out, on both apps: sign in, prove it once more, sign out, enrol with an invitation.

An invitation's link is /enrol/{number}#{long code}. What follows "#" never leaves the browser: no server,
proxy, log or Referer sees the code. A small script moves it into its field; without script the person types
or pastes it, from the same letter that carried the link. A path or a query would have worked by itself, and
would stand in every log on the way and in the history of a device that others use.
"""

import base64
import re
from contextlib import suppress
from typing import Annotated, Any, Final
from uuid import UUID

from litestar import Response, get, post
from litestar.params import FromQuery, PathParameter

from relay.db.transaction import Surface
from relay.errors import Invalid, Missing, Refusal, SignInNeeded, VaultRefused
from relay.house import House
from relay.identity import accounts, names, passphrases, proofs, sessions
from relay.permissions import Permission
from relay.web.shared.access import AnyRequest, SignedIn, TheForm, TheHouse, allow, who
from relay.web.shared.cookies import end_session, set_session
from relay.web.shared.forms import Form
from relay.web.shared.pages import own_path, page, see_other
from relay.web.shared.wing import Wing

_PUBLIC = allow(Permission.PUBLIC)
_NO_DIGITS: Final = (
    "There are not four digits at the end of that name. Most names here end in four digits. They stand on"
    " what you wrote down when you enrolled."
)
_OFFER: Final = ("invitations", "offered words")
_LONG_CODE: Final = "That is the long code. Here comes the last part of the address, after /enrol/."
_NO_NUMBER: Final = (
    "Type the address as it stands on your card or in your invitation, or only its last part, after /enrol/."
)
_CUT_OFF: Final = "Some of the address is missing. Please check it, or type its last part here."
Page = Response[bytes]


def client_of(request: AnyRequest) -> str:
    """Return the network address that a request came from, for throttling."""
    return request.client.host if request.client else ""


def wing_of(request: AnyRequest) -> Wing:
    """Return which app this is."""
    wing: Wing = request.app.state.wing
    return wing


def number_behind(request: AnyRequest, invitation_id: UUID) -> str:
    """Return what is put behind the name that a participant chooses; nothing for staff."""
    house: House = request.app.state.house
    return names.number_behind(house.keyring, wing_of(request).surface, invitation_id)


@get("/sign-in", opt=_PUBLIC)
async def sign_in_page(request: AnyRequest, then: FromQuery[str] = "", done: FromQuery[str] = "") -> Page:
    """Show the form. `then`: our own page that signing in leads back to. `done`: "out" after signing out."""
    signed_out = done == "out" and await _nobody_is_here(request)
    return page(request, "sign_in.html", name="", then=own_path(then), signed_out=signed_out)


async def _nobody_is_here(request: AnyRequest) -> bool:
    """Tell that nobody has signed in since: an address can be come back to. A dead cookie is somebody's.

    Who follows a link from another site brings no cookie, and may be signed in.
    """
    if request.headers.get("sec-fetch-site", "none") not in {"none", "same-origin"}:
        return False
    with suppress(Refusal):
        return await who(request) is None
    return False


@post("/sign-in", opt=_PUBLIC, status_code=200)
async def sign_in(request: AnyRequest, house: TheHouse, form: TheForm) -> Page:
    """Start a session, or show the form again."""
    wing, then = wing_of(request), own_path(form.text("then"))
    try:
        cookie, _ = await sessions.sign_in(
            house, wing.surface, form.text("name"), form.text("passphrase"), client_of(request)
        )
    except Refusal as refusal:
        return page(
            request,
            "sign_in.html",
            status=refusal.status,
            refusal=_with_what_may_be_missing(refusal, wing, form.text("name")),
            name=form.text("name"),
            then=then,
        )
    answer = see_other(then)
    set_session(request, answer, cookie)
    return answer


def _with_what_may_be_missing(refusal: Refusal, wing: Wing, typed: str) -> Refusal:
    """Add what can be seen of a typed name alone, so that it tells nobody whose account there is."""
    participants = wing.surface is Surface.PARTICIPANTS
    if participants and isinstance(refusal, SignInNeeded) and not names.ends_in_a_number(typed):
        return SignInNeeded(f"{refusal.public} {_NO_DIGITS}")
    return refusal


def sign_out_route(permission: Permission) -> Any:
    """Make the handler that ends a session; each side has its own permission for it."""

    @post("/sign-out", opt=allow(permission), status_code=303)
    async def sign_out(request: AnyRequest, house: TheHouse, person: SignedIn) -> Page:
        await sessions.sign_out(house, person)
        answer = see_other("/sign-in?done=out")
        end_session(request, answer)
        return answer

    return sign_out


def step_up_routes(permission: Permission) -> list[Any]:
    """Make the page that asks for the passphrase once more."""

    @get("/step-up", opt=allow(permission))
    async def step_up_page(request: AnyRequest, then: FromQuery[str] = "/") -> Page:
        return page(request, "step_up.html", then=own_path(then))

    @post("/step-up", opt=allow(permission), status_code=200)
    async def step_up(request: AnyRequest, house: TheHouse, person: SignedIn, form: TheForm) -> Page:
        then = own_path(form.text("then"))
        try:
            cookie, _ = await sessions.step_up(house, person, form.text("passphrase"))
        except SignInNeeded:
            raise
        except Refusal as refusal:
            return page(request, "step_up.html", status=refusal.status, refusal=refusal, then=then)
        answer = see_other(then)
        set_session(request, answer, cookie)
        return answer

    return [step_up_page, step_up]


@get("/enrol", opt=_PUBLIC)
async def find_page(request: AnyRequest) -> Page:
    """Ask for an invitation's address, for who cannot open it. What the query holds is not looked at."""
    return page(request, "enrol_find.html")


@post("/enrol", opt=_PUBLIC, status_code=200)
async def find_invitation(request: AnyRequest, form: TheForm) -> Page:
    """Lead on to the form of an invitation. What was typed is not shown again: it may be the long code."""
    typed = form.text("invitation")
    found = number_in(typed)
    if found is None:
        wrong = Invalid(invitation=_LONG_CODE if proofs.looks_like_a_secret(typed) else _NO_NUMBER)
        return page(request, "enrol_find.html", status=wrong.status, refusal=wrong)
    return see_other(f"/enrol/{found}")


def number_in(untrusted_text: str) -> UUID | None:
    """Return the invitation's number out of its address, or by itself; None if there is none."""
    address = re.split("[?#]", "".join(untrusted_text.split()))[0]
    try:
        return UUID(address.rstrip("/").rpartition("/")[2])
    except ValueError:
        return None


def _cut_off(request: AnyRequest) -> Page:
    return page(request, "enrol_find.html", status=Missing.status, refusal=Missing(_CUT_OFF))


@get("/enrol/{invitation_id:str}", opt=_PUBLIC)
async def enrol_page(request: AnyRequest, invitation_id: Annotated[str, PathParameter()]) -> Page:
    """Show the form. Whether there is such an invitation is not said before secret and code are right."""
    found = number_in(invitation_id)
    return _enrol_page(request, found, Form([]), None) if found else _cut_off(request)


@post("/enrol/{invitation_id:str}", opt=_PUBLIC, status_code=200)
async def enrol(
    request: AnyRequest, house: TheHouse, form: TheForm, invitation_id: Annotated[str, PathParameter()]
) -> Page:
    """Enrol, or show the form again with what was typed; passphrases are not put into a page."""
    found = number_in(invitation_id)
    return await _enrol(request, house, form, found) if found else _cut_off(request)


async def _enrol(request: AnyRequest, house: House, form: Form, invitation_id: UUID) -> Page:
    try:
        once, again = (passphrases.normalised(form.text(name)) for name in ("passphrase", "again"))
        if once != again:
            raise Invalid(again="The two passphrases are not the same. Please type both again.")
        number = number_behind(request, invitation_id)
        name = names.numbered(form.text("sign_in_name"), number)
        await accounts.enrol(
            house,
            invitation_id,
            form.text("secret"),
            form.text("code"),
            name,
            form.text("passphrase"),
        )
    except Refusal as refusal:
        return _enrol_page(request, invitation_id, form, refusal)
    return page(request, "enrolled.html", name=name)


def _enrol_page(request: AnyRequest, invitation_id: UUID, form: Form, refusal: Refusal | None) -> Page:
    number = number_behind(request, invitation_id)
    values = {name: form.text(name) for name in ("secret", "code")}
    values["sign_in_name"] = names.without_number(form.text("sign_in_name"), number)
    house: House = request.app.state.house
    before = _offered_before(house, invitation_id, form.text("offered"))
    words = before or passphrases.offered()
    return page(
        request,
        "enrol.html",
        status=refusal.status if refusal else 200,
        refusal=refusal,
        invitation=invitation_id,
        values=values,
        number=number,
        words=words,
        offered=house.columns.seal(*_OFFER, invitation_id, words),
        again=bool(before),
    )


def _offered_before(house: House, invitation_id: UUID, untrusted_offer: str) -> str:
    """Return the words that this form showed before; none if it showed none.

    They come back sealed under the keyring and bound to the invitation: only what we offered is offered
    again, so nobody can have the page suggest words that they chose.
    """
    try:
        sealed = base64.b64decode(untrusted_offer, validate=True)
        return house.columns.open(*_OFFER, invitation_id, sealed) if sealed else ""
    except (ValueError, VaultRefused):
        return ""


def entry_pages(permission: Permission) -> list[Any]:
    """Return the handlers, with `permission` as the one for what a signed-in person does about themselves."""
    return [
        sign_in_page,
        sign_in,
        sign_out_route(permission),
        *step_up_routes(permission),
        find_page,
        find_invitation,
        enrol_page,
        enrol,
    ]
