"""Being asked before each read of a child: seccomp's user notification (seccomp_unotify(2), Linux 5.5).

The child's launcher installs a second filter that lets every call pass but reads (`seccomp.listen`); those
wait until the parent has answered. The parent never touches the child's memory: it lets the kernel go on with
the call as it is, or refuses it with an error.
"""

import errno
import fcntl
import os
import struct
from contextlib import suppress
from dataclasses import dataclass
from enum import Enum
from pathlib import Path

from workers.sandbox.syscalls import TABLES

_RECEIVE, _SEND = 0xC0502100, 0xC0182101
_CONTINUE = 1

# struct seccomp_notif: id, pid, flags, then struct seccomp_data: nr, arch, instruction pointer, six arguments
_CALL = struct.Struct("<QIIiIQ6Q")
# struct seccomp_notif_resp: id, value, error, flags
_ANSWER = struct.Struct("<QqiI")


class Kind(Enum):
    """Where a read takes place."""

    HERE = "at the file's offset"
    THERE = "where the call says"
    OTHER = "in pieces, which a notification does not show"


@dataclass(frozen=True)
class Read:
    """A read that waits. What it says is the child's word."""

    number: int
    kind: Kind
    untrusted_length: int
    untrusted_offset: int
    untrusted_descriptor: int
    thread: int

    def place(self) -> int | None:
        """The offset of the file that is read, which a child may have opened anew; None if nobody says."""
        with suppress(OSError, ValueError):  # another user's, and we may not look
            said = Path(f"/proc/{self.thread}/fdinfo/{self.untrusted_descriptor}").read_text()
            return int(said.split()[1])  # "pos:", the offset
        return None


def receive(listener: int) -> Read | None:
    """Take the read that waits; None if its process is gone."""
    buffer = bytearray(_CALL.size)
    try:
        fcntl.ioctl(listener, _RECEIVE, buffer)
    except OSError as error:
        if error.errno in {errno.ENOENT, errno.EINTR}:
            return None
        raise
    number, thread, _, call, _, _, descriptor, _, length, offset, _, _ = _CALL.unpack(buffer)
    numbers = TABLES[os.uname().machine][1]
    kind = {numbers["read"]: Kind.HERE, numbers["pread64"]: Kind.THERE}.get(call, Kind.OTHER)
    return Read(number, kind, length, offset, descriptor, thread)


def let_go_on(listener: int, read: Read) -> None:
    """Let the kernel do it."""
    _answer(listener, _ANSWER.pack(read.number, 0, 0, _CONTINUE))


def refuse(listener: int, read: Read) -> None:
    """Let it fail as a disk would."""
    _answer(listener, _ANSWER.pack(read.number, 0, -errno.EIO, 0))


def _answer(listener: int, answer: bytes) -> None:
    try:
        fcntl.ioctl(listener, _SEND, bytearray(answer))
    except OSError as error:
        if error.errno != errno.ENOENT:  # its process was ended meanwhile
            raise
