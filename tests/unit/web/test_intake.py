"""Bodies that are read off the socket to where they are wanted: whole, in order, and nothing beside them."""

import asyncio
import hashlib
import os
import socket
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from relay.web.intake import intake
from relay.web.server import _MOST_WAITING
from tests.unit.web.test_server import MIB, Answers, post, sent_until_held_back, serving

ROOM = 300_000


class Rooms:
    """Answers each request with the digest of its body, which it reads into one room again and again."""

    def __init__(self, pause: float = 0, most: int = 2**40) -> None:
        self._pause = pause
        self._most = most
        self.go_on = threading.Event()
        self.go_on.set()
        self.ended: list[tuple[int, int]] = []
        """Bytes that came, and bytes that were missing, of each request."""
        self.digests: list[str] = []

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        del receive
        await asyncio.to_thread(self.go_on.wait, 60)
        body = intake(scope)
        digest, came = hashlib.sha256(), 0
        # what is beyond a room shows if anything was written there
        held = memoryview(bytearray(ROOM + 1000))
        while body is not None and body.left and came < self._most:
            before = body.left
            await body.fill(held[:ROOM])
            got = before - body.left
            digest.update(held[:got])
            came += got
            if got < min(before, ROOM):
                break
            await asyncio.sleep(self._pause)
        assert not any(held[ROOM:])
        self.ended.append((came, 0 if body is None else body.left))
        self.digests.append(digest.hexdigest())
        answer = digest.hexdigest().encode()
        head = [(b"content-length", str(len(answer)).encode())]
        await send({"type": "http.response.start", "status": 200, "headers": head})
        await send({"type": "http.response.body", "body": answer})


def digest(body: bytes) -> bytes:
    return hashlib.sha256(body).hexdigest().encode()


@pytest.mark.parametrize("pause", [0, 0.002])
def test_a_body_is_read_into_rooms_whole_and_in_order(pause: float) -> None:
    with serving(Rooms(pause)) as connect, connect() as connection:
        answers = Answers(connection)
        for size in (0, 1, _MOST_WAITING, ROOM - 1, ROOM, ROOM + 1, 5 * MIB + 7, 2 * ROOM, 3):
            body = os.urandom(size)
            connection.sendall(post(body))
            assert answers.next() == (200, digest(body)), size


def test_a_body_that_comes_in_small_pieces_is_read_whole() -> None:
    body = os.urandom(3 * ROOM)
    request = post(body)
    with serving(Rooms()) as connect, connect() as connection:
        for at in range(0, len(request), 7001):
            connection.sendall(request[at : at + 7001])
            time.sleep(0.0005)
        assert Answers(connection).next() == (200, digest(body))


@pytest.mark.parametrize("pause", [0, 0.002])
def test_nothing_of_the_next_request_gets_into_a_body(pause: float) -> None:
    bodies = [os.urandom(size) for size in (10, 700_000, 0, 65_536, ROOM, 1_500_000, 1)]
    with serving(Rooms(pause)) as connect, connect() as connection, ThreadPoolExecutor(1) as sender:
        sent = sender.submit(connection.sendall, b"".join(map(post, bodies)))
        answers = Answers(connection)
        got = [answers.next() for _ in bodies]
        sent.result(10)
    assert got == [(200, digest(body)) for body in bodies]


def test_what_had_come_before_a_cut_is_in_the_room_and_the_rest_is_told_as_missing() -> None:
    app = Rooms()
    body = os.urandom(2 * MIB)
    sent = len(post(body)) - 700_001
    with serving(app) as connect:
        with connect() as connection:
            connection.sendall(post(body)[:sent])
            time.sleep(0.3)
        wait_for(app)
    came = len(body) - 700_001
    assert app.ended == [(came, 700_001)]
    assert app.digests == [hashlib.sha256(body[:came]).hexdigest()]


def wait_for(app: Rooms) -> None:
    deadline = time.monotonic() + 10
    while not app.ended:
        assert time.monotonic() < deadline
        time.sleep(0.01)


def test_a_body_that_is_answered_before_its_end_is_passed_over_and_the_next_request_answered() -> None:
    first, second = os.urandom(4 * MIB), os.urandom(10)
    with serving(Rooms(most=ROOM)) as connect, connect() as connection, ThreadPoolExecutor(1) as sender:
        sent = sender.submit(connection.sendall, post(first) + post(second))
        answers = Answers(connection)
        assert answers.next() == (200, digest(first[:ROOM]))
        assert answers.next() == (200, digest(second))
        sent.result(10)


def test_a_body_without_a_length_is_for_receive_alone() -> None:
    app = Rooms()
    with serving(app) as connect, connect() as connection:
        connection.sendall(post(bytes(100_000), chunk=5000))
        assert Answers(connection).next() == (200, digest(b""))
    assert app.ended == [(0, 0)]


def test_who_waits_for_leave_to_send_gets_it_when_the_body_is_wanted() -> None:
    body = os.urandom(100_000)
    head, _, _ = post(body).partition(b"\r\n\r\n")
    with serving(Rooms()) as connect, connect() as connection:
        connection.sendall(head + b"\r\nExpect: 100-continue\r\n\r\n")
        assert connection.recv(100) == b"HTTP/1.1 100 Continue\r\n\r\n"
        connection.sendall(body)
        assert Answers(connection).next() == (200, digest(body))


@pytest.mark.parametrize(
    "headers",
    [b"Content-Length: 5\r\nContent-Length: 6\r\n", b"Content-Length: 5\r\nTransfer-Encoding: chunked\r\n"],
)
def test_a_body_of_two_lengths_is_refused(headers: bytes) -> None:
    app = Rooms()
    with serving(app) as connect, connect() as connection:
        connection.sendall(b"POST / HTTP/1.1\r\nHost: x\r\n" + headers + b"\r\nhello")
        assert Answers(connection).next()[0] == 400


def test_a_sender_is_held_back_while_no_room_is_given() -> None:
    app = Rooms()
    app.go_on.clear()
    body = os.urandom(32 * MIB)
    request = memoryview(post(body))
    with serving(app, kernel=65_536) as connect, connect() as connection:
        sent = sent_until_held_back(connection, request)
        assert _MOST_WAITING < sent < _MOST_WAITING + MIB
        app.go_on.set()
        connection.sendall(request[sent:])
        assert Answers(connection).next() == (200, digest(body))


def test_many_at_once_get_their_own_bytes() -> None:
    def send(connection: socket.socket) -> bool:
        body = os.urandom(3 * MIB + 11)
        connection.sendall(post(body))
        return Answers(connection).next() == (200, digest(body))

    with serving(Rooms(0.001)) as connect, ThreadPoolExecutor(8) as threads:
        connections = [connect() for _ in range(8)]
        assert all(threads.map(send, connections))
        for connection in connections:
            connection.close()
