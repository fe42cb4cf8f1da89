"""What is packed leaves memory behind the packer, and a packer that is no longer ours is refused."""

import os
from collections.abc import Iterator
from functools import partial
from pathlib import Path

import pytest

from relay.vault.spool import SEGMENT, Spool
from workers.media.kept import part
from workers.media.model import MediaRefused
from workers.media.packed import Packed

MIB = 1 << 20
CAP = 4 * MIB


@pytest.fixture
def packed(tmp_path: Path) -> Iterator[Packed]:
    made = Packed(partial(Spool, tmp_path), CAP)
    yield made
    made.close()


def held(packed: Packed) -> int:
    return os.fstat(packed.file).st_blocks * 512


def block(number: int) -> bytes:
    return number.to_bytes(4, "big") * (MIB // 4)


def test_memory_stays_the_same_however_much_is_packed(packed: Packed) -> None:
    most = 0
    for number in range(40):
        os.write(packed.file, block(number))
        packed.drain()
        most = max(most, held(packed))
    os.pwrite(packed.file, b"the length", 4)  # ffmpeg goes back once
    os.write(packed.file, b"the index")
    whole = packed.finish()
    assert most <= 2 * MIB
    assert held(packed) == 0
    assert whole.size == 40 * MIB + len(b"the index")
    assert part(whole, 0, MIB) == block(0)[:4] + b"the length" + block(0)[14:]
    for number in range(1, 40):
        assert part(whole, number * MIB, MIB) == block(number)
    assert part(whole, 40 * MIB, 100) == b"the index"


@pytest.mark.parametrize("size", [0, 1, SEGMENT, SEGMENT + 1, 2 * SEGMENT, 3 * SEGMENT])
@pytest.mark.parametrize("drained", [False, True])
def test_any_length_is_whole(packed: Packed, size: int, *, drained: bool) -> None:
    content = os.urandom(size)
    os.write(packed.file, content)
    if drained:
        packed.drain()
    assert part(packed.finish(), 0, size + 1) == content


def test_a_packer_that_runs_ahead_is_refused(packed: Packed) -> None:
    for number in range(5):
        os.write(packed.file, block(number))
    with pytest.raises(MediaRefused):
        packed.drain()


def test_a_packer_that_writes_again_what_was_taken_away_is_refused(packed: Packed) -> None:
    for number in range(20):
        os.write(packed.file, block(number))
        packed.drain()
    for number in range(1, 6):
        os.pwrite(packed.file, block(number), number * MIB)
    with pytest.raises(MediaRefused):
        packed.drain()


def test_what_was_taken_away_stays_what_it_was(packed: Packed) -> None:
    for number in range(10):
        os.write(packed.file, block(number))
        packed.drain()
    os.pwrite(packed.file, b"something else", 3 * MIB)
    assert part(packed.finish(), 3 * MIB, MIB) == block(3)


@pytest.mark.parametrize("left", [0, 1, SEGMENT, 2 * MIB])
def test_a_packer_that_cuts_its_file_is_refused(packed: Packed, left: int) -> None:
    for number in range(4):
        os.write(packed.file, block(number))
        packed.drain()
    os.ftruncate(packed.file, left)
    packed.drain()
    with pytest.raises(MediaRefused):
        packed.finish()


def test_nothing_is_left_open(tmp_path: Path) -> None:
    before = set(os.listdir("/proc/self/fd"))  # noqa: PTH208 - numbers, not paths
    made = Packed(partial(Spool, tmp_path))
    os.write(made.file, block(1))
    made.finish()
    made.close()
    assert set(os.listdir("/proc/self/fd")) == before  # noqa: PTH208 - as above
    assert list(tmp_path.iterdir()) == []
