"""Of an item one file waits to be sent."""

from relay.db.migrate import run_sql

revision = "0003_one_file_waits"
down_revision = "0002_suspension"


def upgrade() -> None:
    """Refuse a second one, of services that were made before as well."""
    run_sql("10_one_file_waits.sql")
