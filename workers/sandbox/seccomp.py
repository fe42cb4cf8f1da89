"""A seccomp filter, written as BPF by hand: only what decoding needs, everything else is "not permitted".

Not on the list, so refused: every socket call, ptrace, process_vm_*, kill, fork, execve, mount, unshare,
setns, bpf, io_uring, keyctl, memfd_create, userfaultfd, perf, and whatever Linux will add. A call for
another architecture ends the process. Source: https://docs.kernel.org/userspace-api/seccomp_filter.html,
`linux/filter.h`.
"""

import ctypes
import errno
import os
import struct

from workers.sandbox import kernel
from workers.sandbox.syscalls import PLAIN, READS, TABLES

_LOAD, _EQUAL, _ANY_BIT, _RETURN = 0x20, 0x15, 0x45, 0x06
_ALLOW, _KILL, _ERROR, _NOTIFY = 0x7FFF0000, 0x80000000, 0x00050000, 0x7FC00000
_NUMBER, _ARCHITECTURE = 0, 4  # offsets in struct seccomp_data
_SET_MODE_FILTER, _ALL_THREADS, _NEW_LISTENER = 1, 1, 8

_CLONE_THREAD = 0x10000
_PROT_EXEC = 4
_TERMINAL_ATTRIBUTES = 0x5401  # isatty() asks for them
_FCNTL_HARMLESS = (0, 1, 2, 3, 4, 1030, 1034)  # dup, flags, seals; not F_SETOWN, which sends signals
_PRCTL_HARMLESS = (15, 0x53564D41)  # names of threads and of memory


def _instruction(code: int, value: int, true: int = 0, false: int = 0) -> bytes:
    return struct.pack("<HBBI", code, true, false, value)


def _argument(position: int) -> int:
    """Offset of the low half of an argument: all arguments tested here are 32 bits wide in the kernel."""
    return 16 + 8 * position


def _give(answer: int) -> bytes:
    return _instruction(_RETURN, answer)


def _when(number: int, body: bytes) -> bytes:
    """Run `body`, which must end in an answer, for one system call."""
    return _instruction(_EQUAL, number, 0, len(body) // 8) + body


def _if_argument_is(position: int, values: tuple[int, ...]) -> bytes:
    body = _instruction(_LOAD, _argument(position))
    for value in values:
        body += _instruction(_EQUAL, value, 0, 1) + _give(_ALLOW)
    return body + _give(_ERROR | errno.EPERM)


def _if_argument_has(position: int, bits: int, *, wanted: bool) -> bytes:
    found, other = (_ALLOW, _ERROR | errno.EPERM) if wanted else (_ERROR | errno.EPERM, _ALLOW)
    load = _instruction(_LOAD, _argument(position))
    return load + _instruction(_ANY_BIT, bits, 0, 1) + _give(found) + _give(other)


def build(machine: str, process: int, *, executes: bool, makes_code: bool) -> bytes:
    """The filter for one process.

    `machine` is `os.uname().machine`; `process` the only one that may be signalled; `executes` leaves one
    way to start a program (execveat), for ffmpeg, where Landlock names the only file that can be;
    `makes_code` lets memory be executed that was written. Raises `OSError` (ENOSYS) for a machine without a
    table.
    """
    if machine not in TABLES:
        raise OSError(errno.ENOSYS, "no table of system calls for this machine")
    architecture, numbers = TABLES[machine]
    writable_code = _give(_ALLOW) if makes_code else _if_argument_has(2, _PROT_EXEC, wanted=False)
    special = {
        "mmap": writable_code,
        "mprotect": writable_code,
        "clone": _if_argument_has(0, _CLONE_THREAD, wanted=True),
        "clone3": _give(_ERROR | errno.ENOSYS),  # its flags cannot be seen; C libraries fall back to clone
        "tgkill": _if_argument_is(0, (process,)),
        "prlimit64": _if_argument_is(0, (0,)),
        "ioctl": _if_argument_is(1, (_TERMINAL_ATTRIBUTES,)),
        "fcntl": _if_argument_is(1, _FCNTL_HARMLESS),
        "prctl": _if_argument_is(0, _PRCTL_HARMLESS),
    }
    if executes:
        special["execveat"] = _give(_ALLOW)
    program = _instruction(_LOAD, _ARCHITECTURE) + _instruction(_EQUAL, architecture, 1, 0) + _give(_KILL)
    program += _instruction(_LOAD, _NUMBER)
    for name in PLAIN:
        if name in numbers and name not in special:
            program += _when(numbers[name], _give(_ALLOW))
    for name, body in special.items():
        program += _when(numbers[name], body)
    return program + _give(_ERROR | errno.EPERM)


def install(program: bytes) -> None:
    """Put the filter on every thread of this process. Needs no-new-privileges."""
    if _install(program, _ALL_THREADS) != 0:
        raise OSError(errno.ESRCH, "a thread could not be filtered")


def listen() -> int:
    """Let every read of this process wait for an answer; return the listener, where `notify` is asked.

    It has no-new-privileges and one thread. The filter of `build` stands beside this one, and the stricter
    answer counts. Source: seccomp_unotify(2), Linux 5.5.
    """
    numbers = TABLES[os.uname().machine][1]
    program = _instruction(_LOAD, _NUMBER)
    for name in READS:
        program += _when(numbers[name], _give(_NOTIFY))
    return _install(program + _give(_ALLOW), _NEW_LISTENER)


def _install(program: bytes, flags: int) -> int:
    instructions = ctypes.create_string_buffer(program, len(program))
    # struct sock_fprog: length, padding to the pointer, pointer
    header = struct.pack("<HxxxxxxQ", len(program) // 8, ctypes.addressof(instructions))
    buffer = ctypes.create_string_buffer(header, len(header))
    return kernel.syscall(TABLES[os.uname().machine][1]["seccomp"], _SET_MODE_FILTER, flags, buffer)
