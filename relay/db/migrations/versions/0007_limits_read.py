"""Who has read which version of what a facilitator has to pass on; who writes which audit entry, as rows."""

from alembic import op

from relay.db.migrate import run_sql

revision = "0007_limits_read"
down_revision = "0006_recovery"


def upgrade() -> None:
    """In services that were made before everybody is asked before what they begin next."""
    op.execute("GRANT CREATE ON SCHEMA relay TO relay_gate")
    run_sql("14_limits_read.sql")
    op.execute("REVOKE CREATE ON SCHEMA relay FROM relay_gate")
