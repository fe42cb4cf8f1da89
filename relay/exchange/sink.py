"""Taking the bytes of one upload request: sealed and written while the next ones arrive."""

from asyncio import Future, get_running_loop, shield
from collections.abc import Callable
from typing import Protocol

from relay.blobs.interface import BlobWriter
from relay.errors import TooLarge
from relay.vault.stream import SEGMENT, UploadSealer


class Body(Protocol):
    """What a request brings, its length announced, put where it is wanted."""

    left: int
    """Bytes that no room was filled with yet."""

    async def fill(self, room: memoryview) -> None:
        """Fill `room`, or as much of it as is left; less only if no more will come."""
        ...


class Sink:
    """Takes the bytes of one request. Made by `uploads.append` only.

    They are gathered in one of two portions. A full one is sealed from where it lies, and written, in a
    thread, while the other one fills.
    """

    PORTION = 4 * SEGMENT

    def __init__(self, sealer: UploadSealer, writer: BlobWriter) -> None:
        """Both are this request's own."""
        self._sealer = sealer
        self._writer = writer
        self._portion, self._other = (memoryview(bytearray(self.PORTION)) for _ in range(2))
        self._filled = 0
        self._working: Future[None] | None = None
        self._taken = sealer.offset
        self.discarded = False
        self.look: Callable[[memoryview], object] | None = None
        """Is shown all bytes, in order and in a thread, and must not keep them. `settle` is the end of it."""

    @property
    def received(self) -> int:
        """Plain bytes of the whole upload so far."""
        return self._taken

    @property
    def sealer(self) -> UploadSealer:
        """What has sealed them; read it after `settle` only."""
        return self._sealer

    async def draw(self, body: Body) -> None:
        """Take a body to its end, or as far as it comes. Raise `TooLarge`, before any of it is taken."""
        self._check(body.left)
        while before := body.left:
            room = self._room()
            try:
                await body.fill(room)
            finally:
                self._took(before - body.left)
            if before - body.left < min(before, len(room)):
                return  # cut off
            await self._pass_on_if_full()

    async def write(self, data: bytes) -> None:
        """Take the next bytes. Raise `TooLarge`, before any of `data` is taken, for more than announced."""
        self._check(len(data))
        rest = memoryview(data)
        while rest:
            room = self._room()
            part = rest[: len(room)]
            room[: len(part)] = part
            rest = rest[len(part) :]
            self._took(len(part))
            await self._pass_on_if_full()

    def discard(self) -> None:
        """Forget what this request brought, as for a wrong checksum: the offset stays where it was."""
        self.discarded = True

    async def settle(self) -> None:
        """Return when every byte taken has been sealed and written. Raise what kept one from it."""
        await self._pass_on()
        await self._finished()

    def _check(self, more: int) -> None:
        if self._taken + more > self._sealer.total:
            raise TooLarge(
                "More bytes came than were announced. Start the upload again with the right length."
            )

    def _room(self) -> memoryview:
        """Return what is left of the portion. The first one ends where a segment does, and so all do."""
        full = self.PORTION - (self._taken - self._filled) % SEGMENT
        return self._portion[self._filled : full]

    def _took(self, count: int) -> None:
        self._filled += count
        self._taken += count

    async def _pass_on_if_full(self) -> None:
        if not self._room():
            await self._pass_on()

    async def _pass_on(self) -> None:
        await self._finished()
        filled, self._filled = self._portion[: self._filled], 0
        self._portion, self._other = self._other, self._portion
        if filled:
            self._working = get_running_loop().run_in_executor(None, self._seal, filled)

    async def _finished(self) -> None:
        # Kept until it is known to be well: one that failed leaves a gap, and nothing may follow that.
        # Who is cancelled here leaves it to be waited for: the sealer is for one thread at a time.
        if self._working is not None:
            await shield(self._working)
            self._working = None

    def _seal(self, portion: memoryview) -> None:
        if self.look:
            self.look(portion)
        for position, sealed in self._sealer.feed(portion):
            self._writer.write_at(position, sealed)
