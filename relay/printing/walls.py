"""What the typesetter may still ask of the kernel once it reads what a person wrote: next to nothing.

It runs as the user of the app that started it, which holds keys. So it may look into no process, signal and
start none, and open nothing: a seccomp filter lets through what computing and answering take, and refuses
all else. Source: https://docs.kernel.org/userspace-api/seccomp_filter.html, `linux/filter.h`; the numbers:
arch/x86/entry/syscalls/syscall_64.tbl, include/uapi/asm-generic/unistd.h. Imports nothing of ours.
"""

import ctypes
import errno
import platform
import struct
from typing import Final

# With set_robust_list and rseq a thread begins. One that was made before the walls may first run after them,
# and where these are refused the C library ends the process.
_X86_64: Final = {
    "read": 0, "write": 1, "close": 3, "fstat": 5, "lseek": 8, "mmap": 9, "mprotect": 10, "munmap": 11,
    "brk": 12, "rt_sigaction": 13, "rt_sigprocmask": 14, "rt_sigreturn": 15, "writev": 20, "sched_yield": 24,
    "mremap": 25, "madvise": 28, "nanosleep": 35, "getpid": 39, "exit": 60, "sigaltstack": 131,
    "arch_prctl": 158, "gettid": 186, "futex": 202, "sched_getaffinity": 204, "restart_syscall": 219,
    "clock_gettime": 228, "clock_nanosleep": 230, "exit_group": 231, "set_robust_list": 273, "getrandom": 318,
    "rseq": 334,
}  # fmt: skip
_AARCH64: Final = {
    "close": 57, "lseek": 62, "read": 63, "write": 64, "writev": 66, "fstat": 80, "exit": 93,
    "exit_group": 94, "futex": 98, "set_robust_list": 99, "nanosleep": 101, "clock_gettime": 113,
    "clock_nanosleep": 115,
    "sched_getaffinity": 123, "sched_yield": 124, "restart_syscall": 128, "sigaltstack": 132,
    "rt_sigaction": 134, "rt_sigprocmask": 135, "rt_sigreturn": 139, "getpid": 172, "gettid": 178, "brk": 214,
    "munmap": 215, "mremap": 216, "mmap": 222, "mprotect": 226, "madvise": 233, "getrandom": 278, "rseq": 293,
}  # fmt: skip
TABLES: Final = {"x86_64": (0xC000003E, _X86_64), "aarch64": (0xC00000B7, _AARCH64)}
"""By `platform.machine()`: the architecture as the filter sees it, and what may be asked for."""

_LOAD, _EQUAL, _RETURN = 0x20, 0x15, 0x06
_ALLOW, _KILL, _ERROR = 0x7FFF0000, 0x80000000, 0x00050000
_NUMBER, _ARCHITECTURE = 0, 4  # offsets in struct seccomp_data
_SET_MODE_FILTER, _ALL_THREADS = 1, 1
_SECCOMP: Final = {"x86_64": 317, "aarch64": 277}
_SET_DUMPABLE, _SET_NO_NEW_PRIVILEGES = 4, 38


def raise_walls() -> None:
    """Put the filter on every thread of this process, for good; and let nobody look into it.

    Raise `OSError` where that cannot be done: then nothing that a person wrote may be read.
    """
    machine = platform.machine()
    program = _filter(machine)
    library = ctypes.CDLL(None, use_errno=True)
    instructions = ctypes.create_string_buffer(program, len(program))
    # struct sock_fprog: how many, padding to the pointer, pointer
    header = struct.pack("<HxxxxxxQ", len(program) // 8, ctypes.addressof(instructions))
    for done in (
        library.prctl(_SET_DUMPABLE, *map(ctypes.c_ulong, (0, 0, 0, 0))),
        library.prctl(_SET_NO_NEW_PRIVILEGES, *map(ctypes.c_ulong, (1, 0, 0, 0))),
        library.syscall(
            *map(ctypes.c_long, (_SECCOMP[machine], _SET_MODE_FILTER, _ALL_THREADS)),
            ctypes.create_string_buffer(header, len(header)),
        ),
    ):
        # above zero is a thread that could not be filtered
        if done != 0:
            raise OSError(ctypes.get_errno() or errno.ESRCH, "the typesetter could not be walled in")


def _filter(machine: str) -> bytes:
    if machine not in TABLES:
        raise OSError(errno.ENOSYS, "no table of system calls for this machine")
    architecture, numbers = TABLES[machine]
    program = _step(_LOAD, _ARCHITECTURE) + _step(_EQUAL, architecture, 1, 0) + _step(_RETURN, _KILL)
    program += _step(_LOAD, _NUMBER)
    for number in numbers.values():
        program += _step(_EQUAL, number, 0, 1) + _step(_RETURN, _ALLOW)
    return program + _step(_RETURN, _ERROR | errno.EPERM)


def _step(code: int, value: int, true: int = 0, false: int = 0) -> bytes:
    return struct.pack("<HBBI", code, true, false, value)
