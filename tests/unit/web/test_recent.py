"""What is answered from memory for a few seconds, and when it no longer is."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from relay.web.shared.contents import Text
from relay.web.shared.endings import Endings, shared_file
from relay.web.shared.ranges import ObjectAnswer
from relay.web.shared.recent import Recent

COOKIE = "the cookie of one session"


@contextmanager
def text() -> Iterator[Text]:
    yield Text(b"moving pictures")


@pytest.fixture
def file() -> Iterator[int]:
    made = shared_file()
    yield made
    os.close(made)


@pytest.fixture
def recent(file: int) -> Recent:
    return Recent("__Host-p", Endings(file))


def request(method: str = "GET", cookie: str = COOKIE, path: str = "/film") -> Any:
    headers = [(b"cookie", f"a=b; __Host-p={cookie}".encode())]
    return {"method": method, "path": path, "path_template": "/{film}", "headers": headers}


def asked(recent: Recent) -> tuple[Any, ObjectAnswer]:
    """Return a request that has come in, and what a handler made for it."""
    scope = request()
    assert recent.find(scope) is None
    return scope, ObjectAnswer(text, "video/mp4")


async def test_the_same_session_gets_the_same_address_from_memory_and_nobody_else_does(
    recent: Recent,
) -> None:
    scope, answer = asked(recent)
    recent.keep(COOKIE, scope, answer)
    assert recent.find(request()) is answer
    for other in (request("POST"), request("HEAD"), request(cookie="x"), request(path="/x")):
        assert recent.find(other) is None


async def test_a_session_that_ends_in_another_process_ends_here_at_once(file: int, recent: Recent) -> None:
    scope, answer = asked(recent)
    recent.keep(COOKIE, scope, answer)
    Recent("__Host-p", Endings(file)).forget()
    assert recent.find(request()) is None
    recent.keep(COOKIE, *asked(recent))
    assert recent.find(request()) is not None, "the next session plays as the one before"


async def test_what_was_asked_for_before_a_session_ended_is_not_kept_after(file: int, recent: Recent) -> None:
    scope, answer = asked(recent)
    Endings(file).tell()
    assert recent.find(request(path="/another")) is None
    recent.keep(COOKIE, scope, answer)
    assert recent.find(request()) is None


def test_two_that_tell_at_once_are_both_seen(file: int) -> None:
    one, two = Endings(file), Endings(file)
    before = one.now()
    one.tell()
    between = two.now()
    two.tell()
    assert len({before, between, one.now()}) == 3


def test_nobody_who_has_the_file_can_cut_it(file: int) -> None:
    with pytest.raises(PermissionError):
        os.ftruncate(file, 0)
