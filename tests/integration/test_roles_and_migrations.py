"""The schema comes up the same way everywhere, and who signs in can do only their own part."""

import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import psycopg
import pytest

from relay.db import history, migrate, roles
from relay.db.dsn import Dsn
from relay.db.embedded import EmbeddedPostgres
from relay.errors import SettingsRefused, Unavailable
from tests.support.postgres import Dsns, fast_folder

NAMES = (roles.OWNER, *map(roles.login, roles.SURFACES))


@pytest.fixture
def administrator() -> Iterator[Dsn]:
    """The superuser of an untouched server."""
    folder = Path(tempfile.mkdtemp(dir=fast_folder()))
    with EmbeddedPostgres(folder, durable=False) as dsn:
        yield dsn
    shutil.rmtree(folder)


def version(dsn: Dsn) -> object:
    with psycopg.connect(dsn.url) as connection:
        return connection.execute("SELECT version_num FROM schema_version").fetchone()


def test_set_up_makes_everything_and_again_changes_nothing(administrator: Dsn) -> None:
    passwords = {name: f"of {name} %/@:é" for name in NAMES}
    first = roles.set_up(administrator, passwords)
    assert version(first[roles.OWNER]) == (migrate.newest(),)
    assert roles.set_up(administrator, passwords) == first
    assert list(first) == list(NAMES)


def test_set_up_works_for_an_administrator_who_is_no_superuser(administrator: Dsn) -> None:
    with psycopg.connect(administrator.url, autocommit=True) as connection:
        connection.execute("CREATE ROLE managed LOGIN CREATEROLE CREATEDB PASSWORD 'managed'")
    managed = administrator.but(user="managed", password="managed")
    logins = roles.set_up(managed, dict.fromkeys(NAMES, "x"))
    roles.set_up(managed, dict.fromkeys(NAMES, "y"))
    with psycopg.connect(logins["relay_desk_login"].but(password="y").url) as connection:
        connection.execute("SET LOCAL ROLE relay_desk")
        assert connection.execute("SELECT count(*) FROM relay.items").fetchone() == (0,)


def test_a_changed_password_is_the_only_one_that_works(administrator: Dsn) -> None:
    old = roles.set_up(administrator, dict.fromkeys(NAMES, "old"))
    roles.set_up(administrator, dict.fromkeys(NAMES, "new"))
    for login in old.values():
        with pytest.raises(psycopg.OperationalError, match="password authentication failed"):
            psycopg.connect(login.url)
        psycopg.connect(login.but(password="new").url).close()


def test_the_server_never_holds_a_password(administrator: Dsn) -> None:
    roles.set_up(administrator, dict.fromkeys(NAMES, "canary-password"))
    with psycopg.connect(administrator.url) as connection:
        kept = connection.execute("SELECT rolname, rolpassword FROM pg_authid WHERE rolcanlogin").fetchall()
    assert {name for name, _ in kept} == {"postgres", *NAMES}
    assert all(verifier.startswith("SCRAM-SHA-256$") for _, verifier in kept)


def test_two_migrations_at_once_end_as_one(administrator: Dsn) -> None:
    script = "import sys; from relay.db.migrate import upgrade; upgrade(sys.argv[1])"
    argv = [sys.executable, "-c", script, administrator.url]
    both = [subprocess.Popen(argv, stderr=subprocess.PIPE, text=True) for _ in range(2)]
    assert [(process.communicate()[1], process.returncode) for process in both] == [("", 0), ("", 0)]
    assert version(administrator) == (migrate.newest(),)


def test_a_migration_waits_for_one_that_is_under_way(administrator: Dsn) -> None:
    waiting = "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND NOT granted"
    with (
        ThreadPoolExecutor(1) as pool,
        psycopg.connect(administrator.url, autocommit=True) as other,
    ):
        other.execute("SELECT pg_advisory_lock(x'52454C4159'::bigint)")
        try:
            running = pool.submit(migrate.upgrade, administrator.url)
            while not running.done() and other.execute(waiting).fetchone() == (0,):
                time.sleep(0.05)
            assert not running.done()
            assert other.execute("SELECT to_regclass('public.schema_files')").fetchone() == (None,)
        finally:
            other.execute("SELECT pg_advisory_unlock_all()")
        running.result(60)
    assert version(administrator) == (migrate.newest(),)


def test_a_version_that_fails_leaves_the_database_as_it_was(administrator: Dsn) -> None:
    with psycopg.connect(administrator.url) as connection:
        connection.execute("CREATE SCHEMA jobs")  # in the way of the first version
    with pytest.raises(psycopg.errors.DuplicateSchema, match="already exists"):
        migrate.upgrade(administrator.url)
    with psycopg.connect(administrator.url) as connection:
        left = connection.execute(
            "SELECT (SELECT count(*) FROM pg_namespace WHERE nspname = 'relay'),"
            "       (SELECT count(*) FROM pg_roles WHERE rolname LIKE 'relay%'),"
            "       to_regclass('schema_version')"
        ).fetchone()
    assert left == (0, 0, None)
    with psycopg.connect(administrator.url) as connection:
        connection.execute("DROP SCHEMA jobs")
    migrate.upgrade(administrator.url)
    assert version(administrator) == (migrate.newest(),)


def test_a_database_remembers_every_file_that_it_was_made_of(administrator: Dsn) -> None:
    migrate.upgrade(administrator.url)
    with psycopg.connect(administrator.url) as connection:
        names = {name for (name,) in connection.execute("SELECT name FROM schema_files")}
    assert names == {path.name for path in history.SQL.iterdir()}


@pytest.mark.parametrize(
    ("otherwise", "said"),
    [
        (
            "UPDATE schema_files SET sha256 = 'x' WHERE name = '03_cases.sql'",
            "03_cases.sql is not what it was",
        ),
        ("INSERT INTO schema_files VALUES ('99_gone.sql', 'x')", "99_gone.sql is not what it was"),
        ("DROP TABLE schema_files", "does not say by which files"),
        ("UPDATE schema_version SET version_num = '9999_later'", r"newer version of Relay \(9999_later\)"),
    ],
)
def test_a_database_that_is_not_of_this_relay_is_refused_in_words_and_left_as_it_is(
    administrator: Dsn, otherwise: str, said: str
) -> None:
    migrate.upgrade(administrator.url, "0004_two_queues")
    with psycopg.connect(administrator.url, autocommit=True) as connection:
        connection.execute(otherwise)
        before = version(administrator)
        with pytest.raises(Unavailable, match=said):
            migrate.upgrade(administrator.url)
        assert version(administrator) == before


def test_logins_reach_their_own_database_and_no_other(dsns: Dsns) -> None:
    with psycopg.connect(dsns.superuser.url) as connection:
        allowed = connection.execute(
            "SELECT has_database_privilege('relay_desk_login', 'relay_template', 'CONNECT'),"
            "       has_database_privilege('relay_desk_login', 'relay_template', 'CREATE'),"
            "       has_database_privilege('public', 'relay_template', 'CONNECT')"
        ).fetchone()
    assert allowed == (True, False, False)


@pytest.mark.parametrize("surface", roles.SURFACES)
def test_a_login_makes_nothing_and_becomes_nobody_else(dsns: Dsns, surface: str) -> None:
    with psycopg.connect(getattr(dsns, surface).url, autocommit=True) as connection:
        for statement in (
            "CREATE TABLE public.mine ()",
            "CREATE SCHEMA mine",
            "CREATE ROLE mine",
            "SET ROLE relay_owner",
            "SET ROLE relay_gate",
            "SET SESSION AUTHORIZATION postgres",
            "COPY (SELECT 1) TO '/tmp/mine'",
            "ALTER SYSTEM SET log_statement = 'all'",
        ):
            with pytest.raises(psycopg.errors.InsufficientPrivilege):
                connection.execute(statement)


def test_an_address_that_cannot_be_read_says_how_to_write_one() -> None:
    with pytest.raises(SettingsRefused, match="postgresql://USER:PASSWORD@HOST:PORT/DATABASE"):
        Dsn.parse("host")


def test_an_address_survives_any_password_and_never_shows_it() -> None:
    dsn = Dsn(host="::1", port=5433, user="a b", password="p@/:?#%é", database="d/b")
    assert Dsn.parse(dsn.url) == dsn
    assert Dsn.parse(dsn.conninfo) == dsn
    assert "p@" not in f"{dsn} {dsn!r}"
