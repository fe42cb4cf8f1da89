"""The desk writes the entries that are named for it."""

from alembic import op

from relay.db.migrate import run_sql

revision = "0005_named_entries"
down_revision = "0004_two_queues"


def upgrade() -> None:
    """Refuse every other one, of services that were made before as well."""
    op.execute("GRANT CREATE ON SCHEMA relay TO relay_gate")
    run_sql("12_named_entries.sql")
    op.execute("REVOKE CREATE ON SCHEMA relay FROM relay_gate")
