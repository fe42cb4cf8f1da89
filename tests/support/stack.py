"""The real stack, by its real command, in a folder of a test's own."""

import contextlib
import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

_ENVIRON = {
    "PATH": os.defpath,
    "HOME": "/nonexistent",
    "RELAY_PARTICIPANTS_PORT": "0",
    "RELAY_DESK_PORT": "0",
    "RELAY_PARTICIPANTS_PROCESSES": "2",
}


def relay(*words: str, typed: str = "", **environ: str) -> subprocess.CompletedProcess[str]:
    """Run one command to its end. `typed` is what it reads from whoever is there."""
    return subprocess.run(
        [sys.executable, "-m", "relay.cli", *words],
        env=_ENVIRON | environ,
        input=typed,
        capture_output=True,
        text=True,
        check=False,
        cwd=Path(__file__).parents[2],
    )


def make_service(home: Path) -> Path:
    """`relay init` below `home`; answers the data folder."""
    data = home / "data"
    (home / "keys").mkdir()
    made = relay("init", "--data", str(data), "--name", "Test service", "--keys-to", str(home / "keys"))
    assert made.returncode == 0, made.stderr
    return data


class Up:
    """A running `relay up`."""

    def __init__(self, process: subprocess.Popen[str], data: Path, said: list[str]) -> None:
        self.process = process
        self.data = data
        self.said = said
        """Its lines until it was ready."""

    @property
    def about(self) -> dict[str, Any]:
        """What `run/stack.json` says."""
        return dict(json.loads((self.data / "run" / "stack.json").read_text()))

    @property
    def pids(self) -> dict[str, int]:
        """The process id of each part, by name."""
        return dict(self.about["processes"])

    def stop(self, number: signal.Signals = signal.SIGINT) -> str:
        """Stop it as a person would; answers what it said since it was ready."""
        self.process.send_signal(number)
        said, _ = self.process.communicate(timeout=60)
        return said


@contextlib.contextmanager
def up(data: Path) -> Iterator[Up]:
    """`relay up` until it is ready; killed at the end if it still runs."""
    process = subprocess.Popen(
        [sys.executable, "-m", "relay.cli", "up", "--data", str(data)],
        env=_ENVIRON,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        cwd=Path(__file__).parents[2],
    )
    try:
        assert process.stdout is not None
        said = []
        for line in process.stdout:
            said.append(line)
            if line.startswith("Data folder:"):
                break
        else:
            raise AssertionError("".join(said))
        yield Up(process, data, said)
    finally:
        process.kill()
        with process:
            pass
