"""The one door of the media room: a hostile file in, a safe and truthful one out."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing, contextmanager

from workers.media import document, looks, tools, transcode
from workers.media.model import Clean, Kind, Limits, MediaRefused, Reason
from workers.media.room import Room
from workers.media.tools import Tools
from workers.sandbox import memory
from workers.sandbox.runner import Sandbox, Walled
from workers.sandbox.window import Source, Window

_DEFAULTS = Limits()


def _nobody(_: int) -> None:
    """Progress that nobody wants to hear."""


def _never() -> bool:
    return False


def clean(
    kind: Kind | str,
    source: int | Window,
    limits: Limits = _DEFAULTS,
    progress: Callable[[int], None] = _nobody,
    *,
    stopped: Callable[[], bool] = _never,
    sandbox: Sandbox | None = None,
    ffmpeg: Tools | None = None,
) -> Clean:
    """Make a hostile file safe. Blocks; safe in a thread, which must live as long as the call.

    `source` is a window over the original, or a sealed memfd with it (which documents need); it stays the
    caller's. `progress` hears rising percents, `stopped` is asked five times a second (an `Event.is_set`
    will do). The result's files belong to the caller.

    Raises `MediaRefused` (with a `Reason` for the author), `Cancelled`, or `SandboxUnavailable`, in which
    case nothing was opened and the job should be tried again later.
    """
    kind = Kind(kind)
    if isinstance(source, int) and not memory.is_sealed(source):
        raise ValueError("the original must be a sealed memfd, or it could change while it is looked at")
    room = Room(sandbox or Walled(), ffmpeg or tools.find(), limits, progress, stopped)
    _refuse_by_look(kind, source, limits)
    if kind is not Kind.DOCUMENT:
        made = transcode.transcode(kind, source, room)
    elif isinstance(source, int):
        made = document.pixels(source, room)
    else:
        raise ValueError("a document is read as a whole, from a sealed memfd")
    progress(100)
    return made


@contextmanager
def original_of(kind: Kind, source: Source) -> Iterator[int | Window]:
    """Show an original to `clean` in the way that its kind needs. `source` stays the caller's."""
    if kind is Kind.DOCUMENT:
        with ExitStack() as held:
            whole = memory.held(held, "original")
            memory.fill(whole, source.size, source.read_into)
            memory.seal(whole)
            yield whole
    else:
        with closing(Window(source)) as window:
            yield window


def _refuse_by_look(kind: Kind, source: int | Window, limits: Limits) -> None:
    size = source.size if isinstance(source, Window) else memory.size(source)
    if size == 0:
        raise MediaRefused(Reason.EMPTY)
    if size > limits.input_bytes:
        raise MediaRefused(Reason.TOO_LARGE)
    family = looks.family(looks.beginning(source))
    if family is not None and (family is Kind.DOCUMENT) != (kind is Kind.DOCUMENT):
        raise MediaRefused(Reason.WRONG_KIND)
