"""What is passed on begins closed, whoever writes the row."""

from relay.db.migrate import run_sql

revision = "0013_met"
down_revision = "0012_attacked"


def upgrade() -> None:
    """In services that were made before as well."""
    run_sql("20_met.sql")
