"""`relay up` as an operator has it: starts, survives kills, stops, goes on."""

import contextlib
import os
import re
import shlex
import shutil
import signal
import socket
import sys
import tempfile
from collections.abc import Iterator
from functools import partial
from pathlib import Path

import httpx
import pytest

from relay.process.supervisor import answers
from tests.support.postgres import fast_folder
from tests.support.processes import eventually, runs
from tests.support.stack import Up, make_service, relay, up

PARTS = ("postgres", "participants-1", "participants-2", "desk", "worker")
SERVING = ("participants-1", "participants-2")


@pytest.fixture(scope="module")
def home() -> Iterator[Path]:
    """An empty home that only its owner may enter. One for all: each test goes on where another stopped."""
    home = Path(tempfile.mkdtemp(dir=fast_folder()))
    yield home
    shutil.rmtree(home)


@pytest.fixture(scope="module")
def data(home: Path) -> Path:
    return make_service(home)


def test_both_apps_answer_and_ctrl_c_leaves_nothing_running(data: Path) -> None:
    with up(data) as stack:
        assert answers(f"{stack.about['participants']}/health")
        assert answers(f"{stack.about['desk']}/health")
        pids = stack.pids
        assert sorted(pids) == sorted(PARTS)
        said = stack.stop()
        assert said == "Stopping.\nStopped. Everything is kept; the same command goes on from here.\n"
        assert stack.process.returncode == 0
    assert not any(runs(pid) for pid in pids.values())
    assert not (data / "postgres" / "postmaster.pid").exists(), "PostgreSQL was shut down, not killed"


def test_behind_a_proxy_it_says_where_the_apps_answer_on_this_machine_too(data: Path) -> None:
    written = data / "relay.toml"
    written.write_text('participants_origin = "https://relay.example.org"\nproxies = "127.0.0.1"\n')
    try:
        with up(data) as stack:
            [line] = [line for line in stack.said if line.startswith("Participants:")]
            found = re.fullmatch(
                r"Participants:  https://relay.example.org +\(on this machine: (\S+)\)\n", line
            )
            assert found is not None
            assert answers(f"{found[1]}/health")
            assert f"Staff desk:    {stack.about['desk']}\n" in stack.said
            stack.stop()
    finally:
        written.unlink()


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP])
def test_a_service_manager_or_a_closed_terminal_stops_it_as_cleanly(
    data: Path, number: signal.Signals
) -> None:
    with up(data) as stack:
        stack.stop(number)
        assert stack.process.returncode == 0
    assert not (data / "postgres" / "postmaster.pid").exists()


def test_whatever_is_killed_comes_back_and_the_rest_goes_on(data: Path) -> None:
    with up(data) as stack:
        apps = [f"{stack.about[name]}/health" for name in ("participants", "desk")]
        for part in ("worker", "participants-1", "desk", "postgres"):
            before = stack.pids
            os.kill(before[part], signal.SIGKILL)
            eventually(partial(came_back, stack, part, before[part]), 30)
            eventually(lambda: all(answers(url) for url in apps), 30)
            # a worker that loses its database may end and be started again; the apps wait for it
            others = {*SERVING, "desk", *(["worker"] if part != "postgres" else [])} - {part}
            assert {name: stack.pids[name] for name in others} == {name: before[name] for name in others}
        eventually(lambda: all(runs(pid) for pid in stack.pids.values()), 30)
        assert stack.process.poll() is None
        said = stack.stop()
    assert said.count("(signal 9). Starting it again.") == 3


def came_back(stack: Up, part: str, before: int) -> bool:
    return stack.pids[part] != before and runs(stack.pids[part])


def test_who_comes_while_no_process_runs_waits_for_the_next_one(data: Path) -> None:
    with up(data) as stack:
        before = {part: stack.pids[part] for part in SERVING}
        for pid in before.values():
            os.kill(pid, signal.SIGKILL)
        eventually(lambda: not any(runs(pid) for pid in before.values()))
        with httpx.Client(trust_env=False, timeout=30) as browser:
            # one try: it is neither refused nor cut
            assert browser.get(f"{stack.about['participants']}/health").status_code == 200
        eventually(lambda: all(came_back(stack, part, pid) for part, pid in before.items()), 30)
        stack.stop()


def test_both_processes_take_connections_and_what_they_share_is_theirs_alone(data: Path) -> None:
    with up(data) as stack:
        held = {part: open_files(pid) for part, pid in stack.pids.items()}
        address = ("127.0.0.1", int(stack.about["participants"].rpartition(":")[2]))
        shared = held[SERVING[0]] & held[SERVING[1]]
        assert sorted(name.partition(":")[0] for name in shared) == ["/memfd", "socket"]
        assert not shared & (held["worker"] | held["postgres"] | held["desk"])
        with contextlib.ExitStack() as connections:
            for _ in range(200):
                connections.enter_context(socket.create_connection(address))
            for part in SERVING:
                eventually(partial(took_some, stack.pids[part], len(held[part]) + 5))
        stack.stop()


def open_files(pid: int) -> set[str]:
    """Name the sockets and shared memory that a process has, each by its number."""
    links = set()
    for path in Path(f"/proc/{pid}/fd").iterdir():
        # one that was closed meanwhile is not there to be read
        with contextlib.suppress(FileNotFoundError):
            links.add(str(path.readlink()))
    mapped = (line.split() for line in Path(f"/proc/{pid}/maps").read_text().splitlines())
    memory = {f"{words[5]} {words[4]}" for words in mapped if len(words) > 5 and "/memfd:" in words[5]}
    return {name for name in links if name.startswith("socket:")} | memory


def took_some(pid: int, least: int) -> bool:
    return len(list(Path(f"/proc/{pid}/fd").iterdir())) >= least


def test_after_kill_9_of_the_whole_stack_a_second_start_goes_on(data: Path) -> None:
    with up(data) as stack:
        pids = stack.pids
        stack.process.kill()
        eventually(lambda: not any(runs(pid) for pid in pids.values()), 30)
    with up(data) as again:
        assert answers(f"{again.about['participants']}/health")
        again.stop()
        assert again.process.returncode == 0


def test_a_second_relay_on_the_same_folder_is_refused_in_words(data: Path) -> None:
    with up(data) as stack:
        second = relay("up", "--data", str(data))
        assert second.returncode == 2
        assert f"Relay is running on {data} already (process {stack.process.pid})." in second.stderr
        assert answers(f"{stack.about['desk']}/health")


def test_each_process_holds_its_own_database_password_and_no_other(data: Path) -> None:
    with up(data) as stack:
        passwords = {path.stem: path.read_text().strip() for path in (data / "run").glob("*.password")}
        assert len(passwords) == 5
        for part in (*SERVING, "desk", "worker"):
            environ = Path(f"/proc/{stack.pids[part]}/environ").read_text()
            held = {login for login, password in passwords.items() if password in environ}
            assert held == {f"relay_{part.partition('-')[0]}_login"}
        for pid in stack.pids.values():
            command = Path(f"/proc/{pid}/cmdline").read_text()
            assert not any(password in command for password in passwords.values())


def test_everything_in_the_data_folder_is_for_its_owner_only(data: Path) -> None:
    with up(data) as stack:
        assert data.stat().st_mode & 0o077 == 0
        folders = [entry for entry in data.iterdir() if entry.is_dir()]
        assert {entry.name for entry in folders} >= {"postgres", "run", "log", "keyring"}
        assert [entry for entry in folders if entry.stat().st_mode & 0o077] == []
        stack.stop()


def test_other_commands_find_the_running_database(data: Path) -> None:
    with up(data):
        found = relay("migrate", "--data", str(data))
        assert (found.returncode, found.stderr) == (0, "")


def test_a_folder_without_a_service_is_told_what_to_do_first(home: Path) -> None:
    answer = relay("up", "--data", str(home / "empty"))
    assert answer.returncode == 2
    called = f"{sys.executable} -m relay.cli"
    told = f"run: {called} init --data {home / 'empty'} --name 'Our service' --keys-to /media/usb"
    assert told in answer.stderr
    assert not (home / "empty").exists()
    keys = home / "stick"
    keys.mkdir()
    words = shlex.split(told.removeprefix(f"run: {called} ").replace("/media/usb", str(keys)))
    made = relay(*words)
    assert made.returncode == 0, made.stderr


def test_a_taken_port_is_named_and_nothing_is_left_running(data: Path) -> None:
    with up(data) as stack:
        port = stack.about["desk"].rpartition(":")[2]
        home = data.parent / "other"
        home.mkdir()
        other = make_service(home)
        answer = relay("up", "--data", str(other), RELAY_DESK_PORT=port)
        assert answer.returncode == 2
        assert f"Port {port} on 127.0.0.1 cannot be used" in answer.stderr
        assert "RELAY_DESK_PORT" in answer.stderr
        assert not (other / "postgres" / "postmaster.pid").exists()
