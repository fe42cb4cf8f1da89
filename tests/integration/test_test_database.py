"""The tests' own database: each test has one, and none sees another's."""

import psycopg
import pytest

from tests.support.postgres import Dsns


@pytest.mark.parametrize("turn", [1, 2])
def test_what_one_test_writes_another_does_not_see(dsns: Dsns, turn: int) -> None:
    with psycopg.connect(dsns.superuser.url) as connection:
        connection.execute("CREATE TABLE left_over AS SELECT %s::int AS turn", [turn])


@pytest.mark.parametrize("surface", ["participants", "desk", "worker"])
def test_a_login_can_do_nothing_until_it_takes_its_role(dsns: Dsns, surface: str) -> None:
    with psycopg.connect(getattr(dsns, surface).url) as connection:
        with pytest.raises(psycopg.errors.InsufficientPrivilege), connection.transaction():
            connection.execute("SELECT FROM relay.items")
        connection.execute(f"SET LOCAL ROLE relay_{surface}")
        assert connection.execute("SELECT count(*) FROM relay.items").fetchone() == (0,)


@pytest.mark.parametrize(
    ("surface", "other"), [("participants", "desk"), ("desk", "worker"), ("worker", "participants")]
)
def test_a_login_cannot_take_another_surfaces_role(dsns: Dsns, surface: str, other: str) -> None:
    with (
        psycopg.connect(getattr(dsns, surface).url) as connection,
        pytest.raises(psycopg.errors.InsufficientPrivilege),
    ):
        connection.execute(f"SET ROLE relay_{other}")


def test_the_owner_is_no_superuser_and_sees_no_rows_past_row_level_security(dsns: Dsns) -> None:
    with psycopg.connect(dsns.owner.url) as connection:
        answer = connection.execute(
            "SELECT rolsuper, rolbypassrls FROM pg_roles WHERE rolname = current_user"
        ).fetchone()
    assert answer == (False, False)
