"""Sessions and enrolment as JSON, on both apps."""

from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

import msgspec
from litestar import Response, delete, get, post
from litestar.params import JSONBody, PathParameter
from msgspec import Meta

from relay.house import House
from relay.identity import accounts, names, passphrases, sessions
from relay.identity.model import Person
from relay.permissions import Permission
from relay.web.shared.access import AnyRequest, SignedIn, TheHouse, allow
from relay.web.shared.cookies import end_session, set_session
from relay.web.shared.entry import client_of, number_behind, wing_of

_PUBLIC = allow(Permission.PUBLIC)
_MOST = 1000

Words = Annotated[str, Meta(min_length=1, max_length=_MOST, description="Write 1 to 1000 characters.")]


class SignIn(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What somebody signs in with."""

    name: Words
    passphrase: Words


class StepUp(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The passphrase once more."""

    passphrase: Words


class Session(msgspec.Struct, frozen=True, kw_only=True):
    """Who is signed in. `csrf` goes into the header X-Relay-CSRF of everything that changes something."""

    account_id: UUID
    side: str
    roles: tuple[str, ...]
    csrf: str
    stepped_up_at: datetime | None


class Enrolment(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """An invitation's long and short code, and what the person will sign in with."""

    secret: Words
    code: Words
    sign_in_name: Words
    passphrase: Words


class Enrolled(msgspec.Struct, frozen=True, kw_only=True):
    """The account that is active now, and the name that signs in to it."""

    account_id: UUID
    sign_in_name: str


class Offer(msgspec.Struct, frozen=True, kw_only=True):
    """A passphrase of six random words. Nothing remembers it."""

    passphrase: str


def _session(house: House, person: Person) -> Session:
    return Session(
        account_id=person.id,
        side=person.side,
        roles=tuple(sorted(person.roles)),
        csrf=sessions.csrf_token(house, person),
        stepped_up_at=person.stepped_up_at,
    )


def _begun(request: AnyRequest, house: House, cookie: str, person: Person) -> Response[bytes]:
    answer = Response(
        msgspec.json.encode(_session(house, person)), status_code=201, media_type="application/json"
    )
    set_session(request, answer, cookie)
    return answer


@post("/session", opt=_PUBLIC, status_code=201, security=[])
async def sign_in(request: AnyRequest, house: TheHouse, data: JSONBody[SignIn]) -> Response[bytes]:
    """Sign in. The answer is a Session, and sets the session's cookie."""
    cookie, person = await sessions.sign_in(
        house, wing_of(request).surface, data.name, data.passphrase, client_of(request)
    )
    return _begun(request, house, cookie, person)


@post("/enrolments/{invitation_id:uuid}", opt=_PUBLIC, status_code=201, security=[])
async def enrol(
    request: AnyRequest,
    house: TheHouse,
    invitation_id: Annotated[UUID, PathParameter()],
    data: JSONBody[Enrolment],
) -> Enrolled:
    """Use an invitation. A participant's name gets four digits: the answer has it as they sign in with it."""
    name = names.numbered(data.sign_in_name, number_behind(request, invitation_id))
    account_id = await accounts.enrol(house, invitation_id, data.secret, data.code, name, data.passphrase)
    return Enrolled(account_id=account_id, sign_in_name=name)


@get("/enrolments/passphrase", opt=_PUBLIC, security=[], sync_to_thread=False)
def offer() -> Offer:
    """Offer a passphrase."""
    return Offer(passphrase=passphrases.offered())


def entry_api(permission: Permission) -> list[Any]:
    """Return the handlers, with `permission` as the one for what a signed-in person does about themselves."""

    @get("/session", opt=allow(permission))
    async def session(house: TheHouse, person: SignedIn) -> Session:
        """Say who is signed in."""
        return _session(house, person)

    @delete("/session", opt=allow(permission), status_code=204)
    async def sign_out(request: AnyRequest, house: TheHouse, person: SignedIn) -> Response[None]:
        """Sign out."""
        await sessions.sign_out(house, person)
        answer = Response(None, status_code=204)
        end_session(request, answer)
        return answer

    @post("/session/step-up", opt=allow(permission), status_code=201)
    async def step_up(
        request: AnyRequest, house: TheHouse, person: SignedIn, data: JSONBody[StepUp]
    ) -> Response[bytes]:
        """Prove the passphrase again. The answer is a Session with a new cookie; the old one has ended."""
        cookie, renewed = await sessions.step_up(house, person, data.passphrase)
        return _begun(request, house, cookie, renewed)

    return [sign_in, enrol, offer, session, sign_out, step_up]
