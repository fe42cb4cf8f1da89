"""The one door of the media room: a hostile file in, a safe and truthful one out."""

from collections.abc import Callable
from contextlib import ExitStack, closing

from relay.exchange.edits import Edits, check
from relay.vault.spool import Spool
from workers.media import budget, document, looks, tools, transcode
from workers.media.budget import Budget
from workers.media.model import Clean, Kind, Limits, MediaRefused, Reason
from workers.media.network import Network
from workers.media.room import UNCHANGED, Room
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
    source: Source,
    limits: Limits = _DEFAULTS,
    progress: Callable[[int], None] = _nobody,
    *,
    stopped: Callable[[], bool] = _never,
    sandbox: Sandbox | None = None,
    ffmpeg: Tools | None = None,
    edits: Edits = UNCHANGED,
    spool: Callable[[], Spool] = Spool,
    faces: Network | None = None,
    memory_budget: Budget | None = None,
) -> Clean:
    """Make a hostile file safe. Blocks; safe in a thread, which must live as long as the call.

    `source` is the original; it does not change meanwhile, and stays the caller's. Recordings are read where
    and when they are needed, documents as a whole. `progress` hears rising percents, `stopped` is asked five
    times a second (an `Event.is_set` will do). The result's files belong to the caller. `edits` says what is
    hidden in it: times and pages are those of what comes out without any. A recording's result is set aside,
    sealed, in a `spool`. `faces` is what finds them, should the edits want them covered. Jobs that may run at
    the same time share a `memory_budget`.

    Raises `MediaRefused` (with a `Reason` for the author, or for whoever made the edits), `Invalid` where
    the edits do not fit the kind, `Cancelled`, or `Unavailable` (no walls, or no memory), in which case
    nothing was made and the job should be tried again later.
    """
    kind = Kind(kind)
    check(edits, kind.value)
    _refuse_by_look(kind, source, limits)
    with ExitStack() as held:
        needed = budget.need(kind, source.size, limits)
        share = held.enter_context((memory_budget or Budget()).share(needed))
        walls, found = sandbox or Walled(), ffmpeg or tools.find()
        room = Room(walls, found, limits, progress, stopped, edits, spool, faces, share)
        if kind is Kind.DOCUMENT:
            made = document.pixels(_whole(source, held), room)
        else:
            made = transcode.transcode(kind, held.enter_context(closing(Window(source))), room)
    progress(100)
    return made


def _whole(source: Source, held: ExitStack) -> int:
    """A sealed copy in memory."""
    whole = memory.held(held, "original")
    memory.fill(whole, source.size, source.read_into)
    memory.seal(whole)
    return whole


def _refuse_by_look(kind: Kind, source: Source, limits: Limits) -> None:
    if source.size == 0:
        raise MediaRefused(Reason.EMPTY)
    if source.size > limits.input_bytes:
        raise MediaRefused(Reason.TOO_LARGE)
    family = looks.family(looks.beginning(source))
    if family is not None and (family is Kind.DOCUMENT) != (kind is Kind.DOCUMENT):
        raise MediaRefused(Reason.WRONG_KIND)
