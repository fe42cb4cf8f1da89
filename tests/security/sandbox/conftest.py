from pathlib import Path

import pytest

from workers.sandbox import runner
from workers.sandbox.protocol import Caps

CHILDREN = Path(__file__).with_name("children")
CAPS = Caps(cpu_seconds=20, memory_bytes=1 << 30, output_bytes=1 << 20)


@pytest.fixture
def children(monkeypatch: pytest.MonkeyPatch) -> Path:
    """Let the runner find this folder's children instead of the real ones."""
    monkeypatch.setattr(runner, "_CHILDREN", CHILDREN)
    return CHILDREN
