"""Nothing works behind the walls that works outside of them."""

import os
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.security.sandbox.children import burglar
from tests.security.sandbox.conftest import CAPS, CHILDREN, child_of
from workers.sandbox import memory
from workers.sandbox.bubble import Bubbled
from workers.sandbox.pipe import Pipe
from workers.sandbox.runner import Child, Task, Walled
from workers.sandbox.running import Running, watch

OUTSIDE = (
    "import sys, importlib.util as u; s = u.spec_from_file_location('burglar', sys.argv[1]);"
    "m = u.module_from_spec(s); s.loader.exec_module(m); m.main(*map(int, sys.argv[2:]), 0)"
)


@pytest.fixture(autouse=True)
def key_file() -> Iterator[Path]:
    path = burglar.key_file(os.getpid())
    path.write_bytes(b"the service's key")
    yield path
    path.unlink()


@pytest.fixture
def port() -> Iterator[int]:
    with socket.create_server(("127.0.0.1", 0)) as listening:
        yield int(listening.getsockname()[1])


@pytest.fixture
def neighbour(children: Path, sandbox: Walled) -> Iterator[Running]:
    """Another job, behind walls of its own, at the same time."""
    assert children.is_dir()
    with Pipe() as pipe, sandbox.start(Task(Child("sleeper"), (pipe.reading,), (), CAPS)) as running:
        yield running


def successes(won: int) -> set[str]:
    names = [*burglar.ATTEMPTS, *burglar.FURTHER]
    return {name for place, name in enumerate(names) if won >> place & 1}


def burgle(sandbox: Walled, neighbour: Running, port: int) -> set[str]:
    numbers = (os.getpid(), child_of(neighbour), port, 1)
    source = memory.from_bytes("original", b"hostile")
    with Pipe() as answer:
        task = Task(Child("burglar", numbers), (source,), (answer.writing,), CAPS)
        with sandbox.start(task) as running:
            answer.close(answer.writing)
            (ending,) = watch([running], seconds=60, stopped=lambda: False)
        (won,) = burglar.ANSWER.unpack(os.read(answer.reading, 64))
    os.close(source)
    assert ending.good
    assert not burglar.loot(os.getpid()).exists()
    return successes(won)


def test_a_child_can_do_nothing_but_answer(sandbox: Walled, neighbour: Running, port: int) -> None:
    assert burgle(sandbox, neighbour, port) == set()


REACHING_OTHERS = {
    *("connect", "read-key", "write-file", "make-folder", "mount", "environment"),
    *("parent-environment", "parent-memory", "parent-descriptors", "parent-memory-copy", "signal-parent"),
    *("neighbour-memory-copy", "signal-neighbour", "signal-everybody", "trace-neighbour"),
}


class OnlyABubble(Bubbled):
    """The second layer alone, as if every wall of the first had a hole."""

    walls = False


@pytest.mark.parametrize("sandbox", ["bubbled"], indirect=True)
def test_the_second_layer_alone_keeps_a_child_from_everybody_else(neighbour: Running, port: int) -> None:
    assert burgle(OnlyABubble(), neighbour, port) & REACHING_OTHERS == set()


def test_outside_the_same_child_can_do_all_of_it(port: int) -> None:
    with Pipe() as answer, Pipe() as more, subprocess.Popen(["sleep", "60"]) as neighbour:  # noqa: S607
        arguments = [str(CHILDREN / "burglar.py"), str(os.getpid()), str(neighbour.pid), str(port)]
        boot = (
            f"import os; os.dup2({answer.writing}, 4); os.dup2({more.reading}, 5);"
            f"os.environ['{burglar.SECRET.decode()}'] = 'x'; " + OUTSIDE
        )
        passed = [answer.writing, more.reading]
        subprocess.run([sys.executable, "-c", boot, *arguments], pass_fds=passed, check=True, timeout=60)
        (won,) = burglar.ANSWER.unpack(os.read(answer.reading, 64))
        neighbour.kill()
    for_root = {"parent-memory", "parent-memory-copy", "neighbour-memory-copy", "trace-neighbour"}
    expected = set(burglar.ATTEMPTS) - (for_root if os.geteuid() else set())
    assert expected - successes(won) == set()


def test_a_child_is_a_stranger_who_gains_no_rights(neighbour: Running) -> None:
    status = Path(f"/proc/{child_of(neighbour)}/status").read_text()
    facts = dict(line.split(":\t", 1) for line in status.splitlines() if ":\t" in line)
    assert (facts["NoNewPrivs"], facts["Seccomp"], facts["Threads"]) == ("1", "2", "1")
    assert int(facts["CapEff"], 16) == 0 or os.geteuid() != 0
    if os.geteuid() == 0:
        assert set(facts["Uid"].split()) & {"0"} == set()
        assert facts["Groups"].strip() == ""


def test_two_jobs_are_strangers_to_each_other(sandbox: Walled, neighbour: Running) -> None:
    if os.geteuid() != 0:
        pytest.skip("only root can give each job a user of its own")
    with Pipe() as pipe, sandbox.start(Task(Child("sleeper"), (pipe.reading,), (), CAPS)) as other:
        users = [Path(f"/proc/{child_of(each)}").stat().st_uid for each in (neighbour, other)]
        status = [Path(f"/proc/{child_of(each)}/status").read_text() for each in (neighbour, other)]
    uids = {line for text in status for line in text.splitlines() if line.startswith("Uid:")}
    assert len(uids) == 2, users
