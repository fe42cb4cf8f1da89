"""The files of one PostgreSQL cluster: made once, and checked before a server is let near them.

The server's working folder is the cluster, and it is told `-D /proc/self/cwd`: it never walks the path, so
the folders above may be closed to the user that it runs as.
"""

import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import IO

from relay.db import binaries
from relay.errors import Unavailable
from relay.process.child import launched

ENVIRON = {"PATH": "/usr/bin:/bin", "LC_ALL": "C.UTF-8", "TZ": "UTC"}
_HBA = "host all all 127.0.0.1/32 scram-sha-256\n"


class Cluster:
    """The cluster at `folder`, which is its server's alone; the parent folder is ours."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    @property
    def where(self) -> str:
        """How the server is told its folder. Elsewhere than Linux it never changes user: the path will do."""
        return "/proc/self/cwd" if sys.platform == "linux" else str(self.folder)

    @property
    def uid(self) -> int:
        """The user that the server runs as; -1 for our own."""
        if not binaries.is_root():
            return -1
        owner = self.folder.stat().st_uid
        return owner or binaries.POSTGRES_UID

    @property
    def mark(self) -> str:
        """A name that every process of this cluster's server carries in its command line."""
        found = self.folder.stat()
        return f"relay_{found.st_dev:x}_{found.st_ino:x}"

    def make(self, programs: Path, password: str, *, durable: bool = True) -> None:
        """Initialise unless it is there: SCRAM, checksums, UTF-8. A try that was cut short leaves nothing."""
        if self.folder.exists():
            self._check()
            return
        unfinished = self.folder.with_name(f"{self.folder.name}.unfinished")
        shutil.rmtree(unfinished, ignore_errors=True)
        unfinished.mkdir(mode=0o700, parents=True)
        uid = binaries.user_in_password_file() if binaries.is_root() else -1
        _give(unfinished, uid)
        self._initialise(programs, unfinished, password, uid=uid, durable=durable)
        (unfinished / "pg_hba.conf").write_text(_HBA)
        if binaries.is_root():
            _give(unfinished, binaries.POSTGRES_UID)
        unfinished.rename(self.folder)

    def processes(self) -> list[int]:
        """The server's processes that run now, ours or left behind; zombies do not count."""
        if sys.platform != "linux":
            return []
        owner = self.folder.stat().st_uid
        return [pid for pid in _processes_of(owner) if self.mark in _command_line(pid)]

    def says_ready(self) -> bool:
        """Whether the server has written that it takes connections (the eighth line of postmaster.pid)."""
        try:
            lines = (self.folder / "postmaster.pid").read_text().splitlines()
        except OSError:
            return False
        return len(lines) >= 8 and lines[7].strip() == "ready"

    def clear(self, patience: float = 20.0) -> None:
        """End what a dead supervisor left behind, then remove its postmaster.pid.

        The caller holds the lock, so no living supervisor owns what runs here. A server without our mark was
        started by hand: it is left alone, and said so. A pid file alone proves nothing: its number may be a
        zombie's by now, or a stranger's.
        """
        if sys.platform != "linux":
            return  # the server's own check has to do
        self._refuse_a_foreign_server()
        started = time.monotonic()
        for asked, after in (
            (signal.SIGINT, patience / 2),
            (signal.SIGQUIT, patience),
            (signal.SIGKILL, 2 * patience),
        ):
            for pid in self.processes():
                _signal(pid, asked)
            while self.processes() and time.monotonic() - started < after:
                time.sleep(0.02)
        (self.folder / "postmaster.pid").unlink(missing_ok=True)

    def _initialise(self, programs: Path, folder: Path, password: str, *, uid: int, durable: bool) -> None:
        where = "/proc/self/cwd" if sys.platform == "linux" else str(folder)
        argv = (
            str(programs / "initdb"),
            f"--pgdata={where}",
            "--username=postgres",
            "--auth=scram-sha-256",
            "--pwfile=/dev/stdin",
            "--encoding=UTF8",
            "--locale-provider=builtin",
            "--builtin-locale=C.UTF-8",
            "--data-checksums",
            "--no-instructions",
            *(() if durable else ("--no-sync",)),
        )
        with _as_file(password) as stdin:
            result = subprocess.run(
                launched(argv, uid=uid),
                cwd=folder,
                env=ENVIRON,
                stdin=stdin,
                capture_output=True,
                check=False,
            )
        if result.returncode != 0:
            shutil.rmtree(folder, ignore_errors=True)
            lines = result.stderr.decode(errors="replace").strip().splitlines()
            reason = lines[-1] if lines else f"exit code {result.returncode}"
            raise Unavailable(f"PostgreSQL could not make its files in {self.folder}: {reason}")

    def _check(self) -> None:
        try:
            version = (self.folder / "PG_VERSION").read_text().strip()
        except OSError as error:
            raise Unavailable(
                f"{self.folder} cannot be read as PostgreSQL's files ({error.strerror}). "
                "Run as the user that made it, or give another data folder."
            ) from error
        if version != binaries.VERSION:
            raise Unavailable(
                f"{self.folder} was made by PostgreSQL {version}; this is {binaries.VERSION}. "
                "Restore a dump into a new data folder."
            )
        if binaries.is_root() and self.folder.stat().st_uid == 0:
            _give(self.folder, binaries.POSTGRES_UID)  # copied or restored by root

    def _refuse_a_foreign_server(self) -> None:
        try:
            pid = int((self.folder / "postmaster.pid").read_text().splitlines()[0])
            owner = Path(f"/proc/{pid}").stat().st_uid
        except (OSError, ValueError, IndexError):
            return
        words = _command_line(pid).split("\0")
        if (
            owner == self.folder.stat().st_uid
            and Path(words[0]).name == "postgres"
            and not any("cluster_name=relay_" in word for word in words)
        ):
            raise Unavailable(
                f"Another PostgreSQL (process {pid}) is using {self.folder}. "
                "It was not started by Relay: stop it first."
            )


def _give(folder: Path, uid: int) -> None:
    """Make `folder` and all in it the user's own. Links are never followed."""
    if uid < 0:
        return
    try:
        for parent, folders, files in os.walk(folder):
            for name in (*folders, *files):
                os.chown(Path(parent) / name, uid, uid, follow_symlinks=False)
        os.chown(folder, uid, uid, follow_symlinks=False)
    except OSError as error:
        raise Unavailable(
            f"{folder} could not be given to PostgreSQL's own user ({error.strerror}). "
            "Run Relay as an ordinary user, or on a file system that knows owners."
        ) from error


def _as_file(text: str) -> IO[bytes]:
    """A file in memory, which initdb can open again by name whoever it runs as (a pipe it could not)."""
    if sys.platform == "linux":
        held: IO[bytes] = os.fdopen(os.memfd_create("password"), "w+b")
    else:
        import tempfile

        held = tempfile.TemporaryFile()  # noqa: SIM115  (the caller closes it)
    held.write(text.encode())
    held.seek(0)
    return held


def _processes_of(uid: int) -> list[int]:
    found = []
    for entry in os.scandir("/proc"):
        try:
            if entry.name.isdecimal() and entry.stat().st_uid == uid:
                found.append(int(entry.name))
        except OSError:  # it ended meanwhile
            continue
    return found


def _command_line(pid: int) -> str:
    try:
        return Path(f"/proc/{pid}/cmdline").read_bytes().decode(errors="replace")
    except OSError:
        return ""


def _signal(pid: int, number: signal.Signals) -> None:
    try:
        os.kill(pid, number)
    except ProcessLookupError:
        return
