"""The parent's side: start a child behind the walls, watch it, and end it."""

import os
import select
import signal
import struct
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from enum import Enum
from importlib.util import find_spec
from pathlib import Path
from types import TracebackType
from typing import Protocol, Self

from relay.errors import Unavailable
from workers.sandbox import elf
from workers.sandbox.protocol import STATUS, Caps, Order, Stage, encode

_ROOT = Path(__file__).resolve().parents[2]
_CHILDREN = Path(__file__).with_name("children")
_BOOT = "import sys; sys.path.insert(0, sys.argv.pop(1)); from workers.sandbox.launcher import main; main()"
_PACKAGES = ("av", "PIL", "pillow_heif", "pypdfium2", "img2pdf")
_LAUNCH_SECONDS = 60
_COMPLAINTS: int | None = subprocess.DEVNULL
"""What a child says in words is text from a hostile file: nobody reads it."""
_LOOK_SECONDS = 0.2


class SandboxUnavailable(Unavailable):
    """The walls cannot be built here, so nothing was run. `stage` is what failed."""

    code = "sandbox-unavailable"

    def __init__(self, stage: Stage | None, number: int = 0) -> None:
        self.stage = stage
        what = stage.name.lower() if stage else "start"
        why = os.strerror(number) if number else "no reason given"
        super().__init__(
            f"Files cannot be opened safely on this machine ({what}: {why}). Relay needs Linux 5.13 or newer"
            " with Landlock and seccomp, also inside its container. Nothing was opened."
        )


@dataclass(frozen=True)
class Ffmpeg:
    """Run ffmpeg itself. `arguments` without the program's name."""

    path: Path
    arguments: tuple[str, ...]


@dataclass(frozen=True)
class Child:
    """Run one of the Python files in `children/`, by its name, with numbers."""

    name: str
    numbers: tuple[int, ...] = ()


@dataclass(frozen=True)
class Task:
    """What to run, on which descriptors (the child's 3, 4, 5, …), within which caps.

    Files are opened anew for the child: those that are sealed for reading only. Pipes are handed on.
    """

    program: Ffmpeg | Child
    reads: tuple[int, ...]
    writes: tuple[int, ...]
    caps: Caps


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
class Running:
    """A child behind its walls. Leaving the context ends it."""

    process: subprocess.Popen[bytes]
    stop: Stop | None = field(default=None)

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


class Sandbox(Protocol):
    """Something that can run a task. One contract test suite holds for all that are safe."""

    def start(self, task: Task) -> Running:
        """Answer once the walls stand; `SandboxUnavailable` if they do not."""
        ...


class Walled:
    """Landlock, seccomp, limits, another user: all of them, or nothing is run."""

    walls = True

    def start(self, task: Task) -> Running:
        """See `Sandbox.start`. Blocks for about 0.1 s; the child dies with the calling thread."""
        if not sys.platform.startswith("linux"):
            raise SandboxUnavailable(None)
        reading, writing = os.pipe()
        try:
            order = _order(task, writing, walls=self.walls)
            process = _spawn(order)
        except OSError as error:
            os.close(reading)
            raise SandboxUnavailable(Stage.PROGRAM, error.errno or 0) from error
        finally:
            os.close(writing)
        running = Running(process)
        try:
            _await_walls(reading)
        except BaseException:
            running.__exit__(None, None, None)
            raise
        finally:
            os.close(reading)
        return running

    def check(self) -> None:
        """Build the walls around a child that does nothing; `SandboxUnavailable` if they do not stand."""
        with self.start(Task(Child("nothing"), (), (), Caps(5, 1 << 30, 0))) as running:
            running.process.wait()


class Unwalled(Walled):
    """UNSAFE: the same children without walls, for development without Landlock. Refuses elsewhere."""

    walls = False

    def __init__(self) -> None:
        if os.environ.get("RELAY_ENVIRONMENT") != "development":
            raise SandboxUnavailable(None)


def _order(task: Task, status: int, *, walls: bool) -> Order:
    descriptors = (*task.reads, *task.writes)
    program = task.program
    if isinstance(program, Child):
        path, arguments = _CHILDREN / f"{program.name}.py", tuple(map(str, program.numbers))
        loader, paths = "", _packages()
    else:
        path, arguments = program.path, ("ffmpeg", *program.arguments)
        loader, paths = elf.needs(program.path)
    return Order(
        descriptors=descriptors,
        read_only=tuple(place < len(task.reads) and _is_file(each) for place, each in enumerate(descriptors)),
        status=status,
        parent=os.getpid(),
        caps=task.caps,
        program=str(path),
        arguments=arguments,
        python=isinstance(program, Child),
        paths=paths,
        loader=loader,
        walls=walls,
    )


def _is_file(descriptor: int) -> bool:
    """Whether it has an offset of its own to give (a file in memory, not a pipe)."""
    try:
        os.lseek(descriptor, 0, os.SEEK_CUR)
    except OSError:
        return False
    return True


def _packages() -> tuple[str, ...]:
    """Folders that hold the children's packages, found without importing any of them here."""
    specifications = [find_spec(name) for name in _PACKAGES]
    origins = [Path(each.origin) for each in specifications if each and each.origin]
    folders = [path.parent.parent if path.name == "__init__.py" else path.parent for path in origins]
    return tuple(dict.fromkeys(map(str, folders)))


def _spawn(order: Order) -> subprocess.Popen[bytes]:
    return subprocess.Popen(
        [sys.executable, "-I", "-S", "-B", "-c", _BOOT, str(_ROOT), encode(order)],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=_COMPLAINTS,
        env={},
        cwd="/",
        pass_fds=(*order.descriptors, order.status),
        start_new_session=True,
    )


def _await_walls(reading: int) -> None:
    ready, _, _ = select.select([reading], [], [], _LAUNCH_SECONDS)
    message = os.read(reading, STATUS.size) if ready else b""
    try:
        stage, number = STATUS.unpack(message)
    except struct.error:
        raise SandboxUnavailable(None) from None
    if stage != Stage.READY:
        raise SandboxUnavailable(Stage(stage), number)


def watch(
    children: Sequence[Running],
    *,
    seconds: float,
    stopped: Callable[[], bool],
    listen: tuple[int, Callable[[bytes], None]] | None = None,
) -> list[Ending]:
    """Wait until all have ended; end them at `seconds`, when `stopped()` says so, or when one of them failed.

    `listen` is a pipe and what takes its bytes as they come. Answers the endings in the children's order.
    """
    deadline = time.monotonic() + seconds
    handles = {os.pidfd_open(child.process.pid): child for child in children}
    poll = select.poll()
    for handle in handles:
        poll.register(handle, select.POLLIN)
    if listen:
        poll.register(listen[0], select.POLLIN)
    waiting = set(handles)
    try:
        while waiting:
            for ready, event in poll.poll(_LOOK_SECONDS * 1000):
                if listen and ready == listen[0]:
                    heard = os.read(ready, 4096) if event & select.POLLIN else b""
                    listen[1](heard) if heard else poll.unregister(ready)
                    continue
                poll.unregister(ready)
                waiting.discard(ready)
                if handles[ready].process.wait() != 0:
                    _end(children, Stop.SIBLING)
            if time.monotonic() > deadline:
                _end(children, Stop.TIME)
            elif stopped():
                _end(children, Stop.WISH)
    finally:
        for handle in handles:
            os.close(handle)
    return [Ending(child.process.wait(), child.stop) for child in children]


def _end(children: Sequence[Running], stop: Stop) -> None:
    for child in children:
        child.end(stop)
