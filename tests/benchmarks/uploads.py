"""How fast 512 MiB go up by tus in PATCHes of 8 MiB: `python -m tests.benchmarks.uploads`.

All are servers under uvicorn on the same disk, one process each, and take turns; another one begins in each
round. What was sent is deleted after each turn, unmeasured: nobody writes beside what another left unwritten.
"""

import asyncio
import base64
import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from pathlib import Path

from tests.benchmarks.client import Connection
from tests.benchmarks.ground import App, Ground, child, free_port, ground
from tests.benchmarks.options import PEERS_PYTHON, Options, parse
from tests.benchmarks.processes import MIB, Watch
from tests.benchmarks.rows import Row, at_least, show
from tests.benchmarks.turns import Turns
from tests.support.web import Client

PART = 8 * MIB
ABREAST = 4
_TUS = {"Tus-Resumable": "1.0.0"}
_BYTES = {"Content-Type": "application/offset+octet-stream"}


def send(connection: Connection, start: str, about: Mapping[str, str], size: int, part: bytes) -> str:
    """Upload `size` bytes; return the upload's address."""
    made = connection.ask("POST", start, {**_TUS, **about, "Upload-Length": str(size)})
    assert made.status == 201, connection.body(made)
    where = made.headers["location"]
    where = "/" + where.split("/", 3)[3] if where.startswith("http") else where
    for offset in range(0, size, PART):
        body = memoryview(part)[: min(PART, size - offset)]
        taken = connection.ask("PATCH", where, {**_TUS, **_BYTES, "Upload-Offset": str(offset)}, body)
        assert taken.status == 204, connection.body(taken)
    return where


class Uploader:
    """Sends files to one server, and takes them back afterwards."""

    def __init__(
        self, app: App, client: Client | None, start: str, about: Mapping[str, str], size: int
    ) -> None:
        self.app = app
        self._client = client
        self._start = start
        self._about = about
        self._size = size
        self._part = os.urandom(PART)
        self._sent: list[str] = []

    def send(self, size: int | None = None) -> None:
        """Upload one file."""
        # a connection each: servers close one that was idle while others had their turn
        with self.app.connect(self._client) as connection:
            self._sent.append(send(connection, self._start, self._about, size or self._size, self._part))

    def clear(self) -> None:
        """Take back whatever was sent."""
        with self.app.connect(self._client) as connection:
            while self._sent:
                ended = connection.ask("DELETE", self._sent.pop(), _TUS)
                assert ended.status == 204, connection.body(ended)


def metadata(item_id: str) -> dict[str, str]:
    """Say by tus's metadata which item a file is for."""
    return {"Upload-Metadata": f"item_id {base64.b64encode(item_id.encode()).decode()}"}


def _ours(stack: ExitStack, base: Ground, variant: str, item_id: str, size: int) -> Uploader:
    app = stack.enter_context(base.app(variant, processes=1))
    return Uploader(app, base.exchange.victim, "/api/v1/uploads", metadata(item_id), size)


def _peer(stack: ExitStack, base: Ground, size: int) -> Uploader:
    files = base.folder / "peer"
    files.mkdir()
    port = free_port()
    argv = (str(PEERS_PYTHON), "-m", "uvicorn", "--port", str(port), "--no-access-log", "upload_peer:app")
    environ = {"PATH": os.defpath, "FILES": str(files), "PYTHONPATH": str(Path(__file__).parent)}
    pid = stack.enter_context(child(argv, environ, base.folder, f"http://127.0.0.1:{port}/health"))
    return Uploader(App(port, pid), None, "/files/", {"Upload-Metadata": ""}, size)


def _bare(path: Path, size: int) -> Callable[[], None]:
    """Write and sync, without a server."""
    part = os.urandom(PART)

    def write() -> None:
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
        for offset in range(0, size, PART):
            os.pwrite(descriptor, part, offset)
            os.fdatasync(descriptor)
        os.close(descriptor)
        path.unlink()

    return write


def _speed(
    uploaders: Mapping[str, Uploader], bare: Callable[[], None], size: int, rounds: int
) -> Iterator[Row]:
    def rate(seconds: float) -> str:
        return f"{size / seconds / 1e6:.0f} MB/s"

    def clear() -> None:
        for uploader in uploaders.values():
            uploader.clear()

    quick = {name: uploader.send for name, uploader in uploaders.items() if name != "synced"}
    turns = Turns(quick, rounds, between=clear)
    mib = size // MIB
    yield Row(f"same app writing plain text, {mib} MiB", rate(turns.seconds("plain")))
    sealed = rate(turns.seconds("sealed"))
    yield at_least("upload, sealed, not synced: of plain", sealed, turns.ratio("plain", "sealed"), 0.85)
    if "tuspyserver" in quick:
        yield Row(
            "tuspyserver (plain text)",
            rate(turns.seconds("tuspyserver")),
            turns.ratio("plain", "tuspyserver"),
        )
        yield at_least(
            "upload, sealed, not synced: of tuspyserver", sealed, turns.ratio("tuspyserver", "sealed"), 1
        )
    else:
        yield Row("tuspyserver", "not installed: make bench")
    durable = Turns({"bare": bare, "synced": uploaders["synced"].send}, rounds, between=clear)
    yield Row("bare write and sync of each 8 MiB", rate(durable.seconds("bare")))
    synced = rate(durable.seconds("synced"))
    yield at_least("upload as it is, synced before each answer", synced, durable.ratio("bare", "synced"), 0.4)


def _memory(base: Ground, items: Sequence[str], size: int) -> Iterator[Row]:
    """Watch a fresh app, of one process, once with one upload and once with several at the same time.

    Each is for an item of its own: of an item one file waits, and another one replaces it.
    """
    with base.app(processes=1) as app:
        several = [
            Uploader(app, base.exchange.victim, "/api/v1/uploads", metadata(item_id), size)
            for item_id in items
        ]
        several[0].send(PART)
        several[0].clear()
        for abreast in (1, ABREAST):
            with Watch(app.pid) as watch, ThreadPoolExecutor(abreast) as threads:
                list(threads.map(Uploader.send, several[:abreast]))
            each = watch.growth / abreast / MIB
            name = f"memory growth of one process, each of {abreast} upload{'s' * (abreast > 1)} at a time"
            yield Row(name, f"{each:.1f} MiB", None, "≤ 8 MiB", each <= 8)
            for one in several:
                one.clear()


async def _run(options: Options) -> list[Row]:
    size, rounds = (64 * MIB, 3) if options.quick else (512 * MIB, 9)
    async with ground() as base:
        item_id = await base.exchange.start(base.exchange.victim, "video")
        with ExitStack() as stack:
            uploaders = {
                "plain": _ours(stack, base, "plain", item_id, size),
                "sealed": _ours(stack, base, "unsynced", item_id, size),
                "synced": _ours(stack, base, "", item_id, size),
            }
            if PEERS_PYTHON.exists():
                uploaders["tuspyserver"] = _peer(stack, base, size)
            rows = list(_speed(uploaders, _bare(base.folder / "bare", size), size, rounds))
        items = [await base.exchange.start(base.exchange.victim, "video") for _ in range(ABREAST)]
        return rows + list(_memory(base, items, size))


def run(options: Options) -> list[Row]:
    """Measure."""
    return asyncio.run(_run(options))


if __name__ == "__main__":
    show(run(parse()))
