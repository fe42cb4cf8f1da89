"""How far the work is, in percent, from what ffmpeg reports and from how far it has read."""

import contextlib
import os
import re
from collections.abc import Callable
from pathlib import Path

from workers.media.arguments import READ

_REPORT = re.compile(rb"^out_time_us=(\d{1,15})$", re.MULTILINE)
_POSITION = re.compile(r"^pos:\s*(\d+)$", re.MULTILINE)
_KEPT = 256
_LAST = 99
"""One hundred is said when the result has been checked."""


class Progress:
    """Hears the bytes of `-progress`; its numbers are shown, and refuse what is too long, no more."""

    def __init__(self, tell: Callable[[int], None], claimed_ms: int, original: int, process: int) -> None:
        self.made_ms = 0
        self._tell = tell
        self._claimed_ms = claimed_ms
        self._size = os.fstat(original).st_size
        self._place = Path(f"/proc/{process}/fdinfo/{READ}")
        self._tail = b""
        self._told = -1

    def hear(self, untrusted_report: bytes) -> None:
        """Take some bytes of the report."""
        text = self._tail + untrusted_report
        for found in _REPORT.findall(text):
            self.made_ms = max(self.made_ms, int(found) // 1000)
        self._tail = text[text.rfind(b"\n") + 1 :][-_KEPT:]
        percent = min(_LAST, self._percent())
        if percent > self._told:
            self._told = percent
            self._tell(percent)

    def _percent(self) -> int:
        if self._claimed_ms:
            return self.made_ms * 100 // self._claimed_ms
        with contextlib.suppress(OSError):
            found = _POSITION.search(self._place.read_text())
            return int(found[1]) * 100 // max(1, self._size) if found else 0
        return 0
