"""A child sees the whole of a file of which little is in memory; never zeros in the place of content."""

import hashlib
import os
from collections.abc import Callable, Iterator
from pathlib import Path
from random import Random

import pytest

from tests.security.sandbox.children import burglar, reader
from tests.security.sandbox.conftest import CAPS
from tests.security.sandbox.test_walls import successes
from workers.sandbox.pipe import Pipe
from workers.sandbox.runner import Child, Task, Walled
from workers.sandbox.running import Ending, watch
from workers.sandbox.window import BLOCK, Window

LONG = 200 * BLOCK + 12_345
HELD = 129 * BLOCK


class Numbers:
    """A file of any size whose every eight bytes say where they are."""

    def __init__(self, size: int) -> None:
        self.size = size
        self.fetched = 0

    def read_into(self, offset: int, buffer: memoryview) -> int:
        self.fetched += 1
        there = self.bytes_at(offset, min(len(buffer), self.size - offset))
        buffer[: len(there)] = there
        return len(there)

    def bytes_at(self, offset: int, length: int) -> bytes:
        first = offset // 8
        words = b"".join(number.to_bytes(8, "big") for number in range(first, (offset + length) // 8 + 1))
        return words[offset - first * 8 :][:length]


@pytest.fixture
def numbers(children: Path) -> Iterator[tuple[Numbers, Window]]:
    assert children.is_dir()
    source = Numbers(LONG)
    seen = Window(source)
    yield source, seen
    seen.close()


def asked(seen: Window, way: int, *places: int) -> tuple[bytes, Ending]:
    """Let a child read, and return its answer."""
    with Pipe() as answer:
        task = Task(Child("reader", (way, *places)), (seen,), (answer.writing,), CAPS)
        with Walled().start(task) as running:
            answer.close(answer.writing)
            (ending,) = watch([running], seconds=60, stopped=lambda: False)
        return os.read(answer.reading, 64), ending


def held(seen: Window) -> int:
    return os.fstat(seen._memory).st_blocks * 512


@pytest.mark.parametrize("way", [reader.IN_PLACE, reader.BY_OFFSET, reader.BY_ANOTHER_NAME])
def test_whatever_a_child_reads_is_there_and_little_else(numbers: tuple[Numbers, Window], way: int) -> None:
    source, seen = numbers
    chance = Random(7)  # noqa: S311 - where to read
    places = [(chance.randrange(LONG), chance.randrange(1, 3 * BLOCK)) for _ in range(150)]
    places += [(0, 10), (LONG - 5, 100), (LONG, 10), (LONG + BLOCK, 10)]
    expected = hashlib.sha256(b"".join(source.bytes_at(o, max(0, min(n, LONG - o))) for o, n in places))
    answer, ending = asked(seen, way, *(number for place in places for number in place))
    assert ending.good
    assert answer == expected.digest()
    assert source.fetched > 129
    assert held(seen) <= HELD


@pytest.mark.parametrize(
    ("way", "length"), [(reader.IN_PIECES, 10), (reader.IN_PLACE, 9 << 20), (reader.BY_OFFSET, 9 << 20)]
)
def test_what_cannot_be_filled_in_fails_rather_than_read_zeros(
    numbers: tuple[Numbers, Window], way: int, length: int
) -> None:
    answer, ending = asked(numbers[1], way, 4 * BLOCK, length)
    assert ending.good
    assert answer == reader.REFUSED


def test_a_second_child_begins_at_the_beginning(numbers: tuple[Numbers, Window]) -> None:
    source, seen = numbers
    asked(seen, reader.IN_PLACE, 5000, 100)
    answer, _ = asked(seen, reader.FROM_HERE, 0, 64)
    assert answer == hashlib.sha256(source.bytes_at(0, 64)).digest()


def test_a_child_that_is_served_can_do_nothing_more(numbers: tuple[Numbers, Window]) -> None:
    with Pipe() as answer:
        attempts = Child("burglar", (os.getpid(), os.getppid(), 1, 1))
        with Walled().start(Task(attempts, (numbers[1],), (answer.writing,), CAPS)) as running:
            answer.close(answer.writing)
            (ending,) = watch([running], seconds=60, stopped=lambda: False)
        (won,) = burglar.ANSWER.unpack(os.read(answer.reading, 64))
    assert ending.good
    assert successes(won) == set()


def _fails(_: int, __: memoryview) -> int:
    raise OSError("the disk is gone")


def _ends(_: int, __: memoryview) -> int:
    return 0


@pytest.mark.parametrize("broken", [_fails, _ends])
def test_an_original_that_cannot_be_read_ends_the_child_and_says_so(
    numbers: tuple[Numbers, Window], broken: Callable[[int, memoryview], int], monkeypatch: pytest.MonkeyPatch
) -> None:
    source, seen = numbers
    monkeypatch.setattr(source, "read_into", broken)
    with Pipe() as answer:
        task = Task(Child("reader", (reader.IN_PLACE, 0, 100)), (seen,), (answer.writing,), CAPS)
        with Walled().start(task) as running:
            with pytest.raises(OSError, match=r"gone|shorter"):
                watch([running], seconds=60, stopped=lambda: False)
            process = running.process
    assert process.returncode != 0


def test_two_children_do_not_look_through_one(numbers: tuple[Numbers, Window]) -> None:
    """What one reads would take away what the other is about to read, and leave zeros."""
    _, seen = numbers
    first = seen.open()
    with pytest.raises(ValueError, match="one child at a time"):
        seen.open()
    os.close(first)
    seen.leave()
    os.close(seen.open())
