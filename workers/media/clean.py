"""The one door of the media room: a hostile file in, a safe and truthful one out."""

from collections.abc import Callable

from workers.media import document, looks, tools, transcode
from workers.media.model import Clean, Kind, Limits, MediaRefused, Reason
from workers.media.room import Room
from workers.media.tools import Tools
from workers.sandbox import memory
from workers.sandbox.runner import Sandbox, Walled

_DEFAULTS = Limits()


def _nobody(_: int) -> None:
    """Progress that nobody wants to hear."""


def _never() -> bool:
    return False


def clean(
    kind: Kind | str,
    source_fd: int,
    limits: Limits = _DEFAULTS,
    progress: Callable[[int], None] = _nobody,
    *,
    stopped: Callable[[], bool] = _never,
    sandbox: Sandbox | None = None,
    ffmpeg: Tools | None = None,
) -> Clean:
    """Make a hostile file safe. Blocks; safe in a thread, which must live as long as the call.

    `source_fd` is a sealed memfd with the original; it stays the caller's. `progress` hears rising
    percents, `stopped` is asked five times a second (an `Event.is_set` will do). The result's files belong
    to the caller.

    Raises `MediaRefused` (with a `Reason` for the author), `Cancelled`, or `SandboxUnavailable`, in which
    case nothing was opened and the job should be tried again later.
    """
    kind = Kind(kind)
    if not memory.is_sealed(source_fd):
        raise ValueError("the original must be a sealed memfd, or it could change while it is looked at")
    room = Room(sandbox or Walled(), ffmpeg or tools.find(), limits, progress, stopped)
    _refuse_by_look(kind, source_fd, limits)
    made = (
        document.pixels(source_fd, room)
        if kind is Kind.DOCUMENT
        else transcode.transcode(kind, source_fd, room)
    )
    progress(100)
    return made


def _refuse_by_look(kind: Kind, source: int, limits: Limits) -> None:
    size = memory.size(source)
    if size == 0:
        raise MediaRefused(Reason.EMPTY)
    if size > limits.input_bytes:
        raise MediaRefused(Reason.TOO_LARGE)
    family = looks.family(memory.beginning(source))
    if family is not None and (family is Kind.DOCUMENT) != (kind is Kind.DOCUMENT):
        raise MediaRefused(Reason.WRONG_KIND)
