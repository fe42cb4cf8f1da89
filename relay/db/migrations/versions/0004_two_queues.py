"""Letters and releases that are due have a queue of their own."""

from alembic import op

from relay.db.migrate import run_sql

revision = "0004_two_queues"
down_revision = "0003_one_file_waits"


def upgrade() -> None:
    """Enqueue them there from now on. What waits in the other is taken from it as before."""
    op.execute("GRANT CREATE ON SCHEMA relay TO relay_gate")
    run_sql("11_two_queues.sql")
    op.execute("REVOKE CREATE ON SCHEMA relay FROM relay_gate")
