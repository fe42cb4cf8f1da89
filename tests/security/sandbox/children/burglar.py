"""A child that tries everything that a taken-over decoder would try, and answers one bit for each success.

Run behind the walls nothing may succeed; run without them nearly all does, or the test would prove nothing.
Descriptors: 3 some input, 4 the answer. Numbers: the parent's process id, a neighbour's, and a port that
listens.
"""

import contextlib
import ctypes
import mmap
import os
import resource
import socket
import struct
import subprocess
import sys
import threading
from collections.abc import Callable
from pathlib import Path

ANSWER_TO = 4
ANSWER = struct.Struct("<Q")
SECRET = b"RELAY_BURGLAR_SECRET"
LARGE = 8 << 30
NO_RESERVE = 0x4000  # MAP_NORESERVE, for which Python 3.11 has no name
MANY = 400
PTRACE_ATTACH, PTRACE_DETACH = 16, 17
ARM = os.uname().machine == "aarch64"

library = ctypes.CDLL(None, use_errno=True)
targets: dict[str, int] = {}


def call(x86: int, arm: int, *arguments: object) -> int:
    """A system call by its number; failing is an OSError."""
    wide = [ctypes.c_long(each) if isinstance(each, int) else each for each in arguments]
    result: int = library.syscall(arm if ARM else x86, *wide)
    if result < 0:
        raise OSError(ctypes.get_errno(), "refused")
    return result


def open_socket(family: int, kind: int = socket.SOCK_STREAM) -> Callable[[], object]:
    return lambda: socket.socket(family, kind).close()


def connect() -> None:
    with socket.socket() as caller:
        caller.connect(("127.0.0.1", targets["port"]))


def socket_pair() -> None:
    for each in socket.socketpair():
        each.close()


def key_file(parent: int) -> Path:
    """Where the test keeps its secret: one for each test process."""
    return Path(f"/tmp/relay-burglar-{parent}.key")


def loot(parent: int) -> Path:
    """What must never come to be."""
    return Path(f"/tmp/relay-burglar-{parent}.loot")


def read_key() -> None:
    key_file(targets["parent"]).read_bytes()


def read_own_program() -> None:
    Path(sys.executable).open("rb").close()


def list_root() -> None:
    next(os.scandir("/")).stat()


def write_file() -> None:
    loot(targets["parent"]).write_bytes(b"loot")
    loot(targets["parent"]).unlink()


def make_folder() -> None:
    loot(targets["parent"]).mkdir()
    loot(targets["parent"]).rmdir()


def read_parent_environment() -> None:
    Path(f"/proc/{targets['parent']}/environ").read_bytes()


def read_parent_memory() -> None:
    os.close(os.open(f"/proc/{targets['parent']}/mem", os.O_RDONLY))


def list_parent_descriptors() -> None:
    next(os.scandir(f"/proc/{targets['parent']}/fd")).stat(follow_symlinks=False)


def copy_memory(process: str) -> Callable[[], object]:
    def attempt() -> None:
        page = ctypes.create_string_buffer(8)
        here = (ctypes.c_void_p * 2)(ctypes.addressof(page), 8)
        there = (ctypes.c_void_p * 2)(0, 8)
        try:
            call(310, 270, targets[process], here, 1, there, 1, 0)
        except OSError as error:
            if error.errno != 14:  # a bad address was reached only after the permission had been given
                raise

    return attempt


def environment() -> None:
    with contextlib.suppress(OSError):
        if SECRET in Path("/proc/self/environ").read_bytes():
            return
    if SECRET.decode() not in os.environ:
        raise PermissionError


def foreign_descriptors() -> None:
    for descriptor in range(5, 512):
        with contextlib.suppress(OSError):
            os.fstat(descriptor)
            return
    raise PermissionError


def send_signal(process: str) -> Callable[[], object]:
    return lambda: os.kill(targets[process], 0)


def signal_everybody() -> None:
    os.kill(-1, 0)


def trace_neighbour() -> None:
    call(101, 117, PTRACE_ATTACH, targets["neighbour"], 0, 0)
    os.waitpid(targets["neighbour"], 0)
    call(101, 117, PTRACE_DETACH, targets["neighbour"], 0, 0)


def fork() -> None:
    child = os.fork()
    if child == 0:
        os._exit(0)
    os.waitpid(child, 0)


def execute() -> None:
    try:
        os.execv("/nowhere/to/be/found", ["nothing"])  # noqa: S606
    except FileNotFoundError:
        return  # it was allowed to look


def shell() -> None:
    subprocess.run(["/bin/sh", "-c", "exit 0"], check=True)


def make_memory_file() -> None:
    os.close(os.memfd_create("more"))


def writable_code() -> None:
    mmap.mmap(-1, 4096, prot=mmap.PROT_READ | mmap.PROT_WRITE | mmap.PROT_EXEC).close()


def much_memory() -> None:
    flags = mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS | NO_RESERVE  # a small machine gives it, too
    mmap.mmap(-1, LARGE, flags=flags).close()


def many_threads() -> None:
    done = threading.Event()
    threads = [threading.Thread(target=done.wait) for _ in range(MANY)]
    started = []
    try:
        for thread in threads:
            thread.start()
            started.append(thread)
    finally:
        done.set()
        for thread in started:
            thread.join()


def raise_limits() -> None:
    resource.setrlimit(resource.RLIMIT_CORE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))


def become_root() -> None:
    os.setresuid(0, 0, 0)


def own_signal_for_others() -> None:
    import fcntl

    reading, writing = os.pipe()
    try:
        fcntl.fcntl(reading, fcntl.F_SETOWN, os.getpid())
    finally:
        os.close(reading)
        os.close(writing)


def outlive_the_parent() -> None:
    if library.prctl(1, 0, 0, 0, 0) != 0:
        raise PermissionError


def new_namespace() -> None:
    call(272, 97, 0x10000000)


def mount() -> None:
    call(165, 40, b"none", b"/tmp", b"tmpfs", 1 << 5, None)


def change_root() -> None:
    os.chroot("/")


def load_bpf() -> None:
    call(321, 280, 0, None, 0)


def ring() -> None:
    parameters = ctypes.create_string_buffer(120)
    os.close(call(425, 425, 4, parameters))


def keys() -> None:
    call(250, 219, 0, -1, 0)


def watch_performance() -> None:
    call(298, 241, None, 0, -1, -1, 0)


def user_fault() -> None:
    os.close(call(323, 282, 0))


def nice() -> None:
    os.nice(1)


ATTEMPTS: dict[str, Callable[[], object]] = {
    "socket-inet": open_socket(socket.AF_INET),
    "socket-inet6-datagram": open_socket(socket.AF_INET6, socket.SOCK_DGRAM),
    "socket-unix": open_socket(socket.AF_UNIX),
    "socket-netlink": open_socket(socket.AF_NETLINK, socket.SOCK_RAW),
    "socket-pair": socket_pair,
    "connect": connect,
    "read-key": read_key,
    "read-program": read_own_program,
    "list-root": list_root,
    "write-file": write_file,
    "make-folder": make_folder,
    "parent-environment": read_parent_environment,
    "parent-memory": read_parent_memory,
    "parent-descriptors": list_parent_descriptors,
    "parent-memory-copy": copy_memory("parent"),
    "neighbour-memory-copy": copy_memory("neighbour"),
    "environment": environment,
    "foreign-descriptors": foreign_descriptors,
    "signal-parent": send_signal("parent"),
    "signal-neighbour": send_signal("neighbour"),
    "signal-everybody": signal_everybody,
    "trace-neighbour": trace_neighbour,
    "fork": fork,
    "execute": execute,
    "shell": shell,
    "memory-file": make_memory_file,
    "writable-code": writable_code,
    "much-memory": much_memory,
    "many-threads": many_threads,
    "signal-by-file": own_signal_for_others,
    "outlive-parent": outlive_the_parent,
    "priority": nice,
}
"""Everybody may do these outside, or everybody who may look at the parent."""

FURTHER: dict[str, Callable[[], object]] = {
    "raise-limits": raise_limits,
    "become-root": become_root,
    "mount": mount,
    "change-root": change_root,
    "bpf": load_bpf,
    "ring": ring,
    "keys": keys,
    "performance": watch_performance,
    "user-fault": user_fault,
    "namespace": new_namespace,
}
"""Not tried outside: they need rights there, or would change the machine."""


def main(parent: int, neighbour: int, port: int, further: int) -> None:
    """Try everything; an attempt that comes back has succeeded."""
    targets.update(parent=parent, neighbour=neighbour, port=port)
    won = 0
    for place, attempt in enumerate([*ATTEMPTS.values(), *(FURTHER.values() if further else ())]):
        with contextlib.suppress(OSError, ValueError, MemoryError, RuntimeError, subprocess.SubprocessError):
            attempt()
            won |= 1 << place
    os.write(ANSWER_TO, ANSWER.pack(won))
