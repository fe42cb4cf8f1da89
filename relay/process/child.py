"""One child process: launched so that it dies with us, its output logged, stopped with patience."""

import os
import signal
import subprocess
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import IO

import msgspec

from relay.errors import Unavailable
from relay.process.log import RotatingLog

_LAUNCH = Path(__file__).with_name("launch.py")


class ChildSpec(msgspec.Struct, frozen=True, kw_only=True):
    """What to run and how to treat it.

    `argv[0]` is an absolute path. `environ` is the whole environment: nothing is inherited.
    The child is ready when the URL `health` answers 200, or when it has written a line with `ready_line` in
    it; with neither, as soon as it runs; with both, when both are so. Of our open files it is given `files`,
    under the same numbers, and no other.
    """

    name: str
    argv: tuple[str, ...]
    environ: Mapping[str, str] = msgspec.field(default_factory=dict)
    cwd: Path = Path("/")
    health: str = ""
    ready_line: str = ""
    files: tuple[int, ...] = ()
    uid: int = -1
    stop_signal: int = signal.SIGTERM
    death_signal: int = signal.SIGTERM
    grace: float = 10.0


def launched(argv: tuple[str, ...], *, uid: int = -1, death_signal: int = signal.SIGKILL) -> list[str]:
    """The argv that runs `argv` as a child which dies with this process (as `uid`, when we are root)."""
    # `executable`, not its target: a venv's interpreter and the real one are equally good here
    return [
        sys.executable,
        "-I",
        "-S",
        str(_LAUNCH),
        str(os.getpid()),
        str(int(death_signal)),
        str(uid),
        *argv,
    ]


class Child:
    """A running (or not yet running) child. Start it from the main thread only.

    The kernel sends the parent-death signal when the thread that forked ends, not the process.
    """

    def __init__(self, spec: ChildSpec, log: RotatingLog) -> None:
        self.spec = spec
        self.name = spec.name
        self.log = log
        self._process: subprocess.Popen[bytes] | None = None
        self._said_ready: Callable[[], bool] = lambda: False

    @property
    def pid(self) -> int | None:
        """The process id, or None before the first start."""
        return self._process.pid if self._process is not None else None

    def start(self, stdin: int | IO[bytes] = subprocess.DEVNULL) -> None:
        """Launch it; returns at once. `stdin` is nothing unless given."""
        spec = self.spec
        said = self.log.expect(spec.ready_line)
        self._said_ready = said.is_set
        try:
            self._process = subprocess.Popen(
                launched(spec.argv, uid=spec.uid, death_signal=spec.death_signal),
                cwd=spec.cwd,
                env=dict(spec.environ),
                stdin=stdin,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                pass_fds=spec.files,
                start_new_session=True,  # Ctrl-C is for us; we stop the children in order
            )
        except OSError as error:
            raise Unavailable(f"{spec.name} could not be started: {error.strerror}.") from error
        if self._process.stdout is not None:
            self.log.follow(self._process.stdout, spec.name)

    def alive(self) -> bool:
        """Whether it runs; a child that has ended is reaped by asking."""
        return self._process is not None and self._process.poll() is None

    def said_ready(self) -> bool:
        """Whether it has written its `ready_line` since the last start; True for one that has none."""
        return not self.spec.ready_line or self._said_ready()

    @property
    def exit_code(self) -> int | None:
        """What it ended with (negative: the signal that ended it), or None."""
        return self._process.poll() if self._process is not None else None

    def stop(self) -> None:
        """Ask with the stop signal, wait for `grace` seconds, then end the whole process group."""
        self.ask()
        self.wait()

    def ask(self) -> None:
        """Send the stop signal without waiting, so that several children can stop side by side."""
        if self._process is not None and self.alive():
            self._process.send_signal(self.spec.stop_signal)

    def wait(self) -> None:
        """Wait for the end for `grace` seconds, then force it."""
        if self._process is None:
            return
        try:
            self._process.wait(self.spec.grace)
        except subprocess.TimeoutExpired:
            os.killpg(self._process.pid, signal.SIGKILL)
            self._process.wait()
