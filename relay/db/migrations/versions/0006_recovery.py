"""A case that nobody can open any more is given to a facilitator, with the recovery key."""

from alembic import op

from relay.db.migrate import run_sql

revision = "0006_recovery"
down_revision = "0005_named_entries"


def upgrade() -> None:
    """Let the operator do it, of services that were made before as well."""
    # who makes a function must be able to create in its schema; only while this runs
    op.execute("GRANT CREATE ON SCHEMA relay TO relay_gate")
    run_sql("13_recovery.sql")
    op.execute("REVOKE CREATE ON SCHEMA relay FROM relay_gate")
