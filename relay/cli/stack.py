"""The whole stack on one machine, as our children: PostgreSQL, both apps and a worker.

Each child is given the complete settings and one database login, its own. None of them is told another's.
"""

import asyncio
import json
import os
import socket
import sys
import threading
from pathlib import Path
from types import TracebackType
from typing import Self

import msgspec

import relay
from relay.audit import checkpoint
from relay.cli.common import passwords
from relay.db import roles
from relay.db.dsn import Dsn
from relay.db.embedded import EmbeddedPostgres
from relay.errors import Unavailable
from relay.identity import founding
from relay.identity.operator import looking
from relay.process.child import Child, ChildSpec
from relay.process.files import private_folder
from relay.process.lock import FolderLock
from relay.process.log import RotatingLog
from relay.process.supervisor import Say, Supervised, Supervisor
from relay.settings import Settings, as_environ
from relay.vault.keyring import FileKeyring
from relay.vault.pins import Pins

_ROOT = Path(relay.__file__).parents[1]
_APPS = {"participants": "relay.web.participants.app:create", "desk": "relay.web.desk.app:create"}


class Stack:
    """Start, watch and stop the stack of one data folder. Use it from the main thread.

    `say` is told what happens. After `start`, `settings` is complete: whatever port was free is chosen.
    """

    def __init__(self, settings: Settings, say: Say = lambda _: None) -> None:
        self.settings = settings
        self._say = say
        self._lock = FolderLock(settings.run_folder / "up.lock")
        self._supervisor = Supervisor(say, self._note)
        self._pids: dict[str, int | None] = {}

    def start(self) -> None:
        """Start everything and return when all of it is ready. If any part fails, all of it is stopped."""
        private_folder(self.settings.data)
        if not self._lock.take():
            raise Unavailable(
                f"Relay is running on {self.settings.data} already (process {self._lock.holder()}). "
                "Stop that one, or give another folder with --data."
            )
        try:
            self._start()
        except BaseException:
            self.stop()
            raise

    def watch(self, stop: threading.Event) -> None:
        """Start again whatever ends, until `stop` is set."""
        self._supervisor.watch(stop)

    def stop(self) -> None:
        """Stop everything, the database last."""
        self._supervisor.stop()
        self._lock.release()

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    @property
    def pids(self) -> dict[str, int | None]:
        """The process id of each part, by name: postgres, participants, desk, worker."""
        return dict(self._pids)

    def _start(self) -> None:
        if not (self.settings.keyring / founding.PINS).exists():
            data = self.settings.data
            raise Unavailable(f"There is no service in {data} yet. Run: relay init --data {data}")
        logins = roles.set_up(self._administrator(), passwords(self.settings))
        asyncio.run(_refuse_rollback(self.settings, logins[roles.OWNER]))
        self.settings = _with_ports(self.settings)
        apps = [self._app(name, logins[roles.login(name)]) for name in _APPS]
        self._supervisor.start(*apps, self._worker(logins[roles.login("worker")]))

    def _administrator(self) -> Dsn:
        if self.settings.postgres:
            return Dsn.parse(self.settings.postgres)
        server = EmbeddedPostgres(self.settings.data)
        self._supervisor.start(server)
        if server.dsn is None:
            raise Unavailable
        return server.dsn

    def _app(self, name: str, dsn: Dsn) -> Child:
        host, port = getattr(self.settings, f"{name}_host"), getattr(self.settings, f"{name}_port")
        _refuse_taken(name, host, port)
        uvicorn = ("--host", host, "--port", str(port), "--factory", _APPS[name], "--no-access-log")
        return self._child(
            name,
            dsn,
            (
                "uvicorn",
                *uvicorn,
                "--no-server-header",
                "--no-proxy-headers",
                "--http",
                "relay.web.server:Protocol",
                "--ws",
                "none",
                "--log-level",
                "warning",
            ),
            # behind a wildcard address the loopback one answers too
            health=f"http://{_reachable(host)}:{port}/health",
        )

    def _worker(self, dsn: Dsn) -> Child:
        return self._child("worker", dsn, ("workers", "run"), ready_line='"event": "ready"', grace=30)

    def _child(
        self,
        name: str,
        dsn: Dsn,
        module: tuple[str, ...],
        *,
        health: str = "",
        ready_line: str = "",
        grace: float = 10,
    ) -> Child:
        environ = as_environ(self.settings, database=dsn.url) | {
            "PATH": os.defpath,
            "LC_ALL": "C.UTF-8",
            "PYTHONPATH": str(_ROOT),
            "PYTHONUNBUFFERED": "1",
        }
        spec = ChildSpec(
            name=name,
            # -P: what lies in the working folder is never taken for a module
            argv=(sys.executable, "-P", "-m", *module),
            environ=environ,
            cwd=self.settings.data,
            health=health,
            ready_line=ready_line,
            grace=grace,
        )
        return Child(spec, RotatingLog(self.settings.log_folder / f"{name}.log"))

    def _note(self, started: Supervised) -> None:
        """Keep `run/stack.json` true: who runs as which process, and where the apps answer."""
        pid = started.pid if isinstance(started, Child | EmbeddedPostgres) else None
        self._pids[started.name] = pid
        about = {
            "supervisor": os.getpid(),
            "processes": self._pids,
            "participants": self.settings.participants_origin,
            "desk": self.settings.desk_origin,
        }
        path = self.settings.run_folder / "stack.json"
        unfinished = path.with_suffix(".unfinished")
        unfinished.write_text(json.dumps(about, indent=2) + "\n")
        unfinished.replace(path)


async def _refuse_rollback(settings: Settings, owner: Dsn) -> None:
    """Raise `AuditBroken` if the database is older than the checkpoint that is kept outside of it."""
    service_id = Pins.read(settings.keyring / founding.PINS).service_id
    async with looking(owner, service_id) as tx:
        keyring = FileKeyring.open(settings.keyring / founding.KEYRING)
        await checkpoint.check(tx, settings.checkpoints, keyring)


def _with_ports(settings: Settings) -> Settings:
    """The same settings with a free port wherever any would do."""
    chosen: dict[str, object] = {}
    for app in _APPS:
        host, port = getattr(settings, f"{app}_host"), getattr(settings, f"{app}_port")
        if port == 0:
            port = chosen[f"{app}_port"] = _free_port(host)
        if not getattr(settings, f"{app}_origin"):
            chosen[f"{app}_origin"] = f"http://{_reachable(host)}:{port}"
    return msgspec.structs.replace(settings, **chosen)


def _free_port(host: str) -> int:
    with socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET) as probe:
        probe.bind((host, 0))
        return int(probe.getsockname()[1])


def _refuse_taken(name: str, host: str, port: int) -> None:
    with socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError as error:
            raise Unavailable(
                f"Port {port} on {host} cannot be used ({error.strerror}). "
                f"Stop what uses it, or set RELAY_{name.upper()}_PORT to another one (0 for any free one)."
            ) from error


def _reachable(host: str) -> str:
    host = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(host, host)  # noqa: S104  (it is replaced, not bound)
    return f"[{host}]" if ":" in host else host
