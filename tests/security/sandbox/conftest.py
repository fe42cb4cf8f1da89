import os
import shutil
from pathlib import Path

import pytest

from workers.sandbox import runner
from workers.sandbox.bubble import Bubbled
from workers.sandbox.protocol import Caps
from workers.sandbox.runner import SandboxUnavailable, Walled
from workers.sandbox.running import Running

CHILDREN = Path(__file__).with_name("children")
CAPS = Caps(cpu_seconds=20, memory_bytes=1 << 30, output_bytes=1 << 20)


@pytest.fixture
def children(monkeypatch: pytest.MonkeyPatch) -> Path:
    """Let the runner find this folder's children instead of the real ones."""
    monkeypatch.setattr(runner, "_CHILDREN", CHILDREN)
    return CHILDREN


@pytest.fixture(scope="session")
def bubble() -> str | Bubbled:
    """The one with the second layer, or why it cannot be had; in CI its program has to be there."""
    try:
        found = Bubbled()
        found.check()
    except SandboxUnavailable:
        if os.environ.get("CI") and not shutil.which("bwrap"):
            raise
        return "bubblewrap is not installed here, or the kernel does not let it make namespaces"
    return found


@pytest.fixture(params=["walled", "bubbled"])
def sandbox(request: pytest.FixtureRequest, bubble: str | Bubbled) -> Walled:
    """Each sandbox that is safe: whatever is asked of one is asked of all."""
    if request.param == "walled":
        return Walled()
    if isinstance(bubble, str):
        pytest.skip(bubble)
    return bubble


def child_of(running: Running) -> int:
    """The process id of the child itself, inside of however many layers."""
    process = running.process.pid
    while inner := Path(f"/proc/{process}/task/{process}/children").read_text().split():
        process = int(inner[0])
    return process
