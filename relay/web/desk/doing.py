"""Doing what a form asks for: the passphrase once more where it is needed, and the page again if refused.

`does` makes a handler of a form; what it is given as `asked` goes to `carry_out`.

Who has to prove themselves is asked in answer to the form, on a page that carries its fields. That page sends
them to the same address, with the passphrase: so what was asked for is done, and nobody is led anywhere.
"""

from collections.abc import Awaitable, Callable
from typing import Final, NamedTuple, TypeAlias

from litestar import Response, post
from litestar.di import NamedDependency, Provide
from litestar.handlers import HTTPRouteHandler
from litestar.params import SkipValidation

from relay.errors import Refusal, RelayError, SignInNeeded, StepUpNeeded
from relay.house import House
from relay.identity import sessions
from relay.identity.model import Person
from relay.permissions import Permission
from relay.web.shared.access import CSRF_FIELD, AnyRequest, SignedIn, TheForm, TheHouse, allow
from relay.web.shared.cookies import set_session
from relay.web.shared.forms import Form
from relay.web.shared.pages import page, path_of, problem_page, see_other
from relay.web.shared.problems import status_of

Page: TypeAlias = Response[bytes]
_FIELD: Final = "passphrase"


class Asked(NamedTuple):
    """Who sent what."""

    request: AnyRequest
    house: House
    person: Person
    form: Form


TheAsked: TypeAlias = NamedDependency[SkipValidation[Asked]]


def _asked(request: AnyRequest, house: TheHouse, person: SignedIn, form: TheForm) -> Asked:
    return Asked(request, house, person, form)


def does(
    path: str, permission: Permission, *, name: str | None = None
) -> Callable[[Callable[..., Awaitable[Page]]], HTTPRouteHandler]:
    """Make the handler of a page's form. It takes `asked: TheAsked`, and answers with a page."""
    return post(
        path,
        opt=allow(permission),
        status_code=200,
        name=name,
        dependencies={"asked": Provide(_asked, sync_to_thread=False)},
    )


def said(done: str) -> str:
    """Return what follows a page's address for it to say what was done; nothing where `done` is empty."""
    return f"?done={done}" if done else ""


async def carry_out(
    asked: Asked,
    do: Callable[[Person], Awaitable[Page | None]],
    show: Callable[[Refusal], Awaitable[Page]],
    *,
    back: str = "/",
    done: str = "",
    proving: str = "",
) -> Page:
    """Do it and answer with its page, or with the page that `show` gives for what could not be done.

    Where `do` has no page of its own it leads to `back`, which says that this was `done`.

    `proving`: only for who gave their passphrase in the last ten minutes, or gives it with this; the sentence
    says what is done then. Empty where that is not asked.
    """
    person, cookie = asked.person, ""
    try:
        if proving:
            person, cookie = await _proved(asked)
    except SignInNeeded:
        raise
    except Refusal as refusal:
        return _ask(asked, proving, back, None if isinstance(refusal, StepUpNeeded) else refusal)
    try:
        answer = await _done(do, show, person) or see_other(f"{back}{said(done)}")
    except RelayError as error:
        if not cookie:
            raise
        # the session has its new name already: without it in the answer this person would be signed out
        answer = problem_page(asked.request, error, status_of(error))
    if cookie:
        set_session(asked.request, answer, cookie)
    return answer


async def _done(
    do: Callable[[Person], Awaitable[Page | None]], show: Callable[[Refusal], Awaitable[Page]], person: Person
) -> Page | None:
    try:
        return await do(person)
    except SignInNeeded:
        raise
    except Refusal as refusal:
        return await show(refusal)


async def _proved(asked: Asked) -> tuple[Person, str]:
    """Return who it is, and the session's new cookie if they have just proved it. Raise `StepUpNeeded`."""
    passphrase = asked.form.text(_FIELD)
    try:
        sessions.require_step_up(asked.house, asked.person)
    except StepUpNeeded:
        if not passphrase:
            raise
        cookie, person = await sessions.step_up(asked.house, asked.person, passphrase)
        return person, cookie
    return asked.person, ""


def _ask(asked: Asked, deed: str, back: str, refusal: Refusal | None) -> Page:
    """Ask for the passphrase, with all that was sent but the passphrase itself; `back` leads away from it."""
    return page(
        asked.request,
        "prove.html",
        status=refusal.status if refusal else 200,
        refusal=refusal,
        deed=deed,
        back=back,
        address=path_of(asked.request),
        carried=[(name, value) for name, value in asked.form if name not in {CSRF_FIELD, _FIELD}],
    )
