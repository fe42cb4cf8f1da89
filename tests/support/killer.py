"""Kills parts of a stack, with SIGKILL or another signal."""

import os
import signal
import time
from collections.abc import Callable

from relay.cli.stack import Stack
from relay.process.supervisor import answers


class Killer:
    """Kills parts of a stack, and waits until all of it answers again."""

    def __init__(self, stack: Stack) -> None:
        self._stack = stack

    def kill(self, part: str, number: signal.Signals = signal.SIGKILL) -> None:
        """Kill the processes of a part, all at once."""
        before = {name: pid for name, pid in self._stack.pids.items() if name.startswith(part)}
        assert before
        for pid in before.values():
            assert pid is not None
            os.kill(pid, number)
        for name in before:
            self._eventually(lambda one=name: self._stack.pids[one] not in {None, before[one]})  # type: ignore[misc]
        for origin in (self._stack.settings.participants_origin, self._stack.settings.desk_origin):
            self._eventually(lambda address=f"{origin}/health": answers(address))  # type: ignore[misc]

    def _eventually(self, so: Callable[[], bool]) -> None:
        until = time.monotonic() + 60
        while not so():
            assert time.monotonic() < until, "it did not come back within a minute"
            time.sleep(0.05)
