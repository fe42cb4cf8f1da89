"""Row-level security alone, with every check of the application off: plain SQL in each surface's own role.

Generated from PostgreSQL's catalogue, so that a new table without row-level security, a policy that asks for
no actor, or a function that anybody may call fails here. It guards against mistakes of ours. It is no wall
against somebody who speaks SQL in an app's name: they could say that they were another actor.
"""

import asyncio
from collections.abc import Iterator
from contextlib import AsyncExitStack, contextmanager
from typing import Any, NamedTuple
from uuid import UUID

import psycopg
import pytest
from psycopg import sql
from psycopg.errors import InsufficientPrivilege

from relay.cases.own import choose_consent, choose_pause
from relay.db.transaction import Database, Surface
from relay.exchange import receipts, told
from relay.exchange.agreements import agree
from relay.exchange.edits import Edits, Span
from relay.exchange.paper import receipt_code
from relay.exchange.release import release, schedule
from relay.review.decisions import decide
from relay.review.queue import claim
from relay.review.redaction import redact
from relay.safeguarding.model import Note, Noticed
from relay.safeguarding.raising import raise_about_case
from relay.safeguarding.writing import write
from tests.support.house import Service
from tests.support.letters import send_letter, write_letter
from tests.support.postgres import Dsns, TestServer
from tests.support.stage import Stage, StagedCase, copied, make_stage
from tests.support.work import look_at, work_off
from workers.tasks.room import WorkRoom

SURFACES = ("participants", "desk", "worker")
CONSTANT = {"item_moves"}
"""The exchange's edges, the same in every database."""
OF_THE_SERVICE = {"services", "rosters", "worker_keys"} | CONSTANT
"""Public values of the service: everybody of it may see them."""
OF_THE_STAFF = {"accounts", "account_keys", "invitations"}
"""Colleagues see one another's rows; no participant's is among what two cases share."""
OF_THE_CASE = {"cases", "case_keys"}
"""Both sides see that the case is there, and its public key."""

DEFINERS: dict[str, set[str]] = {
    "urgency": set(),  # called by `enqueue` alone
    "contradicted_gates": set(),  # the operator's
    "contradicted_concerns": set(),
    "recovery_cases": set(),
    "recovery_keys": set(),
    "recover_case": set(),
    "audit_append": {"participants", "desk", "worker"},
    "gate_facts": {"participants", "desk", "worker"},
    "enqueue": {"participants", "desk", "worker"},
    "throttle_take": {"participants", "desk"},
    "throttle_forget": {"participants", "desk"},
    "stored_bytes": {"participants", "desk"},
    "counterparts": {"participants"},
    "sender": {"participants"},
    "enter_new_case": {"desk"},
    "write_down_choice": {"desk"},
    "works_on_case_since": {"desk", "worker"},
    "open_concerns": {"desk", "worker"},
    "enter_participants": {"participants"},
    "enter_desk": {"desk"},
    "enter_worker": {"worker"},
    **{
        f"{name}_{surface}": {surface}
        for name in ("find_account", "session_start", "session_open", "session_end", "invitation_try")
        for surface in ("participants", "desk")
    },
    **{
        name: {"worker"}
        for name in (
            "unfinished_revisions",
            "due_releases",
            "abandoned_objects",
            "stray_objects",
            "ready_objects",
            "needed_worker_epochs",
            "audit_heads",
            "sweep_sessions",
        )
    },
    # called by others of them, or by a trigger
    "may_append": set(),
    "both_wished": set(),
    "looks_since": set(),
    "opened_by_a_wish": set(),
    "mark_waiting": set(),
    "count_stored": set(),
    "end_access": set(),
}


class Filled(NamedTuple):
    """A database in which both cases have everything: drafts, reviews, releases, plans."""

    stage: Stage
    dsns: Dsns
    revisions: tuple[UUID, UUID]

    @contextmanager
    def acting(self, surface: str, actor: UUID | None) -> Iterator[psycopg.Connection]:
        """A transaction in a surface's role; for the worker the actor is the revision that its job names."""
        with psycopg.connect(getattr(self.dsns, surface).url) as connection:
            connection.execute("SELECT set_config('role', %s, true)", [f"relay_{surface}"])
            if actor is not None:
                enter = (
                    "SELECT relay.enter_worker('revision', %s)"
                    if surface == "worker"
                    else f"SELECT relay.enter_{surface}(%s)"
                )
                assert connection.execute(enter, [actor]).fetchone() == (True,)
            yield connection
            connection.rollback()

    def one_of_each_case(self, surface: str) -> tuple[UUID, UUID]:
        """Somebody who acts in case one, and somebody who acts in case two."""
        one, two = self.stage.cases
        return {
            "participants": (one.participants[0].person.id, two.participants[0].person.id),
            "desk": (one.facilitators[0].id, two.facilitators[0].id),
            "worker": self.revisions,
        }[surface]

    def rows(self, table: str) -> list[dict[str, Any]]:
        """Every row, as superuser."""
        with psycopg.connect(self.dsns.superuser.url, row_factory=psycopg.rows.dict_row) as connection:
            return connection.execute(_of(table, "SELECT ctid::text AS place, * FROM {}")).fetchall()


def _of(table: str, text: str) -> sql.Composed:
    return sql.SQL(text).format(sql.Identifier("relay", table))


async def _fill(service: Service, room: WorkRoom, case: StagedCase) -> UUID:
    """One released, one planned, one on its way, one draft; return the revision that waits for a worker."""
    facilitator, (victim, *_, offender) = case.facilitators[0], [one.person for one in case.participants]
    for author, planned in ((victim, False), (offender, True)):
        item_id = await send_letter(service, author, case.id)
        await work_off(room)
        if planned:
            await claim(service.desk, facilitator, item_id)
            edits = Edits(spans=(Span(start=0, end=1),))
            await redact(service.desk, facilitator, item_id, revision=1, edits=edits, note="A word.")
            await work_off(room)
        rendition, sha256 = await look_at(service, facilitator, item_id)
        if planned:
            await agree(service.participants, author, item_id, rendition_id=rendition, sha256=sha256)
        await decide(service.desk, facilitator, item_id, "approve", rendition_id=rendition, sha256=sha256)
        seat = case.others(author)[0].seat_id
        if planned:
            due = service.clock().replace(year=service.clock().year + 1)
            await schedule(service.desk, facilitator, item_id, seat, due)
        else:
            release_id = await release(service.desk, facilitator, item_id, seat)
            code, today = receipt_code(service.desk, release_id), service.desk.local_time().date()
            await receipts.record(service.desk, facilitator, item_id, seat, code=code, given_on=today)
            await told.write_down(
                service.desk, facilitator, item_id, seat, choice="hold", how="by_telephone", told_on=today
            )
        await write_letter(service, author, case.id)
    noticed = Noticed(kind="threat", about=offender.id, words="On the telephone.")
    concern = await raise_about_case(service.desk, facilitator, case.id, noticed)
    await write(service.desk, facilitator, concern, Note(words="Asked a colleague."))
    await choose_consent(service.participants, offender, case.id, "audio", given=True)
    await choose_pause(service.participants, offender, case.id, paused=False)
    waiting = await send_letter(service, victim, case.id)
    async with service.databases[Surface.PARTICIPANTS].reading(victim.id) as tx:
        revision: UUID = await tx.value("SELECT id FROM relay.revisions WHERE item_id = %s", [waiting])
    return revision


@pytest.fixture(scope="module")
def filled(postgres: TestServer, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Filled]:
    async def fill(exits: AsyncExitStack, stage: Stage) -> Filled:
        service, room, dsns = await exits.enter_async_context(copied(stage, postgres))
        one, two = [await _fill(service, room, case) for case in stage.cases]
        return Filled(stage, dsns, (one, two))

    exits = AsyncExitStack()
    with asyncio.Runner() as runner, postgres.clone() as dsns:
        stage = runner.run(make_stage(dsns, tmp_path_factory.mktemp("stage")))
        yield runner.run(fill(exits, stage))
        runner.run(exits.aclose())


def tables(filled: Filled) -> list[str]:
    with psycopg.connect(filled.dsns.superuser.url) as connection:
        found = connection.execute(
            "SELECT c.relname FROM pg_class c WHERE c.relnamespace = 'relay'::regnamespace"
            " AND c.relkind IN ('r', 'p', 'v', 'm', 'f') ORDER BY c.relname"
        ).fetchall()
    return [name for (name,) in found]


def visible(connection: psycopg.Connection, table: str) -> set[str]:
    """Where the rows are that this transaction can see; none if it may not look at all."""
    try:
        with connection.transaction():
            # a column of its own: some may be read in part only
            found = connection.execute(_of(table, "SELECT tableoid::regclass, ctid::text FROM {}")).fetchall()
            return {place for _, place in found}
    except InsufficientPrivilege:
        return _visible_in_part(connection, table)


def _visible_in_part(connection: psycopg.Connection, table: str) -> set[str]:
    try:
        with connection.transaction():
            found = connection.execute(_of(table, "SELECT count(*) FROM {}")).fetchone()
            return {f"row {number}" for number in range(found[0])} if found else set()
    except InsufficientPrivilege:
        return set()


def test_every_table_has_row_level_security_that_binds_its_owner_too(filled: Filled) -> None:
    with psycopg.connect(filled.dsns.superuser.url) as connection:
        found = connection.execute(
            "SELECT relname, relrowsecurity AND relforcerowsecurity FROM pg_class"
            " WHERE relnamespace = 'relay'::regnamespace AND relkind IN ('r', 'p', 'v', 'm', 'f')"
        ).fetchall()
    assert len(found) > 30
    assert {name for name, walled in found if not walled} == CONSTANT


def test_the_test_database_has_a_row_in_every_table_that_people_fill(filled: Filled) -> None:
    empty = {table for table in tables(filled) if not filled.rows(table)}
    assert empty <= {"sessions", "throttles", "uploads", "restrictions", "claims"}


def test_no_role_is_above_the_walls(filled: Filled) -> None:
    with psycopg.connect(filled.dsns.superuser.url) as connection:
        found = connection.execute(
            "SELECT rolname FROM pg_roles"
            " WHERE rolname LIKE 'relay%' AND (rolsuper OR rolbypassrls OR rolinherit)"
        ).fetchall()
    assert found == []


@pytest.mark.parametrize("surface", SURFACES)
def test_without_an_actor_nothing_is_seen(filled: Filled, surface: str) -> None:
    with filled.acting(surface, None) as connection:
        seen = {table for table in tables(filled) if visible(connection, table)}
    assert seen <= CONSTANT


def _writes(connection: psycopg.Connection, table: str) -> int:
    """Try to change and to remove every row; return how many that would be."""
    touched = 0
    columns = connection.execute(
        "SELECT column_name FROM information_schema.columns"
        " WHERE table_schema = 'relay' AND table_name = %s AND is_identity = 'NO'",
        [table],
    ).fetchall()
    statements = [
        sql.SQL("UPDATE {} SET {column} = {column}").format(
            sql.Identifier("relay", table), column=sql.Identifier(column)
        )
        for (column,) in columns
    ]
    for statement in [*statements, _of(table, "DELETE FROM {}")]:
        try:
            with connection.transaction():
                touched += connection.execute(statement).rowcount
        except InsufficientPrivilege:
            continue
    return touched


@pytest.mark.parametrize("surface", SURFACES)
def test_without_an_actor_nothing_is_changed_or_removed(filled: Filled, surface: str) -> None:
    with filled.acting(surface, None) as connection:
        assert {table: n for table in tables(filled) if (n := _writes(connection, table))} == {}


def _is_refused(connection: psycopg.Connection, table: str, row: dict[str, Any]) -> bool:
    """Whether a copy of a row is refused for whose it is; another reason would come later."""
    columns = [name for name in row if name != "place"]
    statement = sql.SQL("INSERT INTO {} ({}) OVERRIDING SYSTEM VALUE VALUES ({})").format(
        sql.Identifier("relay", table),
        sql.SQL(", ").join(map(sql.Identifier, columns)),
        sql.SQL(", ").join(sql.Placeholder() * len(columns)),
    )
    try:
        with connection.transaction():
            connection.execute(statement, [row[name] for name in columns])
    except InsufficientPrivilege:
        return True
    except psycopg.errors.RaiseException as error:
        return error.sqlstate == "RL001"
    except psycopg.Error as error:
        return error.sqlstate == "RL001"
    return False


@pytest.mark.parametrize("surface", SURFACES)
def test_without_an_actor_nothing_is_written(filled: Filled, surface: str) -> None:
    with filled.acting(surface, None) as connection:
        for table in tables(filled):
            for row in filled.rows(table)[:20]:
                assert _is_refused(connection, table, row), f"{surface} could write to {table}"


@pytest.mark.parametrize("surface", SURFACES)
def test_two_cases_share_no_row(filled: Filled, surface: str) -> None:
    one, two = filled.one_of_each_case(surface)
    shared = OF_THE_SERVICE | (OF_THE_STAFF if surface == "desk" else set())
    with filled.acting(surface, one) as first, filled.acting(surface, two) as second:
        both = {table for table in tables(filled) if visible(first, table) & visible(second, table)}
    assert {table for table in both if not table.startswith("reviews")} <= shared


def test_staff_of_one_case_see_no_participant_of_another(filled: Filled) -> None:
    one, two = filled.stage.cases
    with filled.acting("desk", one.facilitators[0].id) as connection:
        for table, column in (
            ("accounts", "id"),
            ("account_keys", "account_id"),
            ("invitations", "account_id"),
        ):
            query = sql.SQL("SELECT count(*) FROM {} WHERE {} = ANY(%s)").format(
                sql.Identifier("relay", table), sql.Identifier(column)
            )
            others = [seated.person.id for seated in two.participants]
            assert connection.execute(query, [others]).fetchone() == (0,)


@pytest.mark.parametrize("surface", SURFACES)
def test_no_row_of_another_case_can_be_reached(filled: Filled, surface: str) -> None:
    one, two = filled.one_of_each_case(surface)
    other_case = filled.stage.cases[1].id
    with filled.acting(surface, one) as connection:
        for table in tables(filled):
            rows = filled.rows(table)
            if not rows or "case_id" not in rows[0]:
                continue
            mine = visible(connection, table)
            for row in rows:
                if row["case_id"] == other_case:
                    assert row["place"] not in mine, f"{surface} sees a row of {table}"
                    assert _is_refused(connection, table, row), f"{surface} could write to {table}"
    assert two != one


@pytest.mark.parametrize(("which", "one", "other"), [(0, 0, 1), (1, 0, 1), (1, 0, 2), (1, 1, 2)])
def test_two_people_of_one_case_share_only_the_case(filled: Filled, which: int, one: int, other: int) -> None:
    people = filled.stage.cases[which].participants
    first, second = people[one].person.id, people[other].person.id
    with filled.acting("participants", first) as mine, filled.acting("participants", second) as theirs:
        both = {table for table in tables(filled) if visible(mine, table) & visible(theirs, table)}
        assert {table for table in both if table != "reviews"} <= OF_THE_SERVICE | OF_THE_CASE
        for table in tables(filled):
            for row in filled.rows(table):
                if second in row.values() and first not in row.values() and table != "scheduled_releases":
                    assert _is_refused(mine, table, row), f"one person could write another's row of {table}"


@pytest.mark.parametrize("surface", SURFACES)
def test_a_login_that_forgot_its_role_can_do_nothing(filled: Filled, surface: str) -> None:
    with psycopg.connect(getattr(filled.dsns, surface).url) as connection:
        for table in tables(filled):
            assert visible(connection, table) == set()
            assert _writes(connection, table) == 0
        for call in ("relay.actor()", "relay.gate_facts(gen_random_uuid())", "relay.due_releases(now())"):
            with pytest.raises(InsufficientPrivilege), connection.transaction():
                connection.execute("SELECT " + call)


@pytest.mark.parametrize(
    ("surface", "others"), [("participants", "desk"), ("desk", "worker"), ("worker", "desk")]
)
def test_a_login_cannot_take_on_anothers_role(filled: Filled, surface: str, others: str) -> None:
    with psycopg.connect(getattr(filled.dsns, surface).url) as connection:
        for role in (f"relay_{others}", "relay_gate", "relay_audit", "relay_owner"):
            with pytest.raises(InsufficientPrivilege), connection.transaction():
                connection.execute("SELECT set_config('role', %s, true)", [role])


def test_functions_that_look_across_walls_are_open_to_those_who_need_them_only(filled: Filled) -> None:
    with psycopg.connect(filled.dsns.superuser.url) as connection:
        found = connection.execute(
            """
            SELECT p.proname, coalesce(array_to_string(p.proconfig, ','), ''), r.rolname,
                   has_function_privilege(r.rolname, p.oid, 'EXECUTE'),
                   EXISTS (SELECT FROM aclexplode(coalesce(p.proacl, acldefault('f', p.proowner))) a
                           WHERE a.grantee = 0)
            FROM pg_proc p CROSS JOIN pg_roles r
            WHERE p.pronamespace = 'relay'::regnamespace AND p.prosecdef
              AND r.rolname IN ('relay_participants', 'relay_desk', 'relay_worker')
            """
        ).fetchall()
    may: dict[str, set[str]] = {}
    for name, configuration, role, allowed, public in found:
        assert "search_path=" in configuration, f"{name} takes its caller's search path"
        assert not public, f"anybody may call {name}"
        may.setdefault(name, set())
        if allowed:
            may[name].add(role.removeprefix("relay_"))
    assert may == DEFINERS


def test_the_queue_is_the_workers_alone(filled: Filled) -> None:
    for surface in ("participants", "desk"):
        with filled.acting(surface, None) as connection, pytest.raises(InsufficientPrivilege):
            connection.execute("SELECT args FROM jobs.procrastinate_jobs")


async def test_the_pool_hands_no_actor_on_to_the_next_transaction(filled: Filled) -> None:
    database = Database(filled.dsns.participants.url, Surface.PARTICIPANTS, size=1)
    await database.open()
    actor = filled.stage.cases[0].participants[0].person.id
    try:
        async with database.reading(actor) as tx:
            assert await tx.value("SELECT count(*) FROM relay.items") > 0
        with pytest.raises(psycopg.errors.DivisionByZero):
            async with database.keeping(actor) as tx:
                await tx.run("SELECT 1/0")
        async with database.before_sign_in() as tx:
            assert await tx.value("SELECT relay.actor()") is None
            assert await tx.value("SELECT relay.service()") is None
            assert await tx.value("SELECT relay.cases()") == []
            assert await tx.value("SELECT count(*) FROM relay.items") == 0
    finally:
        await database.close()
