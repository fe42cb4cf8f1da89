"""What a smuggled query can do with a suspension: no more than the desk itself does."""

import psycopg
import pytest

from relay.cases.service import add_facilitator
from relay.db import migrate
from relay.identity.accounts import suspend
from tests.support.house import Pair, Service
from tests.support.postgres import Dsns
from tests.support.smuggled import acting, refused

_TO = "UPDATE relay.accounts SET state = '{}' WHERE id = %s"


async def test_only_who_is_on_the_case_lets_a_participant_in_again_and_only_as_they_were(
    service: Service, pair: Pair
) -> None:
    await suspend(service.desk, pair.facilitator, pair.victim.id)
    with psycopg.connect(service.dsns.participants.url) as connection:
        connection.execute("SELECT set_config('role', 'relay_participants', true)")
        entered = connection.execute("SELECT relay.enter_participants(%s)", [pair.victim.id]).fetchone()
        assert entered == (False,)
        # an actor that is not theirs to set: the row is seen, and still stays
        connection.execute("SELECT set_config('relay.actor', %s, true)", [str(pair.victim.id)])
        assert refused(connection, _TO.format("active"), pair.victim.id) == "RL002"
        connection.rollback()
    stranger = await service.make_facilitator("Gita")
    with acting(service, "desk", stranger.id) as connection:
        assert connection.execute(_TO.format("active").encode(), [pair.victim.id]).rowcount == 0
    with acting(service, "desk", pair.facilitator.id) as connection:
        for wrong in (
            _TO.format("invited"),
            "UPDATE relay.accounts SET state = 'active', key_version = key_version + 1 WHERE id = %s",
            "UPDATE relay.accounts SET state = 'active', lookup = 'x' WHERE id = %s",
            "UPDATE relay.accounts SET returned_at = '2000-01-01' WHERE id = %s",
        ):
            assert refused(connection, wrong, pair.victim.id) == "RL002", wrong
        assert refused(connection, _TO.format("active"), pair.victim.id) is None


async def test_only_an_administrator_lets_staff_in_again_and_nobody_themselves(
    service: Service, pair: Pair
) -> None:
    anna = await service.make_staff("administrator", "Anna")
    filip = await service.make_facilitator("Filip")
    await add_facilitator(service.desk, pair.facilitator, pair.case_id, filip.id)
    invited = await service.invite_staff("facilitator", "Nobody yet")
    for account in (filip.id, invited.account_id):
        await suspend(service.desk, anna, account)
    with acting(service, "desk", pair.facilitator.id) as connection:
        assert refused(connection, _TO.format("active"), filip.id) == "RL002"
        connection.execute("SELECT set_config('relay.actor', %s, true)", [str(filip.id)])
        assert refused(connection, _TO.format("active"), filip.id) == "RL002"
    with acting(service, "desk", anna.id) as connection:
        for state in ("active", "invited"):
            assert refused(connection, _TO.format(state), invited.account_id) == "RL002"
        # the time is never one that makes what was approved before count
        early = "UPDATE relay.accounts SET state = 'active', returned_at = '2000-01-01' WHERE id = %s"
        connection.execute(early.encode(), [filip.id])
        found = connection.execute("SELECT returned_at = now() FROM relay.accounts WHERE id = %s", [filip.id])
        assert found.fetchone() == (True,)


@pytest.fixture
def earlier(dsns: Dsns) -> Dsns:
    """A database as the version before made it, with somebody suspended and an administrator."""
    with psycopg.connect(dsns.superuser.url, autocommit=True) as connection:
        for statement in (
            "DROP TABLE public.schema_version, public.schema_files",
            "DROP SCHEMA relay CASCADE",
            "DROP SCHEMA jobs CASCADE",
        ):
            connection.execute(statement.encode())
    migrate.upgrade(dsns.owner.url, "0001_foundation")
    with psycopg.connect(dsns.superuser.url) as connection:
        connection.execute(
            "INSERT INTO relay.services (id, root_public, recovery_public)"
            " VALUES (gen_random_uuid(), 'x', 'x')"
        )
        for state, role in (("suspended", "facilitator"), ("active", "administrator")):
            connection.execute(
                "INSERT INTO relay.accounts (id, service_id, side, roles, name_sealed, state, key_version,"
                " lookup) SELECT gen_random_uuid(), id, 'staff', %s, 'x', %s, 1, %s FROM relay.services",
                [role, state, role.encode()],
            )
        connection.execute(
            "INSERT INTO relay.sessions (id_hash, account_id, surface, half, sealed, created_at, seen_at,"
            " expires_at) SELECT id::text::bytea, id, 'desk', 'x', 'x', now(), now(),"
            " now() + interval '1 day' FROM relay.accounts"
        )
    return dsns


def test_a_service_that_was_made_before_gets_the_rules_and_its_suspended_a_way_back(earlier: Dsns) -> None:
    with psycopg.connect(earlier.superuser.url) as connection:
        assert back_as_desk(connection) == "RL002"
        connection.rollback()
    migrate.upgrade(earlier.owner.url)
    with psycopg.connect(earlier.superuser.url) as connection:
        assert back_as_desk(connection) is None
        connection.execute("RESET ROLE")
        left = connection.execute(
            "SELECT array_agg(a.roles) FROM relay.sessions s JOIN relay.accounts a ON a.id = s.account_id"
        ).fetchone()
        assert left == (["administrator"],)
        assert connection.execute(
            "SELECT has_schema_privilege('relay_gate', 'relay', 'CREATE')"
        ).fetchone() == (False,)


def back_as_desk(connection: psycopg.Connection) -> str | None:
    """Try to end the one suspension as the desk's role, in an administrator's name."""
    found = connection.execute("SELECT id FROM relay.accounts WHERE roles = 'administrator'").fetchone()
    assert found
    connection.execute("SELECT set_config('role', 'relay_desk', true)")
    connection.execute("SELECT relay.enter_desk(%s)", [found[0]])
    return refused(connection, "UPDATE relay.accounts SET state = 'active' WHERE state = 'suspended'")
