"""A case of which only one facilitator can open anything, and giving it to another with the recovery key."""

from pathlib import Path
from typing import Any, NamedTuple
from uuid import UUID

import psycopg
import pytest

from relay.audit.verify import verify, verify_gates
from relay.cases.lost import Order, Plan, RecoveryCase
from relay.cases.recovery import Ground, prepare, read_cases, read_staff, recover
from relay.cases.service import add_facilitator, read_case, remove_seat
from relay.errors import RelayError
from relay.exchange.delivery import choose
from relay.exchange.release import release
from relay.identity.model import Person
from relay.identity.operator import looking
from relay.vault.suite import KeyPair
from tests.support.house import Pair, Service
from tests.support.letters import approve, seat_of, send_letter
from tests.support.work import make_room, work_off


def ground_of(service: Service) -> Ground:
    return Ground(service.owner, service.pins, service.columns)


async def given(service: Service, order: Order, recovery: KeyPair | None = None) -> Plan:
    """Do what an order says, as the command does."""
    key = recovery or service.recovery
    plan = await prepare(ground_of(service), key, order)
    await recover(ground_of(service), key, order, plan)
    return plan


async def cases_of(service: Service) -> dict[UUID, RecoveryCase]:
    async with looking(service.owner, service.id) as tx:
        found = await read_cases(tx, await read_staff(tx, ground_of(service)))
    return {one.id: one for one in found}


async def verified(service: Service) -> None:
    async with looking(service.owner, service.id) as tx:
        await verify(tx)
        await verify_gates(tx)


def rows(service: Service, statement: str, *values: object) -> list[tuple[Any, ...]]:
    """Answer a question past every wall; triggers and foreign keys are off."""
    with psycopg.connect(service.dsns.superuser.url) as connection:
        connection.execute("SET session_replication_role = replica")
        found = connection.execute(statement.encode(), values)
        return found.fetchall() if found.description else []


def state_of(service: Service) -> list[list[tuple[Any, ...]]]:
    """Everything that a recovery writes to."""
    return [
        rows(service, statement)
        for statement in (
            "SELECT * FROM relay.seats ORDER BY id",
            "SELECT * FROM relay.case_key_grants ORDER BY case_id, version, holder_id, holder_key_version",
            "SELECT * FROM relay.cases ORDER BY id",
            "SELECT * FROM relay.audit_chains ORDER BY chain",
        )
    ]


async def taken_off(service: Service, by: Person, case_id: UUID, account_id: UUID) -> None:
    _, people, _ = await read_case(service.desk, by, case_id)
    [seat] = [one.seat_id for one in people if one.account_id == account_id]
    await remove_seat(service.desk, by, case_id, seat)


class Lost(NamedTuple):
    """A case with two versions of its key, and what was written under each.

    Its only facilitator is Fatima; Gita could have it.
    """

    gita: Person
    anna: Person
    released: UUID
    waits: UUID


async def make_lost(service: Service, pair: Pair, folder: Path) -> Lost:
    """Write letters before and after the case's key was changed."""
    gita = await service.make_facilitator("Gita")
    anna = await service.make_staff("administrator", "Anna")
    filip = await service.make_facilitator("Filip")
    async with make_room(service, folder) as room:
        first = await send_letter(service, pair.victim, pair.case_id, "The first letter.")
        await work_off(room)
        await add_facilitator(service.desk, pair.facilitator, pair.case_id, filip.id)
        await taken_off(service, pair.facilitator, pair.case_id, filip.id)
        second = await send_letter(service, pair.offender, pair.case_id, "The second letter.")
        await work_off(room)
    await approve(service, pair.facilitator, second)
    seat = await seat_of(service, pair.offender, pair.case_id)
    released = await release(service.desk, pair.facilitator, second, seat)
    await choose(service.participants, pair.victim, released, "open")
    return Lost(gita, anna, released, first)


async def refused(service: Service, order: Order, recovery: KeyPair | None = None) -> str:
    """Return what is said instead of doing it. Nothing is changed."""
    before = state_of(service)
    with pytest.raises(RelayError) as error:
        await given(service, order, recovery)
    assert state_of(service) == before
    return error.value.public
