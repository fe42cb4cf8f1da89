"""What is no request for us, before anybody signed in: other protocols, heads without an end, trailers."""

import asyncio
import socket
import threading
import time
from contextlib import suppress
from typing import Any

import pytest

from relay.web.intake import intake
from relay.web.server import _MOST_HEAD
from tests.unit.web.test_server import MIB, Answers, serving

SECOND = b"PATCH /api/v1/uploads/mine HTTP/1.1\r\nHost: x\r\nCookie: somebody\r\nContent-Length: 90\r\n\r\n"


class Listing:
    """Remembers each request, and answers it with its path when its body is here."""

    def __init__(self) -> None:
        self.asked: list[str] = []
        self.headers: list[list[bytes]] = []
        self.offered = 0

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        self.asked.append(scope["path"])
        self.offered += intake(scope) is not None
        while (message := await receive()).get("more_body"):
            pass
        if message["type"] != "http.request":
            return
        self.headers.append([name for name, _ in scope["headers"]])
        body = scope["path"].encode()
        head = [(b"content-length", b"%d" % len(body))]
        await send({"type": "http.response.start", "status": 200, "headers": head})
        await send({"type": "http.response.body", "body": body})


def all_that_comes(connection: socket.socket) -> bytes:
    """Return everything until the other end closes; fail if it does not."""
    came = b""
    with suppress(ConnectionResetError):  # it closed while more was on the way
        while piece := connection.recv(65_536):
            came += piece
    return came


def upgrade(*headers: bytes, method: bytes = b"POST", protocol: bytes = b"foo") -> bytes:
    lines = [method + b" /first HTTP/1.1", b"Host: x", b"Connection: Upgrade", b"Upgrade: " + protocol]
    return b"\r\n".join([*lines, *headers, b"", b""])


@pytest.mark.parametrize("protocol", [b"foo", b"websocket", b"h2c"])
@pytest.mark.parametrize("pause", [0, 0.2])
@pytest.mark.parametrize(
    "length", [b"Content-Length: %d" % len(SECOND), b"Transfer-Encoding: chunked"], ids=["length", "chunked"]
)
def test_a_body_beside_a_wish_for_another_protocol_is_never_a_request(
    protocol: bytes, pause: float, length: bytes
) -> None:
    app = Listing()
    with serving(app) as connect, connect() as connection:
        connection.sendall(upgrade(length, protocol=protocol))
        time.sleep(pause)
        with suppress(OSError):  # it may be closed already
            connection.sendall(SECOND)
        came = all_that_comes(connection)
    assert app.asked == []
    assert not pause or (came.startswith(b"HTTP/1.1 400 ") and b"connection: close" in came.lower())


@pytest.mark.parametrize("pause", [0, 0.2])
def test_a_wish_for_another_protocol_is_passed_over_and_ends_the_connection(pause: float) -> None:
    app = Listing()
    with serving(app) as connect, connect() as connection:
        connection.sendall(upgrade(method=b"GET", protocol=b"websocket"))
        time.sleep(pause)
        with suppress(OSError):
            connection.sendall(SECOND)
        came = all_that_comes(connection)
    assert app.asked == ["/first"]
    assert not app.offered
    assert not pause or (came.endswith(b"/first") and b"connection: close" in came.lower())


def test_what_follows_a_wish_for_another_protocol_while_it_is_answered_is_no_request() -> None:
    app = Listing()
    waiting = b"POST /before HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\n\r\n"
    with serving(app) as connect, connect() as connection:
        connection.sendall(waiting + b"abc" + upgrade(method=b"GET") + SECOND)
        time.sleep(0.1)
        with suppress(OSError):
            connection.sendall(SECOND)
        all_that_comes(connection)
    assert app.asked == ["/before", "/first"]


class Endless:
    """Goes on with an answer until nobody is there to have the rest."""

    def __init__(self) -> None:
        self.asked: list[str] = []
        self.left = threading.Event()

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        self.asked.append(scope["path"])
        await receive()
        gone = asyncio.create_task(receive())
        await send({"type": "http.response.start", "status": 200, "headers": []})
        while not gone.done():
            await send({"type": "http.response.body", "body": bytes(1000), "more_body": True})
            await asyncio.sleep(0.01)
        if gone.result()["type"] == "http.disconnect":
            self.left.set()


@pytest.mark.parametrize("behind", [0, 1, 3])
def test_who_left_is_known_to_have_left_whatever_they_asked_meanwhile(behind: int) -> None:
    app = Endless()
    with serving(app) as connect:
        with connect() as connection:
            connection.sendall(b"GET /long HTTP/1.1\r\nHost: x\r\n\r\n")
            assert connection.recv(12) == b"HTTP/1.1 200"
            connection.sendall(b"GET /more HTTP/1.1\r\nHost: x\r\n\r\n" * behind)
            time.sleep(0.2)
        assert app.left.wait(5)
    assert app.asked == ["/long"]


ENDLESS = {
    "headers": (b"GET / HTTP/1.1\r\nHost: x\r\n", b"X-A: " + b"a" * 1000 + b"\r\n"),
    "short headers": (b"GET / HTTP/1.1\r\nHost: x\r\n", b"a:\r\n" * 250),
    "one header": (b"GET / HTTP/1.1\r\nHost: x\r\nX: ", b"a" * 1000),
    "one name": (b"GET / HTTP/1.1\r\nHost: x\r\n", b"a" * 1000),
    "an address": (b"GET /", b"a" * 1000),
    "empty lines": (b"", b"\r\n" * 500),
    "trailers": (
        b"POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n1\r\na\r\n0\r\n",
        b"X-A: " + b"a" * 1000 + b"\r\n",
    ),
    "a chunk's extension": (
        b"POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n1;a=",
        b"a" * 1000,
    ),
}


@pytest.mark.parametrize("kind", ENDLESS)
@pytest.mark.parametrize("before", [0, 1])
def test_a_head_without_an_end_is_cut_off_soon(kind: str, before: int) -> None:
    begin, more = ENDLESS[kind]
    app = Listing()
    sent = 0
    with serving(app, kernel=65_536) as connect, connect() as connection:
        for _ in range(before):
            connection.sendall(b"GET /ok HTTP/1.1\r\nHost: x\r\n\r\n")
            assert Answers(connection).next() == (200, b"/ok")
        connection.sendall(begin)
        with suppress(ConnectionError):
            while sent < 8 * MIB:
                sent += connection.send(more * 10)
    # one reading of the socket, and the kernel's own buffers at both ends
    assert sent < MIB


@pytest.mark.parametrize("length", [_MOST_HEAD - 4096, _MOST_HEAD + 1])
@pytest.mark.parametrize(
    "where", [b"GET /%b HTTP/1.1\r\nHost: x\r\n\r\n", b"GET / HTTP/1.1\r\nX: %b\r\n\r\n"]
)
def test_a_long_head_is_read_up_to_the_limit_and_refused_beyond(length: int, where: bytes) -> None:
    app = Listing()
    with serving(app) as connect, connect() as connection:
        for piece in (where % (b"a" * length)).partition(b"\r\n\r\n"):
            with suppress(ConnectionError):
                connection.sendall(piece)
            time.sleep(0.1)
        if length > _MOST_HEAD:
            assert all_that_comes(connection).startswith(b"HTTP/1.1 431 ")
            assert app.asked == []
        else:
            assert Answers(connection).next()[0] == 200


def test_many_heads_one_after_the_other_have_the_limit_each() -> None:
    app = Listing()
    request = b"GET /ok HTTP/1.1\r\nX: " + b"a" * (_MOST_HEAD // 4) + b"\r\n\r\n"
    with serving(app) as connect, connect() as connection:
        answers = Answers(connection)
        for _ in range(20):
            connection.sendall(request)
            assert answers.next() == (200, b"/ok")


def test_trailers_are_no_headers() -> None:
    app = Listing()
    request = b"POST /t HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n"
    request += b"1\r\na\r\n0\r\nCookie: late\r\n\r\n"
    with serving(app) as connect, connect() as connection:
        connection.sendall(request)
        assert Answers(connection).next() == (200, b"/t")
    assert app.headers == [[b"host", b"transfer-encoding"]]


def test_what_cannot_be_read_gets_into_no_other_answer() -> None:
    app = Listing()
    with serving(app) as connect, connect() as connection:
        connection.sendall(b"POST /slow HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\n\r\nno request\r\n\r\n")
        assert b" 400 " not in all_that_comes(connection)


class Refusing:
    """Answers without reading anything."""

    def __init__(self) -> None:
        self.asked: list[str] = []

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        del receive
        self.asked.append(scope["path"])
        await send({"type": "http.response.start", "status": 401, "headers": [(b"content-length", b"0")]})
        await send({"type": "http.response.body", "body": b""})


@pytest.mark.parametrize(
    "length", [b"Content-Length: %d" % len(SECOND), b"Transfer-Encoding: chunked"], ids=["length", "chunked"]
)
def test_after_a_refusal_of_who_waits_for_leave_to_send_nothing_is_read(length: bytes) -> None:
    """They may send no body then, and a proxy the next request: it would be taken for that body."""
    app = Refusing()
    head = b"POST /first HTTP/1.1\r\nHost: x\r\nExpect: 100-continue\r\n" + length + b"\r\n\r\n"
    with serving(app) as connect, connect() as connection:
        connection.sendall(head)
        came = all_that_comes(connection)
    assert came.startswith(b"HTTP/1.1 401 ")
    assert b"connection: close" in came
    assert app.asked == ["/first"]
