"""Pages from templates. Everything is escaped; a name that a template is not given is an error."""

import base64
import re
from datetime import datetime
from pathlib import Path
from typing import Any, Final

from jinja2 import ChoiceLoader, Environment, FileSystemLoader, StrictUndefined, pass_context
from jinja2.runtime import Context
from litestar import MediaType, Response

from relay import times
from relay.db.transaction import Surface
from relay.errors import Blocked, Invalid, Refusal, RelayError
from relay.identity import sessions
from relay.identity.model import Person
from relay.web.shared import words
from relay.web.shared.access import CSRF_FIELD, AnyRequest
from relay.web.shared.forms import Form, texts
from relay.web.shared.wing import Wing

_OWN: Final = re.compile(r"/((cases|concerns|items|received)/[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12})?")
_SHARED: Final = Path(__file__).with_name("templates")


def environment(wing: Wing, folder: Path) -> Environment:
    """Return the templates of one app: its own, then the shared ones."""
    found = Environment(
        loader=ChoiceLoader([FileSystemLoader(folder), FileSystemLoader(_SHARED)]),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        auto_reload=False,
    )
    found.filters |= {
        "moment": moment,
        "day": day,
        "word": words.word,
        "reason": words.reason,
        "staff_word": words.staff_word,
        "how_long": times.length,
        "duration": duration,
        "base64": base64_text,
    }
    found.globals |= {"wing": wing, "csrf_field": CSRF_FIELD, "layout": "layout.html"}
    return found


@pass_context
def moment(context: Context, value: datetime) -> str:
    """A date and time as people read them, in the service’s zone. Macros need the context."""
    return times.moment(value, context["zone"])


@pass_context
def day(context: Context, value: datetime) -> str:
    """A date as people read it, in the same zone."""
    return times.day(value, context["zone"])


def duration(milliseconds: int | None) -> str:
    """A place in a recording as a player shows it, as in 3:07."""
    seconds = round((milliseconds or 0) / 1000)
    return f"{seconds // 60}:{seconds % 60:02d}"


def base64_text(value: bytes) -> str:
    """Bytes as they stand in a form's field."""
    return base64.b64encode(value).decode()


def page(request: AnyRequest, template: str, /, *, status: int = 200, **context: Any) -> Response[bytes]:
    """Answer with a page. `refusal`, if given, is shown above everything as what to do next."""
    person = request.scope.get("user")
    token = sessions.csrf_token(request.app.state.house, person) if isinstance(person, Person) else ""
    refusal = context.pop("refusal", None)
    html = request.app.state.templates.get_template(template).render(
        person=person if isinstance(person, Person) else None,
        csrf=token,
        fields=refusal.fields if isinstance(refusal, Invalid) else {},
        sentences=sentences(refusal) if refusal is not None else (),
        zone=request.app.state.house.settings.zone,
        contact=request.app.state.house.settings.contact.strip(),
        session_idle_minutes=request.app.state.house.settings.session_idle_minutes,
        **context,
    )
    return Response(html.encode(), status_code=status, media_type=MediaType.HTML)


def sentences(error: RelayError) -> tuple[str, ...]:
    """Return what an error says, one sentence after the other."""
    if isinstance(error, Blocked):
        return error.blocks
    if isinstance(error, Invalid) and error.fields:
        return tuple(error.fields.values())
    return (error.public,)


def path_of(request: AnyRequest) -> str:
    """Return the path that was asked for, whatever the Host header says: an address of both may be none."""
    return str(request.scope["path"])


def see_other(path: str) -> Response[bytes]:
    """Lead on after a form (303), so that loading again does not send it twice."""
    return Response(b"", status_code=303, headers={"Location": path}, media_type=MediaType.TEXT)


def problem_page(request: AnyRequest, error: RelayError, status: int) -> Response[bytes]:
    """Answer an error with a page. Whoever is not signed in is led to where that is done."""
    way_in = _way_in(request) if status == 401 else ""
    if way_in and request.scope["method"] in {"GET", "HEAD"}:
        return see_other(way_in)
    own = error if isinstance(error, Refusal) or status == 503 else RelayError()
    form = request.scope.get("relay.form")
    written = texts(form) if isinstance(form, Form) else ()
    return page(request, "problem.html", status=status, refusal=own, way_in=way_in, written=written)


def _way_in(request: AnyRequest) -> str:
    """Return where to sign in. On the desk it leads back from there; a participant's stays neutral."""
    there = "/".join(path_of(request).split("/")[:3])
    wing: Wing = request.app.state.wing
    back = wing.surface is Surface.DESK and own_path(there) not in {"", "/"}
    return f"/sign-in?then={there}" if back else "/sign-in"


def own_path(untrusted_path: str) -> str:
    """Lead on to one of our own pages that can be asked for by itself, and to nothing else."""
    return untrusted_path if _OWN.fullmatch(untrusted_path) else "/"
