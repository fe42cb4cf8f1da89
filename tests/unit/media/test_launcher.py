"""What runs before every child: an order comes as it was given, and nothing that takes long is imported."""

import subprocess
import sys

from workers.sandbox.protocol import Caps, Order, encode
from workers.sandbox.runner import ROOT
from workers.sandbox.wire import decode

SLOW = {
    *("contextlib", "dataclasses", "importlib.util", "inspect", "json", "logging", "pathlib", "platform"),
    *("re", "selectors", "shutil", "socket", "subprocess", "tempfile", "typing"),
}
"""A bare interpreter starts in 15 ms. Each of these takes some more, for every child of every file."""


def test_an_order_arrives_as_it_was_given() -> None:
    order = Order(
        descriptors=(7, 9),
        read_only=(True, False),
        status=11,
        parent=4321,
        stranger=61_200,
        caps=Caps(cpu_seconds=5, memory_bytes=1 << 40, output_bytes=0),
        program="/where/it is/ffmpeg",
        arguments=("ffmpeg", "-i", "fd:", "ü", ""),
        python=False,
        paths=("/lib/one.so",),
        loader="/lib64/ld.so",
        served=True,
    )
    arrived = decode(encode(order))
    told = {name: getattr(arrived, name) for name in Order._fields if name != "caps"}
    assert told == {name: value for name, value in order._asdict().items() if name != "caps"}
    assert {name: getattr(arrived.caps, name) for name in Caps._fields} == order.caps._asdict()


def test_the_launcher_imports_nothing_that_takes_long() -> None:
    told = "import sys; sys.path.insert(0, sys.argv[1]); import workers.sandbox.launcher; print(*sys.modules)"
    bare = [sys.executable, "-I", "-S", "-B", "-c", told, str(ROOT)]
    imported = subprocess.run(bare, capture_output=True, text=True, check=True).stdout.split()
    assert "workers.sandbox.seccomp" in imported
    assert SLOW & set(imported) == set()
