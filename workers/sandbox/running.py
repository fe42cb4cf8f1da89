"""A child that runs: what it sees of a window, how it is watched, how it ends."""

import os
import select
import signal
import subprocess
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from enum import Enum
from functools import partial
from types import TracebackType
from typing import Self, TypeAlias

from workers.sandbox.window import Window

_LOOK_SECONDS = 0.2
_MOST_HEARD = 1 << 16

Ear: TypeAlias = tuple[int, Callable[[bytes], None]]
"""A pipe, and what hears its bytes."""


def nothing() -> None:
    """Nothing to be done meanwhile."""


class Stop(Enum):
    """Why the parent ended a child."""

    TIME = "time"
    WISH = "wish"
    SIBLING = "sibling"


@dataclass(frozen=True)
class Ending:
    """How a child ended: its exit code (negative: the signal), and who ended it if not itself."""

    code: int
    stop: Stop | None = None

    @property
    def good(self) -> bool:
        """It ran to its own end and said that all is well."""
        return self.code == 0 and self.stop is None

    @property
    def out_of_time(self) -> bool:
        """By our clock, or by the kernel: its CPU limit, or no memory left on the machine."""
        killed = self.stop is None and self.code in {-signal.SIGXCPU, -signal.SIGKILL}
        return self.stop is Stop.TIME or killed


@dataclass
class View:
    """A window as one child sees it: the file that it was given, and the listener of its reads."""

    window: Window
    descriptor: int
    listener: int = -1

    @property
    def place(self) -> int:
        """The file's offset."""
        return os.lseek(self.descriptor, 0, os.SEEK_CUR) if self.descriptor >= 0 else 0

    def serve(self) -> None:
        """Answer the read that waits."""
        self.window.serve(self.listener, self.descriptor)

    def close(self) -> None:
        """Close both; again is harmless."""
        for each in (self.descriptor, self.listener):
            if each >= 0:
                os.close(each)
        self.descriptor = self.listener = -1
        self.window.leave()


@dataclass
class Running:
    """A child behind its walls. Leaving the context ends it."""

    process: subprocess.Popen[bytes]
    view: View | None = None
    read: Callable[[int], int] = int
    """Answers the child's own exit code from the one that its outermost layer reports."""
    stop: Stop | None = field(default=None)

    @property
    def ending(self) -> Ending:
        """How it ended; waits for that."""
        return Ending(self.read(self.process.wait()), self.stop)

    def end(self, stop: Stop) -> None:
        """Kill it, once."""
        if self.process.poll() is None:
            self.stop = stop
            self.process.kill()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.end(Stop.WISH)
        self.process.wait()
        if self.view:
            self.view.close()


def watch(
    children: Sequence[Running],
    *,
    seconds: float,
    stopped: Callable[[], bool],
    listen: Sequence[Ear] = (),
    meanwhile: Callable[[], None] = nothing,
) -> list[Ending]:
    """Wait until all have ended; end them at `seconds`, when `stopped()` says so, or when one of them failed.

    Windows are served meanwhile. `listen` are pipes and what takes their bytes as they come, to the last one;
    `meanwhile` is called five times a second or more. Answers the endings in the children's order.
    """
    deadline = time.monotonic() + seconds
    with _Watch(children, listen) as watched:
        while watched.go_on():
            meanwhile()
            if time.monotonic() > deadline:
                _end(children, Stop.TIME)
            elif stopped():
                _end(children, Stop.WISH)
    return [child.ending for child in children]


class _Watch:
    """What can happen while children run, and who is told."""

    def __init__(self, children: Sequence[Running], listen: Sequence[Ear]) -> None:
        self._children = children
        self._handles = {os.pidfd_open(child.process.pid): child for child in children}
        self._poll = select.poll()
        self._hear: dict[int, Callable[[int], object]] = {}
        for handle, child in self._handles.items():
            self._add(handle, partial(self._ended, handle, child))
            if child.view:
                self._add(child.view.listener, partial(self._asked, child.view))
        self._ears = [pipe for pipe, _ in listen]
        for ear in listen:
            self._add(ear[0], partial(self._heard, *ear))

    def go_on(self) -> bool:
        """Take what happens next, for a moment at most; False once all have ended."""
        happened = self._poll.poll(_LOOK_SECONDS * 1000)
        for ready, event in happened:
            self._hear[ready](event)
        if any(handle in self._hear for handle in self._handles):
            return True
        return bool(happened) and any(ear in self._hear for ear in self._ears)  # to the last byte

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for handle in self._handles:
            os.close(handle)

    def _add(self, descriptor: int, told: Callable[[int], object]) -> None:
        self._hear[descriptor] = told
        self._poll.register(descriptor, select.POLLIN)

    def _remove(self, descriptor: int) -> None:
        del self._hear[descriptor]
        self._poll.unregister(descriptor)

    def _ended(self, handle: int, child: Running, event: int) -> None:
        del event
        self._remove(handle)
        if child.process.wait() != 0:
            _end(self._children, Stop.SIBLING)

    def _asked(self, view: View, event: int) -> None:
        if event & select.POLLIN:
            view.serve()
        else:  # nobody is left who could ask
            self._remove(view.listener)

    def _heard(self, pipe: int, hear: Callable[[bytes], None], event: int) -> None:
        heard = os.read(pipe, _MOST_HEARD) if event & select.POLLIN else b""
        if heard:
            hear(heard)
        else:
            self._remove(pipe)


def _end(children: Sequence[Running], stop: Stop) -> None:
    for child in children:
        child.end(stop)
