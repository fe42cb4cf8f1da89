"""An index for plans that came to nothing."""

from relay.db.migrate import run_sql

revision = "0015_failed_plans"
down_revision = "0014_told_since"


def upgrade() -> None:
    """In services that were made before as well."""
    run_sql("22_failed_plans.sql")
