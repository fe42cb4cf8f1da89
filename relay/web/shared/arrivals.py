"""Serving a file that arrived and was not sent yet to its author: all of it, or one of several by itself."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial

from relay.errors import Missing
from relay.exchange.arrived import PDF, Arrived, Piece
from relay.exchange.model import Content
from relay.exchange.objects import opened
from relay.house import House
from relay.web.shared.contents import readable
from relay.web.shared.ranges import ObjectAnswer, Readable


class _Stretch:
    """One of several files in an upload, read like an object of its own."""

    def __init__(self, upload: Readable, piece: Piece) -> None:
        self._upload = upload
        self._start = piece.start
        self.plaintext_size = piece.size

    def ranges(
        self, start: int = 0, stop: int | None = None, rooms: Callable[[], memoryview] | None = None
    ) -> Iterator[memoryview]:
        """See `Readable.ranges`."""
        end = self.plaintext_size if stop is None else stop
        return self._upload.ranges(self._start + start, self._start + end, rooms)


@contextmanager
def _stretch(house: House, content: Content, piece: Piece) -> Iterator[Readable]:
    with opened(house, content) as reader:
        yield _Stretch(reader, piece)


def piece_answer(house: House, arrived: Arrived, number: int) -> ObjectAnswer:
    """Serve one of the files; the first is 1. Raise `Missing` if there is no such one."""
    if not 0 < number <= len(arrived.pieces):
        raise Missing
    piece = arrived.pieces[number - 1]
    opener = partial(_stretch, house, arrived.content, piece)
    return ObjectAnswer(opener, piece.media_type, save_as=_saved(piece.media_type))


def whole_answer(house: House, arrived: Arrived) -> ObjectAnswer:
    """Serve all of it."""
    kind = arrived.content.media_type
    return ObjectAnswer(partial(readable, house, arrived.content), kind, save_as=_saved(kind))


def _saved(media_type: str) -> str:
    """Return the name under which a browser saves what it must not open here: nobody has looked at it yet.

    A viewer runs what is in a PDF at our address; sound, film and pictures are shown on our own page.
    """
    return "your-file.pdf" if media_type == PDF else ""
