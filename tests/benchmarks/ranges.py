"""How fast 1 MiB ranges of a released film come, next to nginx serving the same plain.

`python -m tests.benchmarks.ranges`.

Ours come from the participants' app, in as many processes as `relay up` starts: session, delivery and release
record are checked as always, and each byte is decrypted and verified. The client reads into one buffer, in
threads of the benchmark's own process.
"""

import asyncio
import os
import shutil
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from functools import partial
from pathlib import Path
from random import Random
from statistics import median, quantiles

from tests.benchmarks.client import Connection
from tests.benchmarks.films import Noise, delivered
from tests.benchmarks.ground import App, Ground, child, free_port, ground
from tests.benchmarks.options import Options, parse
from tests.benchmarks.processes import MIB
from tests.benchmarks.rows import Row, at_least, show

ABREAST = 4
_NGINX = """
worker_processes {processes};
daemon off;
pid {folder}/nginx.pid;
error_log {folder}/nginx-error.log;
events {{ worker_connections 64; }}
http {{
    access_log off;
    sendfile on;
    tcp_nopush on;
    default_type video/mp4;
    client_body_temp_path {folder}/nginx-1;
    proxy_temp_path {folder}/nginx-2;
    fastcgi_temp_path {folder}/nginx-3;
    uwsgi_temp_path {folder}/nginx-4;
    scgi_temp_path {folder}/nginx-5;
    keepalive_requests 1000000;
    server {{ listen 127.0.0.1:{port}; root {folder}/plain; location = /health {{ return 200; }} }}
}}
"""


class Player:
    """Asks for ranges on one connection."""

    def __init__(self, connect: Callable[[], Connection], path: str, size: int) -> None:
        self._connect = connect
        self._connection: Connection | None = None
        self._path = path
        self._size = size
        self.first_bytes: list[float] = []

    def connect(self) -> None:
        """Open a connection, for this turn: servers close one that was idle while others had theirs."""
        self.leave()
        self._connection = self._connect()

    def leave(self) -> None:
        """Close it."""
        if self._connection:
            self._connection.__exit__()
        self._connection = None

    def play(self, count: int, seed: int, step: int = MIB) -> None:
        """Read `count` ranges of 1 MiB, each starting somewhere at a multiple of `step`."""
        assert self._connection
        random = Random(seed)  # noqa: S311 - where to read, the same for both
        for _ in range(count):
            start = random.randrange((self._size - MIB) // step + 1) * step
            wanted = {"Range": f"bytes={start}-{start + MIB - 1}"}
            answer = self._connection.ask("GET", self._path, wanted)
            assert (answer.status, answer.size) == (206, MIB), (answer, self._connection.body(answer)[:500])
            self.first_bytes.append(answer.first_byte)


@contextmanager
def _nginx(folder: Path, size: int, processes: int) -> Iterator[App | None]:
    program = shutil.which("nginx", path=f"{os.defpath}:/usr/sbin:/usr/local/sbin")
    if program is None:
        yield None
        return
    (folder / "plain").mkdir()
    with (folder / "plain" / "film").open("wb") as file:
        shutil.copyfileobj(Noise(size), file, MIB)
    for path in (folder, folder / "plain", folder / "plain" / "film"):
        path.chmod(0o755)  # its workers are nobody
    port = free_port()
    (folder / "nginx.conf").write_text(_NGINX.format(folder=folder, port=port, processes=processes))
    argv = (program, "-c", str(folder / "nginx.conf"), "-e", str(folder / "nginx-error.log"))
    with child(argv, {"PATH": os.defpath}, folder, f"http://127.0.0.1:{port}/health") as pid:
        yield App(port, pid)


def _seconds(players: list[Player], count: int, seed: int, step: int) -> float:
    """Return seconds for `count` ranges by each player at the same time."""
    for player in players:
        player.connect()
    began = time.perf_counter()
    with ThreadPoolExecutor(len(players)) as threads:
        list(threads.map(lambda player, number: player.play(count, seed + number, step), players, range(99)))
    spent = time.perf_counter() - began
    for player in players:
        player.leave()
    return spent


def _compared(
    ours: list[Player], theirs: list[Player], rounds: int, count: int, step: int
) -> tuple[float, float]:
    """Return our seconds, and our speed as a part of nginx's: medians of rounds in which both take turns."""
    spent, ratios = [], []
    for round_ in range(rounds + 1):
        takes = {}
        # who begins changes: neither always finds the machine as the other one has left it
        for players in (ours, theirs) if round_ % 2 else (theirs, ours):
            takes[id(players)] = _seconds(players, count, round_, step) if players else 0
        plain, own = takes[id(theirs)], takes[id(ours)]
        if round_:
            spent.append(own)
            ratios.append(plain / own)
    return median(spent), median(ratios)


def _rows(ours: list[Player], theirs: list[Player], *, quick: bool) -> Iterator[Row]:
    rounds, count = (3, 100) if quick else (7, 300)
    if not theirs:
        yield Row("nginx", "not installed (Debian: nginx-light)")
    for abreast, target in ((1, 0.5), (ABREAST, 0.6)):
        spent, ratio = _compared(ours[:abreast], theirs[:abreast], rounds, count, MIB)
        rate = f"{abreast * count * MIB / spent / 1e6:.0f} MB/s"
        name = f"ranges of 1 MiB, {abreast} connection{'s' * (abreast > 1)}"
        yield at_least(f"{name}: of nginx, plain", rate, ratio, target) if theirs else Row(name, rate)
    spent, ratio = _compared(ours[:1], theirs[:1], rounds, count, 1)
    yield Row(
        "ranges of 1 MiB that start anywhere, 1 connection", f"{count * MIB / spent / 1e6:.0f} MB/s", ratio
    )
    ours[0].first_bytes.clear()
    ours[0].connect()
    ours[0].play(2000 if not quick else 400, 7)
    waits = sorted(ours[0].first_bytes)
    worst = quantiles(waits, n=100)[98] * 1000
    name = "first byte of a range, 99th percentile"
    yield Row(name, f"{worst:.2f} ms (median {median(waits) * 1000:.2f} ms)", None, "≤ 1 ms", worst <= 1)


def _players(stack: ExitStack, connect: Callable[[], Connection], path: str, size: int) -> list[Player]:
    players = [Player(connect, path, size) for _ in range(ABREAST)]
    for player in players:
        stack.callback(player.leave)
    return players


def _measure(base: Ground, path: str, size: int, *, quick: bool) -> list[Row]:
    with ExitStack() as stack:
        app = stack.enter_context(base.app())
        nginx = stack.enter_context(_nginx(base.folder, size, base.service.settings.participants_processes))
        ours = _players(stack, partial(app.connect, base.exchange.victim), path, size)
        theirs = [] if nginx is None else _players(stack, nginx.connect, "/film", size)
        return list(_rows(ours, theirs, quick=quick))


async def _run(options: Options) -> list[Row]:
    size = (64 if options.quick else 256) * MIB
    async with ground() as base:
        path = await delivered(base, base.exchange.offender, base.exchange.victim, size)
        return _measure(base, path, size, quick=options.quick)


def run(options: Options) -> list[Row]:
    """Measure."""
    return asyncio.run(_run(options))


if __name__ == "__main__":
    show(run(parse()))
