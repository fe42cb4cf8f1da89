"""The places where a stack leaves anything, how to search each, and how to leak into each on purpose."""

import base64
import contextlib
import gzip
import os
import subprocess
import sys
import time
import zlib
from collections.abc import Collection, Iterator
from pathlib import Path
from typing import Protocol

import psycopg
from psycopg import sql

from relay.db.dsn import Dsn
from tests.support.canaries import Found, Searcher, files_under

_SKIPPED = ("pytest-of-", "relay-canaries-", "relay-tests-", "relay-tour-", "relay-postgresql-")
"""Other tests' folders, and the one in which the test itself keeps what it sends."""


_LARGEST = 16 * 2**20


def leaks(value: bytes) -> dict[str, bytes]:
    """The forms in which each place must be able to show a leak."""
    text = value.decode()
    return {
        "plain": value,
        "UTF-16 LE": text.encode("utf-16-le"),
        "UTF-16 BE": text.encode("utf-16-be"),
        "base64": base64.b64encode(value),
        "base64 after one": base64.b64encode(b"1" + value),
        "base64 after two": base64.urlsafe_b64encode(b"12" + value),
        "hex": value.hex().encode(),
        "zlib": zlib.compress(b"before " + value + b" after"),
        "gzip": gzip.compress(b"before " + value + b" after"),
    }


class Place(Protocol):
    """Somewhere that is searched. `leak` puts bytes there as a bug would."""

    name: str

    def search(self, searcher: Searcher) -> list[Found]: ...

    def leak(self, content: bytes) -> contextlib.AbstractContextManager[object]: ...


class Folder:
    """Files below a folder; `skip` names parts of it that are searched on their own."""

    def __init__(self, name: str, folder: Path, skip: Collection[Path] = ()) -> None:
        self.name = name
        self._folder = folder
        self._skip = frozenset(skip)

    def search(self, searcher: Searcher) -> list[Found]:
        files = files_under(self._folder)
        return searcher.in_files(path for path in files if self._skip.isdisjoint(path.parents))

    @contextlib.contextmanager
    def leak(self, content: bytes) -> Iterator[None]:
        path = self._folder / f"leak-{os.urandom(4).hex()}"
        path.write_bytes(b"something before it " + content + b" and after")
        yield
        path.unlink()


class Log(Folder):
    """The logs. A leak there is a line more."""

    @contextlib.contextmanager
    def leak(self, content: bytes) -> Iterator[None]:
        path = self._folder / "participants-1.log"
        before = path.stat().st_size
        with path.open("ab") as log:
            log.write(b'{"event": "' + content + b'"}\n')
        yield
        os.truncate(path, before)


class Temporary:
    """What was written to shared temporary folders since the test began.

    Nothing that the test sends is larger than a few MiB, so what is larger is somebody else's.
    """

    def __init__(self, folder: Path) -> None:
        self.name = f"temporary files in {folder}"
        self._folder = folder
        self._since = time.time() - 2

    def search(self, searcher: Searcher) -> list[Found]:
        return searcher.in_files(self.files())

    def files(self) -> list[Path]:
        found = []
        with contextlib.suppress(OSError):
            for top in self._folder.iterdir():
                if not top.name.startswith(_SKIPPED):
                    found += [path for path in files_under(top) if self._is_new(path)]
        return found

    def _is_new(self, path: Path) -> bool:
        with contextlib.suppress(OSError):
            about = path.stat()
            return about.st_mtime >= self._since and about.st_size <= _LARGEST
        return False

    def leak(self, content: bytes) -> contextlib.AbstractContextManager[object]:
        return Folder(self.name, self._folder).leak(content)


class _Database:
    """Leaks a row of a table that is there for it alone."""

    def __init__(self, administrator: Dsn) -> None:
        self._administrator = administrator

    def connect(self) -> psycopg.Connection:
        return psycopg.connect(self._administrator.url, autocommit=True)

    @contextlib.contextmanager
    def leak(self, content: bytes) -> Iterator[None]:
        name = sql.Identifier("relay", f"leak_{os.urandom(4).hex()}")
        with self.connect() as connection:
            connection.execute(sql.SQL("CREATE TABLE {} (content bytea)").format(name))
            connection.execute(sql.SQL("INSERT INTO {} VALUES (%s)").format(name), [content])
            yield
            connection.execute(sql.SQL("DROP TABLE {}").format(name))


class DatabaseFiles(_Database):
    """The server's files as they lie on the disk: either all but the write-ahead log, or that alone."""

    def __init__(self, administrator: Dsn, folder: Path, *, wal: bool) -> None:
        super().__init__(administrator)
        self.name = "write-ahead log" if wal else "database files"
        self._folder = folder
        self._wal = wal

    def search(self, searcher: Searcher) -> list[Found]:
        with self.connect() as connection:
            connection.execute("CHECKPOINT")
        files = [path for path in files_under(self._folder) if ("pg_wal" in path.parts) is self._wal]
        found = searcher.in_files(files)
        if self._wal:
            for path in files:
                found += searcher.in_bytes(without_page_heads(path.read_bytes()), str(path))
        return found


def without_page_heads(log: bytes) -> bytes:
    """Leave out the heads of the log's pages, for a secret may begin on one page and end on the next.

    8 KiB pages (XLOG_BLCKSZ); heads of 24 bytes, the file's first of 40 (access/xlog_internal.h).
    """
    pages = range(0, len(log), 8192)
    return b"".join(log[start + (24 if start else 40) : start + 8192] for start in pages)


class Tables(_Database):
    """Every row of every table of a schema, as it reads: what is compressed on the disk is not here."""

    def __init__(self, administrator: Dsn, schema: str) -> None:
        super().__init__(administrator)
        self.name = f"rows of {schema}"
        self._schema = schema

    def search(self, searcher: Searcher) -> list[Found]:
        found = []
        with self.connect() as connection:
            tables = connection.execute(
                "SELECT tablename FROM pg_tables WHERE schemaname = %s ORDER BY 1", [self._schema]
            ).fetchall()
            for (table,) in tables:
                found += searcher.in_bytes(self._rows(connection, table), f"{self._schema}.{table}")
        return found

    def _rows(self, connection: psycopg.Connection, table: str) -> bytes:
        query = sql.SQL("COPY {} TO STDOUT (FORMAT binary)").format(sql.Identifier(self._schema, table))
        with connection.cursor().copy(query) as rows:
            return b"".join(bytes(part) for part in rows)


class Jobs(Tables):
    """The queue's rows. A leak there is an argument more."""

    @contextlib.contextmanager
    def leak(self, content: bytes) -> Iterator[None]:
        # JSON holds no NUL: what has one comes as it would in JSON, escaped
        argument = content.decode("latin-1").replace("\0", "")
        if b"\0" in content or not content.isascii():
            argument = base64.b64encode(content).decode()
        with self.connect() as connection:
            connection.execute("SET search_path = jobs")  # for the queue's own triggers
            row = connection.execute(
                "INSERT INTO jobs.procrastinate_jobs (queue_name, task_name, args, scheduled_at)"
                " VALUES ('relay', 'make_safe', jsonb_build_object('id', %s::text),"
                " now() + interval '1 day') RETURNING id",
                [argument],
            ).fetchone()
            yield
            connection.execute("DELETE FROM jobs.procrastinate_jobs WHERE id = %s", row)


class Processes:
    """Arguments and environments of the processes of the stack, which `pids` names, and of their children."""

    name = "arguments and environments"

    def __init__(self, pids: list[int]) -> None:
        self._pids = list(pids)

    def search(self, searcher: Searcher) -> list[Found]:
        kinds = ("cmdline", "environ")
        return searcher.in_files(Path(f"/proc/{pid}/{kind}") for pid in self._family() for kind in kinds)

    def _family(self) -> set[int]:
        children: dict[int, list[int]] = {}
        for stat in Path("/proc").glob("[0-9]*/stat"):
            with contextlib.suppress(OSError):
                fields = stat.read_text().rpartition(")")[2].split()
                children.setdefault(int(fields[1]), []).append(int(stat.parent.name))
        family: set[int] = set()
        waiting = list(self._pids)
        while waiting:
            pid = waiting.pop()
            if pid not in family:
                family.add(pid)
                waiting += children.get(pid, [])
        return family

    @contextlib.contextmanager
    def leak(self, content: bytes) -> Iterator[None]:
        given = content if b"\0" not in content else base64.b64encode(content)
        sleeping: list[str | bytes] = [sys.executable, "-c", "import time; time.sleep(60)", given]
        with subprocess.Popen(sleeping) as process:
            self._pids.append(process.pid)
            yield
            self._pids.remove(process.pid)
            process.kill()
