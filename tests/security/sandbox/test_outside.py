"""The measures of `python -m tests.hostile` show what they are there to show: a packet, and a name."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

_STRANGER = 2_000_000_000
_SENDS = """
import os, socket, sys
from tests.hostile.outside import counted_network
network = counted_network()
if network is None:
    sys.exit("packets cannot be counted here")
told = [network.sent]
for family, address in ((socket.AF_INET, "198.51.100.7"), (socket.AF_INET, "127.0.0.1")):
    socket.socket(family, socket.SOCK_DGRAM).sendto(b"x", (address, 53))
    told.append(network.sent)
if socket.has_ipv6 and os.path.exists("/proc/net/if_inet6"):
    socket.socket(socket.AF_INET6, socket.SOCK_DGRAM).sendto(b"x", ("2001:db8::7", 53))
    told.append(network.sent)
asks = socket.socket()
asks.setblocking(False)
asks.connect_ex(("203.0.113.9", 80))
told.append(network.sent)
print(*told)
"""
_MAKES = """
import os, sys, tempfile
from pathlib import Path
from tests.hostile.outside import Surroundings
surroundings = Surroundings(Path(sys.argv[1]), range(int(sys.argv[2]), int(sys.argv[2]) + 9))
print(len(surroundings.new()))
Path("here").touch()
print(len(surroundings.new()))
tempfile.mkstemp()
print(len(surroundings.new()))
for shared, owner in (("/dev/shm", 0), ("/tmp", 0), ("/dev/shm", 3), ("/tmp", 3)):
    descriptor, path = tempfile.mkstemp(dir=shared)
    if owner and os.geteuid() == 0:
        os.fchown(descriptor, int(sys.argv[2]) + owner, 0)
    print(len(surroundings.new()))
    os.unlink(path)
"""
_LEAKS = """
import os, socket, sys
from pathlib import Path
from tests.hostile import __main__ as hostile
from workers.media.model import Kind
def attempt(seed):
    if kind == "packet":
        socket.socket(socket.AF_INET, socket.SOCK_DGRAM).sendto(b"x", ("198.51.100.7", 53))
    if kind == "name":
        Path("left").touch()
    return "accepted", ""
kind = sys.argv.pop()
hostile._attempt = attempt
hostile.seeds = lambda folder: [hostile.Seed("nothing", Kind.AUDIO, b"nothing at all")]
sys.argv[1:] = ["--count", "2", "--jobs", "1"]
sys.exit(hostile.main())
"""


def _run(*words: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-B", "-c", *words],
        capture_output=True,
        text=True,
        check=False,
        env=os.environ | {"PYTHONPATH": str(Path(__file__).parents[3])},
    )


def _ran(*words: str) -> list[str]:
    done = _run(*words)
    assert done.returncode == 0, done.stderr
    return done.stdout.split()


def _network_of_ones_own() -> None:
    refused = _run("import ctypes, sys; sys.exit(ctypes.CDLL(None).unshare(0x40000000) != 0)").returncode
    if os.geteuid() != 0 or (refused and not os.environ.get("CI")):
        pytest.skip("no network of one's own is allowed here")


def test_a_packet_to_anywhere_is_counted() -> None:
    _network_of_ones_own()
    told = [int(count) for count in _ran(_SENDS)]
    assert told[0] == 0
    assert len({*told}) == len(told)
    assert told == sorted(told)


def test_a_name_that_is_left_is_seen_and_those_of_others_are_not(tmp_path: Path) -> None:
    shared = ["2", "2", "3", "3"] if os.geteuid() == 0 else ["2", "2", "2", "2"]
    assert _ran(_MAKES, str(tmp_path), str(_STRANGER)) == ["0", "1", "2", *shared]


@pytest.mark.parametrize("leak", ["none", "name", "packet"])
def test_a_run_in_which_one_is_left_is_no_good_run(leak: str) -> None:
    if leak == "packet":
        _network_of_ones_own()
    done = _run(_LEAKS, leak)
    assert done.returncode == (leak != "none"), done.stderr
    said = {"none": "2 accepted", "name": "/here/left", "packet": "2 packets were sent"}
    assert said[leak] in done.stdout
