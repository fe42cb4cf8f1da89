"""Films of any size in the exchange without ffmpeg: the worker's part is done with random bytes.

Everything else is real: item, upload, submission, lease, sealing into the store, handing in, review, release.
"""

import io
import os
from asyncio import to_thread
from uuid import UUID

from relay.exchange import processing
from relay.exchange.objects import announce, store
from relay.exchange.processing import Made
from relay.web.shared.wing import DESK
from tests.benchmarks.ground import Ground
from tests.benchmarks.processes import MIB
from tests.benchmarks.uploads import metadata
from tests.support.web import Client
from tests.support.work import look_at

_TUS = {"Tus-Resumable": "1.0.0", "Content-Type": "application/offset+octet-stream"}


class Noise(io.RawIOBase):
    """Random bytes, the same MiB again and again, up to a size."""

    def __init__(self, size: int) -> None:
        self._rest = size
        self._block = memoryview(os.urandom(MIB))
        self._at = 0

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: memoryview) -> int:  # type: ignore[override]
        """Fill the buffer, or what is left of it."""
        at = self._at % MIB
        count = min(len(buffer), self._rest, MIB - at)
        buffer[:count] = self._block[at : at + count]
        self._rest -= count
        self._at += count
        return count


async def reviewed(base: Ground, author: Client, size: int) -> UUID:
    """Bring a film of `size` bytes as far as approved. Return the item."""
    item = await base.exchange.start(author, "video")
    about = {**_TUS, **metadata(item), "Upload-Length": "9"}
    made = await author.api("POST", "/uploads", headers=about, content=b"a picture")
    assert made.status_code == 201, made.text
    await author.do(f"/items/{item}/submit")
    await _work(base, UUID(item), size)
    return await approved(base, UUID(item))


async def approved(base: Ground, item_id: UUID) -> UUID:
    """Have all of an item served to the facilitator, and approved. Return the item."""
    facilitator = await base.person(base.exchange.desk, DESK)
    await look_at(base.service, facilitator, item_id)
    clean = (await base.exchange.desk.ask(f"/items/{item_id}"))["clean"]
    decision = {"decision": "approve", "rendition_id": clean["id"], "sha256": clean["sha256"]}
    await base.exchange.desk.do(f"/items/{item_id}/decisions", decision)
    return item_id


async def delivered(base: Ground, author: Client, recipient: Client, size: int) -> str:
    """Release a film and have it opened. Return where its content is."""
    release_id = await base.exchange.release(str(await reviewed(base, author, size)))
    await recipient.do(f"/deliveries/{release_id}/choice", {"choice": "open"})
    return f"/api/v1/deliveries/{release_id}/content"


async def _work(base: Ground, item_id: UUID, size: int) -> None:
    house = base.service.worker
    async with house.database.before_sign_in() as tx:
        waiting: list[UUID] = await tx.values("SELECT relay.unfinished_revisions(%s)", [house.clock()])
    for revision_id in waiting:
        work = await processing.take(house, revision_id)
        if work is None or work.item_id != item_id:
            continue
        object_id = await announce(house, work.job, work.case_id, work.author_id, "rendition")
        stored = await to_thread(store, house, object_id, Noise(size), digest=True)
        film = Made("clean", stored, "video/mp4", duration_ms=60_000, width=1920, height=1080)
        await processing.hand_in(house, work, [film])
