"""Serving an encrypted object by byte ranges (RFC 9110, 14): decrypted on the fly, in constant memory.

Plain ASGI, returned by a handler as its answer, so that it runs behind the same guard as everything else and
without a framework's layers between the pieces. What is in memory is opened at once, segment by segment; what
a disk has to be asked for, in a thread, up to 1 MiB a hop.

No ETag and no Last-Modified: nothing of an answer tells two readers' objects, or two moments, apart (DESIGN
7.10).
"""

import asyncio
import re
from collections.abc import Awaitable, Callable, Iterator
from contextlib import AbstractContextManager, ExitStack, suppress
from typing import Any, Final, NamedTuple, Protocol, TypeAlias, cast

from litestar.enums import ScopeType
from litestar.types import HTTPResponseStartEvent, Receive, Scope, Send

from relay.vault.stream import SEGMENT
from relay.web.server import unsent
from relay.web.shared.problems import MEDIA_TYPE, NotWithin, document
from relay.web.shared.wing import RawHeaders

HOP: Final = 4 * SEGMENT
"""Bytes opened in one go in a thread: enough that the hop itself costs little, small enough to hold twice."""


class Readable(Protocol):
    """What is served: an `ObjectReader`, or text in memory that can be read like one."""

    plaintext_size: int

    def ranges(
        self, start: int = 0, stop: int | None = None, rooms: Callable[[], memoryview] | None = None
    ) -> Iterator[memoryview]:
        """Give out pieces of at most one segment, each in one of `rooms` or where it stays as it is."""
        ...


_NOT_WITHIN: Final = document(NotWithin())
_MOST_IDLE: Final = 4
_MOST_UNWATCHED: Final = 4 * HOP
"""Bytes that may go to somebody who has left, before that is noticed."""

Open: TypeAlias = Callable[[], AbstractContextManager[Readable]]
Sent: TypeAlias = Callable[[int, int], Awaitable[None]]

_RANGE: Final = re.compile(r"bytes=(?:(\d{1,19})-(\d{0,19})|-(\d{1,19}))", re.ASCII)


class Span(NamedTuple):
    """Plain bytes from `start` up to, not including, `stop`."""

    start: int
    stop: int


class Unsatisfiable(Exception):
    """The range lies outside of the object."""


def parse_range(header: str | None, size: int) -> Span | None:
    """Return the one range that was asked for, or None for the whole object. Raise `Unsatisfiable`.

    Several ranges, or what is none, are passed over, as the RFC allows.
    """
    match = _RANGE.fullmatch(header.replace(" ", "")) if header else None
    if match is None:
        return None
    first, last, suffix = match.groups()
    if suffix is not None:
        if int(suffix) == 0 or size == 0:
            raise Unsatisfiable
        return Span(max(0, size - int(suffix)), size)
    start = int(first)
    if last and int(last) < start:
        return None
    if start >= size:
        raise Unsatisfiable
    return Span(start, min(size, int(last) + 1) if last else size)


_MOST_SPARE: Final = 8
_spare: list[memoryview] = []
"""Rooms that no answer has just now: new memory costs as much as what is decrypted into it. Each segment is
verified before any of a room is given out, and only as much of it as was decrypted."""


class _Rooms:
    """Buffers of one segment. One is used again when the server holds nothing more of what it was given."""

    def __init__(self, unsent: Callable[[], int] | None) -> None:
        self._unsent = unsent
        self._free: list[memoryview] = []
        self._lent: list[memoryview] = []

    def take(self) -> memoryview:
        """Return a buffer that nobody reads."""
        # also called in threads, so one that is there is taken, not looked for
        try:
            room = (self._free or _spare).pop()
        except IndexError:
            room = memoryview(bytearray(SEGMENT))
        self._lent.append(room)
        return room

    def take_back(self) -> None:
        """Look whether everything was sent. A server that cannot say so keeps what it was given."""
        if self._unsent is not None and self._unsent() == 0:
            self._free += self._lent
        elif self._unsent is not None:
            return
        self._lent.clear()

    def leave(self) -> None:
        """Let others have what was taken, as far as everything was sent."""
        self.take_back()
        _spare.extend(self._free[: max(0, _MOST_SPARE - len(_spare))])
        self._free.clear()


class _Pieces:
    """The plain bytes of one range, piece by piece."""

    def __init__(self, reader: Readable, span: Span, rooms: _Rooms) -> None:
        self._reader = reader
        self._next, self._stop = span
        self.rooms = rooms

    def take(self, most: int) -> list[memoryview]:
        """Open about `most` bytes."""
        taken: list[memoryview] = []
        enough = min(self._next + most, self._stop)
        with suppress(BlockingIOError):
            for piece in self._reader.ranges(self._next, self._stop, self.rooms.take):
                taken.append(piece)
                self._next += len(piece)
                if self._next >= enough:
                    break
        return taken

    def at_hand(self, most: int) -> list[memoryview]:
        """Open what is in memory, quicker than a thread is woken; nothing if a disk has to be asked."""
        source: Any = getattr(self._reader, "source", None)
        if not getattr(source, "wait", False):
            return []
        source.wait = False
        try:
            return self.take(most)
        finally:
            source.wait = True


class _Opened(NamedTuple):
    reader: Readable
    stack: ExitStack


class ObjectAnswer:
    """The answer to GET or HEAD for one object; it can be given several times, also at once.

    `open_object` opens it, blocking; what it raises becomes an ordinary refusal, because nothing was sent
    yet. `on_sent` is told which plain bytes went out whole, once, at the end, also when the client left
    early.
    """

    def __init__(
        self, open_object: Open, media_type: str, *, on_sent: Sent | None = None, save_as: str = ""
    ) -> None:
        self._open = open_object
        self._shown = f'attachment; filename="{save_as}"'.encode() if save_as else b"inline"
        self._media_type = media_type
        self._on_sent = on_sent
        self._idle: list[_Opened] = []
        self._reusable = False

    def reuse(self) -> None:
        """Keep opened objects for the next request, until `retire`."""
        self._reusable = True

    def retire(self) -> None:
        """Close what is kept, and keep nothing more."""
        self._reusable = False
        while self._idle:
            self._idle.pop().stack.close()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """ASGI."""
        if scope["type"] != ScopeType.HTTP:
            return
        asked = {
            name: value.decode("latin-1")
            for name, value in scope["headers"]
            if name in {b"range", b"if-range"}
        }
        loop = asyncio.get_running_loop()
        if self._idle:
            opened = self._idle.pop()
        else:
            opened = await loop.run_in_executor(None, self._opened)
        try:
            begun = self._asked(opened.reader, scope["method"], asked, _Rooms(unsent(scope)))
            if begun.pieces is not None:
                begun.first.extend(begun.pieces.at_hand(SEGMENT))
                if not begun.first:
                    begun.first.extend(await loop.run_in_executor(None, begun.pieces.take, SEGMENT))
            await self._send(receive, send, opened.reader.plaintext_size, begun)
        except BaseException:
            opened.stack.close()
            raise
        if self._reusable and len(self._idle) < _MOST_IDLE:
            self._idle.append(opened)
        else:
            opened.stack.close()

    async def _send(self, receive: Receive, send: Send, size: int, begun: "_Begun") -> None:
        await send(self._head(size, begun.span))
        if begun.pieces is None:
            body_alone = _NOT_WITHIN if begun.is_outside else b""
            await send({"type": "http.response.body", "body": body_alone, "more_body": False})
            return
        body = _Body(receive, send, begun.pieces, begun.span or Span(0, size))
        try:
            await body.send_all(begun.first, watch=self._on_sent is not None)
            begun.pieces.rooms.leave()
        finally:
            if self._on_sent is not None and body.position > body.span.start:
                await asyncio.shield(self._on_sent(body.span.start, body.position))

    def _opened(self) -> _Opened:
        with ExitStack() as stack:
            return _Opened(stack.enter_context(self._open()), stack.pop_all())

    def _asked(self, reader: Readable, method: str, asked: dict[bytes, str], rooms: _Rooms) -> "_Begun":
        # no validators, so a condition on one (If-Range) never holds; a range is only defined for GET
        wanted = asked.get(b"range") if method == "GET" and b"if-range" not in asked else None
        try:
            span = parse_range(wanted, reader.plaintext_size)
        except Unsatisfiable:
            return _Begun(None, Span(0, 0), [])
        if method == "HEAD":
            return _Begun(None, None, [])
        return _Begun(_Pieces(reader, span or Span(0, reader.plaintext_size), rooms), span, [])

    def _head(self, size: int, span: Span | None) -> HTTPResponseStartEvent:
        headers: RawHeaders = [(b"accept-ranges", b"bytes"), (b"content-disposition", self._shown)]
        media_type = self._media_type
        if span is None:
            status, length = 200, size
        elif span.stop > span.start:
            status, length = 206, span.stop - span.start
            headers.append((b"content-range", b"bytes %d-%d/%d" % (span.start, span.stop - 1, size)))
        else:
            status, length, media_type = NotWithin.status, len(_NOT_WITHIN), MEDIA_TYPE
            headers.append((b"content-range", b"bytes */%d" % size))
        headers += [(b"content-type", media_type.encode()), (b"content-length", b"%d" % length)]
        return {"type": "http.response.start", "status": status, "headers": headers}


class _Begun(NamedTuple):
    """An answer that can start: `pieces` is None where no content goes out, `span` None for the whole."""

    pieces: _Pieces | None
    span: Span | None
    first: list[memoryview]

    @property
    def is_outside(self) -> bool:
        """Whether what was asked for is not there; its span is empty."""
        return self.pieces is None and self.span is not None


class _Body:
    """Sends pieces, and stops when nobody listens any more."""

    def __init__(self, receive: Receive, send: Send, pieces: _Pieces, span: Span) -> None:
        self._receive = receive
        self._send = send
        self._pieces = pieces
        self.span = span
        self.position = span.start

    async def send_all(self, first: list[memoryview], *, watch: bool) -> None:
        """Send everything, `first` first. `watch`: what was sent counts only if somebody still listens."""
        rest = self.span.stop - self.span.start - sum(map(len, first))
        if not rest or not (watch or rest > _MOST_UNWATCHED):
            await self._send_blocks(first, None)
            return
        gone = asyncio.ensure_future(self._until_gone())
        try:
            await self._send_blocks(first, gone)
        finally:
            gone.cancel()

    async def _send_blocks(self, block: list[memoryview], gone: asyncio.Future[None] | None) -> None:
        loop = asyncio.get_running_loop()
        await self._send_pieces(block or [memoryview(b"")], gone)
        while self.position < self.span.stop and not (gone and gone.done()):
            self._pieces.rooms.take_back()
            block = self._pieces.at_hand(SEGMENT)
            if not block:
                block = await loop.run_in_executor(None, self._pieces.take, HOP)
            if not block:
                return
            await self._send_pieces(block, gone)

    async def _send_pieces(self, block: list[memoryview], gone: asyncio.Future[None] | None) -> None:
        for piece in block:
            if gone and gone.done():
                return
            more = self.position + len(piece) < self.span.stop
            # servers take whatever is bytes-like
            body = cast("bytes", piece)
            await self._send({"type": "http.response.body", "body": body, "more_body": more})
            self.position += len(piece)

    async def _until_gone(self) -> None:
        while (await self._receive())["type"] != "http.disconnect":
            pass
