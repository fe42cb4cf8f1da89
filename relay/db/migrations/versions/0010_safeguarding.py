"""Concerns: what was noticed, what was told to whom and why, and what stands still meanwhile."""

from alembic import op

from relay.db.migrate import run_sql

revision = "0010_safeguarding"
down_revision = "0009_notes"


def upgrade() -> None:
    """In services that were made before as well: nothing of theirs has a concern."""
    op.execute("GRANT CREATE ON SCHEMA relay TO relay_gate")
    run_sql("17_safeguarding.sql")
    op.execute("REVOKE CREATE ON SCHEMA relay FROM relay_gate")
