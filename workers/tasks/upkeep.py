"""What a worker does by itself, going by the state tables and never by the queue."""

from asyncio import to_thread
from datetime import timedelta
from uuid import UUID

from relay.audit.tags import Tag
from relay.db.transaction import Job
from relay.errors import Conflict, SignInNeeded
from relay.exchange.scheduled import carry_out
from workers.tasks.keys import publish, retire
from workers.tasks.room import WorkRoom

ABANDONED_AFTER = timedelta(hours=24)


async def release_due(room: WorkRoom, release_id: UUID) -> None:
    """Carry out one scheduled release, if its time has come and its gates hold."""
    await carry_out(room.house, release_id, room.keys.pair)


async def reconcile(room: WorkRoom) -> int:
    """Enqueue whatever the state tables say is unfinished, and return how much.

    So nothing hangs on a job that was lost or a worker that died.
    """
    now = room.house.clock()
    async with room.house.database.keeping(_service(room)) as tx:
        revisions = await tx.values("SELECT relay.unfinished_revisions(%s)", [now])
        due = await tx.values("SELECT relay.due_releases(%s)", [now])
        for task, found in (("make_safe", revisions), ("release_due", due)):
            for subject in found:
                await tx.run("SELECT relay.enqueue(%s, %s, NULL)", [task, subject])
    return len(revisions) + len(due)


async def sweep(room: WorkRoom) -> int:
    """Remove objects that nobody will finish: expired uploads, files of tries that lost. Return how many."""
    now = room.house.clock()
    async with room.house.database.reading(_service(room)) as tx:
        abandoned = await tx.values("SELECT relay.abandoned_objects(%s, %s)", [now, ABANDONED_AFTER])
    removed = 0
    for object_id in abandoned:
        removed += await _remove(room, object_id)
    async with room.house.database.keeping(_service(room)) as tx:
        await tx.run("SELECT relay.sweep_sessions(%s)", [now])
    return removed


async def _remove(room: WorkRoom, object_id: UUID) -> bool:
    try:
        await _mark_gone(room, object_id)
    except (Conflict, SignInNeeded):
        return False  # it was finished meanwhile
    await to_thread(room.house.blobs.delete, object_id)
    return True


async def _mark_gone(room: WorkRoom, object_id: UUID) -> None:
    job = Job("object", object_id)
    async with room.house.database.acting(job, Tag.OBJECT_REMOVED, subject=object_id) as act:
        act.chain = await act.value(
            "UPDATE relay.objects SET state = 'gone' WHERE id = %s AND state = 'writing' RETURNING case_id",
            [object_id],
        )
        if act.chain is None:
            raise Conflict
        await act.run("UPDATE relay.uploads SET state = 'ended' WHERE object_id = %s", [object_id])


async def renew_keys(room: WorkRoom) -> None:
    """Begin a new epoch when it is time, and destroy what is no longer needed of the old ones."""
    await publish(room.house, room.keys)
    await retire(room.house, room.keys)


def _service(room: WorkRoom) -> Job:
    return Job("service", room.house.pins.service_id)
