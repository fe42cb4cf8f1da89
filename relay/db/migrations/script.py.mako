"""${message}."""

from relay.db.migrate import run_sql

revision = ${repr(up_revision)}
down_revision = ${repr(down_revision)}


def upgrade() -> None:
    """Forward only; expand first, contract in a later version."""
    run_sql()
