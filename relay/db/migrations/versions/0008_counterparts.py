"""Nobody is shown to the other side before both wishes have existed."""

from alembic import op

from relay.db.migrate import run_sql

revision = "0008_counterparts"
down_revision = "0007_limits_read"


def upgrade() -> None:
    """In services that were made before as well: who was shown too early is shown no more."""
    op.execute("GRANT CREATE ON SCHEMA relay TO relay_gate")
    run_sql("15_counterparts.sql")
    op.execute("REVOKE CREATE ON SCHEMA relay FROM relay_gate")
