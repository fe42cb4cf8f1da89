"""How far the work is, in percent, from what ffmpeg reports and from how far it has read."""

import re
from collections.abc import Callable

from workers.sandbox.running import Running
from workers.sandbox.window import Window

_REPORT = re.compile(rb"^out_time_us=(\d{1,15})$", re.MULTILINE)
_KEPT = 256
_LAST = 99
"""One hundred is said when the result has been checked."""


class Progress:
    """Hears the bytes of `-progress`; its numbers are shown, and refuse what is too long, no more."""

    def __init__(
        self, tell: Callable[[int], None], claimed_ms: int, original: Window, maker: Running
    ) -> None:
        self.made_ms = 0
        self._tell = tell
        self._claimed_ms = claimed_ms
        self._size = original.size
        self._maker = maker
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
        read = self._maker.view.place if self._maker.view else 0
        return read * 100 // max(1, self._size)
