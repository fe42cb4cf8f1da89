"""The one table of the exchange, in Python and in PostgreSQL."""

from uuid import UUID

import psycopg
import pytest
from psycopg import sql

from relay.errors import IllegalMove
from relay.exchange.transitions import MOVES, Action, State, move
from tests.support.house import Pair, Service
from tests.support.postgres import Dsns

ROLES = ("participants", "desk", "worker")


def edges() -> set[tuple[str, str, str]]:
    return {
        (f"relay_{move.role}", str(move.source), str(move.target))
        for move in MOVES
        if move.source is not move.target
    }


def test_postgresql_has_the_same_edges(dsns: Dsns) -> None:
    with psycopg.connect(dsns.superuser.url) as connection:
        found = connection.execute("SELECT role, from_state, to_state FROM relay.item_moves").fetchall()
    assert set(found) == edges()


def test_each_start_action_and_role_has_one_edge() -> None:
    assert len({(move.source, move.action, move.role) for move in MOVES}) == len(MOVES)


def test_nothing_leaves_an_end_but_further_releases() -> None:
    ends = {State.DECLINED, State.WITHDRAWN, State.RELEASED}
    assert {(m.source, m.target) for m in MOVES if m.source in ends} == {(State.RELEASED, State.RELEASED)}


def test_only_a_facilitator_or_what_one_planned_releases() -> None:
    become = {m for m in MOVES if m.target is State.RELEASED and m.source is not State.RELEASED}
    assert {(m.action, m.role) for m in become} == {
        (Action.RELEASE, "desk"),
        (Action.RELEASE_DUE, "worker"),
    }


def test_a_move_that_the_table_does_not_have_is_refused_with_what_to_do() -> None:
    with pytest.raises(IllegalMove, match="Take it back first"):
        move(State.APPROVED, Action.SUBMIT, "participants")
    with pytest.raises(IllegalMove):
        move(State.IN_REVIEW, Action.APPROVE, "participants")


@pytest.fixture
async def items(service: Service, pair: Pair) -> dict[State, UUID]:
    """An item in every state, put there by a superuser without the triggers."""
    found: dict[State, UUID] = {}
    with psycopg.connect(service.dsns.superuser.url) as connection:
        connection.execute("SET session_replication_role = replica")
        for state in State:
            row = connection.execute(
                "INSERT INTO relay.items (id, service_id, case_id, author_id, kind, state)"
                " VALUES (gen_random_uuid(), %s, %s, %s, 'letter', %s) RETURNING id",
                [service.id, pair.case_id, pair.victim.id, str(state)],
            ).fetchone()
            assert row is not None
            found[state] = row[0]
    return found


@pytest.fixture
def worker_case(service: Service, pair: Pair) -> UUID:
    """An object of the case, so that a worker's transaction sees it."""
    with psycopg.connect(service.dsns.superuser.url) as connection:
        row = connection.execute(
            "INSERT INTO relay.objects (id, service_id, case_id, owner_id, purpose)"
            " VALUES (gen_random_uuid(), %s, %s, %s, 'original') RETURNING id",
            [service.id, pair.case_id, pair.victim.id],
        ).fetchone()
    assert row is not None
    found: UUID = row[0]
    return found


@pytest.mark.parametrize("role", ROLES)
def test_postgresql_itself_refuses_every_other_move(
    service: Service, pair: Pair, items: dict[State, UUID], worker_case: UUID, role: str
) -> None:
    enter, actor = {
        "participants": ("SELECT relay.enter_participants(%s)", pair.victim.id),
        "desk": ("SELECT relay.enter_desk(%s)", pair.facilitator.id),
        "worker": ("SELECT relay.enter_worker('object', %s)", worker_case),
    }[role]
    done, refused = set(), set()
    with psycopg.connect(getattr(service.dsns, role).url) as connection:
        connection.execute("SELECT set_config('role', %s, true)", [f"relay_{role}"])
        connection.execute(enter, [actor])
        for start, item_id in items.items():
            for target in State:
                if start is target:
                    continue
                try:
                    with connection.transaction(force_rollback=True):
                        moved = connection.execute(
                            "UPDATE relay.items SET state = %s WHERE id = %s", [str(target), item_id]
                        )
                    assert moved.rowcount == 1
                    done.add((f"relay_{role}", str(start), str(target)))
                except psycopg.Error as error:
                    if target is State.SUBMITTED and error.sqlstate == "RL002":
                        # a way that there is: what it lacks is the new version (test_narrow_rights.py)
                        done.add((f"relay_{role}", str(start), str(target)))
                    else:
                        refused.add(error.sqlstate)
        connection.rollback()
    assert refused == {"RL001"}
    assert done == {edge for edge in edges() if edge[0] == f"relay_{role}"}


@pytest.mark.parametrize(
    "change", ["author_id = gen_random_uuid()", "kind = 'audio'", "case_id = gen_random_uuid()"]
)
def test_an_item_keeps_its_author_case_and_kind(
    service: Service, items: dict[State, UUID], change: str
) -> None:
    with psycopg.connect(service.dsns.superuser.url) as connection, pytest.raises(psycopg.Error) as refused:
        connection.execute(f"UPDATE relay.items SET {change} WHERE id = %s", [items[State.DRAFT]])  # noqa: S608
    assert refused.value.sqlstate == "RL002"


@pytest.mark.parametrize(
    "table", ["consents", "assessments", "victim_requests", "vouches", "rosters", "case_keys"]
)
def test_a_record_is_never_edited_or_removed_even_by_who_may_everything(
    service: Service, pair: Pair, table: str
) -> None:
    del pair  # somebody has to be there, so that there are records
    column = "version" if table == "rosters" else "case_id"
    edit = sql.SQL("UPDATE {0} SET {1} = {1}").format(sql.Identifier("relay", table), sql.Identifier(column))
    removal = sql.SQL("DELETE FROM {}").format(sql.Identifier("relay", table))
    for statement in (edit, removal):
        with (
            psycopg.connect(service.dsns.superuser.url) as connection,
            pytest.raises(psycopg.Error) as refused,
        ):
            connection.execute(statement)
        assert refused.value.sqlstate == "RL002"
