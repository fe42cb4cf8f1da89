"""Runs in a fresh, bare interpreter: builds the walls around itself, then becomes the child.

The order matters: what needs rights (opening the program, importing packages) comes first, and nothing
hostile has been read by then. From the last wall on there is no way back. Any failure ends the process and
names the `Stage`; nothing is ever run with a wall missing.
"""

import _socket
import fcntl
import os
import resource
import signal
import struct
import sys

from workers.sandbox import kernel, landlock, seccomp
from workers.sandbox.wire import FIRST_DESCRIPTOR, STATUS, Stage, decode

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

    from workers.sandbox.protocol import Caps, Order

_HIGH = 512  # above every number that the child will see

_ENVIRONMENT = {
    "LC_ALL": "C",
    "MALLOC_MMAP_THRESHOLD_": str(32 << 20),
    "MALLOC_TRIM_THRESHOLD_": str(128 << 20),
}
"""Of a program: memory of whole pictures is used again, instead of given back to the kernel after each."""


class _Progress:
    """Where the launcher is, so that a failure can be named."""

    stage = Stage.ORDER


def main() -> None:
    """Entry of the fresh interpreter: `argv[1]` is the order."""
    order = decode(sys.argv[1])
    progress = _Progress()
    status = order.status
    try:
        status = _arrange(order, progress)
        handover = _prepare(order, progress)
        if order.served:
            _be_served(status, progress)
        if order.walls:
            _enclose(order, progress)
        os.write(status, STATUS.pack(Stage.READY, 0))
    except Exception as error:  # noqa: BLE001 - whatever it was, the answer is: not run
        os.write(status, STATUS.pack(progress.stage, getattr(error, "errno", None) or 0))
        os._exit(1)
    os.close(status)
    handover()
    os._exit(0)


def _arrange(order: "Order", progress: _Progress) -> int:
    """Renumber what the child gets from 3 on, close all else, and answer the status pipe's new number."""
    progress.stage = Stage.DESCRIPTORS
    flags = os.O_RDONLY | os.O_CLOEXEC
    raised = [
        _raise(os.open(f"/proc/self/fd/{given}", flags) if read_only else given)
        for given, read_only in zip(order.descriptors, order.read_only, strict=True)
    ]
    status = _raise(order.status)
    first_free = FIRST_DESCRIPTOR + len(raised)
    for target, source in enumerate(raised, FIRST_DESCRIPTOR):
        os.dup2(source, target)
    os.dup2(status, first_free, inheritable=False)
    for name in os.listdir("/proc/self/fd"):  # noqa: PTH208 - numbers, not paths
        if int(name) > first_free:
            try:  # noqa: SIM105 - contextlib takes longer than all of this: see `wire`
                os.close(int(name))
            except OSError:  # the one that listed them is closed already
                pass
    return first_free


def _raise(descriptor: int) -> int:
    """Duplicate above all targets, so that renumbering cannot overwrite what is still needed."""
    return fcntl.fcntl(descriptor, fcntl.F_DUPFD_CLOEXEC, _HIGH)


def _prepare(order: "Order", progress: _Progress) -> "Callable[[], None]":
    """Open or import the program while that is still possible; answer what starts it."""
    progress.stage = Stage.PROGRAM
    sys.path.remove(sys.path[0])  # the folder of our own packages: a child imports nothing of ours
    if not order.python:
        for ignored in (signal.SIGPIPE, signal.SIGXFSZ):  # Python ignores them, and that would be inherited
            signal.signal(ignored, signal.SIG_DFL)
        program = os.open(order.program, os.O_PATH | os.O_CLOEXEC)
        return lambda: os.execve(program, order.arguments, _ENVIRONMENT)  # noqa: S606 - no shell is meant
    sys.path.extend(order.paths)
    os.environ.clear()
    from importlib.machinery import SourceFileLoader

    module = type(sys)("child")
    SourceFileLoader("child", order.program).exec_module(module)
    numbers = tuple(map(int, order.arguments))
    return lambda: module.main(*numbers)


def _be_served(status: int, progress: _Progress) -> None:
    """Let every read from here on wait for the parent, and give it the listener. Read nothing after."""
    progress.stage = Stage.SERVED
    kernel.prctl(kernel.PR_SET_NO_NEW_PRIVS, 1)
    channel = _socket.socket(fileno=os.dup(status))
    listener = seccomp.listen()
    given = (_socket.SOL_SOCKET, _socket.SCM_RIGHTS, struct.pack("i", listener))
    channel.sendmsg([STATUS.pack(Stage.SERVED, 0)], [given])
    channel.close()
    os.close(listener)


def _enclose(order: "Order", progress: _Progress) -> None:
    """All walls, outermost first."""
    progress.stage = Stage.LANDLOCK
    rules = landlock.Ruleset()
    if not order.python:
        rules.allow((order.program, order.loader), landlock.READ_FILE | landlock.EXECUTE)
        rules.allow(order.paths, landlock.READ_FILE)
    progress.stage = Stage.LIMITS
    _limit(order.caps, everything=os.geteuid() == 0)
    progress.stage = Stage.IDENTITY
    _become_stranger(order.stranger)
    kernel.prctl(kernel.PR_SET_NO_NEW_PRIVS, 1)
    kernel.prctl(kernel.PR_SET_DUMPABLE, 0)
    progress.stage = Stage.PARENT
    kernel.prctl(kernel.PR_SET_PDEATHSIG, signal.SIGKILL)  # after the change of user, which clears it
    if os.getppid() != order.parent:
        raise ProcessLookupError
    progress.stage = Stage.THREADS
    if sum(1 for _ in os.scandir("/proc/self/task")) != 1:  # Landlock holds for the calling thread only
        raise OSError
    progress.stage = Stage.LANDLOCK
    rules.enforce()
    progress.stage = Stage.SECCOMP
    makes_code = order.makes_code or not order.python
    machine, executes = os.uname().machine, not order.python
    seccomp.install(seccomp.build(machine, os.getpid(), executes=executes, makes_code=makes_code))


def _limit(caps: "Caps", *, everything: bool) -> None:
    limits = {
        resource.RLIMIT_CPU: caps.cpu_seconds,
        resource.RLIMIT_AS: caps.memory_bytes,
        resource.RLIMIT_DATA: caps.memory_bytes,
        resource.RLIMIT_FSIZE: caps.output_bytes,
        resource.RLIMIT_NOFILE: caps.descriptors,
        resource.RLIMIT_CORE: 0,
        resource.RLIMIT_MEMLOCK: 0,
        resource.RLIMIT_MSGQUEUE: 0,
    }
    if everything:  # counted per user: under the worker's own user it would count the worker too
        limits[resource.RLIMIT_NPROC] = caps.threads
    for which, value in limits.items():
        hard = resource.getrlimit(which)[1]
        lower = value if hard == resource.RLIM_INFINITY else min(value, hard)
        resource.setrlimit(which, (lower, lower))


def _become_stranger(stranger: int) -> None:
    """As root: another user for every job, so that two jobs are strangers to each other too."""
    if os.geteuid() != 0:
        return
    os.setgroups([])
    os.setresgid(stranger, stranger, stranger)
    os.setresuid(stranger, stranger, stranger)


if __name__ == "__main__":
    main()
