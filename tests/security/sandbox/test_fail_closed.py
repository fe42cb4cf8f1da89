"""Where a wall cannot be built, nothing is run."""

import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.security.sandbox.conftest import CAPS
from workers.sandbox import memory, runner
from workers.sandbox.pipe import Pipe
from workers.sandbox.runner import Child, Ffmpeg, SandboxUnavailable, Task, Unwalled, Walled
from workers.sandbox.wire import Stage

REFUSING = """
import errno, platform, struct, sys
from pathlib import Path
from workers.sandbox import kernel, runner, seccomp
from workers.sandbox.protocol import Caps
from workers.sandbox.runner import Child, Task, Walled
from workers.sandbox.syscalls import TABLES

number = {"landlock": 444, "restrict": 446, **TABLES[platform.machine()][1]}[sys.argv[1]]
runner._CHILDREN = Path(sys.argv[2])
kernel.prctl(kernel.PR_SET_NO_NEW_PRIVS, 1)
seccomp.install(
    struct.pack("<HBBI", 0x20, 0, 0, 0)
    + struct.pack("<HBBI", 0x15, 0, 1, number)
    + struct.pack("<HBBI", 0x06, 0, 0, 0x00050000 | errno.ENOSYS)
    + struct.pack("<HBBI", 0x06, 0, 0, 0x7FFF0000)
)
try:
    Walled().start(Task(Child("marker"), (), (), Caps(5, 1 << 30, 1 << 20)))
except runner.SandboxUnavailable as error:
    print(error.stage.name, error.public)
else:
    print("IT RAN")
"""
"""A program on a machine that lacks one system call."""


@pytest.mark.parametrize(
    ("missing", "stage"),
    [("landlock", "LANDLOCK"), ("restrict", "LANDLOCK"), ("seccomp", "SECCOMP"), ("prctl", "IDENTITY")],
)
def test_a_missing_wall_is_an_error_and_nothing_runs(missing: str, stage: str, tmp_path: Path) -> None:
    ran = tmp_path / "ran"
    (tmp_path / "marker.py").write_text(f"def main():\n    open({str(ran)!r}, 'w').close()\n")
    said = subprocess.run(
        [sys.executable, "-c", REFUSING, missing, str(tmp_path)], capture_output=True, text=True, check=True
    ).stdout
    assert said.startswith(f"{stage} Files cannot be opened safely on this machine"), said
    assert "Function not implemented" in said
    assert not ran.exists()


def test_whether_the_walls_stand_can_be_asked_beforehand(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    Walled().check()
    monkeypatch.setattr(runner, "_CHILDREN", tmp_path)
    with pytest.raises(SandboxUnavailable):
        Walled().check()


def test_a_program_that_is_not_there_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(SandboxUnavailable) as refused:
        Walled().start(Task(Ffmpeg(tmp_path / "ffmpeg", ()), (), (), CAPS))
    assert refused.value.stage is Stage.PROGRAM


def test_a_child_that_cannot_be_imported_is_an_error(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "broken.py").write_text("import nothing_of_that_name\n")
    monkeypatch.setattr(runner, "_CHILDREN", tmp_path)
    with pytest.raises(SandboxUnavailable) as refused:
        Walled().start(Task(Child("broken"), (), (), CAPS))
    assert refused.value.stage is Stage.PROGRAM


@pytest.mark.usefixtures("children")
@pytest.mark.parametrize("place", [0, 1])
def test_of_several_all_are_started_or_none(place: int, tmp_path: Path) -> None:
    with Pipe() as pipe:
        tasks = [Task(Child("sleeper"), (pipe.reading,), (), CAPS)]
        tasks.insert(place, Task(Ffmpeg(tmp_path / "ffmpeg", ()), (), (), CAPS))
        before = _held()
        with pytest.raises(SandboxUnavailable):
            Walled().start_all(tasks)
        assert _held() == before


def _held() -> tuple[str, list[Path]]:
    """Children and open files of this process."""
    children = Path(f"/proc/self/task/{os.getpid()}/children").read_text()
    return children, sorted(Path("/proc/self/fd").iterdir())


def test_the_unsafe_runner_refuses_outside_development(monkeypatch: pytest.MonkeyPatch) -> None:
    for value in (None, "", "production", "Development", "development "):
        if value is None:
            monkeypatch.delenv("RELAY_ENVIRONMENT", raising=False)
        else:
            monkeypatch.setenv("RELAY_ENVIRONMENT", value)
        with pytest.raises(SandboxUnavailable):
            Unwalled()
    monkeypatch.setenv("RELAY_ENVIRONMENT", "development")
    Unwalled().check()


def test_a_child_dies_with_its_parent(tmp_path: Path, children: Path) -> None:
    script = f"""
import os, time
from pathlib import Path
from workers.sandbox import runner
from workers.sandbox.protocol import Caps
from workers.sandbox.runner import Child, Task, Walled
runner._CHILDREN = Path({str(children)!r})
reading, writing = os.pipe()
running = Walled().start(Task(Child("sleeper"), (reading,), (), Caps(5, 1 << 30, 1 << 20)))
Path({str(tmp_path / "pid")!r}).write_text(str(running.process.pid))
os.kill(os.getpid(), 9)
"""
    subprocess.run([sys.executable, "-c", script], check=False, timeout=30)
    process = int((tmp_path / "pid").read_text())
    deadline = time.monotonic() + 5
    while _lives(process):
        assert time.monotonic() < deadline, "it outlived its parent"
        time.sleep(0.02)


def _lives(process: int) -> bool:
    try:
        return " Z " not in Path(f"/proc/{process}/stat").read_text()
    except OSError:
        return False


@pytest.mark.usefixtures("children")
def test_a_child_has_its_own_place_in_the_file() -> None:
    source = memory.from_bytes("original", b"0123456789")
    os.lseek(source, 5, os.SEEK_SET)
    with Pipe() as pipe, Walled().start(Task(Child("sleeper"), (source, pipe.reading), (), CAPS)):
        pass
    assert os.lseek(source, 0, os.SEEK_CUR) == 5, "reading in there moves nothing out here"
    os.close(source)
