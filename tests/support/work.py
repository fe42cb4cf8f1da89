"""A worker in the test's own process: the real tasks, the real sandbox, without the queue in between."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from uuid import UUID

from relay.identity.model import Person
from relay.review.queue import claim
from relay.review.reading import item_on_desk, open_rendition, record_seen
from tests.support.house import Service
from workers.media import tools
from workers.media.model import Limits
from workers.sandbox.runner import Walled
from workers.tasks.keys import WorkerKeys, publish
from workers.tasks.make_safe import make_safe
from workers.tasks.room import WorkRoom


@asynccontextmanager
async def make_room(service: Service, folder: Path) -> AsyncIterator[WorkRoom]:
    """A worker with a published key."""
    room = WorkRoom(
        house=service.worker,
        keys=WorkerKeys(folder / "worker-keys"),
        sandbox=Walled(),
        tools=tools.find(),
        limits=Limits(),
    )
    await publish(room.house, room.keys)
    yield room


async def work_off(room: WorkRoom) -> int:
    """Do everything that is submitted. Return how many revisions that was."""
    async with room.house.database.before_sign_in() as tx:
        waiting: list[UUID] = await tx.values("SELECT relay.unfinished_revisions(%s)", [room.house.clock()])
    for revision_id in waiting:
        await make_safe(room, revision_id)
    return len(waiting)


async def look_at(service: Service, facilitator: Person, item_id: UUID) -> tuple[UUID, bytes]:
    """Claim an item and have all of it served. Return the rendition's id and hash, for the decision."""
    await claim(service.desk, facilitator, item_id)
    rendition, _ = await open_rendition(service.desk, facilitator, item_id, "clean")
    await record_seen(service.desk, facilitator, rendition, 0, rendition.size)
    on_desk = await item_on_desk(service.desk, facilitator, item_id)
    assert on_desk.seen_all
    return rendition.id, rendition.sha256
