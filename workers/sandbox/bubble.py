"""A second layer, where the machine has it: bubblewrap's namespaces around the launcher and all of its walls.

Inside, a child has no network device, no process but its own, and a file system in which nothing but
programs and libraries was ever put. It protects where a wall of ours, or of the kernel's, has a hole; it
replaces none. Many containers forbid it, so a worker tries it at its start and goes without where it does not
stand.
"""

import os
import shutil
import signal
import sys
from pathlib import Path

from workers.sandbox.protocol import Order
from workers.sandbox.runner import ROOT, SandboxUnavailable, Walled

INIT = 1
"""A child's parent in there: bubblewrap's own init, which ends when the worker's thread does."""

_SHARED = ("/usr", "/lib", "/lib64", "/bin", "/etc/ld.so.cache")
_KILLED = 128
"""What bubblewrap adds to the number of the signal that ended a child."""


class Bubbled(Walled):
    """`Walled`, inside of bubblewrap. Raises `SandboxUnavailable` where the program is not installed."""

    parent = INIT

    def __init__(self) -> None:
        program = shutil.which("bwrap")
        if program is None:
            raise SandboxUnavailable(None)
        self._program = program

    def around(self, order: Order) -> tuple[str, ...]:
        """See `Walled.around`: each namespace by name, since root keeps its users to become a stranger."""
        root = os.geteuid() == 0
        shown = [word for path in _shown(order) for word in ("--ro-bind-try", path, path)]
        return (
            self._program,
            *("--unshare-net", "--unshare-pid", "--unshare-ipc", "--unshare-uts", "--unshare-cgroup-try"),
            *(("--cap-add", "CAP_SETUID", "--cap-add", "CAP_SETGID") if root else ("--unshare-user",)),
            *shown,
            *("--proc", "/proc", "--remount-ro", "/", "--chdir", "/", "--die-with-parent", "--"),
        )

    def code(self, code: int) -> int:
        """See `Walled.code`: a signal is told as a number above 128."""
        return -(code - _KILLED) if code - _KILLED in set(signal.Signals) else code


def _shown(order: Order) -> list[str]:
    """Every file and folder that the child is made of; none that lies within another."""
    shown = [*_SHARED, sys.base_prefix, sys.prefix, str(ROOT / "workers")]
    for path in (order.program, str(Path(order.program).resolve()), *order.paths, order.loader):
        if path and not any(Path(path).is_relative_to(folder) for folder in shown):
            shown.append(path)
    return shown


def strongest() -> Walled:
    """Both layers where the second stands, else the first alone. `SandboxUnavailable` where not even that."""
    try:
        bubbled = Bubbled()
        bubbled.check()
    except SandboxUnavailable:
        walled = Walled()
        walled.check()
        return walled
    return bubbled
