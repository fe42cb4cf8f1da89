"""A form with several files, each with how far to turn it: passed on as one upload (docs/pages-format.md)."""

from collections.abc import AsyncIterator
from typing import Final

from litestar.types import Receive
from multipart import MultipartSegment

from relay.errors import Invalid
from relay.exchange import pages
from relay.exchange.pages import Part
from relay.web.shared.multipart import UNREADABLE, Parts

TURN_FIELD: Final = "turn"
_MOST_PARTS: Final = 2 * pages.MOST + 20
_MOST_FIELD: Final = 1024
_FILLING: Final = bytes(2**16)


class PagesForm(Parts):
    """Fields, then files in their order; after each file, perhaps a field `turn`.

    After `open`, `fields` has what came before the first file, and `length` is the size of the upload: how
    large the files are shows at their end only, so it is the size of the whole body, and what the form's own
    marks took of that is filled up. Iterating gives the upload's bytes. A field for a file that was left
    empty is passed over, with its turn.
    """

    def __init__(self, content_type: str, content_length: str, receive: Receive) -> None:
        super().__init__(content_type, content_length, receive, _MOST_PARTS)
        self.length = self.total
        self.fields: dict[str, str] = {}
        self.has_file = False
        self._parts: list[Part] = []
        self._contents = self._files()
        self._first = b""

    async def open(self) -> None:
        """Read up to the first byte of the first file."""
        async for data in self._contents:
            self._first = data
            self.has_file = True
            return

    async def _files(self) -> AsyncIterator[bytes]:
        """The bytes of the files, one after the other."""
        part: MultipartSegment | None = None
        value, size, turnable = bytearray(), 0, False
        async for event in self.events():
            if isinstance(event, MultipartSegment):
                part, size = event, 0
                value.clear()
            elif event is None and part is not None:
                self._end(part, bytes(value), turnable=turnable)
                turnable = size > 0
            elif event is not None and part is not None and part.filename is None:
                value += event
                if len(value) > _MOST_FIELD:
                    raise Invalid(UNREADABLE)
            elif event:
                self._count(size, len(event))
                size += len(event)
                yield bytes(event)

    def _end(self, part: MultipartSegment, value: bytes, *, turnable: bool) -> None:
        """A part is over; `turnable` if the one before it was a file."""
        if part.filename is None and part.name == TURN_FIELD:
            self._turn(value, passed_over=not turnable)
        elif part.filename is None:
            self.fields[part.name] = value.decode(errors="replace")

    def _count(self, before: int, more: int) -> None:
        if not before:
            if len(self._parts) == pages.MOST:
                raise Invalid(page=f"{pages.MOST} pages are the most. Send the others by themselves.")
            self._parts.append(Part(0, 0))
        self._parts[-1] = Part(before + more, 0)

    def _turn(self, value: bytes, *, passed_over: bool) -> None:
        if value not in {b"%d" % turn for turn in pages.TURNS}:
            raise Invalid(turn="Turn a page by 0, 90, 180 or 270 degrees.")
        if not passed_over:
            self._parts[-1] = Part(self._parts[-1].size, int(value))

    async def __aiter__(self) -> AsyncIterator[bytes]:
        yield pages.MARK
        yield self._first
        async for data in self._contents:
            yield data
        index = pages.index(self._parts)
        left = self.length - len(pages.MARK) - sum(part.size for part in self._parts) - len(index)
        if left < 0:  # each part's own marks are longer than its entry in the index
            raise Invalid(UNREADABLE)
        while left:
            yield _FILLING[:left]
            left -= min(left, len(_FILLING))
        yield index
