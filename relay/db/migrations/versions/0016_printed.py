"""An index for what was printed of an item."""

from relay.db.migrate import run_sql

revision = "0016_printed"
down_revision = "0015_failed_plans"


def upgrade() -> None:
    """In services that were made before as well."""
    run_sql("23_printed.sql")
