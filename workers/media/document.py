"""Documents: pages become pixels in one child, and a PDF in another that never saw the original."""

from contextlib import ExitStack
from itertools import chain

from workers.media import answers, looks, pdf
from workers.media.answers import PAGES, Garbled
from workers.media.kept import InMemory
from workers.media.model import Clean, Facts, Kind, MediaRefused, Reason, Role
from workers.media.room import Room
from workers.sandbox import memory
from workers.sandbox.pipe import WIDE, Pipe
from workers.sandbox.runner import Child, Task

_SECONDS_PER_PAGE = 3
_PROCESSOR_SECONDS = 60
_DONE = 0
_REASONS = {
    1: Reason.DAMAGED,
    2: Reason.PASSWORD,
    3: Reason.TOO_MANY_PAGES,
    4: Reason.TOO_MANY_PIXELS,
    5: Reason.NO_PAGES,
    6: Reason.UNSUPPORTED,
    7: Reason.NO_SUCH_PAGE,
}
"""By the statuses of `children/render.py`."""


def pixels(original: int, room: Room) -> Clean:
    """Make a clean PDF of a sealed PDF, JPEG, PNG, TIFF, WebP or HEIC in memory. Raises `MediaRefused`."""
    with ExitStack() as held:
        clean, poster = memory.held(held, "clean"), memory.held(held, "poster")
        pages = _bind(original, clean, poster, room)
        memory.seal(clean)
        memory.seal(poster)
        try:
            untrusted_count = room.ask(Child("pages"), PAGES, clean)
            regular = pdf.is_regular(clean)
        except Garbled as error:
            raise MediaRefused(Reason.NOT_VERIFIED) from error
        if untrusted_count != (_DONE, pages) or not regular:
            raise MediaRefused(Reason.NOT_VERIFIED)
        files = {str(Role.CLEAN): InMemory(clean), str(Role.POSTER): InMemory(poster)}
        return Clean(Kind.DOCUMENT, files, Facts(pages=pages))


def _reason(status: int, original: int) -> Reason:
    reason = _REASONS.get(status, Reason.DAMAGED)
    if reason is Reason.UNSUPPORTED and looks.is_office(memory.beginning(original)):
        return Reason.OFFICE
    return reason


def _page(untrusted_number: int, most: int) -> int | None:
    """Which page, or which of several files, it is because of; None where it is none by itself."""
    return untrusted_number if 0 < untrusted_number <= most else None


def _bind(original: int, clean: int, poster: int, room: Room) -> int:
    """Run both children at once; answer the number of pages."""
    limits = room.limits
    seconds = _PROCESSOR_SECONDS + _SECONDS_PER_PAGE * limits.pages
    caps = room.caps(seconds, limits.output_bytes)
    areas = [(area.page, area.left, area.top, area.right, area.bottom) for area in room.edits.areas]
    render = Child("render", (limits.pages, limits.page_pixels, limits.page_dots_per_inch, *chain(*areas)))
    bind = Child("bind", (limits.pages, limits.page_pixels, *sorted({page for page, *_ in areas})))
    with Pipe(WIDE) as flow, Pipe() as rendered, Pipe() as bound, Pipe() as percents, ExitStack() as running:
        children = room.start(
            running,
            Task(render, (original,), (flow.writing, rendered.writing), caps),
            Task(bind, (flow.reading,), (bound.writing, clean, poster, percents.writing), caps),
        )
        for ours in (flow.reading, flow.writing, rendered.writing, bound.writing, percents.writing):
            for pipe in (flow, rendered, bound, percents):
                pipe.close(ours)
        room.follow(children, seconds, (percents.reading, lambda heard: room.progress(min(99, heard[-1]))))
        try:
            status, untrusted_number = answers.receive(rendered.reading, PAGES)
        except Garbled as error:
            raise MediaRefused(Reason.DAMAGED) from error
        if status != _DONE:
            raise MediaRefused(_reason(status, original), _page(untrusted_number, limits.pages))
        try:
            bound_status, pages = answers.receive(bound.reading, PAGES)
        except Garbled as error:
            raise MediaRefused(Reason.NOT_VERIFIED) from error
    if bound_status != _DONE or pages != untrusted_number:
        raise MediaRefused(Reason.NOT_VERIFIED)
    return pages
