"""How uvicorn speaks HTTP for us; `relay.web.serve` tells it to.

Its own protocol, made fit for large bodies in both directions:

- The application can see how much of what it gave is not with the kernel yet, so that it can use a buffer
  again instead of copying (`unsent`). The kernel takes a whole segment at once: the next one is decrypted
  while it sends.
- What comes is passed on as it came, where uvicorn copies it twice, and reading goes on while it is worked
  on.
- A body whose length was announced can be read from the socket straight to where the application wants it
  (`relay.web.intake`): no copy at all, and one wakening for each room that is full.

And stricter: a head has a limit, few requests wait behind one that is being answered, nobody is waited for
without end (`relay.web.patience`), and nothing after a request that asks for another protocol is read.
"""

import asyncio
import socket
import threading
from collections.abc import Callable
from contextlib import suppress
from http import HTTPStatus
from typing import Any, Final

import httptools
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol, RequestResponseCycle

from relay.errors import Refusal
from relay.web.intake import INTAKE, Intake
from relay.web.patience import BODY, HEAD, NO_END, Patience
from relay.web.shared.problems import MEDIA_TYPE, document

_UNSENT: Final = "relay.unsent"
_SEND_BUFFER: Final = 262_144
"""Bytes asked for; Linux doubles it, for its own accounts."""
_MOST_WAITING: Final = 65_536
"""Bytes of one request that wait for the application before its sender has to."""
_MOST_HEAD: Final = 65_536
"""Bytes of a request's address and headers, or that are read without the parser being further after them."""
_MOST_QUEUED: Final = 8
"""Requests that came before the one ahead of them was answered. Browsers and proxies send none."""
_EACH_HEADER: Final = 32
"""What a header counts beside its bytes, as in HTTP/2 (RFC 9113, section 6.5.2)."""


class NotUnderstood(Refusal):
    """What came is no HTTP, or HTTP that two readers could understand differently."""

    code = "not-understood"
    public = "The request could not be read. Send one request after another, as HTTP/1.1 says."


class HeadTooLarge(Refusal):
    """Address, headers and trailers together are over the limit."""

    code = "head-too-large"
    status = 431
    public = (
        f"Address and headers are larger than {_MOST_HEAD:,} bytes together. Send fewer cookies or headers."
    )


class _Scratch(threading.local):
    """Where an event loop reads what goes nowhere else: it is done with it before it reads again."""

    def __init__(self) -> None:
        self.room = memoryview(bytearray(262_144))


_scratch = _Scratch()


class Protocol(HttpToolsProtocol):
    """One connection's requests and answers. `Connection` stands between it and the socket."""

    room = memoryview(b"")
    """Where the next bytes of the body are to go; empty while nobody said so."""
    _left = 0
    """Bytes of the body that are still to come, where its length was announced."""
    _astray = False
    """The parser was not shown all of this body, and must see no more of it."""
    _head = 0
    """What the address and the headers of this request count so far, trailers among them."""
    _unheard = 0
    """Bytes that were parsed since the parser last told of anything: it may keep all of them."""
    _deaf = False
    """Whatever comes is not for us: a request asked for another protocol after it."""
    _in_body = False
    """The end of a request whose head was read has not come yet."""
    _running: RequestResponseCycle | None = None
    """The request that is being answered. `cycle` is the newest one, which may wait behind it."""

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """See `asyncio.BaseProtocol`."""
        super().connection_made(transport)
        self._patience = Patience()
        connected = transport.get_extra_info("socket")
        if connected is not None:
            connected.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, _SEND_BUFFER)

    def connection_lost(self, exc: Exception | None) -> None:
        """See `asyncio.BaseProtocol`. uvicorn tells the newest request only, and the others would go on."""
        for cycle in (self._running, *(waiting for waiting, _ in self.pipeline)):
            if cycle is not None and not cycle.response_complete:
                cycle.disconnected = True
                cycle.message_event.set()
        super().connection_lost(exc)

    def _start_asgi_task(self, cycle: RequestResponseCycle, app: Any) -> None:
        self._running = cycle
        super()._start_asgi_task(cycle, app)

    def on_message_begin(self) -> None:
        """See `httptools.HttpRequestParser`."""
        super().on_message_begin()
        self._offered: dict[str, Any] = {_UNSENT: self.transport.get_write_buffer_size}
        self.scope["extensions"] = self._offered
        self._head = 0

    def on_url(self, url: bytes) -> None:
        """See `httptools.HttpRequestParser`. A long one comes in pieces."""
        self._count(len(url))
        super().on_url(url)

    def on_header(self, name: bytes, value: bytes) -> None:
        """See `httptools.HttpRequestParser`."""
        self._count(len(name) + len(value) + _EACH_HEADER)
        super().on_header(name, value)

    def on_headers_complete(self) -> None:
        """See `httptools.HttpRequestParser`, which has refused two lengths, and one beside chunks."""
        if len(self.pipeline) >= _MOST_QUEUED:
            raise httptools.HttpParserError
        self._left = next((int(value) for name, value in self.headers if name == b"content-length"), 0)
        upgrade = self.parser.should_upgrade()
        # The parser passes over its body, which would be read as the next request, maybe somebody else's.
        if upgrade and (self._left or any(name == b"transfer-encoding" for name, _ in self.headers)):
            raise httptools.HttpParserError
        super().on_headers_complete()
        self._in_body = True
        self._patience.heard()
        self.headers = []  # trailers go there, and nobody looks
        if upgrade or self.expect_100_continue:
            # who is answered before they had leave to send may send the next request in place of the body
            self.cycle.keep_alive = False
        if self._left:
            self._offered[INTAKE] = Intake(self, self._left)

    def on_body(self, body: bytes) -> None:
        """See `httptools.HttpRequestParser`."""
        self._unheard = 0
        self._patience.heard()
        if self._left:
            self._left -= len(body)
        cycle = self.cycle
        if cycle.response_complete:
            return
        # `receive` gives out bytes as they are, and copies a bytearray, in which small pieces are gathered
        held: bytes | bytearray = cycle.body
        if not held:
            cycle.body = body  # type: ignore[assignment]
        elif isinstance(held, bytearray):
            held += body
        else:
            cycle.body = bytearray(held) + body
        if len(cycle.body) > _MOST_WAITING:
            self.flow.pause_reading()
        cycle.message_event.set()

    def on_message_complete(self) -> None:
        """See `httptools.HttpRequestParser`."""
        self._in_body = False
        super().on_message_complete()

    def on_response_complete(self) -> None:
        """See `uvicorn`. The next head is waited for from now on."""
        self._patience.heard()
        super().on_response_complete()

    @property
    def awaits_head(self) -> bool:
        """Whether it is for the other end to ask something. An answer may still be on its way."""
        answered = self.cycle is None or self.cycle.response_complete  # type: ignore[redundant-expr]
        return answered and not self._in_body

    @property
    def is_sent(self) -> bool:
        """Whether the kernel has all that was answered."""
        return not self.transport.get_write_buffer_size()

    @property
    def waiting(self) -> float:
        """For how many seconds this has gone on."""
        return self._patience.spent

    def end_if_overdue(self) -> None:
        """Cut the connection if its other end has been waited for long enough."""
        limit = HEAD if self.awaits_head else NO_END
        if self._in_body and not self.flow.read_paused:
            limit = BODY
        if self._patience.is_over(limit, self.transport.get_write_buffer_size()):
            self.transport.abort()

    def data_received(self, data: memoryview) -> None:  # type: ignore[override]
        """See `asyncio.Protocol`. `data` is used again afterwards."""
        self._unset_keepalive_if_required()
        if self._astray:
            body, data = data[: self._left], data[self._left :]
            self.on_body(bytes(body))
            self._end_body_if_over()
        if data and not self._deaf:
            self._parse(data)

    def _parse(self, data: memoryview) -> None:
        self._unheard += len(data)
        try:
            self.parser.feed_data(data)
        except httptools.HttpParserUpgrade:
            self._deaf = True
        except httptools.HttpParserError:
            self._refuse()
        else:
            if self._unheard > _MOST_HEAD:
                self._head = self._unheard
                self._refuse()

    def _count(self, more: int) -> None:
        self._unheard = 0
        self._head += more
        if self._head > _MOST_HEAD:
            raise httptools.HttpParserError

    def _refuse(self) -> None:
        """Say that this cannot be read, unless that would get into another answer, and read no more."""
        self.logger.warning("Invalid HTTP request received.")
        self._deaf = True
        if self.cycle is None or self.cycle.response_complete:  # type: ignore[redundant-expr]
            error = HeadTooLarge() if self._head > _MOST_HEAD else NotUnderstood()
            body, status = document(error), HTTPStatus(error.status)
            lines = [b"HTTP/1.1 %d %b" % (status, status.phrase.encode())]
            lines += [b"%b: %b" % pair for pair in self.server_state.default_headers]
            lines += [b"content-type: %b" % MEDIA_TYPE.encode(), b"content-length: %d" % len(body)]
            self.transport.write(b"\r\n".join([*lines, b"connection: close", b"", body]))
        self.transport.close()

    def _should_upgrade(self) -> bool:
        return False  # whatever is installed or configured

    def placed(self, count: int) -> None:
        """So many bytes of the body are in `room`."""
        self._astray = True
        self._patience.heard()
        self._left -= count
        self.room = self.room[count:]
        self._end_body_if_over()
        if self._left and not self.room:
            self.flow.pause_reading()
            self.cycle.message_event.set()

    def _end_body_if_over(self) -> None:
        """After a body that the parser does not know the end of, another parser goes on."""
        if self._left:
            return
        self._astray = False
        self.parser = httptools.HttpRequestParser(self)
        with suppress(AttributeError):  # as uvicorn has it
            self.parser.set_dangerous_leniencies(lenient_data_after_close=True)
        self.on_message_complete()


class Connection(asyncio.BufferedProtocol):
    """One connection: reads off the socket to where the bytes are wanted."""

    def __init__(self, lost: Callable[[], object] = lambda: None, **about: Any) -> None:
        """See `uvicorn.Config.http_protocol_class`. `lost` is told when it is over."""
        self._lost = lost
        self._protocol = Protocol(**about)
        self._protocol.access_log = False  # `Shell` writes our line; uvicorn would put together its own

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """See `asyncio.BaseProtocol`."""
        self._protocol.connection_made(transport)  # type: ignore[arg-type]

    def connection_lost(self, exc: Exception | None) -> None:
        """See `asyncio.BaseProtocol`."""
        self._protocol.connection_lost(exc)
        self._lost()

    def pause_writing(self) -> None:
        """See `asyncio.BaseProtocol`."""
        self._protocol.pause_writing()

    def resume_writing(self) -> None:
        """See `asyncio.BaseProtocol`."""
        self._protocol.resume_writing()

    def eof_received(self) -> None:
        """See `asyncio.BufferedProtocol`."""
        self._protocol.eof_received()

    def get_buffer(self, sizehint: int) -> memoryview:
        """See `asyncio.BufferedProtocol`."""
        del sizehint
        return self._protocol.room or _scratch.room

    def buffer_updated(self, nbytes: int) -> None:
        """See `asyncio.BufferedProtocol`."""
        if self._protocol.room:
            self._protocol.placed(nbytes)
        else:
            self._protocol.data_received(_scratch.room[:nbytes])


def unsent(scope: Any) -> Callable[[], int] | None:
    """Return what says how many bytes the server still holds of all it was given, where it can say so."""
    found: Callable[[], int] | None = (scope.get("extensions") or {}).get(_UNSENT)
    return found
