"""A suspension can be ended: who may, and what of it comes back."""

from alembic import op

from relay.db.migrate import run_sql

revision = "0002_suspension"
down_revision = "0001_foundation"


def upgrade() -> None:
    """Extend the rules on accounts, of services that were made before as well."""
    # who takes over a function must be able to create in its schema; only while this runs
    op.execute("GRANT CREATE ON SCHEMA relay TO relay_gate")
    run_sql("09_suspension.sql")
    op.execute("REVOKE CREATE ON SCHEMA relay FROM relay_gate")
