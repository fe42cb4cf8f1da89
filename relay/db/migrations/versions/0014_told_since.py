"""A choice that was told is written over nothing that was chosen in that moment."""

from alembic import op

from relay.db.migrate import run_sql

revision = "0014_told_since"
down_revision = "0013_met"


def upgrade() -> None:
    """In services that were made before as well."""
    op.execute("GRANT CREATE ON SCHEMA relay TO relay_gate")
    run_sql("21_told_since.sql")
    op.execute("REVOKE CREATE ON SCHEMA relay FROM relay_gate")
