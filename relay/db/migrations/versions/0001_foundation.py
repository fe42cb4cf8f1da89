"""The first exchange: roles, people, cases, gates, items, audit, jobs, and row-level security over it all."""

from alembic import op

from relay.db.migrate import run_sql

revision = "0001_foundation"
down_revision = None


def upgrade() -> None:
    """Make everything from nothing."""
    run_sql("01_roles.sql")
    # who takes over a function must be able to create in its schema; only while this runs
    op.execute("GRANT CREATE ON SCHEMA relay TO relay_gate, relay_audit")
    op.execute("SET LOCAL search_path TO jobs")
    run_sql("procrastinate_3_10.sql")
    op.execute("SET LOCAL search_path TO DEFAULT")
    run_sql(
        "02_identity.sql",
        "03_cases.sql",
        "04_exchange.sql",
        "05_audit.sql",
        "06_functions.sql",
        "07_policies.sql",
        "07_narrowing.sql",
        "07_paper.sql",
        "08_operator.sql",
    )
    op.execute("REVOKE CREATE ON SCHEMA relay FROM relay_gate, relay_audit")
