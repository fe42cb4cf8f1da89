"""System calls that Python has no name for, through the C library. Every failure is an `OSError`."""

import ctypes
import os

_library = ctypes.CDLL(None, use_errno=True)
_library.syscall.restype = ctypes.c_long

_KEEP_SIZE, _PUNCH_HOLE = 1, 2  # linux/falloc.h

PR_SET_PDEATHSIG = 1
PR_SET_DUMPABLE = 4
PR_SET_NO_NEW_PRIVS = 38


def syscall(number: int, *arguments: int | ctypes.Array[ctypes.c_char] | None) -> int:
    """Make a system call with integers and buffers."""
    passed = [ctypes.c_long(each) if isinstance(each, int) else each for each in arguments]
    result: int = _library.syscall(ctypes.c_long(number), *passed)
    if result < 0:
        number_of_error = ctypes.get_errno()
        raise OSError(number_of_error, os.strerror(number_of_error))
    return result


def prctl(option: int, argument: int) -> None:
    """`prctl(2)` with one argument, the others zero."""
    if _library.prctl(option, ctypes.c_ulong(argument), 0, 0, 0) != 0:
        number_of_error = ctypes.get_errno()
        raise OSError(number_of_error, os.strerror(number_of_error))


def punch(descriptor: int, offset: int, length: int) -> None:
    """Take bytes out of a file in memory: they read as zeros, and their memory is free."""
    place, many = ctypes.c_int64(offset), ctypes.c_int64(length)
    if _library.fallocate(descriptor, _KEEP_SIZE | _PUNCH_HOLE, place, many) != 0:
        number_of_error = ctypes.get_errno()
        raise OSError(number_of_error, os.strerror(number_of_error))
