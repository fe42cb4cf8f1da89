"""Bring a database to the newest version of the schema. Forward only.

A version is a Python file in `migrations/versions` that names files of `sql/`: what PostgreSQL runs stays
readable as SQL. Each version is one transaction.
"""

from pathlib import Path

from alembic import command, op
from alembic.config import Config
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, create_engine, text
from sqlalchemy.pool import NullPool

from relay.db import history

_HERE = Path(__file__).parent
_LOCK = 0x52454C4159  # "RELAY": one migration at a time on a server


def upgrade(owner_dsn: str, revision: str = "head") -> None:
    """Run every version that is missing. Safe to call from several processes at once, and again.

    Raises `Unavailable` for a database that is not of this Relay, and leaves it as it is.
    """
    engine = create_engine(_sqlalchemy_url(owner_dsn), poolclass=NullPool, hide_parameters=True)
    with engine.connect() as connection:
        # for the session: a version waits for locks only so long, then fails as a whole and can be run again
        connection.execute(text("SET lock_timeout = '10s'"))
        connection.execute(text("SET statement_timeout = '15min'"))
        _wait_for_turn(connection)
        config = _config()
        history.refuse_another(connection, ScriptDirectory.from_config(config))
        connection.commit()
        config.attributes["connection"] = connection
        command.upgrade(config, revision)
        connection.commit()


def newest() -> str:
    """The version that `upgrade` leads to."""
    head = ScriptDirectory.from_config(_config()).get_current_head()
    return head or ""


def run_sql(*names: str) -> None:
    """Run files of `relay/db/sql/` in this order. For versions only."""
    driver = op.get_bind().connection.driver_connection
    for name in names:
        history.run(driver, name)


def _config() -> Config:
    config = Config()
    config.set_main_option("script_location", str(_HERE / "migrations").replace("%", "%%"))
    config.set_main_option("path_separator", "os")
    return config


def _wait_for_turn(connection: Connection) -> None:
    connection.execute(text("SET LOCAL lock_timeout = 0"))
    connection.execute(text("SELECT pg_advisory_lock(:lock)"), {"lock": _LOCK})


def _sqlalchemy_url(dsn: str) -> str:
    scheme, _, rest = dsn.partition("://")
    if scheme not in {"postgresql", "postgres"}:
        raise ValueError("an address in the form postgresql://… is needed")
    return f"postgresql+psycopg://{rest}"
