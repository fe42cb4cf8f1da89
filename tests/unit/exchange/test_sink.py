"""Portions of an upload: none follows one that failed, and never are two sealed at once."""

import asyncio
import errno
import threading
import time
from collections.abc import Callable
from typing import cast
from uuid import uuid4

import pytest

from relay.blobs.interface import BlobWriter
from relay.exchange.sink import Sink
from relay.vault.stream import SEGMENT, UploadSealer, create_header, object_binding
from relay.vault.suite import DataKey

PORTION = Sink.PORTION // SEGMENT
"""Segments."""


class Writer:
    """Keeps where segments were written, in order; `before` is told how many there were."""

    def __init__(self, before: Callable[[int], object]) -> None:
        self._before = before
        self.count = 0
        self.places: list[int] = []
        self.at_once = 0
        """Threads that write now."""
        self.most = 0

    def write_at(self, place: int, data: memoryview) -> None:
        del data
        self.at_once += 1
        self.most = max(self.most, self.at_once)
        self.count += 1
        try:
            self._before(self.count)
            self.places.append(place)
        finally:
            self.at_once -= 1


class Body:
    """So many segments, all there at once."""

    def __init__(self, segments: int) -> None:
        self.left = segments * SEGMENT

    async def fill(self, room: memoryview) -> None:
        self.left -= min(len(room), self.left)


def sink_into(writer: Writer) -> Sink:
    key, binding = DataKey.generate(), object_binding(uuid4(), uuid4())
    sealer = UploadSealer(key, binding, create_header(key, binding), total=100 * SEGMENT)
    return Sink(sealer, cast("BlobWriter", writer))


def full_once(count: int) -> None:
    if count == 2:
        raise OSError(errno.ENOSPC, "full")


@pytest.mark.parametrize("portions", [1, 2, 3])
async def test_a_portion_that_failed_is_not_forgotten_even_when_there_is_room_again(portions: int) -> None:
    writer = Writer(full_once)
    sink = sink_into(writer)
    with pytest.raises(OSError, match="full"):  # noqa: PT012 - in drawing, or in settling where it is one
        await sink.draw(Body(portions * PORTION))
        await sink.settle()
    for _ in range(2):
        with pytest.raises(OSError, match="full"):
            await sink.settle()
    with pytest.raises(OSError, match="full"):
        await sink.write(bytes(Sink.PORTION))
    assert writer.count == 2


@pytest.mark.parametrize("times", [1, 2, 3])
async def test_who_stops_waiting_leaves_one_thread_sealing_in_order(times: int) -> None:
    going, go_on = threading.Event(), threading.Event()

    def hold(count: int) -> None:
        going.set()
        if count == 1:
            go_on.wait(10)
        time.sleep(0.005)

    writer = Writer(hold)
    sink = sink_into(writer)
    drawing = asyncio.create_task(sink.draw(Body(4 * PORTION)))
    await asyncio.to_thread(going.wait, 10)
    for _ in range(times):
        await asyncio.sleep(0.02)
        drawing.cancel()
        with pytest.raises(asyncio.CancelledError):
            await drawing
        drawing = asyncio.create_task(sink.settle())
    await asyncio.sleep(0.05)
    go_on.set()
    await drawing
    assert writer.most == 1
    assert len(writer.places) == sink.received // SEGMENT == sink.sealer.offset // SEGMENT == 2 * PORTION
    assert writer.places == sorted(writer.places)
