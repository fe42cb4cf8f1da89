"""What is set aside on a disk comes back whole, or not at all; nobody else can read or name it."""

import os
from pathlib import Path
from random import Random

import pytest

from relay.errors import VaultRefused
from relay.vault.segments import ADDED, HEADER
from relay.vault.spool import SEGMENT, Spool

MARK = b"nobody else reads this"
_STRIDE = SEGMENT + ADDED


def plain(size: int) -> bytes:
    return (MARK * (size // len(MARK) + 1))[:size]


def filled(spool: Spool, content: bytes) -> None:
    """As a packer's file comes: the first segment last."""
    numbers = range(max(1, -(-len(content) // SEGMENT)))
    for number in (*numbers[1:], 0):
        piece = content[number * SEGMENT : (number + 1) * SEGMENT]
        spool.put(number, memoryview(piece), last=number == numbers[-1])


@pytest.mark.parametrize("size", [0, 1, SEGMENT - 1, SEGMENT, SEGMENT + 1, 2 * SEGMENT, 5 * SEGMENT + 77])
def test_it_comes_back_whole(tmp_path: Path, size: int) -> None:
    with Spool(tmp_path) as spool:
        filled(spool, plain(size))
        assert spool.open().read_all(size) == plain(size)


def test_it_has_no_name_and_nothing_of_it_can_be_read(tmp_path: Path) -> None:
    with Spool(tmp_path) as spool:
        filled(spool, plain(3 * SEGMENT))
        assert list(tmp_path.iterdir()) == []
        assert os.fstat(spool._file.fileno()).st_nlink == 0
        sealed = bytearray(spool.size)
        spool.read_into(0, memoryview(sealed))
        assert MARK[:6] not in sealed
        assert len(set(sealed)) == 256


def test_two_spools_do_not_open_each_other(tmp_path: Path) -> None:
    with Spool(tmp_path) as one, Spool(tmp_path) as other:
        filled(one, plain(1000))
        filled(other, plain(1000))
        sealed = bytearray(one.size)
        one.read_into(0, memoryview(sealed))
        os.pwrite(other._file.fileno(), sealed, 0)
        with pytest.raises(VaultRefused):
            other.open()


@pytest.mark.parametrize("bit", range(0, 8, 3))
def test_a_bit_that_was_changed_on_the_disk_is_refused(tmp_path: Path, bit: int) -> None:
    chance = Random(bit)  # noqa: S311 - where to change it
    for place in (0, HEADER, HEADER + _STRIDE, *(chance.randrange(3 * _STRIDE) for _ in range(20))):
        with Spool(tmp_path) as spool:
            filled(spool, plain(3 * SEGMENT))
            (was,) = os.pread(spool._file.fileno(), 1, place)
            os.pwrite(spool._file.fileno(), bytes([was ^ 1 << bit]), place)
            with pytest.raises(VaultRefused):
                spool.open().read_all(3 * SEGMENT)


def test_segments_that_changed_places_are_refused(tmp_path: Path) -> None:
    with Spool(tmp_path) as spool:
        filled(spool, plain(4 * SEGMENT))
        one, two = (os.pread(spool._file.fileno(), _STRIDE, HEADER + n * _STRIDE) for n in (1, 2))
        os.pwrite(spool._file.fileno(), two + one, HEADER + _STRIDE)
        with pytest.raises(VaultRefused):
            spool.open().read_all(4 * SEGMENT)


def test_one_that_lacks_its_beginning_or_its_end_is_refused(tmp_path: Path) -> None:
    for numbers in ((1, 2), (0, 1)):
        with Spool(tmp_path) as spool:
            for number in numbers:
                spool.put(number, memoryview(plain(SEGMENT)), last=number == 2)
            with pytest.raises(VaultRefused):
                spool.open().read_all(3 * SEGMENT)
