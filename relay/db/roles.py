"""Who can sign in to PostgreSQL, and the database they sign in to.

    relay_owner                 owns the schema, runs migrations; no superuser, row-level security is forced
    relay_participants_login    the participants' app: member of relay_participants
    relay_desk_login            the desk app: member of relay_desk
    relay_worker_login          the workers: member of relay_worker

A login inherits nothing: until a transaction says `SET LOCAL ROLE` it can do nothing at all.
"""

from collections.abc import Mapping

import psycopg
from psycopg import sql

from relay.db import migrate
from relay.db.dsn import Dsn

OWNER = "relay_owner"
DATABASE = "relay"
SURFACES = ("participants", "desk", "worker")


def login(surface: str) -> str:
    """The login role of one surface."""
    return f"relay_{surface}_login"


def set_up(administrator: Dsn, passwords: Mapping[str, str], *, database: str = DATABASE) -> dict[str, Dsn]:
    """Make owner, database, schema and logins, or bring them up to date; `passwords` is by login.

    `administrator` may create roles and databases. Answers the Dsn of each login, the owner's among them.
    Run again it changes what differs, passwords included.
    """
    with psycopg.connect(administrator.url, autocommit=True) as connection:
        _role(connection, OWNER, passwords[OWNER], "CREATEROLE")
        # whoever creates a role may hand functions to it
        connection.execute(
            sql.SQL("ALTER ROLE {} SET createrole_self_grant = 'set'").format(sql.Identifier(OWNER))
        )
        for surface in SURFACES:
            _role(connection, login(surface), passwords[login(surface)], "NOCREATEROLE")
            _patience(connection, login(surface))
        _database(connection, database)
    logins = {
        name: administrator.but(user=name, password=passwords[name], database=database)
        for name in (OWNER, *map(login, SURFACES))
    }
    migrate.upgrade(logins[OWNER].url)
    # as the owner: on a managed server the administrator is no superuser, and has no say over these
    with psycopg.connect(logins[OWNER].url, autocommit=True) as connection:
        connection.execute(sql.SQL("REVOKE ALL ON DATABASE {} FROM PUBLIC").format(sql.Identifier(database)))
        for surface in SURFACES:
            _admit(connection, login(surface), f"relay_{surface}", database)
    return logins


def _role(connection: psycopg.Connection, name: str, password: str, right: str) -> None:
    exists = connection.execute("SELECT FROM pg_roles WHERE rolname = %s", [name]).fetchone() is not None
    # only the verifier travels: the password is nowhere in the server, its log or its WAL
    verifier = connection.pgconn.encrypt_password(password.encode(), name.encode(), b"scram-sha-256").decode()
    connection.execute(
        sql.SQL("{} ROLE {} LOGIN NOINHERIT NOCREATEDB {} PASSWORD {}").format(
            sql.SQL("ALTER" if exists else "CREATE"),
            sql.Identifier(name),
            sql.SQL(right),
            sql.Literal(verifier),
        )
    )


def _patience(connection: psycopg.Connection, name: str) -> None:
    """A transaction that its process forgot gives its locks back."""
    connection.execute(
        sql.SQL("ALTER ROLE {} SET idle_in_transaction_session_timeout = '60s'").format(sql.Identifier(name))
    )


def _database(connection: psycopg.Connection, name: str) -> None:
    if connection.execute("SELECT FROM pg_database WHERE datname = %s", [name]).fetchone() is not None:
        return
    if connection.execute("SELECT rolsuper FROM pg_roles WHERE rolname = current_user").fetchone() != (True,):
        # who is no superuser can give a database only to a role that they can become
        connection.execute(sql.SQL("GRANT {} TO CURRENT_USER WITH SET TRUE").format(sql.Identifier(OWNER)))
    connection.execute(
        sql.SQL("CREATE DATABASE {} OWNER {}").format(sql.Identifier(name), sql.Identifier(OWNER))
    )


def _admit(connection: psycopg.Connection, name: str, group: str, database: str) -> None:
    connection.execute(
        sql.SQL("GRANT {} TO {} WITH INHERIT FALSE, SET TRUE").format(
            sql.Identifier(group), sql.Identifier(name)
        )
    )
    connection.execute(
        sql.SQL("GRANT CONNECT ON DATABASE {} TO {}").format(sql.Identifier(database), sql.Identifier(name))
    )
