"""What the recovery key opens is the case's own key, and nobody but the operator comes near it."""

from pathlib import Path
from uuid import UUID, uuid4

import psycopg
import pytest

from relay.cases.lost import Order, Reason
from relay.cases.recovery import open_keys
from relay.identity.operator import looking
from relay.vault.grants import Holder, grant_case_key
from relay.vault.statements import CaseKeyStatement
from relay.vault.suite import KeyPair
from tests.support.house import Pair, Service
from tests.support.recovery import Lost, make_lost, refused, rows, state_of
from tests.support.smuggled import acting
from tests.support.smuggled import refused as refused_by


@pytest.fixture
async def lost(service: Service, pair: Pair, tmp_path: Path) -> Lost:
    return await make_lost(service, pair, tmp_path)


# what somebody could do who writes to the database

_TO_THE_RECOVERY_KEY = "SELECT sealed FROM relay.case_key_grants WHERE holder_kind = 'recovery'"


def put(service: Service, case_id: UUID, sealed: bytes) -> None:
    """Put this in place of what was sealed of the case's key 2 to the recovery key."""
    rows(
        service,
        "UPDATE relay.case_key_grants SET sealed = %s"
        " WHERE case_id = %s AND version = 2 AND holder_kind = 'recovery'",
        sealed,
        case_id,
    )


def made(service: Service, case_id: UUID, version: int) -> tuple[KeyPair, bytes]:
    """Return a key of the attacker's own, sealed to the recovery key: anybody can."""
    mine = KeyPair.generate()
    sealed = grant_case_key(
        mine,
        service.recovery.public,
        service=service.id,
        case=case_id,
        case_key_version=version,
        holder=Holder(kind="recovery", id=service.id, key_version=1),
    )
    return mine, sealed


async def said_of(service: Service, pair: Pair) -> str:
    return await refused(service, Order("Gita", Reason.LEFT, "Fatima", (pair.case_id,)))


async def test_nothing_is_given_without_what_was_sealed_to_the_recovery_key(
    service: Service, pair: Pair, lost: Lost
) -> None:
    del lost
    rows(service, "DELETE FROM relay.case_key_grants WHERE holder_kind = 'recovery' AND version = 2")
    assert "what was sealed of its key 2 to the recovery key is gone" in await said_of(service, pair)


@pytest.mark.parametrize("of", ["another case", "another version", "another holder"])
async def test_what_was_sealed_for_something_else_does_not_open(
    service: Service, pair: Pair, lost: Lost, of: str
) -> None:
    other = await service.make_case(pair.facilitator, "2026/2")
    [(sealed,)] = {
        "another case": rows(service, _TO_THE_RECOVERY_KEY + " AND case_id = %s", other),
        "another version": rows(
            service, _TO_THE_RECOVERY_KEY + " AND case_id = %s AND version = 1", pair.case_id
        ),
        "another holder": rows(
            service,
            "SELECT sealed FROM relay.case_key_grants WHERE case_id = %s AND version = 2 AND holder_id = %s",
            pair.case_id,
            pair.facilitator.id,
        ),
    }[of]
    del lost
    put(service, pair.case_id, sealed)
    assert "its key 2 is damaged, or is not what a facilitator made" in await said_of(service, pair)


async def test_a_flipped_bit_is_refused(service: Service, pair: Pair, lost: Lost) -> None:
    del lost
    [(sealed,)] = rows(service, _TO_THE_RECOVERY_KEY + " AND case_id = %s AND version = 2", pair.case_id)
    for place in (0, 1, len(sealed) // 2, len(sealed) - 1):
        put(service, pair.case_id, bytes(one ^ (n == place) for n, one in enumerate(sealed)))
        assert "its key 2 is damaged" in await said_of(service, pair)
    for broken in (b"", sealed[:-1], sealed + b"\0"):
        put(service, pair.case_id, broken)
        assert "its key 2 is damaged" in await said_of(service, pair)


@pytest.mark.parametrize("with_what", ["it alone", "its public half"])
async def test_a_planted_key_is_not_what_a_facilitator_stated(
    service: Service, pair: Pair, lost: Lost, with_what: str
) -> None:
    del lost
    mine, sealed = made(service, pair.case_id, 2)
    put(service, pair.case_id, sealed)
    if with_what == "its public half":
        rows(service, "UPDATE relay.case_keys SET public = %s WHERE version = 2", mine.public.encoded)
    assert "its key 2 is damaged" in await said_of(service, pair)


@pytest.mark.parametrize("by", ["administrator", "participant"])
async def test_a_version_that_no_facilitator_stated_is_not_given(
    service: Service, pair: Pair, lost: Lost, by: str
) -> None:
    author = {"administrator": lost.anna, "participant": pair.victim}[by]
    mine, sealed = made(service, pair.case_id, 3)
    statement = CaseKeyStatement(
        service=service.id,
        case=pair.case_id,
        key_version=3,
        fingerprint=mine.public.fingerprint,
        facilitator=author.id,
    )
    rows(
        service,
        "INSERT INTO relay.case_keys VALUES (%s, 3, %s, %s, %s)",
        pair.case_id,
        mine.public.encoded,
        author.id,
        statement.sign(author.signer),
    )
    rows(
        service,
        "INSERT INTO relay.case_key_grants VALUES (%s, 3, 'recovery', %s, 1, %s)",
        pair.case_id,
        service.id,
        sealed,
    )
    assert "its key 3 is damaged" in await said_of(service, pair)


# what a query smuggled into an app could do

_CALLS = (
    "SELECT * FROM relay.recovery_cases()",
    "SELECT * FROM relay.recovery_keys('{case}')",
    "SELECT relay.recover_case('{case}', '{account}', 1, ARRAY[1], ARRAY[''::bytea])",
)


@pytest.mark.parametrize("call", _CALLS)
@pytest.mark.parametrize("surface", ["participants", "desk", "worker"])
async def test_no_app_may_ask_for_it_as_anybody(
    service: Service, pair: Pair, surface: str, call: str
) -> None:
    statement = call.format(case=pair.case_id, account=pair.facilitator.id)
    with psycopg.connect(getattr(service.dsns, surface).url) as connection:
        connection.execute("SELECT set_config('role', %s, true)", [f"relay_{surface}"])
        for name in ("relay.actor", "relay.service"):
            connection.execute("SELECT set_config(%s, %s, true)", [name, str(service.id)])
        connection.execute("SELECT set_config('relay.cases', %s, true)", [f"{{{pair.case_id}}}"])
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            connection.execute(statement.encode())


@pytest.mark.parametrize("surface", ["participants", "desk"])
async def test_no_app_writes_that_it_was_done(service: Service, pair: Pair, surface: str) -> None:
    actor = {"participants": pair.victim.id, "desk": pair.facilitator.id}[surface]
    with acting(service, surface, actor) as connection:
        for chain, tag in ((pair.case_id, "case.recovered"), (service.id, "recovery_key.used")):
            append = "SELECT relay.audit_append(%s, %s, %s, '{}')"
            assert refused_by(connection, append, chain, tag, actor) == "RL003"


# what the operator's own role can do

_RECOVER = "SELECT relay.recover_case(%s, %s, %s, %s::integer[], %s::bytea[])"


async def tried(
    service: Service, *values: object, actor: UUID | None = None, of: UUID | None = None
) -> str | None:
    """Call it as the operator, and return PostgreSQL's code where it is refused. Nothing is kept.

    `of`: in the name of another service than the test's.
    """
    named = of or service.id
    with psycopg.connect(service.owner.url) as connection:
        connection.execute("SELECT set_config('relay.service', %s, true)", [str(named)])
        connection.execute("SELECT set_config('relay.actor', %s, true)", [str(actor or named)])
        try:
            connection.execute(_RECOVER, values)
        except psycopg.Error as error:
            return error.sqlstate
        finally:
            connection.rollback()
    return None


async def test_the_operator_puts_on_a_case_who_works_on_cases_with_every_key_and_nobody_else(
    service: Service, pair: Pair, lost: Lost
) -> None:
    case_id, gita = pair.case_id, lost.gita.id
    both = [[1, 2], [b"x", b"y"]]
    before = state_of(service)
    assert await tried(service, case_id, gita, 1, *both) is None
    for wrong in (
        (uuid4(), gita, 1, *both),
        (case_id, uuid4(), 1, *both),
        (case_id, pair.victim.id, 1, *both),
        (case_id, lost.anna.id, 1, *both),
        (case_id, gita, 2, *both),
        (case_id, gita, 1, [2], [b"y"]),
        (case_id, gita, 1, [1, 2, 3], [b"x", b"y", b"z"]),
        (case_id, gita, 1, [2, 1], [b"x", b"y"]),
        (case_id, gita, 1, [1, 2], [b"x"]),
        (case_id, gita, 1, [], []),
        (case_id, pair.facilitator.id, 1, *both),  # she has all of it
    ):
        assert await tried(service, *wrong) == "RL002", wrong
    assert await tried(service, case_id, gita, 1, *both, actor=pair.facilitator.id) == "RL002"
    rows(service, "UPDATE relay.accounts SET roles = 'facilitator' WHERE id = %s", pair.victim.id)
    assert await tried(service, case_id, pair.victim.id, 1, *both) == "RL002"
    rows(service, "UPDATE relay.accounts SET state = 'suspended' WHERE id = %s", gita)
    assert await tried(service, case_id, gita, 1, *both) == "RL002"
    assert state_of(service) == before


async def test_another_service_is_given_nothing_and_nobody_of_it_is(
    service: Service, pair: Pair, lost: Lost
) -> None:
    other, stranger, both = uuid4(), uuid4(), [[1, 2], [b"x", b"y"]]
    rows(service, "INSERT INTO relay.services VALUES (%s, 'x', 'x')", other)
    rows(
        service,
        "INSERT INTO relay.accounts (id, service_id, side, roles, name_sealed, state, key_version)"
        " VALUES (%s, %s, 'staff', 'facilitator', 'x', 'active', 1)",
        stranger,
        other,
    )
    for who, of in ((stranger, other), (stranger, None), (lost.gita.id, other)):
        assert await tried(service, pair.case_id, who, 1, *both, of=of) == "RL002"


async def test_the_operator_still_reads_no_rows_of_a_case_past_the_functions(
    service: Service, pair: Pair, lost: Lost
) -> None:
    del lost
    async with looking(service.owner, service.id) as tx:
        await tx.run("SELECT set_config('relay.cases', %s, true)", [f"{{{pair.case_id}}}"])
        for statement in (
            "SELECT count(*) FROM relay.cases",
            "SELECT count(*) FROM relay.seats",
            "SELECT count(*) FROM relay.case_keys",
            "SELECT count(*) FROM relay.case_key_grants",
            "SELECT count(*) FROM relay.items",
            "SELECT count(*) FROM relay.sealed_texts",
            "SELECT count(*) FROM relay.accounts WHERE side = 'participant'",
        ):
            assert await tx.value(statement.encode()) == 0, statement  # type: ignore[arg-type]


async def test_keys_of_another_service_are_not_there(service: Service, pair: Pair, lost: Lost) -> None:
    del lost
    async with looking(service.owner, service.id) as tx:
        assert set(await open_keys(tx, service.pins, service.recovery, pair.case_id)) == {1, 2}
    async with looking(service.owner, uuid4()) as tx:
        assert await tx.value("SELECT count(*) FROM relay.recovery_keys(%s)", [pair.case_id]) == 0
        assert await tx.value("SELECT count(*) FROM relay.recovery_cases()") == 0
