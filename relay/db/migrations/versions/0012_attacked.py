"""An app is told by its login as well as by its role; who is seen stands in the order of being seen."""

from alembic import op

from relay.db.migrate import run_sql

revision = "0012_attacked"
down_revision = "0011_told"


def upgrade() -> None:
    """Put it in place, in services that were made before as well."""
    op.execute("GRANT CREATE ON SCHEMA relay TO relay_gate")
    run_sql("19_attacked.sql")
    op.execute("REVOKE CREATE ON SCHEMA relay FROM relay_gate")
