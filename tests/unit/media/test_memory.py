import os

import pytest

from workers.sandbox import memory


def test_a_sealed_file_changes_for_nobody() -> None:
    file = memory.from_bytes("original", b"as it was")
    assert memory.is_sealed(file)
    with pytest.raises(PermissionError):
        os.pwrite(file, b"X", 0)
    with pytest.raises(PermissionError):
        os.truncate(file, 3)
    with pytest.raises(PermissionError), open(f"/proc/self/fd/{file}", "r+b") as again:  # noqa: PTH123
        again.write(b"X")
    assert memory.part(file, 0, 100) == b"as it was"
    os.close(file)


def test_what_is_no_memfd_is_not_sealed() -> None:
    reading, writing = os.pipe()
    assert not memory.is_sealed(reading)
    os.close(reading)
    os.close(writing)
