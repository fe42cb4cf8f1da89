"""Documents have receipts; a choice that was told to a facilitator is written down."""

from alembic import op

from relay.db.migrate import run_sql

revision = "0011_told"
down_revision = "0010_safeguarding"


def upgrade() -> None:
    """In services that were made before as well."""
    op.execute("GRANT CREATE ON SCHEMA relay TO relay_gate")
    run_sql("18_told.sql")
    op.execute("REVOKE CREATE ON SCHEMA relay FROM relay_gate")
