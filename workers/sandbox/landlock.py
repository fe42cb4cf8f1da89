"""Landlock: which files a process may touch. It needs no privilege and cannot be taken off again.

Source: https://docs.kernel.org/userspace-api/landlock.html. The numbers below are those of
`linux/landlock.h`. Files without a name in a file system (memfds, pipes) are outside of it: the child keeps
what it was given.
"""

import ctypes
import os
import stat
import struct

from workers.sandbox import kernel

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable

# the same on every architecture with the generic table, and on x86-64
CREATE_RULESET, ADD_RULE, RESTRICT_SELF = 444, 445, 446

EXECUTE = 1 << 0
READ_FILE = 1 << 2

_VERSION = 1  # flag of CREATE_RULESET: answer the version
_PATH_BENEATH = 1
_FIRST_RIGHTS = (1 << 13) - 1
_REFER, _TRUNCATE, _IOCTL_DEVICE = 1 << 13, 1 << 14, 1 << 15
_ALL_TCP = 0b11
_ALL_SCOPES = 0b11


def version() -> int:
    """The kernel's Landlock version; `OSError` where there is none or it is turned off."""
    return kernel.syscall(CREATE_RULESET, None, 0, _VERSION)


def _handled(abi: int) -> bytes:
    """Everything that this kernel can refuse, as `struct landlock_ruleset_attr` of its version."""
    rights = _FIRST_RIGHTS
    for since, right in ((2, _REFER), (3, _TRUNCATE), (5, _IOCTL_DEVICE)):
        if abi >= since:
            rights |= right
    attributes = struct.pack("<Q", rights)
    if abi >= 4:
        attributes += struct.pack("<Q", _ALL_TCP)
    if abi >= 6:
        attributes += struct.pack("<Q", _ALL_SCOPES)
    return attributes


class Ruleset:
    """Refuses everything; `allow` makes exceptions; `enforce` makes it hold for this thread for ever."""

    def __init__(self) -> None:
        attributes = _handled(version())
        buffer = ctypes.create_string_buffer(attributes, len(attributes))
        self._descriptor = kernel.syscall(CREATE_RULESET, buffer, len(attributes), 0)

    def allow(self, paths: "Iterable[str]", rights: int) -> None:
        """Let `paths` (files) be used with `rights`. A path that is not there is left out."""
        for path in paths:
            try:  # noqa: SIM105 - contextlib takes longer than all of this: see `wire`
                self._allow(path, rights)
            except FileNotFoundError:
                pass

    def _allow(self, path: str, rights: int) -> None:
        opened = os.open(path, os.O_PATH | os.O_CLOEXEC)
        try:
            if not stat.S_ISREG(os.fstat(opened).st_mode):
                raise OSError(22, "only plain files can be allowed")
            rule = struct.pack("<Qi", rights, opened)
            buffer = ctypes.create_string_buffer(rule, len(rule))
            kernel.syscall(ADD_RULE, self._descriptor, _PATH_BENEATH, buffer, 0)
        finally:
            os.close(opened)

    def enforce(self) -> None:
        """Needs no-new-privileges; holds for the calling thread and what comes from it."""
        kernel.syscall(RESTRICT_SELF, self._descriptor, 0)
        os.close(self._descriptor)
