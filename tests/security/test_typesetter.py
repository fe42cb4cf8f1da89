"""The process that turns a letter into a PDF: from its walls on it opens nothing and writes nothing."""

import errno
import json
import subprocess
import sys
import tempfile

import pytest
import typst

from relay.printing import child, walls
from tests.support.paper import FOLDER, fonts_are_there
from workers.sandbox.syscalls import TABLES

_PROBE = """
import ctypes, os, resource, socket, sys
from relay.printing import child, walls
library = ctypes.CDLL(None, use_errno=True)
if sys.argv[1] == "walls":
    child._wall_in()
if sys.argv[1] == "limits":
    child._limit()
def called(answer):
    if answer < 0:
        raise OSError(ctypes.get_errno(), "")
def opened(): open("/etc/passwd").close()
def connected(): socket.socket().close()
def piped(): os.pipe()
def filled(): bytearray(4 << 30)
def endless():
    if resource.getrlimit(resource.RLIMIT_CPU)[1] != resource.RLIM_INFINITY:
        raise OSError
def signalled(): os.kill(os.getppid(), 0)
def looked():
    there, here = ctypes.create_string_buffer(b"key"), ctypes.create_string_buffer(4)
    parts = [(ctypes.c_size_t * 2)(ctypes.addressof(each), 4) for each in (here, there)]
    called(library.process_vm_readv(os.getpid(), parts[0], 1, parts[1], 1, 0))
def limited(): resource.prlimit(os.getppid(), resource.RLIMIT_CORE)
def forked():
    if (one := os.fork()) == 0:
        os._exit(0)
    os.waitpid(one, 0)
def executed():
    try:
        os.execv("/nowhere", ["nowhere"])
    except FileNotFoundError:
        pass
def traced(): called(library.ptrace(0, 0, 0, 0))  # by its parent, who does nothing
done = []
def written(): os.write(int(sys.argv[2]), b"x")
# traced last: the limit on writing sends a signal, at which somebody who is traced stops
for attempt in (
    opened, connected, piped, filled, endless, signalled, looked, limited, forked, executed, written, traced
):
    try:
        attempt()
        done.append(attempt.__name__)
    except (OSError, MemoryError):
        pass
os.write(1, " ".join(done).encode())
"""
_OPENING = {"opened", "connected", "piped", "filled", "endless", "written"}
_REACHING_OTHERS = {"signalled", "looked", "limited", "forked", "executed", "traced"}

_SEEN = """
import ctypes, struct
from relay.printing import child, walls
walls._filter = lambda machine: struct.pack("<HBBI", 6, 0, 0, 0x7FFF0000)  # that lets everything pass
child._wall_in()
print(ctypes.CDLL(None).prctl(3, 0, 0, 0, 0))  # PR_GET_DUMPABLE
"""

_BEGINNING = """
import ctypes, platform
from relay.printing import child, walls
numbers = walls.TABLES[platform.machine()][1]
child._wall_in()
library = ctypes.CDLL(None, use_errno=True)
for name in ("set_robust_list", "rseq"):
    library.syscall(*map(ctypes.c_long, (numbers[name], 0, 0, 0, 0)))
    print(ctypes.get_errno())
"""

_ELSEWHERE = """
import platform
from relay.printing import child
platform.machine = lambda: "alpha"
child.sys.argv[1:] = ["/usr/share/fonts", "Noto Sans"]
child.main()
"""


@pytest.fixture(autouse=True)
def _fonts() -> None:
    fonts_are_there()


def _probe(walls: str) -> set[str]:
    with tempfile.TemporaryFile() as file:
        done = subprocess.run(
            [sys.executable, "-B", "-c", _PROBE, walls, str(file.fileno())],
            pass_fds=(file.fileno(),),
            capture_output=True,
            check=True,
            timeout=60,
        )
    return {*done.stdout.decode().split()}


def test_behind_the_walls_nothing_can_be_opened_or_written_and_nobody_else_be_reached() -> None:
    assert _probe("walls") == set()
    assert _probe("limits") & _OPENING == set()
    assert _probe("none") == _OPENING | _REACHING_OTHERS


def test_nobody_looks_into_the_typesetter_either() -> None:
    seen = subprocess.run([sys.executable, "-B", "-c", _SEEN], capture_output=True, check=True)
    assert seen.stdout == b"0\n"


def test_a_thread_that_first_runs_behind_the_walls_can_begin() -> None:
    """On a busy machine one in a hundred sheets was not printed: a thread's first calls were refused."""
    begun = subprocess.run([sys.executable, "-B", "-c", _BEGINNING], capture_output=True, check=True)
    invalid = f"{errno.EINVAL}\n".encode()  # of such arguments: they were looked at
    assert begun.stdout == invalid * 2


def test_without_its_filter_the_typesetter_reads_no_letter() -> None:
    """Nothing is set on a machine that it has no table for: the app then says that it cannot print."""
    with tempfile.TemporaryFile() as letter:
        letter.write(b"a letter")
        letter.seek(0)
        done = subprocess.run(
            [sys.executable, "-B", "-c", _ELSEWHERE], stdin=letter, capture_output=True, check=False
        )
        assert done.returncode not in {child.DONE, child.REFUSED}
        assert b"no table of system calls" in done.stderr
        assert letter.tell() == 0


@pytest.mark.parametrize("machine", sorted(walls.TABLES))
def test_the_numbers_are_those_of_the_sandbox(machine: str) -> None:
    """Two lists from the same tables of Linux, as neither may import the other."""
    architecture, numbers = walls.TABLES[machine]
    others, those = TABLES[machine]
    assert architecture == others
    shared = numbers.keys() & those.keys()
    assert {name: numbers[name] for name in shared} == {name: those[name] for name in shared}
    assert numbers.keys() <= those.keys()


def _set(template: str) -> subprocess.CompletedProcess[bytes]:
    order = {"template": template, "data": {}}
    return subprocess.run(
        [sys.executable, "-I", "-B", "-m", child.__name__, str(FOLDER), "Noto Sans"],
        input=json.dumps(order).encode(),
        capture_output=True,
        check=False,
    )


def test_even_a_template_of_an_attacker_reads_no_file() -> None:
    document = "#set document(date: datetime(year: 2000, month: 1, day: 1))\n"
    reads = document + '#str(read("truetype/noto/NotoSans-Regular.ttf", encoding: none).len())'
    assert typst.Compiler(root=str(FOLDER)).compile(input=reads.encode(), format="pdf")
    assert _set(document + '#set text(font: "Noto Sans")\nHello').returncode == child.DONE
    for template in (reads, document + '#import "@preview/cetz:0.3.1"', document + '#include "/etc/passwd"'):
        done = _set(template)
        assert done.returncode == child.REFUSED
        assert done.stdout == b""
