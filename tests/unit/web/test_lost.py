"""However a connection ends, it is counted as ended: else its process would be given fewer and fewer."""

import os
import socket
import struct
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from typing import Any

import pytest

from relay.process.listening import listen
from relay.process.shares import Shares
from relay.web import serve, server
from relay.web.serve import Server, configured
from relay.web.shared.endings import SHARES_AT, shared_file
from tests.unit.web.test_patience import Large
from tests.unit.web.test_server import alive
from tests.unit.web.test_strict import all_that_comes, upgrade

GET = b"GET / HTTP/1.1\r\nHost: x\r\n\r\n"
PART = b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\npart"


def reset(connection: socket.socket) -> None:
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))


def half_closed(connection: socket.socket) -> None:
    connection.shutdown(socket.SHUT_WR)
    all_that_comes(connection)


def waited_for(connection: socket.socket) -> None:
    connection.settimeout(5)
    all_that_comes(connection)


def left(connection: socket.socket) -> None:
    """Just close it."""


WAYS: dict[str, tuple[bytes, Callable[[socket.socket], None]]] = {
    "at once": (b"", left),
    "reset at once": (b"", reset),
    "half closed at once": (b"", half_closed),
    "silent": (b"", waited_for),
    "half a head": (b"GET / HT", left),
    "half a head, then reset": (b"GET / HT", reset),
    "a slow head": (b"GET / HT", waited_for),
    "no HTTP": (b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03", waited_for),
    "a long head": (b"GET / HTTP/1.1\r\nX: " + b"a" * 80_000, waited_for),
    "a refused protocol": (upgrade(b"Content-Length: 3") + b"abc", waited_for),
    "another protocol": (upgrade(method=b"GET"), waited_for),
    "half a body": (PART, left),
    "half a body, then reset": (PART, reset),
    "half a body, half closed": (PART, half_closed),
    "a slow body": (PART, waited_for),
    "in the middle of an answer": (GET, left),
    "a reset in the middle of an answer": (GET, reset),
    "half closed in the middle of an answer": (GET, half_closed),
    "many requests": (GET * 50, left),
}


@contextmanager
def shared(app: Any = None) -> Iterator[tuple[Callable[[], socket.socket], Shares]]:
    """Serve as a process beside others does; yield what connects to it, and its share."""
    file = shared_file()
    shares = Shares(file, SHARES_AT)
    listening = listen("127.0.0.1", 0)
    address = listening.getsockname()
    running = Server(configured(alive(app or Large())), shares)
    thread = threading.Thread(target=running.run, args=([listening],), daemon=True)
    thread.start()
    try:
        yield lambda: socket.create_connection(address, timeout=10), shares
    finally:
        running.should_exit = True
        thread.join(20)
        os.close(file)
        assert not thread.is_alive()


def test_every_way_that_a_connection_is_lost_is_counted(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(server, "HEAD", 0.5)
    monkeypatch.setattr(server, "BODY", 0.5)
    with shared() as (connect, shares):
        for name, (begin, end) in WAYS.items():
            for pause in (0, 0.05):
                with connect() as connection, suppress(ConnectionError):
                    connection.sendall(begin)
                    time.sleep(pause)
                    end(connection)
                until = time.monotonic() + 5
                while shares.count and time.monotonic() < until:
                    time.sleep(0.01)
                assert shares.count == 0, name


def test_who_asks_nothing_gives_way_to_who_comes_when_there_is_no_more_room(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(serve, "_MOST_CONNECTIONS", 20)
    monkeypatch.setattr(serve, "_ROOM", 5)
    with shared() as (connect, shares), ExitStack() as opened:
        working = opened.enter_context(connect())
        working.sendall(PART)
        flood = [opened.enter_context(connect()) for _ in range(60)]
        began = time.monotonic()
        honest = opened.enter_context(connect())
        honest.sendall(GET)
        assert honest.recv(12) == b"HTTP/1.1 200"
        assert time.monotonic() - began < 10
        assert shares.count <= 20
        # the first ones were ended, and nobody who is in the middle of something
        assert flood[0].recv(1) == b""
        working.sendall(bytes(96))
        assert working.recv(12) == b"HTTP/1.1 200"


def test_who_is_in_the_middle_of_something_gives_way_to_nobody(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(serve, "_MOST_CONNECTIONS", 3)
    with shared() as (connect, shares), ExitStack() as opened:
        working = [opened.enter_context(connect()) for _ in range(3)]
        for one in working:
            one.sendall(PART)
        time.sleep(0.3)
        late = opened.enter_context(connect())
        late.sendall(GET)
        late.settimeout(1.5)
        with pytest.raises(TimeoutError):
            late.recv(1)
        assert shares.count == 3
        for one in working:
            one.sendall(bytes(96))
            assert one.recv(12) == b"HTTP/1.1 200"
            one.close()
        late.settimeout(5)
        assert late.recv(12) == b"HTTP/1.1 200"


def test_an_answer_that_is_still_on_its_way_is_not_cut_to_make_room(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(serve, "_MOST_CONNECTIONS", 3)
    page = bytes(4 << 20)

    async def answer(scope: Any, receive: Any, send: Any) -> None:
        del scope, receive
        head = [(b"content-length", b"%d" % len(page))]
        await send({"type": "http.response.start", "status": 200, "headers": head})
        await send({"type": "http.response.body", "body": page})

    with shared(answer) as (connect, _), ExitStack() as opened:
        reading = opened.enter_context(connect())
        reading.sendall(GET)
        begun = reading.recv(65_536)
        time.sleep(0.2)
        for _ in range(4):  # whoever comes while there is no room makes some
            opened.enter_context(connect())
            time.sleep(0.2)
        opened.enter_context(connect()).sendall(GET)
        head, _, body = begun.partition(b"\r\n\r\n")
        assert head.startswith(b"HTTP/1.1 200")
        got = len(body)
        while got < len(page):
            piece = reading.recv(1 << 20)
            assert piece, f"cut after {got} bytes"
            got += len(piece)
