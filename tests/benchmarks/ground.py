"""What the application is measured on: a durable PostgreSQL, a service with people, the apps as processes."""

import os
import resource
import shutil
import socket
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import ExitStack, asynccontextmanager, contextmanager
from pathlib import Path
from typing import NamedTuple
from uuid import UUID

import msgspec

from relay.audit import checkpoint
from relay.db.dsn import Dsn
from relay.db.embedded import EmbeddedPostgres
from relay.identity import founding, sessions
from relay.identity.model import Person
from relay.log import READY
from relay.process.child import Child, ChildSpec
from relay.process.listening import listen
from relay.process.log import RotatingLog
from relay.process.supervisor import answers
from relay.settings import as_environ
from relay.web.shared.endings import shared_file
from relay.web.shared.wing import DESK, PARTICIPANTS, Wing
from tests.benchmarks.client import Connection
from tests.support.house import Service, make_service
from tests.support.postgres import Dsns, TestServer
from tests.support.web import Client, Exchange, make_exchange

ROOT = Path(__file__).parents[2]
_HOST = "127.0.0.1"
_SERVE = "relay.web.serve"


class App(NamedTuple):
    """A server that runs in processes of its own; `pid` is that of the first."""

    port: int
    pid: int

    def connect(self, client: Client | None = None) -> Connection:
        """Open a connection; with the cookie and the token of `client`, if there is one."""
        return Connection(_HOST, self.port, {} if client is None else _signed_in(client))


class Ground(NamedTuple):
    """What a benchmark of the application stands on. `folder` is on the disk, and goes at the end."""

    folder: Path
    service: Service
    exchange: Exchange

    async def person(self, client: Client, wing: Wing) -> Person:
        """Return who is signed in as `client`, for calling what no request reaches."""
        house = self.service.house(wing.surface)
        person = await sessions.open_session(house, wing.surface, client.http.cookies[wing.cookie])
        assert person is not None
        return person

    def environ(self, dsn: Dsn) -> dict[str, str]:
        """Return the environment of one of our processes, as `relay up` gives it."""
        return as_environ(self.service.settings, database=dsn.url) | {
            "PATH": os.defpath,
            "LC_ALL": "C.UTF-8",
            "PYTHONPATH": str(ROOT),
            "PYTHONUNBUFFERED": "1",
        }

    @contextmanager
    def app(self, variant: str = "", *, processes: int | None = None) -> Iterator[App]:
        """Run the participants' app as `relay up` would, and in as many processes unless told otherwise.

        `variant` is one of `upload_variants` instead.
        """
        what = ("tests.benchmarks.upload_variants", variant) if variant else (_SERVE, "participants")
        environ = self.environ(self.service.dsns.participants)
        with ExitStack() as stack:
            listening = stack.enter_context(listen(_HOST, 0))
            endings = shared_file()
            stack.callback(os.close, endings)
            files = (listening.fileno(), endings)
            argv = (*what, "--socket", str(files[0]), "--endings", str(files[1]))
            pids = [
                stack.enter_context(
                    child((sys.executable, "-P", "-m", *argv), environ, self.folder, ready=READY, files=files)
                )
                for _ in range(processes or self.service.settings.participants_processes)
            ]
            yield App(listening.getsockname()[1], pids[0])


def _signed_in(client: Client) -> dict[str, str]:
    cookies = client.http.cookies
    cookie = next(wing.cookie for wing in (PARTICIPANTS, DESK) if wing.cookie in cookies)
    return {"Cookie": f"{cookie}={cookies[cookie]}", "X-Relay-CSRF": client.csrf, "Host": "relay.example"}


@contextmanager
def child(
    argv: tuple[str, ...],
    environ: dict[str, str],
    folder: Path,
    health: str = "",
    *,
    ready: str = "",
    files: tuple[int, ...] = (),
) -> Iterator[int]:
    """Run a program until the block ends; yield its process id once `health` answers, or it says `ready`."""
    running = Child(
        ChildSpec(name="bench", argv=argv, environ=environ, cwd=folder, ready_line=ready, files=files),
        RotatingLog(folder / "log"),
    )
    running.start()
    try:
        deadline = time.monotonic() + 30
        while not (running.said_ready() and answers(health)):
            if not running.alive() or time.monotonic() > deadline:
                raise RuntimeError("\n".join(running.log.tail))
            time.sleep(0.05)
        assert running.pid is not None
        yield running.pid
    finally:
        running.stop()


def free_port() -> int:
    """Return a port that nobody has at the moment."""
    with socket.socket() as probe:
        probe.bind((_HOST, 0))
        return int(probe.getsockname()[1])


@asynccontextmanager
async def ground() -> AsyncIterator[Ground]:
    """Set everything up over the real APIs, in a folder on the disk."""
    # an app and its clients hold many files at once
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (max(soft, min(4096, hard)), hard))
    folder = Path(tempfile.mkdtemp(prefix="relay-bench-"))
    postgres = EmbeddedPostgres(folder / "database")
    try:
        with TestServer(postgres.start()).clone() as dsns:
            async with ground_on(dsns, folder) as made:
                yield made
    finally:
        postgres.stop()
        shutil.rmtree(folder)


@asynccontextmanager
async def ground_on(dsns: Dsns, folder: Path) -> AsyncIterator[Ground]:
    """Set everything up on a database that is there."""
    keyring = folder / "keyring"
    keyring.mkdir(mode=0o700)
    settings = {"blobs": folder / "blob-store", "keyring": keyring}
    more = {"worker_secrets": folder / "worker-keys", "checkpoints": folder / "checkpoints"}
    async with (
        make_service(dsns, folder, **settings, **more) as service,
        make_exchange(service, folder) as exchange,
    ):
        shutil.copy(folder / "keyring-file", keyring / founding.KEYRING)
        shutil.copy(service.pins_path, keyring / founding.PINS)
        checkpoint.write(folder / "checkpoints", service.keyring, [])
        yield Ground(folder, service, exchange)


def item_of(answer: bytes) -> UUID:
    """Return the id in a JSON answer."""
    return UUID(msgspec.json.decode(answer)["id"])
