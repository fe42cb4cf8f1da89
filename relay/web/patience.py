"""How long a connection waits for its other end, and when it is given up.

A sender that stops half way, on purpose or because its line died without a word, would keep the connection
for ever, and an upload's file with it: nobody could go on with that upload. Looked at once a second
(`relay.web.serve`).
"""

import math
import time
from typing import Final

HEAD: Final = 20.0
"""Seconds for a whole head: from the connection's beginning, or from the answer before."""
BODY: Final = 60.0
"""Seconds without one byte of a body. However slowly it comes, it may; what had come of an upload is kept."""
ANSWER: Final = 600.0
"""Seconds without one byte taken of an answer: a film that is paused for longer is asked for anew."""
NO_END: Final = math.inf
"""It is our turn."""


class Patience:
    """With one connection."""

    def __init__(self) -> None:
        """It begins now."""
        self._since = time.monotonic()
        self._unsent = 0

    def heard(self) -> None:
        """Something came that we waited for."""
        self._since = time.monotonic()

    @property
    def spent(self) -> float:
        """Seconds that were waited so far."""
        return time.monotonic() - self._since

    def is_over(self, limit: float, unsent: int) -> bool:
        """Tell whether `limit` seconds have gone by. `unsent` bytes wait to be taken by the other end."""
        if unsent:
            limit = ANSWER
        if limit == NO_END or unsent != self._unsent:
            self._unsent = unsent
            self.heard()
        return self.spent > limit
