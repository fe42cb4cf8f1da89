"""Files that exist in memory only (memfd), and their seals."""

import contextlib
import errno
import fcntl
import os
from collections.abc import Callable

_NO_EXECUTION = 0x0008  # MFD_NOEXEC_SEAL, Linux 6.3; Python 3.11 has no name for it
_SEALS = fcntl.F_SEAL_SEAL | fcntl.F_SEAL_SHRINK | fcntl.F_SEAL_GROW | fcntl.F_SEAL_WRITE
_COPY = 1 << 20


def create(name: str) -> int:
    """Open an empty file in memory. `name` is seen in /proc: say the role, nothing of the content."""
    flags = os.MFD_CLOEXEC | os.MFD_ALLOW_SEALING
    try:
        return os.memfd_create(name, flags | _NO_EXECUTION)
    except OSError as error:
        if error.errno != errno.EINVAL:
            raise
        return os.memfd_create(name, flags)  # older Linux; Landlock and seccomp refuse execution anyway


def seal(descriptor: int) -> None:
    """Make it unchangeable for everybody, us included. Doing it twice is harmless."""
    if not is_sealed(descriptor):
        fcntl.fcntl(descriptor, fcntl.F_ADD_SEALS, _SEALS)


def is_sealed(descriptor: int) -> bool:
    """Whether nobody can write to it any more. False for what is no memfd."""
    with contextlib.suppress(OSError):
        return fcntl.fcntl(descriptor, fcntl.F_GET_SEALS) & _SEALS == _SEALS
    return False


def from_bytes(name: str, content: bytes) -> int:
    """A sealed file in memory with this content."""
    descriptor = create(name)
    view = memoryview(content)
    while view:
        view = view[os.write(descriptor, view) :]
    seal(descriptor)
    return descriptor


def fill(descriptor: int, size: int, read_into: Callable[[int, memoryview], int]) -> None:
    """Write `size` bytes of a source to the end of it."""
    buffer = memoryview(bytearray(min(_COPY, max(size, 1))))
    done = 0
    while done < size:
        got = read_into(done, buffer[: size - done])
        if not got:
            raise OSError(errno.EIO, "the original is shorter than it said")
        view = buffer[:got]
        while view:
            view = view[os.write(descriptor, view) :]
        done += got


def from_file(name: str, source: int) -> int:
    """A sealed copy in memory of an open file, from its present offset on."""
    descriptor = create(name)
    buffer = memoryview(bytearray(_COPY))
    while length := os.readv(source, [buffer]):
        view = buffer[:length]
        while view:
            view = view[os.write(descriptor, view) :]
    seal(descriptor)
    return descriptor


def size(descriptor: int) -> int:
    """Bytes in it."""
    return os.fstat(descriptor).st_size


def beginning(descriptor: int) -> bytes:
    """The first 2 KiB."""
    return os.pread(descriptor, 2048, 0)


def held(stack: contextlib.ExitStack, name: str) -> int:
    """Open an empty file in memory that is closed with `stack`."""
    descriptor = create(name)
    stack.callback(os.close, descriptor)
    return descriptor


def part(descriptor: int, offset: int, length: int) -> bytes:
    """Some bytes of it; fewer at its end."""
    return os.pread(descriptor, length, offset)
