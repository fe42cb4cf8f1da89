"""Taking the bytes of one upload request: sealed and written while the next ones arrive."""

from asyncio import Future, get_running_loop

from relay.blobs.interface import BlobWriter
from relay.errors import TooLarge
from relay.vault.stream import UploadSealer


class Sink:
    """Takes the bytes of one request. Made by `uploads.append` only.

    Sealing and writing happen in a thread, while the next bytes arrive: at most two portions are in memory.
    """

    PORTION = 1024 * 1024

    def __init__(self, sealer: UploadSealer, writer: BlobWriter) -> None:
        """Both are this request's own."""
        self._sealer = sealer
        self._writer = writer
        self._portion: list[bytes] = []
        self._gathered = 0
        self._working: Future[None] | None = None
        self._taken = sealer.offset
        self.discarded = False

    @property
    def received(self) -> int:
        """Plain bytes of the whole upload so far."""
        return self._taken

    @property
    def sealer(self) -> UploadSealer:
        """What has sealed them; read it after `settle` only."""
        return self._sealer

    async def write(self, data: bytes) -> None:
        """Take the next bytes. Raise `TooLarge`, before any of `data` is taken, for more than announced."""
        if self._taken + len(data) > self._sealer.total:
            raise TooLarge(
                "More bytes came than were announced. Start the upload again with the right length."
            )
        self._taken += len(data)
        self._gathered += len(data)
        self._portion.append(data)
        if self._gathered >= self.PORTION:
            await self._pass_on()

    def discard(self) -> None:
        """Forget what this request brought, as for a wrong checksum: the offset stays where it was."""
        self.discarded = True

    async def settle(self) -> None:
        """Return when every byte taken has been sealed and written."""
        await self._pass_on()
        await self._finished()

    async def _pass_on(self) -> None:
        await self._finished()
        portion, self._portion, self._gathered = self._portion, [], 0
        self._working = get_running_loop().run_in_executor(None, self._seal, portion)

    async def _finished(self) -> None:
        if self._working is not None:
            working, self._working = self._working, None
            await working

    def _seal(self, portion: list[bytes]) -> None:
        for data in portion:
            for position, sealed in self._sealer.feed(data):
                self._writer.write_at(position, sealed)
