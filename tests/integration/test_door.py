"""Real processes behind one socket: connections are shared out, and nobody waits for one that is gone."""

import os
import signal
import socket
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator

import pytest

from relay.process.listening import listen
from relay.web.shared.endings import SHARES_AT, shared_file

GRACE = 0.1
"""Seconds: what is fair here does not hang on how busy the machine is."""
ANSWERS_ITS_NUMBER = f"""
import asyncio, os, socket, sys
from relay.process import door
from relay.process.shares import Shares

door.GRACE = {GRACE}

class Answering(asyncio.Protocol):
    def connection_made(self, transport):
        transport.write(b"%d\\n" % os.getpid())

    def connection_lost(self, error):
        shares.add(-1)
        print("left", flush=True)

async def main():
    global shares
    shares = Shares(int(sys.argv[2]), {SHARES_AT})
    door.Door(socket.socket(fileno=int(sys.argv[1])), shares, Answering, int(sys.argv[3]))
    print("ready", flush=True)
    await asyncio.Event().wait()

asyncio.run(main())
"""


class Behind:
    """Processes behind one socket."""

    def __init__(self) -> None:
        self.listening = listen("127.0.0.1", 0)
        self.file = shared_file()
        self.processes: dict[int, subprocess.Popen[str]] = {}
        self.open: list[tuple[int, socket.socket]] = []

    def start(self, most: int = 1000) -> int:
        """Start one more, which takes `most` connections at once; return its process id."""
        files = (self.listening.fileno(), self.file)
        argv = [sys.executable, "-c", ANSWERS_ITS_NUMBER, *map(str, files), str(most)]
        started = subprocess.Popen(argv, pass_fds=files, stdout=subprocess.PIPE, text=True)
        self.processes[started.pid] = started
        assert started.stdout is not None
        assert started.stdout.readline() == "ready\n"
        return started.pid

    def end(self, pid: int) -> None:
        """End one at once."""
        started = self.processes.pop(pid)
        started.kill()
        started.communicate()

    def connect(self, times: int) -> Counter[int]:
        """Connect so often, each when nobody waits any more; return how often each process answered."""
        for _ in range(times):
            connection = socket.create_connection(self.listening.getsockname(), timeout=5)
            self.open.append((int(connection.recv(20)), connection))
            time.sleep(1.5 * GRACE)
        return Counter(pid for pid, _ in self.open[-times:])

    def hang_up(self, pid: int) -> None:
        """Close every connection to one; return when it knows."""
        left = self.processes[pid].stdout
        assert left is not None
        for answered, connection in self.open:
            if answered == pid:
                connection.close()
                assert left.readline() == "left\n"
        self.open = [one for one in self.open if one[0] != pid]


@pytest.fixture
def behind() -> Iterator[Behind]:
    made = Behind()
    yield made
    for pid in [*made.processes]:
        made.end(pid)
    for _, connection in made.open:
        connection.close()
    made.listening.close()
    os.close(made.file)


def test_connections_are_shared_out_evenly(behind: Behind) -> None:
    pids = [behind.start() for _ in range(3)]
    assert behind.connect(12) == dict.fromkeys(pids, 4)


def test_whose_connections_have_ended_takes_the_next_ones(behind: Behind) -> None:
    pids = [behind.start() for _ in range(2)]
    behind.connect(8)
    behind.hang_up(pids[1])
    assert behind.connect(4) == {pids[1]: 4}


def test_nobody_waits_for_a_process_that_hangs(behind: Behind) -> None:
    working, hanging = behind.start(), behind.start()
    os.kill(hanging, signal.SIGSTOP)
    assert behind.connect(5) == {working: 5}
    os.kill(hanging, signal.SIGCONT)


def test_one_that_takes_the_place_of_one_that_was_killed_gets_its_share(behind: Behind) -> None:
    staying, killed = behind.start(), behind.start()
    behind.connect(6)
    behind.end(killed)
    started = behind.start()
    # what the killed one had counts no more
    assert behind.connect(3) == {started: 3}
    assert behind.connect(4) == {staying: 2, started: 2}


def test_one_that_has_as_many_as_it_takes_leaves_the_next_one_waiting(behind: Behind) -> None:
    """Else connections use up the files that its work needs."""
    pid = behind.start(most=3)
    behind.connect(3)
    with socket.create_connection(behind.listening.getsockname()) as waiting:
        waiting.settimeout(1.5)
        with pytest.raises(TimeoutError):
            waiting.recv(20)
        behind.hang_up(pid)
        waiting.settimeout(5)
        assert int(waiting.recv(20)) == pid


def test_one_that_has_as_many_as_it_takes_leaves_the_next_one_to_others(behind: Behind) -> None:
    full, other = behind.start(most=1), behind.start()
    assert behind.connect(6) == {full: 1, other: 5}
