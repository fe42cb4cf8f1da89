"""The whole stack on one machine, as our children: PostgreSQL, both apps and a worker.

Each child is given the complete settings and one database login, its own. None of them is told another's.
The participants' app is several processes, the desk is one. Their ports are ours: while a process is started
again, whoever comes is let in by another, or waits.
"""

import asyncio
import json
import os
import socket
import sys
import threading
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from types import TracebackType
from typing import Self

import msgspec
import psycopg

import relay
from relay.audit import checkpoint
from relay.cli.common import passwords, told
from relay.db import roles
from relay.db.dsn import Dsn
from relay.db.embedded import EmbeddedPostgres
from relay.errors import Unavailable
from relay.identity import founding
from relay.identity.operator import looking
from relay.log import READY
from relay.process.child import Child, ChildSpec
from relay.process.files import private_folder
from relay.process.listening import listen
from relay.process.lock import FolderLock
from relay.process.log import RotatingLog
from relay.process.supervisor import Say, Supervised, Supervisor
from relay.settings import Settings, as_environ
from relay.vault.keyring import FileKeyring
from relay.vault.pins import Pins
from relay.web.shared.endings import shared_file

_ROOT = Path(relay.__file__).parents[1]
_APPS = ("participants", "desk")


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
        self._open = ExitStack()
        """What the apps' processes are given: sockets, and files in memory."""

    def start(self) -> None:
        """Start everything and return when all of it is ready. If any part fails, all of it is stopped."""
        self._refuse_no_service()  # before anything is made
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
        self._open.close()
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
        """The process id of each part, by name: postgres, participants-1 and so on, desk, worker."""
        return dict(self._pids)

    def _refuse_no_service(self) -> None:
        if not (self.settings.keyring / founding.PINS).exists():
            data = self.settings.data
            raise Unavailable(
                f"There is no service in {data} yet. With a folder for its two offline keys that is there,"
                " outside the data folder, such as on a USB stick, run: "
                + told("init", "--data", data, "--name", "Our service", "--keys-to", "/media/usb")
            )

    def _start(self) -> None:
        administrator = self._administrator()
        _refuse_few_connections(administrator, self.settings)
        logins = roles.set_up(administrator, passwords(self.settings))
        asyncio.run(_refuse_rollback(self.settings, logins[roles.OWNER]))
        listening = {name: self._listen(name) for name in _APPS}
        apps = [
            child
            for name, held in listening.items()
            for child in self._app(name, held, logins[roles.login(name)])
        ]
        self._supervisor.start(*apps, self._worker(logins[roles.login("worker")]))

    def _administrator(self) -> Dsn:
        if self.settings.postgres:
            return Dsn.parse(self.settings.postgres)
        server = EmbeddedPostgres(self.settings.data, connections=self.settings.connections)
        self._supervisor.start(server)
        if server.dsn is None:
            raise Unavailable
        return server.dsn

    def _listen(self, name: str) -> socket.socket:
        """Take an app's port, and complete the settings with it."""
        host, port = getattr(self.settings, f"{name}_host"), getattr(self.settings, f"{name}_port")
        held = self._open.enter_context(_listening(name, host, port))
        port = held.getsockname()[1]
        self.settings = msgspec.structs.replace(self.settings, **{f"{name}_port": port})
        if not getattr(self.settings, f"{name}_origin"):
            origin = {f"{name}_origin": local_address(self.settings, name)}
            self.settings = msgspec.structs.replace(self.settings, **origin)
        return held

    def _app(self, name: str, held: socket.socket, dsn: Dsn) -> Iterator[Child]:
        """Make the processes of one app; the desk is one."""
        names = [name]
        if name == "participants":
            names = [f"{name}-{number + 1}" for number in range(self.settings.participants_processes)]
        endings = shared_file()
        self._open.callback(os.close, endings)
        files = (held.fileno(), endings)
        for one in names:
            yield self._child(
                one,
                dsn,
                ("relay.web.serve", name, "--socket", str(files[0]), "--endings", str(files[1])),
                # once for all; behind a wildcard address the loopback one answers too
                health=f"{local_address(self.settings, name)}/health" if one == names[0] else "",
                ready_line=READY,
                files=files,
            )

    def _worker(self, dsn: Dsn) -> Child:
        return self._child("worker", dsn, ("workers", "run"), ready_line=READY, grace=30)

    def _child(
        self,
        name: str,
        dsn: Dsn,
        module: tuple[str, ...],
        *,
        health: str = "",
        ready_line: str = "",
        files: tuple[int, ...] = (),
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
            files=files,
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


def _refuse_few_connections(administrator: Dsn, settings: Settings) -> None:
    with psycopg.connect(administrator.url) as connection:
        taken = int(connection.execute("SHOW max_connections").fetchall()[0][0])
    if taken < settings.connections:
        raise Unavailable(
            f"PostgreSQL takes {taken} connections, and with these settings Relay may open "
            f"{settings.connections}. Raise its max_connections, or write less for participants_processes "
            f"({settings.participants_processes}) or database_connections ({settings.database_connections})."
        )


def _listening(name: str, host: str, port: int) -> socket.socket:
    try:
        return listen(host, port)
    except OSError as error:
        raise Unavailable(
            f"Port {port} on {host} cannot be used ({error.strerror}). "
            f"Stop what uses it, or set RELAY_{name.upper()}_PORT to another one (0 for any free one)."
        ) from error


def local_address(settings: Settings, name: str) -> str:
    """Return where an app of a started stack answers on this machine."""
    host, port = getattr(settings, f"{name}_host"), getattr(settings, f"{name}_port")
    return f"http://{_reachable(host)}:{port}"


def _reachable(host: str) -> str:
    host = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(host, host)  # noqa: S104  (it is replaced, not bound)
    return f"[{host}]" if ":" in host else host
