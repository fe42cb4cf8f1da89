"""Children of ours: they start together, start again when killed, and never outlive us."""

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from relay.errors import Unavailable
from relay.process.child import Child, ChildSpec
from relay.process.log import RotatingLog
from relay.process.supervisor import Supervisor, answers
from tests.support.processes import eventually, free_port, runs

ROOT = pytest.mark.skipif(os.geteuid() != 0, reason="only root has another user to become")
LINUX = pytest.mark.skipif(sys.platform != "linux", reason="the parent-death signal is Linux's")


@pytest.fixture
def log(tmp_path: Path) -> RotatingLog:
    return RotatingLog(tmp_path / "log" / "child.log")


@pytest.fixture
def said() -> list[str]:
    return []


@pytest.fixture
def supervisor(said: list[str]) -> Iterator[Supervisor]:
    supervisor = Supervisor(said.append)
    yield supervisor
    supervisor.stop()


def python(log: RotatingLog, script: str, **more: object) -> Child:
    spec = ChildSpec(name="child", argv=(sys.executable, "-c", script), **more)  # type: ignore[arg-type]
    return Child(spec, log)


def server(log: RotatingLog, port: int) -> Child:
    argv = (sys.executable, "-m", "http.server", str(port), "--bind", "127.0.0.1")
    return Child(ChildSpec(name="server", argv=argv, health=f"http://127.0.0.1:{port}/"), log)


def watched(supervisor: Supervisor, until: Callable[[], bool]) -> None:
    """Let the supervisor watch until something is so."""
    stop = threading.Event()

    def wait() -> None:
        try:
            eventually(until)
        finally:
            stop.set()

    waiting = threading.Thread(target=wait)
    waiting.start()
    supervisor.watch(stop)
    waiting.join()
    assert until()


def test_start_returns_when_the_child_answers(supervisor: Supervisor, log: RotatingLog) -> None:
    child = server(log, free_port())
    supervisor.start(child)
    assert answers(child.spec.health)


def test_a_killed_child_is_started_again(supervisor: Supervisor, log: RotatingLog, said: list[str]) -> None:
    child = server(log, free_port())
    supervisor.start(child)
    assert child.pid is not None
    os.kill(child.pid, signal.SIGKILL)
    eventually(lambda: not child.alive())
    watched(supervisor, lambda: answers(child.spec.health))
    assert said == ["server ended (signal 9). Starting it again."]


def test_one_that_keeps_dying_is_started_again_ever_later(
    supervisor: Supervisor, log: RotatingLog, said: list[str]
) -> None:
    supervisor.start(python(log, "raise SystemExit(3)"))
    watched(supervisor, lambda: len(said) >= 3)
    assert said[0].endswith("(exit code 3). Starting it again.")
    assert said[1].endswith("Starting it again in 0.5 s.")
    assert said[2].endswith("Starting it again in 1 s.")


def test_a_child_that_ends_while_starting_is_an_error_in_its_own_words(
    supervisor: Supervisor, log: RotatingLog
) -> None:
    broken = python(log, "import sys; sys.exit('the port is taken')", health="http://127.0.0.1:1/")
    with pytest.raises(Unavailable, match=r"exit code 1\)\. the port is taken"):
        supervisor.start(broken)


def test_who_takes_time_to_end_is_asked_once(supervisor: Supervisor, log: RotatingLog) -> None:
    asked = "signal.signal(15, lambda *_: print('asked', flush=True))"
    ready = "print('ready', flush=True); time.sleep(60)"
    slow = python(log, f"import signal, time; {asked}; {ready}", grace=1)
    deaf = python(log, f"import signal, time; signal.signal(15, signal.SIG_IGN); {ready}", grace=0.3)
    supervisor.start(slow, deaf)  # the last one is waited for first
    eventually(lambda: log.tail.count("ready") == 2)
    supervisor.stop()
    assert log.tail.count("asked") == 1


def test_stop_asks_first_and_then_insists(supervisor: Supervisor, log: RotatingLog, tmp_path: Path) -> None:
    say = "print('ready', flush=True); time.sleep(60)"
    deaf = python(log, f"import signal, time; signal.signal(15, signal.SIG_IGN); {say}", grace=0.3)
    note = f"pathlib.Path({str(tmp_path / 'clean')!r}).touch()"
    leave = f"import pathlib, signal, sys, time; signal.signal(15, lambda *_: ({note}, sys.exit()))"
    polite = python(log, f"{leave}; {say}")
    supervisor.start(deaf, polite)
    eventually(lambda: log.tail.count("ready") == 2)
    began = time.monotonic()
    supervisor.stop()
    assert (deaf.exit_code, polite.exit_code) == (-signal.SIGKILL, 0)
    assert (tmp_path / "clean").exists()
    assert time.monotonic() - began < 5


def test_a_grandchild_of_a_child_that_had_to_be_killed_goes_with_it(log: RotatingLog) -> None:
    script = (
        "import signal, subprocess, time; signal.signal(15, signal.SIG_IGN);"
        "print(subprocess.Popen(['/bin/sleep', '60']).pid, flush=True); time.sleep(60)"
    )
    child = python(log, script, grace=0.2)
    child.start()
    eventually(lambda: bool(log.tail))
    child.stop()
    eventually(lambda: not runs(int(log.tail[0])))


@LINUX
def test_no_child_outlives_a_supervisor_that_was_killed(tmp_path: Path) -> None:
    script = (
        "import sys, time; from pathlib import Path\n"
        "from relay.process.child import Child, ChildSpec; from relay.process.log import RotatingLog\n"
        "child = Child(ChildSpec(name='child', argv=('/bin/sleep', '60')), RotatingLog(Path(sys.argv[1])))\n"
        "child.start(); print(child.pid, flush=True); time.sleep(60)"
    )
    argv = [sys.executable, "-c", script, str(tmp_path / "log")]
    with subprocess.Popen(argv, stdout=subprocess.PIPE, text=True) as parent:
        assert parent.stdout is not None
        pid = int(parent.stdout.readline())
        eventually(lambda: Path(f"/proc/{pid}/cmdline").read_bytes().startswith(b"/bin/sleep"))
        parent.kill()
    eventually(lambda: not runs(pid))


def test_a_child_inherits_neither_environment_nor_descriptors_nor_input(
    log: RotatingLog, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SECRET_OF_THE_PARENT", "1")
    with (tmp_path / "open").open("w") as held:
        os.set_inheritable(held.fileno(), True)
        script = (
            "import os, sys; print(sorted(os.environ), sorted(os.listdir('/dev/fd')), sys.stdin.read() == '')"
        )
        child = python(log, script, environ={"ONE": "1"})
        child.start()
        eventually(lambda: bool(log.tail))
    child.stop()
    names, rest = log.tail[0].split("] ", maxsplit=1)
    assert set(names.strip("[").replace("'", "").split(", ")) <= {"ONE", "LC_CTYPE"}
    assert rest == "['0', '1', '2', '3'] True", "three streams, and the one that lists them"


def test_a_child_is_given_the_files_that_are_named_and_no_other(log: RotatingLog, tmp_path: Path) -> None:
    with (tmp_path / "one").open("w+") as given, (tmp_path / "two").open("w") as held:
        given.write("for the child")
        given.seek(0)
        os.set_inheritable(held.fileno(), True)
        number = given.fileno()
        script = f"import os; print(os.read({number}, 99).decode(), len(os.listdir('/dev/fd')), sep=': ')"
        child = python(log, script, files=(number,))
        child.start()
        eventually(lambda: bool(log.tail))
        assert not os.get_inheritable(number), "the next child does not get it by mistake"
    child.stop()
    assert log.tail[0] == "for the child: 5", "three streams, the file, and the one that lists them"


def test_a_child_that_crashes_leaves_no_image_of_its_memory(log: RotatingLog) -> None:
    child = python(log, "import resource; print(resource.getrlimit(resource.RLIMIT_CORE))")
    child.start()
    eventually(lambda: bool(log.tail))
    child.stop()
    assert log.tail[0] == "(0, 0)"


@ROOT
def test_another_user_has_no_groups_no_capabilities_and_no_way_back(log: RotatingLog) -> None:
    spec = ChildSpec(name="child", argv=("/bin/cat", "/proc/self/status"), uid=54321)
    child = Child(spec, log)
    child.log.tail = type(log.tail)(maxlen=100)
    ours = os.getgroups()
    os.setgroups([4, 24])
    try:
        child.start()
    finally:
        os.setgroups(ours)
    eventually(lambda: any(line.startswith("nonvoluntary") for line in log.tail))
    child.stop()
    status = dict(line.split(":\t", maxsplit=1) for line in log.tail if ":\t" in line)
    assert status["Uid"].split() == status["Gid"].split() == ["54321"] * 4
    assert "Groups:" in log.tail, "none at all"
    assert {status[kind] for kind in ("CapInh", "CapPrm", "CapEff", "CapAmb")} == {"0" * 16}
    assert status["NoNewPrivs"] == "1"
