"""The process that turns a letter into a PDF: from its walls on it opens nothing and writes nothing."""

import json
import subprocess
import sys
import tempfile

import pytest
import typst

from relay.printing import child
from tests.support.paper import FOLDER, fonts_are_there

_PROBE = """
import os, resource, socket, sys
from relay.printing import child
if sys.argv[1] == "walls":
    child._wall_in()
def opened(): open("/etc/passwd").close()
def connected(): socket.socket().close()
def piped(): os.pipe()
def filled(): bytearray(4 << 30)
def endless():
    if resource.getrlimit(resource.RLIMIT_CPU)[1] != resource.RLIM_INFINITY:
        raise OSError
done = []
for attempt in (opened, connected, piped, filled, endless):
    try:
        attempt()
        done.append(attempt.__name__)
    except (OSError, MemoryError):
        pass
try:
    os.write(int(sys.argv[2]), b"x")
    done.append("written")
except OSError:
    pass
os.write(1, " ".join(done).encode())
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
        )
    return {*done.stdout.decode().split()}


def test_behind_the_walls_nothing_can_be_opened_or_written() -> None:
    assert _probe("walls") == set()
    assert _probe("none") == {"opened", "connected", "piped", "filled", "endless", "written"}


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
