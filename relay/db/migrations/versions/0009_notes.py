"""A facilitator's note goes with what is passed on."""

from relay.db.migrate import run_sql

revision = "0009_notes"
down_revision = "0008_counterparts"


def upgrade() -> None:
    """What was passed on or planned before has none, and stands as it is."""
    run_sql("16_notes.sql")
