"""Taking connections from a socket that the other processes of an app listen on, too.

The kernel wakes all of them and lets in whoever is first: while little happens, that is the same one each
time. Then one process has all the films to decrypt while the next core idles. So whoever has the fewest
connections takes the next one at once. Others leave it to them for a moment, and take it if it still waits
then: nobody waits for a process that is busy, or gone.
"""

import asyncio
import socket
import sys
from collections.abc import Callable
from contextlib import suppress
from typing import Final

from relay.process.shares import Shares

GRACE: Final = 0.002
"""Seconds."""
_OUT_OF_FILES: Final = 1.0
"""Seconds until taking one is tried again, when this process has as many connections or files as it may."""


class Door:
    """An open door, until `close`. `make` makes a protocol that says `shares.add(-1)` when it is lost."""

    def __init__(
        self,
        listening: socket.socket,
        shares: Shares,
        make: Callable[[], asyncio.BaseProtocol],
        most: int = sys.maxsize,
        make_room: Callable[[], bool] = lambda: False,
    ) -> None:
        """Call it in the loop that is to serve. `listening` stays its owner's.

        With `most` connections there, `make_room` may end some; whoever comes waits until there is room.
        """
        listening.setblocking(False)
        self._listening = listening
        self._shares = shares
        self._make = make
        self._most = most
        self._make_room = make_room
        self._loop = asyncio.get_running_loop()
        self._waiting: asyncio.TimerHandle | None = None
        self._welcomes: set[asyncio.Task[None]] = set()
        self._watch()

    def close(self) -> None:
        """Take no more."""
        self._loop.remove_reader(self._listening)
        if self._waiting:
            self._waiting.cancel()

    async def wait_closed(self) -> None:
        """Return when those that were let in are served."""
        await asyncio.gather(*self._welcomes)

    def _watch(self) -> None:
        self._waiting = None
        self._loop.add_reader(self._listening, self._knocked)

    def _knocked(self) -> None:
        if self._shares.fewest():
            self._take()
        else:
            self._leave_for(GRACE, self._take)

    def _leave_for(self, seconds: float, then: Callable[[], None]) -> None:
        self._loop.remove_reader(self._listening)

        def go_on() -> None:
            self._watch()
            then()

        self._waiting = self._loop.call_later(seconds, go_on)

    def _take(self) -> None:
        if self._shares.count >= self._most:
            self._leave_for(GRACE if self._make_room() else _OUT_OF_FILES, lambda: None)
            return
        try:
            connected, _ = self._listening.accept()
        except (BlockingIOError, InterruptedError, ConnectionAbortedError):
            return  # another process has taken it, or its other end has left
        except OSError:
            self._leave_for(_OUT_OF_FILES, lambda: None)
            return
        self._shares.add(1)
        welcome = self._loop.create_task(self._serve(connected))
        self._welcomes.add(welcome)
        welcome.add_done_callback(self._welcomes.discard)

    async def _serve(self, connected: socket.socket) -> None:
        try:
            await self._loop.connect_accepted_socket(self._make, connected)
        except BaseException:
            # its protocol was never told of a connection, so it will not be told of its loss
            self._shares.add(-1)
            with suppress(OSError):
                connected.close()
            raise
