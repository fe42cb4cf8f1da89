"""The second wall around people: what each database role can reach, whatever the application asks."""

from collections.abc import Iterator

import psycopg
import pytest

from relay.db.dsn import Dsn
from relay.identity.operator import looking
from tests.support.house import Pair, Service

DESK = (
    "find_account_desk",
    "session_start_desk",
    "session_open_desk",
    "session_end_desk",
    "invitation_try_desk",
    "enter_desk",
    "enter_new_case",
)
PARTICIPANTS = (
    "find_account_participants",
    "session_start_participants",
    "session_open_participants",
    "session_end_participants",
    "invitation_try_participants",
    "enter_participants",
    "counterparts",
)
WORKER = ("enter_worker", "unfinished_revisions", "due_releases", "abandoned_objects", "sweep_sessions")


@pytest.fixture
def everything(service: Service) -> Iterator[psycopg.Connection]:
    with psycopg.connect(service.dsns.superuser.url) as connection:
        yield connection


async def test_no_function_that_looks_across_walls_is_open_to_everyone(
    everything: psycopg.Connection,
) -> None:
    found = everything.execute(
        """
        SELECT p.proname FROM pg_proc p JOIN pg_namespace n ON n.oid = p.pronamespace
        WHERE n.nspname = 'relay' AND p.prosecdef AND has_function_privilege('public', p.oid, 'EXECUTE')
        """
    ).fetchall()
    assert found == []


@pytest.mark.parametrize(
    ("role", "own", "others"),
    [
        ("relay_participants", PARTICIPANTS, DESK + WORKER),
        ("relay_desk", DESK, PARTICIPANTS + WORKER),
        ("relay_worker", WORKER, DESK + PARTICIPANTS),
    ],
)
async def test_each_surface_calls_its_own_functions_alone(
    everything: psycopg.Connection, role: str, own: tuple[str, ...], others: tuple[str, ...]
) -> None:
    def may(function: str) -> bool:
        row = everything.execute(
            "SELECT has_function_privilege(%s, p.oid, 'EXECUTE') FROM pg_proc p WHERE proname = %s",
            [role, function],
        ).fetchone()
        assert row is not None
        return bool(row[0])

    assert [name for name in own if not may(name)] == []
    assert [name for name in others if may(name)] == []


async def test_a_participant_sees_no_account_session_or_invitation_but_their_own(
    service: Service, pair: Pair
) -> None:
    async with service.participants.database.reading(pair.offender.id) as tx:
        assert await tx.values("SELECT id FROM relay.accounts") == [pair.offender.id]
        assert await tx.values("SELECT account_id FROM relay.account_keys") == [pair.offender.id]
        assert await tx.values("SELECT account_id FROM relay.invitations") == [pair.offender.id]
        assert await tx.values("SELECT account_id FROM relay.seats") == [pair.offender.id]
        for hidden in ("relay.sessions", "relay.throttles"):
            with pytest.raises(psycopg.errors.InsufficientPrivilege):
                async with tx.connection.transaction():
                    await tx.connection.execute(f"SELECT * FROM {hidden}")  # noqa: S608


@pytest.mark.usefixtures("pair")
async def test_before_anybody_is_signed_in_nothing_is_seen(service: Service) -> None:
    for house in (service.participants, service.desk):
        async with house.database.before_sign_in() as tx:
            for table in ("accounts", "account_keys", "invitations", "seats", "cases"):
                assert await tx.value(f"SELECT count(*) FROM relay.{table}") == 0  # noqa: S608


async def test_a_facilitator_sees_the_participants_of_their_own_cases_alone(
    service: Service, pair: Pair
) -> None:
    stranger = await service.make_facilitator("Stranger")
    async with service.desk.database.reading(stranger.id) as tx:
        assert await tx.value("SELECT count(*) FROM relay.accounts WHERE side = 'participant'") == 0
        assert await tx.value("SELECT count(*) FROM relay.invitations WHERE case_id IS NOT NULL") == 0
    async with service.desk.database.reading(pair.facilitator.id) as tx:
        assert await tx.value("SELECT count(*) FROM relay.accounts WHERE side = 'participant'") == 2


async def test_the_operator_sees_staff_and_no_participant_or_case(service: Service, pair: Pair) -> None:
    async with looking(service.owner, service.id) as tx:
        assert await tx.values("SELECT id FROM relay.accounts") == [pair.facilitator.id]
        assert await tx.values("SELECT account_id FROM relay.account_keys") == [pair.facilitator.id]
        assert await tx.value("SELECT count(*) FROM relay.invitations WHERE case_id IS NOT NULL") == 0
        for table in ("cases", "seats", "sealed_texts", "case_key_grants", "grants", "items", "sessions"):
            assert await tx.value(f"SELECT count(*) FROM relay.{table}") == 0  # noqa: S608


@pytest.mark.usefixtures("pair")
async def test_a_login_that_forgot_its_role_has_no_rights(service: Service) -> None:
    logins: tuple[Dsn, ...] = (service.dsns.participants, service.dsns.desk, service.dsns.worker)
    for login in logins:
        with psycopg.connect(login.url) as connection, pytest.raises(psycopg.errors.InsufficientPrivilege):
            connection.execute("SELECT count(*) FROM relay.accounts")
