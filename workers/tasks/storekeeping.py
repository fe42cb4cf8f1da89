"""Database and blob store held against each other: every object has a row, every row its object.

SAFETY 24. Run once a night.
"""

from asyncio import to_thread
from collections.abc import Iterator
from itertools import chain, islice
from uuid import UUID

import structlog

from relay.db.transaction import Job
from relay.errors import BlobMissing
from workers.tasks.room import WorkRoom

BATCH = 500


async def tidy(room: WorkRoom) -> int:
    """Remove blobs that no living row speaks of, left over from a crash between the two. Return how many.

    A row is always written before its blob, so a blob without one is never about to get it.
    """
    store, removed = room.house.blobs, 0
    names = chain(store.names(), store.unfinished())
    while batch := await to_thread(_next, names):
        async with room.house.database.reading(_service(room)) as tx:
            strays = await tx.values("SELECT relay.stray_objects(%s)", [batch])
        for name in strays:
            await to_thread(store.delete, name)
        removed += len(strays)
    return removed


async def missing(room: WorkRoom) -> int:
    """Return how many objects that should be in the store are not, and log it: only a backup mends this."""
    last, count = UUID(int=0), 0
    while True:
        async with room.house.database.reading(_service(room)) as tx:
            page = await tx.values("SELECT relay.ready_objects(%s, %s)", [last, BATCH])
        if not page:
            break
        count += await to_thread(_absent, room, page)
        last = page[-1]
    if count:
        structlog.get_logger().error("objects-missing", count=count)
    return count


def _next(names: Iterator[UUID]) -> list[UUID]:
    return list(islice(names, BATCH))


def _absent(room: WorkRoom, page: list[UUID]) -> int:
    return sum(not _there(room, name) for name in page)


def _there(room: WorkRoom, name: UUID) -> bool:
    try:
        room.house.blobs.size(name)
    except BlobMissing:
        return False
    return True


def _service(room: WorkRoom) -> Job:
    return Job("service", room.house.pins.service_id)
