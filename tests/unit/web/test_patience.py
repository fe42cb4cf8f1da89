"""Who is waited for, and for how long: heads, bodies and answers that stop half way."""

import asyncio
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from typing import Any

import pytest

from relay.web import patience, serve, server
from relay.web.server import _MOST_QUEUED
from tests.unit.web.test_server import MIB, Answers, serving
from tests.unit.web.test_strict import Listing, all_that_comes

LIMIT = 1.0
OFTEN = LIMIT / 4
SOON = 10.0
"""The limit, the second between two looks, and a slow machine."""


@pytest.fixture(autouse=True)
def _impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(server, "HEAD", LIMIT)
    monkeypatch.setattr(server, "BODY", LIMIT)
    monkeypatch.setattr(patience, "ANSWER", LIMIT)


def cut_within(seconds: float, connection: Any, again: bytes = b"") -> bool:
    """Tell whether the other end goes, while `again` is sent to it ten times a second."""
    until = time.monotonic() + seconds
    connection.settimeout(0.1)
    while time.monotonic() < until:
        try:
            if again:
                connection.send(again)
            if not connection.recv(65_536):
                return True
        except TimeoutError:
            pass
        except ConnectionError:
            return True
    return False


class Told:
    """Reads each request's body to its end and answers; remembers how much came and if it was cut off."""

    def __init__(self, before: float = 0) -> None:
        self._before = before
        self.came: list[tuple[int, bool]] = []

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        del scope
        await asyncio.sleep(self._before)
        count, message = 0, dict[str, Any](more_body=True)
        while message.get("more_body"):
            message = await receive()
            count += len(message.get("body", b""))
        self.came.append((count, message["type"] == "http.disconnect"))
        if message["type"] == "http.request":
            await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"2")]})
            await send({"type": "http.response.body", "body": b"ok"})


@pytest.mark.parametrize(
    ("begin", "again"),
    [
        (b"", b""),
        (b"", b"\r\n"),
        (b"GET / HTTP/1.1\r\n", b""),
        (b"GET / HTTP/1.1\r\nHost: x\r\nX: ", b"a"),
        (b"GET /" + b"a" * 1000, b"a"),
    ],
    ids=["nothing", "empty lines", "half", "a header", "an address"],
)
@pytest.mark.parametrize("answered", [0, 1])
def test_a_head_that_does_not_come_to_its_end_is_waited_for_only_so_long(
    begin: bytes, again: bytes, answered: int
) -> None:
    app = Listing()
    with serving(app) as connect, connect() as connection:
        for _ in range(answered):
            connection.sendall(b"GET /ok HTTP/1.1\r\nHost: x\r\n\r\n")
            assert Answers(connection).next() == (200, b"/ok")
        connection.sendall(begin)
        assert cut_within(SOON, connection, again)
    assert app.asked == ["/ok"] * answered


def test_who_asks_again_and_again_on_one_connection_is_not_cut_off() -> None:
    with serving(Listing()) as connect, connect() as connection:
        answers = Answers(connection)
        for _ in range(10):
            connection.sendall(b"GET /ok HTTP/1.1\r\nHost: x\r\n\r\n")
            assert answers.next() == (200, b"/ok")
            time.sleep(OFTEN)


HEADS = {
    "length": b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 12\r\n\r\n",
    "chunked": b"POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n",
}


@pytest.mark.parametrize("kind", HEADS)
def test_a_body_that_stops_half_way_is_cut_off_and_its_reader_is_told(kind: str) -> None:
    """The line of a telephone dies without a word; the file that it was writing to has to be let go."""
    app = Told()
    with serving(app) as connect, connect() as connection:
        connection.sendall(HEADS[kind] + (b"4\r\nhalf\r\n" if kind == "chunked" else b"half"))
        assert cut_within(SOON, connection)
        until = time.monotonic() + SOON
        while not app.came and time.monotonic() < until:
            time.sleep(0.01)
    assert app.came == [(4, True)]


@pytest.mark.parametrize("kind", HEADS)
def test_a_body_that_comes_slowly_is_waited_for_however_long_it_takes(kind: str) -> None:
    app = Told()
    with serving(app) as connect, connect() as connection:
        connection.sendall(HEADS[kind])
        for _ in range(12):
            time.sleep(OFTEN)
            connection.sendall(b"1\r\na\r\n" if kind == "chunked" else b"a")
        if kind == "chunked":
            connection.sendall(b"0\r\n\r\n")
        assert Answers(connection).next() == (200, b"ok")
    assert app.came == [(12, False)]


def test_a_sender_that_we_hold_back_is_not_waited_for() -> None:
    app = Told(before=3 * LIMIT)
    body = bytes(8 * MIB)
    with serving(app, kernel=65_536) as connect, connect() as connection:
        connection.sendall(b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: %d\r\n\r\n" % len(body))
        connection.sendall(body)
        assert Answers(connection).next() == (200, b"ok")
    assert app.came == [(len(body), False)]


class Large:
    """Answers with a lot."""

    size = 16 * MIB

    def __init__(self) -> None:
        self.ended = threading.Event()

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        del scope, receive
        head = [(b"content-length", b"%d" % self.size)]
        await send({"type": "http.response.start", "status": 200, "headers": head})
        for at in range(0, self.size, MIB):
            await send({"type": "http.response.body", "body": bytes(MIB), "more_body": at + MIB < self.size})
        self.ended.set()


def test_an_answer_that_nobody_takes_is_given_up() -> None:
    app = Large()
    with serving(app, kernel=16_384) as connect, connect() as connection:
        connection.sendall(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n")
        assert app.ended.wait(SOON)
        connection.settimeout(5)
        came = 0
        with suppress(ConnectionError):
            while piece := connection.recv(MIB):
                came += len(piece)
    assert came < app.size


def test_an_answer_that_is_taken_slowly_goes_on(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(patience, "ANSWER", 2 * LIMIT)
    app = Large()
    with serving(app, kernel=65_536) as connect, connect() as connection:
        connection.sendall(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n")
        came = 0
        until = time.monotonic() + 4 * LIMIT
        while time.monotonic() < until:
            came += len(connection.recv(16_384))
            time.sleep(0.02)
        assert not app.ended.is_set()
        while came < app.size:
            piece = connection.recv(MIB)
            assert piece, "cut"
            came += len(piece)


class Slow:
    """Answers when it is told to."""

    def __init__(self) -> None:
        self.asked = 0
        self.go_on = threading.Event()

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        del scope
        self.asked += 1
        watching = asyncio.ensure_future(until_gone(receive))
        await asyncio.to_thread(self.go_on.wait, 30)
        watching.cancel()
        await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"2")]})
        await send({"type": "http.response.body", "body": b"ok"})


async def until_gone(receive: Callable[[], Any]) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass


def test_no_endless_row_of_requests_waits_behind_one_that_is_answered() -> None:
    """Each costs its sender twenty bytes, and us some thousand."""
    app = Slow()
    with serving(app) as connect, connect() as connection:
        with suppress(ConnectionError):
            connection.sendall(b"GET / HTTP/1.1\r\n\r\n" * 5000)
        cut = cut_within(SOON, connection)
        app.go_on.set()
    assert cut
    assert app.asked == 1


def test_a_few_requests_may_wait_behind_one_that_is_answered() -> None:
    app = Slow()
    with serving(app) as connect, connect() as connection:
        connection.sendall(b"GET / HTTP/1.1\r\n\r\n" * (_MOST_QUEUED + 1))
        time.sleep(0.2)
        app.go_on.set()
        answers = Answers(connection)
        assert [answers.next() for _ in range(_MOST_QUEUED + 1)] == [(200, b"ok")] * (_MOST_QUEUED + 1)


def test_who_is_still_sending_when_the_server_stops_is_cut_off_and_what_came_is_told(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Else the supervisor kills the process, and nothing of what came is kept."""
    monkeypatch.setattr(server, "BODY", 60)
    monkeypatch.setattr(serve, "_DRAINING", 1.0)
    app = Told()
    with serving(app) as connect:
        connection = connect()
        connection.sendall(HEADS["length"] + b"half")
        time.sleep(0.2)
    connection.close()
    assert app.came == [(4, True)]


def test_an_answer_that_ends_in_time_is_given_whole_while_the_server_stops() -> None:
    app = Slow()
    with serving(app) as connect:
        connection = connect()
        connection.sendall(b"GET / HTTP/1.1\r\n\r\n")
        while not app.asked:
            time.sleep(0.01)
        threading.Timer(1.0, app.go_on.set).start()
    assert all_that_comes(connection).endswith(b"\r\n\r\nok")
    connection.close()
