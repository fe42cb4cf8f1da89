"""A released film that a session is playing just now, so that each range does not ask the database again.

A player asks for dozens of ranges a minute. The first one goes the whole way: session, permission, release
record, grant. For the next few seconds the same session gets the same address from here; then the whole way
is gone again. Only what was released for good is in here. Signing out and quick exit have it forgotten at
once, in every process of this machine: `Endings` tells. A session that was ended on another machine, or a
suspended account, goes on for those few seconds at most.
"""

import asyncio
import hashlib
from typing import Any, Final, NamedTuple

from litestar.types import ASGIApp, HTTPScope

from relay.web.shared.endings import Endings
from relay.web.shared.ranges import ObjectAnswer

SECONDS: Final = 5.0
_MOST_SESSIONS: Final = 64
_MOST_OF_ONE: Final = 4
_BEGAN: Final = "relay.endings"


class _Entry(NamedTuple):
    answer: ObjectAnswer
    template: str
    timer: asyncio.TimerHandle


def _name(cookie: str) -> bytes:
    """Cookies themselves are not kept."""
    return hashlib.blake2b(cookie.encode(), digest_size=32).digest()


class Recent:
    """By session and address. Only what a handler has answered to that session is in here."""

    def __init__(self, cookie_name: str, endings: Endings) -> None:
        self._prefix = f"{cookie_name}=".encode()
        self._endings = endings
        self._seen = endings.now()
        self._sessions: dict[bytes, dict[str, _Entry]] = {}

    def keep(self, cookie: str, scope: Any, answer: ObjectAnswer) -> None:
        """Answer so again for a few seconds, unless a session has ended since this request came in."""
        if scope[_BEGAN] != self._endings.now():
            return
        answer.reuse()
        name, path = _name(cookie), scope["path"]
        entries = self._sessions.setdefault(name, {})
        self._drop(name, path)
        if len(entries) >= _MOST_OF_ONE:
            self._drop(name, next(iter(entries)))
        if len(self._sessions) > _MOST_SESSIONS:
            self._forget(next(iter(self._sessions)))
        timer = asyncio.get_running_loop().call_later(SECONDS, self._drop, name, path)
        self._sessions.setdefault(name, {})[path] = _Entry(answer, scope["path_template"], timer)

    def forget(self) -> None:
        """A session has ended: whatever was kept until now is answered from memory no more, by no process."""
        self._endings.tell()
        self._look()

    def find(self, scope: HTTPScope) -> ASGIApp | None:
        """Return the answer to a GET of the same session for the same address, if it is still fresh.

        Call it for every request, before anything else: `keep` wants to know when it came in.
        """
        scope[_BEGAN] = self._look()  # type: ignore[typeddict-unknown-key]
        if scope["method"] != "GET" or not self._sessions:
            return None
        cookie = self._cookie(scope)
        entry = self._sessions.get(_name(cookie), {}).get(scope["path"]) if cookie else None
        if entry is None:
            return None
        scope["path_template"] = entry.template
        return entry.answer

    def _look(self) -> bytes:
        """See whether a session has ended anywhere; which one is not said, so nothing is kept then."""
        now = self._endings.now()
        if now != self._seen:
            self._seen = now
            for name in [*self._sessions]:
                self._forget(name)
        return now

    def _cookie(self, scope: HTTPScope) -> str:
        for name, value in scope["headers"]:
            if name == b"cookie":
                for part in value.split(b";"):
                    if part.strip().startswith(self._prefix):
                        return part.strip()[len(self._prefix) :].decode("latin-1")
        return ""

    def _forget(self, name: bytes) -> None:
        for path in [*self._sessions.get(name, {})]:
            self._drop(name, path)

    def _drop(self, name: bytes, path: str) -> None:
        entries = self._sessions.get(name, {})
        entry = entries.pop(path, None)
        if entry is not None:
            entry.timer.cancel()
            entry.answer.retire()
        if not entries:
            self._sessions.pop(name, None)
