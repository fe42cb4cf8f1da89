"""Ranges of encrypted objects, over plain ASGI."""

import asyncio
import io
import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest

from relay.blobs.folder import FolderBlobs
from relay.errors import VaultRefused
from relay.vault.stream import SEGMENT, ObjectReader, object_binding, seal_stream
from relay.vault.suite import DataKey
from relay.web.shared.ranges import HOP, ObjectAnswer, Span, Unsatisfiable, parse_range

SIZE = 3 * HOP + 12_345
PLAIN = bytes(range(256)) * (SIZE // 256 + 1)
PLAIN = PLAIN[:SIZE]


class Shelf:
    """A store with one object in it."""

    def __init__(self, folder: Path, plain: bytes = PLAIN) -> None:
        self.blobs = FolderBlobs(folder)
        self.name, self.key = uuid4(), DataKey.generate()
        self.binding = object_binding(uuid4(), self.name)
        self.open_now = 0
        with self.blobs.create(self.name) as writer:
            seal_stream(io.BytesIO(plain).readinto, writer.write, self.key, self.binding)
            writer.commit()

    @contextmanager
    def open(self) -> Iterator[ObjectReader]:
        self.open_now += 1
        try:
            with self.blobs.open(self.name) as source:
                yield ObjectReader(self.key, self.binding, source)
        finally:
            self.open_now -= 1

    def flip(self, position: int) -> None:
        """Change one byte of the stored object."""
        [path] = [path for path in self.blobs_root.rglob(str(self.name)) if path.is_file()]
        path.chmod(0o600)
        sealed = bytearray(path.read_bytes())
        sealed[position] ^= 1
        path.write_bytes(sealed)

    @property
    def blobs_root(self) -> Path:
        return self.blobs._root


@pytest.fixture
def shelf(tmp_path: Path) -> Shelf:
    return Shelf(tmp_path / "blobs")


class Answer:
    """What a client got."""

    def __init__(self) -> None:
        self.status = 0
        self.headers: dict[str, str] = {}
        self.body = b""
        self.complete = False


async def ask(app: ObjectAnswer, method: str = "GET", *, leave_after: int = 2**62, **headers: str) -> Answer:
    """Ask as a server would. The client leaves after so many bytes."""
    got = Answer()
    gone = asyncio.Event()

    async def receive() -> Any:
        await gone.wait()
        return {"type": "http.disconnect"}

    async def send(message: Any) -> None:
        if message["type"] == "http.response.start":
            got.status = message["status"]
            got.headers = {name.decode(): value.decode() for name, value in message["headers"]}
        elif len(got.body) < leave_after:
            got.body += message["body"]
            got.complete = not message["more_body"]
            if len(got.body) >= leave_after:
                gone.set()
                await asyncio.sleep(0)

    scope: Any = {
        "type": "http",
        "method": method,
        "headers": [(name.replace("_", "-").encode(), value.encode()) for name, value in headers.items()],
    }
    await app(scope, receive, send)
    return got


@pytest.mark.parametrize(
    ("header", "expected"),
    [
        (None, None),
        ("bytes=0-0", Span(0, 1)),
        ("bytes=5-", Span(5, 100)),
        ("bytes=5-7", Span(5, 8)),
        ("bytes=5-1000", Span(5, 100)),
        ("bytes=-7", Span(93, 100)),
        ("bytes=-1000", Span(0, 100)),
        ("bytes = 5 - 7", Span(5, 8)),
        ("bytes=7-5", None),
        ("bytes=0-1,5-6", None),
        ("bytes=-", None),
        ("lines=1-2", None),
        ("bytes=1-2junk", None),
        ("bytes=٣-٤", None),
    ],
)
def test_one_range_is_understood_and_anything_else_passed_over(
    header: str | None, expected: Span | None
) -> None:
    assert parse_range(header, 100) == expected


@pytest.mark.parametrize(
    ("header", "size"), [("bytes=100-", 100), ("bytes=-0", 100), ("bytes=0-", 0), ("bytes=-1", 0)]
)
def test_a_range_outside_of_the_object_cannot_be_satisfied(header: str, size: int) -> None:
    with pytest.raises(Unsatisfiable):
        parse_range(header, size)


async def test_the_whole_object_is_served_with_its_length(shelf: Shelf) -> None:
    got = await ask(ObjectAnswer(shelf.open, "video/mp4"))
    assert (got.status, got.body == PLAIN, got.complete) == (200, True, True)
    assert got.headers["content-length"] == str(SIZE)
    assert got.headers["accept-ranges"] == "bytes"
    assert got.headers["content-type"] == "video/mp4"
    assert not {"etag", "last-modified"} & got.headers.keys()


@pytest.mark.parametrize(
    "span",
    [
        Span(0, 1),
        Span(SEGMENT - 1, SEGMENT + 1),
        Span(7, 2 * HOP + 9),
        Span(SIZE - 1, SIZE),
        Span(SEGMENT, 2 * SEGMENT),
    ],
)
async def test_a_range_is_served_byte_for_byte(shelf: Shelf, span: Span) -> None:
    got = await ask(ObjectAnswer(shelf.open, "video/mp4"), range=f"bytes={span.start}-{span.stop - 1}")
    assert (got.status, got.complete) == (206, True)
    assert got.body == PLAIN[span.start : span.stop]
    assert got.headers["content-range"] == f"bytes {span.start}-{span.stop - 1}/{SIZE}"
    assert got.headers["content-length"] == str(span.stop - span.start)


async def test_a_range_that_cannot_be_satisfied_says_how_long_the_object_is(shelf: Shelf) -> None:
    got = await ask(ObjectAnswer(shelf.open, "video/mp4"), range=f"bytes={SIZE}-")
    assert (got.status, got.headers["content-range"]) == (416, f"bytes */{SIZE}")
    assert got.headers["content-type"] == "application/problem+json"
    assert got.headers["content-length"] == str(len(got.body))
    problem = json.loads(got.body)
    assert (problem["status"], problem["code"]) == (416, "not-within")
    assert "Ask for bytes within" in problem["detail"]


async def test_head_gives_the_headers_of_the_whole_and_no_body(shelf: Shelf) -> None:
    got = await ask(ObjectAnswer(shelf.open, "video/mp4"), "HEAD", range="bytes=0-9")
    assert (got.status, got.body, got.headers["content-length"]) == (200, b"", str(SIZE))


async def test_a_condition_on_a_validator_that_there_is_not_gives_the_whole(shelf: Shelf) -> None:
    got = await ask(ObjectAnswer(shelf.open, "video/mp4"), range="bytes=0-9", if_range='"x"')
    assert (got.status, len(got.body)) == (200, SIZE)


async def test_an_empty_object_is_served(tmp_path: Path) -> None:
    got = await ask(ObjectAnswer(Shelf(tmp_path / "b", b"").open, "text/plain"))
    assert (got.status, got.body, got.complete) == (200, b"", True)


async def test_what_went_out_whole_is_told_also_when_the_client_leaves(shelf: Shelf) -> None:
    seen: list[Span] = []

    async def on_sent(start: int, stop: int) -> None:
        seen.append(Span(start, stop))

    answer = ObjectAnswer(shelf.open, "video/mp4", on_sent=on_sent)
    await ask(answer, range="bytes=10-19")
    await ask(answer)
    await ask(answer, leave_after=SEGMENT)
    await ask(answer, "HEAD")
    await ask(answer, range=f"bytes={SIZE}-")
    assert seen[:2] == [Span(10, 20), Span(0, SIZE)]
    assert seen[2].start == 0
    assert SEGMENT <= seen[2].stop < SIZE
    assert len(seen) == 3
    assert shelf.open_now == 0


async def test_what_is_not_in_memory_is_served_the_same(
    shelf: Shelf, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("relay.blobs.folder._NOWAIT", -1)  # the system refuses it, as for a file on a disk
    answer = ObjectAnswer(shelf.open, "video/mp4")
    answer.reuse()
    for span in (Span(0, SIZE), Span(SEGMENT - 1, SEGMENT + 1), Span(7, 2 * HOP + 9)):
        got = await ask(answer, range=f"bytes={span.start}-{span.stop - 1}")
        assert (got.body == PLAIN[span.start : span.stop], got.complete) == (True, True)
    answer.retire()
    assert shelf.open_now == 0


async def test_a_changed_byte_is_refused_before_its_segment_leaves(shelf: Shelf) -> None:
    seen: list[Span] = []

    async def on_sent(start: int, stop: int) -> None:
        seen.append(Span(start, stop))

    shelf.flip(HOP + SEGMENT)
    answer = ObjectAnswer(shelf.open, "video/mp4", on_sent=on_sent)
    with pytest.raises(VaultRefused):
        await ask(answer)
    assert seen[0].stop <= HOP + SEGMENT
    with pytest.raises(VaultRefused):
        await ask(answer, range=f"bytes={HOP}-")
    assert shelf.open_now == 0


async def test_an_answer_that_is_given_again_opens_once_and_closes_when_it_retires(shelf: Shelf) -> None:
    answer = ObjectAnswer(shelf.open, "video/mp4")
    answer.reuse()
    both = await asyncio.gather(*(ask(answer, range="bytes=5-2000000") for _ in range(3)))
    assert all(got.body == PLAIN[5:2_000_001] for got in both)
    again = await ask(answer, range="bytes=0-3")
    assert again.body == PLAIN[:4]
    assert 1 <= shelf.open_now <= 3
    answer.retire()
    assert shelf.open_now == 0
    await ask(answer, range="bytes=0-3")
    assert shelf.open_now == 0
