"""A request's body of announced length, read off the socket straight to where it is wanted."""

from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from relay.web.server import Protocol

INTAKE: Final = "relay.intake"
"""The name in a scope's extensions."""


class Intake:
    """One body, read into rooms. Use this or `receive`, not both."""

    def __init__(self, protocol: "Protocol", length: int) -> None:
        """Made with the request."""
        self._protocol = protocol
        self._cycle = protocol.cycle
        self.left = length
        """Bytes that no room was filled with yet. Right at any time, also after `fill` was cancelled."""

    async def fill(self, room: memoryview) -> None:
        """Fill `room`, or what is left fits into; stop before that only if the connection is cut off."""
        room = room[: self.left]
        cycle = self._cycle
        while room:
            if cycle.body:
                count = self._take_held(room)
            elif cycle.more_body and not (cycle.disconnected or cycle.response_complete):
                count = await self._place(room)
            else:
                return
            room = room[count:]

    def _take_held(self, room: memoryview) -> int:
        """Take what came before it was asked for."""
        held = memoryview(self._cycle.body)
        count = min(len(held), len(room))
        room[:count] = held[:count]
        self._cycle.body = bytearray(held[count:])
        self.left -= count
        return count

    async def _place(self, room: memoryview) -> int:
        """Have it read off the socket into `room`, until that is full or there will be no more."""
        protocol, cycle = self._protocol, self._cycle
        if cycle.waiting_for_100_continue and not protocol.transport.is_closing():
            protocol.transport.write(b"HTTP/1.1 100 Continue\r\n\r\n")
            cycle.waiting_for_100_continue = False
        cycle.message_event.clear()
        protocol.room = room
        protocol.flow.resume_reading()
        try:
            await cycle.message_event.wait()
        finally:
            count = len(room) - len(protocol.room)
            protocol.room = room[:0]
            self.left -= count
        return count


def intake(scope: Any) -> Intake | None:
    """Return what reads the request's body into rooms, where the server can and its length was announced."""
    found: Intake | None = (scope.get("extensions") or {}).get(INTAKE)
    return found
