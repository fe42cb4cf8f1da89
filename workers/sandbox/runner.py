"""The parent's side: start a child behind the walls, watch it, and end it."""

import itertools
import os
import secrets
import socket
import struct
import subprocess
import sys
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import Protocol

from relay.errors import Unavailable
from workers.sandbox import elf
from workers.sandbox.protocol import Caps, Order, encode
from workers.sandbox.running import Running, View
from workers.sandbox.window import Window
from workers.sandbox.wire import STATUS, Stage

ROOT = Path(__file__).resolve().parents[2]
_CHILDREN = Path(__file__).with_name("children")
_BOOT = "import sys; sys.path.insert(0, sys.argv.pop(1)); from workers.sandbox.launcher import main; main()"
_PACKAGES = ("av", "PIL", "pillow_heif", "pypdfium2", "img2pdf")
_LAUNCH_SECONDS = 60
_FIRST_STRANGER, _STRANGERS = 61_184, 4_336
"""systemd's range of dynamic users: nobody's account, so nobody's files."""
_COMPLAINTS: int | None = subprocess.DEVNULL
"""What a child says in words is text from a hostile file: nobody reads it."""


_turn = itertools.count(secrets.randbelow(_STRANGERS))


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
    makes_code: bool = False
    """Whether it may make machine code as it runs: what counts in matrices does."""


@dataclass(frozen=True)
class Task:
    """What to run, on which descriptors (the child's 3, 4, 5, …), within which caps.

    Files are opened anew for the child: those that are sealed for reading only. Pipes are handed on. One of
    what it reads may be a `Window`, which `watch` serves.
    """

    program: Ffmpeg | Child
    reads: tuple[int | Window, ...]
    writes: tuple[int, ...]
    caps: Caps


class Sandbox(Protocol):
    """Something that can run a task. One contract test suite holds for all that are safe."""

    def start(self, task: Task) -> Running:
        """Answer once the walls stand; `SandboxUnavailable` if they do not."""
        ...

    def start_all(self, tasks: Sequence[Task]) -> list[Running]:
        """Start several side by side: all of them, or none. Answer in the order of `tasks`."""
        ...


class Walled:
    """Landlock, seccomp, limits, another user: all of them, or nothing is run."""

    walls = True
    parent = 0
    """The child's parent as the child sees it; 0 for this process."""

    def around(self, order: Order) -> tuple[str, ...]:
        """Answer the words of a further layer's command, before those of the launcher."""
        del order
        return ()

    def code(self, code: int) -> int:
        """Answer a child's exit code (negative: the signal) from the one that this layer reports."""
        return code

    def start(self, task: Task) -> Running:
        """See `Sandbox.start`. Blocks for about 0.1 s; the child dies with the calling thread."""
        return self.start_all([task])[0]

    def start_all(self, tasks: Sequence[Task]) -> list[Running]:
        """See `Sandbox.start_all`. It takes hardly longer than one."""
        if not sys.platform.startswith("linux"):
            raise SandboxUnavailable(None)
        with ExitStack() as channels, ExitStack() as kept:
            begun = [self._begin(task, channels, kept) for task in tasks]
            for channel, running in begun:
                _await_walls(channel, running)
            kept.pop_all()
        return [running for _, running in begun]

    def _begin(self, task: Task, channels: ExitStack, kept: ExitStack) -> tuple[socket.socket, Running]:
        """Answer the child, whose walls do not stand yet, and where it says that they do."""
        ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        channels.enter_context(ours)
        with theirs, ExitStack() as given:
            try:
                order, view = _order(task, theirs.fileno(), given)
                order = order._replace(walls=self.walls, parent=self.parent or os.getpid())
                process = _spawn(order, self.around(order))
            except OSError as error:
                raise SandboxUnavailable(Stage.PROGRAM, error.errno or 0) from error
            given.pop_all()
        return ours, kept.enter_context(Running(process, view, self.code))

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


def _order(task: Task, status: int, given: ExitStack) -> tuple[Order, View | None]:
    """Write the order; what a window is seen through is closed with `given`."""
    view = next((View(each, each.open()) for each in task.reads if isinstance(each, Window)), None)
    if view:
        given.callback(view.close)
    reads = [each if isinstance(each, int) else _seen(view) for each in task.reads]
    descriptors = (*reads, *task.writes)
    program = task.program
    if isinstance(program, Child):
        path, arguments = _CHILDREN / f"{program.name}.py", tuple(map(str, program.numbers))
        loader, paths = "", _packages()
    else:
        path, arguments = program.path, ("ffmpeg", *program.arguments)
        loader, paths = elf.needs(program.path)
    order = Order(
        descriptors=descriptors,
        read_only=tuple(isinstance(each, int) and _is_file(each) for each in task.reads)
        + (False,) * len(task.writes),
        status=status,
        parent=0,
        stranger=_FIRST_STRANGER + next(_turn) % _STRANGERS,
        caps=task.caps,
        program=str(path),
        arguments=arguments,
        python=isinstance(program, Child),
        makes_code=isinstance(program, Child) and program.makes_code,
        paths=paths,
        loader=loader,
        served=view is not None,
    )
    return order, view


def _seen(view: View | None) -> int:
    if view is None:
        raise ValueError("a child is given one window")
    return view.descriptor


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


def _spawn(order: Order, around: tuple[str, ...]) -> subprocess.Popen[bytes]:
    return subprocess.Popen(
        [*around, sys.executable, "-I", "-S", "-B", "-c", _BOOT, str(ROOT), encode(order)],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=_COMPLAINTS,
        env={},
        cwd="/",
        pass_fds=(*order.descriptors, order.status),
        start_new_session=True,
    )


def _await_walls(channel: socket.socket, running: Running) -> None:
    channel.settimeout(_LAUNCH_SECONDS)
    while True:
        try:
            message, descriptors, _, _ = socket.recv_fds(channel, STATUS.size, 1)
            stage, number = STATUS.unpack(message)
        except (OSError, struct.error):
            raise SandboxUnavailable(None) from None
        if descriptors and running.view:
            running.view.listener = descriptors[0]
            os.set_inheritable(descriptors[0], False)
        elif stage == Stage.READY:
            return
        else:
            raise SandboxUnavailable(Stage(stage), number)
