"""The contract of all blob stores. A new store joins `STORES` and has to pass every test here as it is."""

import os
from collections.abc import Callable
from pathlib import Path
from tempfile import TemporaryFile
from uuid import UUID, uuid4

import pytest

from relay.blobs.folder import FolderBlobs
from relay.blobs.interface import Blobs, BlobWriter
from relay.errors import BlobMissing, Conflict

STORES: dict[str, Callable[[Path], Blobs]] = {"folder": FolderBlobs}
CONTENT = bytes(range(256)) * 40


@pytest.fixture(params=STORES)
def reopened(request: pytest.FixtureRequest, tmp_path: Path) -> Callable[[], Blobs]:
    """Return what opens one and the same store, as another process would."""
    return lambda: STORES[request.param](tmp_path / "blobs")


@pytest.fixture
def blobs(reopened: Callable[[], Blobs]) -> Blobs:
    return reopened()


def finished(blobs: Blobs, content: bytes = CONTENT) -> UUID:
    name = uuid4()
    with blobs.create(name) as writer:
        writer.write(content)
        writer.commit()
    return name


def read(blobs: Blobs, name: UUID) -> bytes:
    with blobs.open(name) as reader:
        buffer = bytearray(reader.size + 10)
        assert reader.read_into(0, memoryview(buffer)) == reader.size
        return bytes(buffer[: reader.size])


@pytest.mark.parametrize("content", [b"", b"x", CONTENT])
def test_what_is_committed_can_be_read_also_by_another_process(
    reopened: Callable[[], Blobs], content: bytes
) -> None:
    name = finished(reopened(), content)
    again = reopened()
    assert read(again, name) == content
    assert again.size(name) == len(content)
    assert list(again.names()) == [name]
    assert list(again.unfinished()) == []


def test_what_is_set_aside_is_no_blob(blobs: Blobs) -> None:
    with TemporaryFile(dir=blobs.aside()) as file:
        file.write(CONTENT)
        assert list(blobs.names()) == list(blobs.unfinished()) == []
    assert list(blobs.aside().iterdir()) == []


def test_any_part_can_be_read(blobs: Blobs) -> None:
    name = finished(blobs)
    with blobs.open(name) as reader:
        buffer = memoryview(bytearray(100))
        assert reader.read_into(5000, buffer) == 100
        assert buffer == CONTENT[5000:5100]
        assert reader.read_into(len(CONTENT) - 30, buffer) == 30
        assert buffer[:30] == CONTENT[-30:]
        assert reader.read_into(len(CONTENT), buffer) == 0
        assert reader.read_into(len(CONTENT) + 5, buffer) == 0


def test_writes_land_where_they_are_meant_in_any_order(blobs: Blobs) -> None:
    name = uuid4()
    with blobs.create(name) as writer:
        writer.write_at(6, b"world")
        writer.write(b"hello")
        writer.write(memoryview(b" "))
        assert writer.size == 11
        assert writer.read_at(0, 5) == b"hello"
        assert writer.read_at(6, 100) == b"world"
        assert writer.read_at(11, 5) == b""
        writer.commit()
    assert read(blobs, name) == b"hello world"


def test_a_later_write_replaces_an_earlier_one(blobs: Blobs) -> None:
    name = uuid4()
    with blobs.create(name) as writer:
        writer.write_at(0, b"aaaaaa")
        writer.write_at(2, bytearray(b"bb"))
        writer.truncate(5)
        writer.commit()
    assert read(blobs, name) == b"aabba"


def test_an_unfinished_blob_cannot_be_opened(blobs: Blobs) -> None:
    name = uuid4()
    with blobs.create(name) as writer:
        writer.write(CONTENT)
        writer.sync()
        for attempt in (blobs.open, blobs.size):
            with pytest.raises(BlobMissing):
                attempt(name)
        assert list(blobs.names()) == []
        assert list(blobs.unfinished()) == [name]


def test_an_unfinished_blob_is_resumed_by_another_process(reopened: Callable[[], Blobs]) -> None:
    name = uuid4()
    with reopened().create(name) as writer:
        writer.write(CONTENT)
        writer.sync()
    blobs = reopened()
    assert list(blobs.unfinished()) == [name]
    with blobs.resume(name) as writer:
        assert writer.size == len(CONTENT)
        assert writer.read_at(10, 10) == CONTENT[10:20]
        writer.write_at(len(CONTENT), b"end")
        writer.commit()
    assert read(blobs, name) == CONTENT + b"end"
    assert list(blobs.unfinished()) == []


def test_an_error_while_writing_leaves_the_blob_unfinished(blobs: Blobs) -> None:
    name = uuid4()
    with pytest.raises(TypeError), blobs.create(name) as writer:
        writer.write(None)  # type: ignore[arg-type]
    assert list(blobs.unfinished()) == [name]
    assert list(blobs.names()) == []


def test_a_finished_blob_is_never_overwritten(blobs: Blobs) -> None:
    name = finished(blobs)
    with pytest.raises(FileExistsError):
        blobs.create(name)
    with pytest.raises(BlobMissing):
        blobs.resume(name)
    assert read(blobs, name) == CONTENT
    assert list(blobs.unfinished()) == []


def test_an_unfinished_blob_is_not_started_again(blobs: Blobs) -> None:
    name = uuid4()
    with blobs.create(name) as writer:
        writer.write(CONTENT)
        with pytest.raises(FileExistsError):
            blobs.create(name)
        assert writer.size == len(CONTENT)


def test_two_writers_of_one_blob_are_kept_apart(reopened: Callable[[], Blobs]) -> None:
    name = uuid4()
    with reopened().create(name) as writer:
        with pytest.raises(Conflict):
            reopened().resume(name)
        writer.close()
        with reopened().resume(name), pytest.raises(Conflict):
            reopened().resume(name)


def test_an_aborted_blob_is_gone(blobs: Blobs) -> None:
    name = uuid4()
    with blobs.create(name) as writer:
        writer.write(CONTENT)
        writer.abort()
    assert list(blobs.unfinished()) == []
    with pytest.raises(BlobMissing):
        blobs.resume(name)


def test_a_deleted_blob_is_gone_and_deleting_again_does_nothing(blobs: Blobs) -> None:
    done, begun = finished(blobs), uuid4()
    blobs.create(begun).close()
    for name in (done, begun, uuid4()):
        blobs.delete(name)
        blobs.delete(name)
    assert list(blobs.names()) == []
    assert list(blobs.unfinished()) == []
    with pytest.raises(BlobMissing):
        blobs.open(done)


def test_a_blob_deleted_under_its_writer_is_not_finished(blobs: Blobs) -> None:
    name = uuid4()
    with blobs.create(name) as writer:
        writer.write(CONTENT)
        blobs.delete(name)
        with pytest.raises(BlobMissing):
            writer.commit()
    assert list(blobs.names()) == []


@pytest.mark.parametrize("attempt", ["open", "resume", "size"])
def test_what_is_not_there_is_missing(blobs: Blobs, attempt: str) -> None:
    with pytest.raises(BlobMissing):
        getattr(blobs, attempt)(uuid4())


@pytest.mark.parametrize("ending", ["commit", "abort", "close"])
def test_a_writer_that_ended_writes_nothing_more(blobs: Blobs, ending: str) -> None:
    name = uuid4()
    writer = blobs.create(name)
    writer.write(b"kept")
    getattr(writer, ending)()
    with pytest.raises(OSError, match="descriptor"):
        writer.write(b"late")
    writer.close()


def test_many_blobs_are_all_listed(blobs: Blobs) -> None:
    names = {finished(blobs, b"x") for _ in range(40)}
    assert set(blobs.names()) == names


def test_leaving_gives_back_what_was_opened(blobs: Blobs) -> None:
    def in_use() -> int:
        return len(os.listdir("/proc/self/fd"))  # noqa: PTH208 - counted, not walked

    name = finished(blobs)
    before = in_use()
    with blobs.open(name):
        pass
    writers: list[BlobWriter] = []
    for ending in ("commit", "abort", "close"):
        with blobs.create(uuid4()) as writer:
            getattr(writer, ending)()
            writers.append(writer)
    with pytest.raises(FileExistsError):
        blobs.create(name)
    assert in_use() == before
