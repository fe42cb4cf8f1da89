"""How uvicorn speaks HTTP for us; `relay.web.serve` tells it to.

Its own protocol, made fit for large bodies in both directions:

- The application can see how much of what it gave is not with the kernel yet, so that it can use a buffer
  again instead of copying (`unsent`). The kernel takes a whole segment at once: the next one is decrypted
  while it sends.
- What comes is passed on as it came, where uvicorn copies it twice, and reading goes on while it is worked
  on.
"""

import asyncio
import socket
from collections.abc import Callable
from typing import Any, Final

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

_UNSENT: Final = "relay.unsent"
_SEND_BUFFER: Final = 262_144
"""Bytes asked for; Linux doubles it, for its own accounts."""
_MOST_WAITING: Final = 524_288
"""Bytes of one request that wait for the application before its sender has to."""


class Protocol(HttpToolsProtocol):
    """One connection."""

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """See `asyncio.BaseProtocol`."""
        super().connection_made(transport)
        connected = transport.get_extra_info("socket")
        if connected is not None:
            connected.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, _SEND_BUFFER)

    def on_message_begin(self) -> None:
        """See `httptools.HttpRequestParser`."""
        super().on_message_begin()
        extensions: dict[str, Any] = {_UNSENT: self.transport.get_write_buffer_size}
        self.scope["extensions"] = extensions

    def on_body(self, body: bytes) -> None:
        """See `httptools.HttpRequestParser`."""
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


def unsent(scope: Any) -> Callable[[], int] | None:
    """Return what says how many bytes the server still holds of all it was given, where it can say so."""
    found: Callable[[], int] | None = (scope.get("extensions") or {}).get(_UNSENT)
    return found
