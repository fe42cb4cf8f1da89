"""The first page, help, and quick exit."""

from contextlib import suppress

from litestar import Response, get, post

from relay.cases import limits, own
from relay.errors import RelayError
from relay.exchange import delivery, progress
from relay.identity import sessions
from relay.permissions import Permission
from relay.web.shared.access import AnyRequest, SignedIn, TheHouse, allow, who
from relay.web.shared.cookies import end_session, forget_playing
from relay.web.shared.entry import wing_of
from relay.web.shared.pages import page, see_other

Page = Response[bytes]


@get("/", opt=allow(Permission.CASE_SEE))
async def home(request: AnyRequest, house: TheHouse, person: SignedIn) -> Page:
    """Show the person's cases, what of theirs waits for them, and that something is there: no more of it."""
    waiting = any(one.state == "waiting" for one in await delivery.deliveries(house, person))
    return page(
        request,
        "home.html",
        cases=await own.own_cases(house, person),
        waiting=waiting,
        answers=await progress.answers(house, person),
    )


@get("/help", opt=allow(Permission.PUBLIC))
async def help_page(request: AnyRequest) -> Page:
    """Say how this works, and what quick exit does not do. Whoever is signed in finds the way back."""
    with suppress(RelayError):
        request.scope["user"] = await who(request)
    return page(request, "help.html", limits=limits.WORDS)


@post("/leave", opt=allow(Permission.PUBLIC, from_anywhere=True), status_code=303)
async def leave(request: AnyRequest, house: TheHouse) -> Page:
    """Quick exit: end the session, lead away. It leads away whatever happens to the session."""
    answer = see_other(wing_of(request).exit_url)
    end_session(request, answer)
    try:
        person = await who(request)
        if person is not None:
            await sessions.sign_out(house, person)
            # again: a range asked for meanwhile was still allowed
            forget_playing(request)
    except RelayError as error:
        # the way out is more urgent; the session runs out by itself
        request.scope["relay.failure"] = {"code": error.code}  # type: ignore[typeddict-unknown-key]
    return answer


HANDLERS = [home, help_page, leave]
