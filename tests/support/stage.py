"""People on two cases, made once, and as many copies of their service as a test wants.

    case one    Fatima and Filip (facilitators), Vera (victim), Oskar (offender)
    case two    Frida (facilitator), Vanda and Viktor (victims), Otto (offender); two approvals

Anna is an administrator. Every gate is open. A copy has a database of its own; the blob store is shared, as
no two objects have one name.
"""

import copy
import shutil
import tempfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import UUID

import msgspec

from relay.cases import limits
from relay.cases.model import MEDIA, Part
from relay.cases.records import record_consent, record_request
from relay.cases.service import add_facilitator, read_case
from relay.db.transaction import Database, Surface
from relay.identity.model import Person
from tests.support.house import Clock, Service, make_service
from tests.support.postgres import Dsns, TestServer, fast_folder
from tests.support.work import make_room
from workers.tasks.keys import WorkerKeys
from workers.tasks.room import WorkRoom


class StillClock(Clock):
    """Stands still but for a millisecond at each look, so that a model can know what time it is."""

    def __init__(self) -> None:
        super().__init__()
        self.now = datetime.now(UTC)

    def __call__(self) -> datetime:
        self.now += timedelta(milliseconds=1)
        return self.now

    def go(self, **by: float) -> None:
        self.now += timedelta(**by)


class Seated(msgspec.Struct, frozen=True, kw_only=True):
    """A participant on a case."""

    person: Person
    part: Part
    seat_id: UUID


class StagedCase(msgspec.Struct, frozen=True, kw_only=True):
    """A case whose gates are open."""

    id: UUID
    facilitators: tuple[Person, ...]
    participants: tuple[Seated, ...]

    def others(self, person: Person) -> tuple[Seated, ...]:
        """The other side of one participant."""
        own = next(seated.part for seated in self.participants if seated.person is person)
        return tuple(seated for seated in self.participants if seated.part != own)


class Stage(msgspec.Struct, frozen=True, kw_only=True):
    """The service that the copies are made of (its databases are closed), and who is in it.

    `now` is its time.
    """

    service: Service
    folder: Path
    dsns: Dsns
    now: datetime
    room: WorkRoom
    administrator: Person
    staff: tuple[Person, ...]
    cases: tuple[StagedCase, ...]


async def _seated(
    service: Service, facilitator: Person, case_id: UUID, people: list[Person]
) -> tuple[Seated, ...]:
    _, on_case, _ = await read_case(service.desk, facilitator, case_id)
    by_account = {one.account_id: one for one in on_case}
    return tuple(
        Seated(person=person, part=by_account[person.id].part, seat_id=by_account[person.id].seat_id)
        for person in people
    )


async def _case_one(service: Service, fatima: Person, filip: Person) -> StagedCase:
    case_id = await service.make_case(fatima, "2026/1")
    await add_facilitator(service.desk, fatima, case_id, filip.id)
    vera = await service.make_participant(fatima, case_id, "victim", "Vera")
    oskar = await service.make_participant(fatima, case_id, "offender", "Oskar")
    await service.open_gates(fatima, case_id, vera, oskar)
    seated = await _seated(service, fatima, case_id, [vera, oskar])
    return StagedCase(id=case_id, facilitators=(fatima, filip), participants=seated)


async def _case_two(service: Service, frida: Person) -> StagedCase:
    case_id = await service.make_case(frida, "2026/2")
    vanda = await service.make_participant(frida, case_id, "victim", "Vanda")
    viktor = await service.make_participant(frida, case_id, "victim", "Viktor")
    otto = await service.make_participant(frida, case_id, "offender", "Otto")
    await service.open_gates(frida, case_id, vanda, otto)
    await record_request(service.desk, frida, case_id, viktor.id, asked=True)
    for medium in MEDIA:
        await record_consent(service.desk, frida, case_id, viktor.id, medium, given=True, manner="in_person")
    await limits.record_read(service.participants, viktor, case_id, limits.VERSION)
    seated = await _seated(service, frida, case_id, [vanda, viktor, otto])
    return StagedCase(id=case_id, facilitators=(frida,), participants=seated)


async def make_stage(dsns: Dsns, folder: Path) -> Stage:
    """Make the people and the two cases. What is copied later is this moment."""
    async with make_service(dsns, folder) as service:
        service.clock = StillClock()
        fatima, filip, frida = [await service.make_facilitator(name) for name in ("Fatima", "Filip", "Frida")]
        anna = await service.make_staff("administrator", "Anna")
        cases = (await _case_one(service, fatima, filip), await _case_two(service, frida))
        async with make_room(service, folder) as room:
            return Stage(
                service=service,
                folder=folder,
                now=service.clock(),
                dsns=dsns,
                room=room,
                administrator=anna,
                staff=(fatima, filip, frida),
                cases=cases,
            )


@asynccontextmanager
async def copied(stage: Stage, server: TestServer) -> AsyncIterator[tuple[Service, WorkRoom, Dsns]]:
    """A copy of the service in a database of its own, with a clock and a worker of its own."""
    with server.clone(of=stage.dsns) as dsns, tempfile.TemporaryDirectory(dir=fast_folder()) as secrets:
        shutil.copytree(stage.folder / "worker-keys", Path(secrets) / "worker-keys")
        keys = WorkerKeys(Path(secrets) / "worker-keys")
        service = copy.copy(stage.service)
        service.dsns, service.owner = dsns, dsns.owner
        service.clock = copy.copy(stage.service.clock)
        service.databases = {
            surface: Database(getattr(dsns, surface).url, surface, size=4) for surface in Surface
        }
        for database in service.databases.values():
            await database.open()
        try:
            yield service, msgspec.structs.replace(stage.room, house=service.worker, keys=keys), dsns
        finally:
            for database in service.databases.values():
                await database.close()
