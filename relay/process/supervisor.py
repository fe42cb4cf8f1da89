"""Keep a few children running until told to stop."""

import http.client
import threading
import time
from collections.abc import Callable
from typing import Protocol
from urllib.parse import urlsplit

from relay.errors import RelayError, Unavailable
from relay.process.child import Child

Say = Callable[[str], None]
"""Where the operator is told what happens, one sentence at a time."""


class Supervised(Protocol):
    """What a supervisor can look after: a `Child`, or a server that starts its own."""

    name: str

    def start(self) -> object:
        """Start, or start again."""

    def alive(self) -> bool:
        """Whether it runs."""

    def stop(self) -> None:
        """End it, with patience and then without."""


class Supervisor:
    """Starts what it is given, starts again what dies (each time a little later), stops in reverse order.

    Use it from the main thread. `changed` is called after each start, with what was started.
    """

    def __init__(self, say: Say, changed: Callable[[Supervised], None] | None = None) -> None:
        self._say = say
        self._changed = changed or (lambda _: None)
        self._members: list[_Member] = []

    def start(self, *supervised: Supervised) -> None:
        """Start these side by side, and return when each is ready; they are watched from now on."""
        for one in supervised:
            self._members.append(_Member(one))
            one.start()
            self._changed(one)
        for one in supervised:
            if isinstance(one, Child):
                wait_until_ready(one)

    def watch(self, stop: threading.Event) -> None:
        """Start again what has ended, until `stop` is set."""
        while not stop.wait(0.1):
            for member in self._members:
                self._look_after(member)

    def stop(self) -> None:
        """Stop everything: the children side by side, then the rest in reverse order."""
        members = [member.supervised for member in reversed(self._members)]
        for one in members:
            if isinstance(one, Child):
                one.ask()
        for one in members:
            if isinstance(one, Child):
                one.wait()  # asked once: a second signal would end it in the middle of its own end
            else:
                one.stop()
        self._members.clear()

    def _look_after(self, member: "_Member") -> None:
        one = member.supervised
        if one.alive():
            return
        if member.next_try is None:
            delay = member.delay()
            member.next_try = time.monotonic() + delay
            self._say(f"{one.name} ended{_how(one)}. Starting it again{f' in {delay:g} s' if delay else ''}.")
        if time.monotonic() < member.next_try:
            return
        member.started, member.next_try = time.monotonic(), None
        try:
            one.start()
        except RelayError as error:
            self._say(error.public)
        else:
            self._changed(one)


class _Member:
    """One of the supervised, and how patient to be with it."""

    def __init__(self, supervised: Supervised) -> None:
        self.supervised = supervised
        self.started = time.monotonic()
        self.next_try: float | None = None
        self._failures = 0

    def delay(self) -> float:
        """Seconds to wait: none after a long life, then 0.5, 1, 2 … up to 30."""
        if time.monotonic() - self.started > 60:
            self._failures = 0
        wait = min(30.0, 0.25 * 2**self._failures) if self._failures else 0.0
        self._failures += 1
        return wait


def wait_until_ready(child: Child, seconds: float = 60) -> None:
    """Until the child answers, or says that it is ready; a child that ends instead is an error in words."""
    until = time.monotonic() + seconds
    while not (child.said_ready() and answers(child.spec.health)):
        if not child.alive():
            said = child.log.tail[-1] if child.log.tail else "It said nothing"
            raise Unavailable(f"{child.name} ended while starting{_how(child)}. {said}")
        if time.monotonic() > until:
            raise Unavailable(f"{child.name} did not become ready in {seconds:g} seconds. Look into its log.")
        time.sleep(0.05)


def answers(url: str) -> bool:
    """Whether `url` answers 200. Straight to the address: no proxy of the environment has a say."""
    if not url:
        return True
    parts = urlsplit(url)
    connection = http.client.HTTPConnection(parts.hostname or "", parts.port, timeout=2)
    try:
        connection.request("GET", parts.path or "/")
        return connection.getresponse().status == 200
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()


def _how(one: Supervised) -> str:
    code = one.exit_code if isinstance(one, Child) else None
    if code is None:
        return ""
    return f" (signal {-code})" if code < 0 else f" (exit code {code})"
