"""Large bodies through a real server, as `relay up` configures it: whole, in order, and in bounded memory."""

import asyncio
import hashlib
import io
import os
import socket
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from pathlib import Path
from random import Random
from typing import Any
from uuid import uuid4

import pytest

from relay.blobs.folder import FolderBlobs
from relay.process.listening import listen
from relay.vault.stream import SEGMENT, ObjectReader, object_binding, seal_stream
from relay.vault.suite import DataKey
from relay.web.serve import Server, configured
from relay.web.server import _MOST_WAITING
from relay.web.shared.ranges import ObjectAnswer

MIB = 2**20
PLAIN = Random(1).randbytes(6 * MIB + 4321)  # noqa: S311 - no secret: the same in each run


def alive(app: Any) -> Any:
    """Return the app with what a server asks of it at its beginning and end."""

    async def made(scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] == "http":
            await app(scope, receive, send)
            return
        while True:
            happened = (await receive())["type"]
            await send({"type": f"{happened}.complete"})
            if happened == "lifespan.shutdown":
                return

    return made


@contextmanager
def serving(app: Any, *, kernel: int = 0) -> Iterator[Callable[[], socket.socket]]:
    """Serve an ASGI app from a thread; yield what connects to it. `kernel`: bytes it buffers each way."""
    listening = listen("127.0.0.1", 0)
    address = listening.getsockname()
    if kernel:
        listening.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, kernel)

    def connect() -> socket.socket:
        made = socket.socket()
        if kernel:
            made.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, kernel)
            made.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, kernel)
        made.settimeout(30)
        made.connect(address)
        return made

    server = Server(configured(alive(app)))
    thread = threading.Thread(target=server.run, args=([listening],), daemon=True)
    thread.start()
    try:
        while not server.started:
            assert thread.is_alive()
            time.sleep(0.01)
        yield connect
    finally:
        server.should_exit = True
        thread.join(20)
        assert not thread.is_alive()


class Answers:
    """What comes back on one connection, answer by answer."""

    def __init__(self, connection: socket.socket, pause: Callable[[], float] = lambda: 0) -> None:
        self._connection = connection
        self._pause = pause
        self._rest = b""

    def next(self) -> tuple[int, bytes]:
        """Return status and body of one answer."""
        while b"\r\n\r\n" not in self._rest:
            self._more(4096)
        head, _, rest = self._rest.partition(b"\r\n\r\n")
        length = next(
            int(line.partition(b":")[2])
            for line in head.lower().split(b"\r\n")
            if line.startswith(b"content-length")
        )
        pieces, got = [rest], len(rest)
        while got < length:
            time.sleep(self._pause())
            piece = self._connection.recv(min(length - got, 64 * 1024))
            assert piece, "cut"
            pieces.append(piece)
            got += len(piece)
        body = b"".join(pieces)
        self._rest = body[length:]
        return int(head.split(b" ")[1]), body[:length]

    def _more(self, most: int) -> None:
        piece = self._connection.recv(most)
        assert piece, "closed"
        self._rest += piece


# ── answers


@pytest.fixture(scope="module")
def film(tmp_path_factory: pytest.TempPathFactory) -> ObjectAnswer:
    """An object that is answered from memory again and again, as to a player."""
    blobs = FolderBlobs(Path(tmp_path_factory.mktemp("blobs")))
    name, key = uuid4(), DataKey.generate()
    binding = object_binding(uuid4(), name)
    with blobs.create(name) as writer:
        seal_stream(io.BytesIO(PLAIN).readinto, writer.write, key, binding)
        writer.commit()

    @contextmanager
    def opened() -> Iterator[ObjectReader]:
        with blobs.open(name) as source:
            yield ObjectReader(key, binding, source)

    answer = ObjectAnswer(opened, "video/mp4")
    answer.reuse()
    return answer


def play(connection: socket.socket, seed: int, *, slow: bool) -> None:
    """Ask for range after range on one connection, and hold each against the plain bytes."""
    random = Random(seed)  # noqa: S311 - no secret: the same in each run
    answers = Answers(connection, (lambda: random.random() / 500) if slow else lambda: 0)
    for _ in range(3 if slow else 12):
        start = random.randrange(len(PLAIN) - SEGMENT)
        stop = min(len(PLAIN), start + random.choice((SEGMENT // 2, SEGMENT, 5 * SEGMENT, len(PLAIN))))
        connection.sendall(f"GET / HTTP/1.1\r\nHost: x\r\nRange: bytes={start}-{stop - 1}\r\n\r\n".encode())
        status, body = answers.next()
        assert status == 206
        assert body == PLAIN[start:stop], (start, stop)


@pytest.mark.parametrize("kernel", [0, 16_384])
def test_slow_and_fast_readers_of_one_object_get_its_bytes_and_no_others(
    film: ObjectAnswer, kernel: int
) -> None:
    """A buffer that was used again too soon would show in somebody's bytes."""
    with serving(film, kernel=kernel) as connect, ThreadPoolExecutor(10) as threads:
        connections = [connect() for _ in range(10)]
        playing = [
            threads.submit(play, connection, number, slow=number % 2 == 0)
            for number, connection in enumerate(connections)
        ]
        for one in playing:
            one.result(60)
        for connection in connections:
            connection.close()


# ── requests


class Digests:
    """Answers each request with the digest of its body, and takes its time over reading."""

    def __init__(self, pause: float = 0) -> None:
        self._pause = pause
        self.began = threading.Event()
        self.go_on = threading.Event()
        self.go_on.set()
        self.largest = 0
        """Bytes that waited when the app asked for more."""

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        del scope
        self.began.set()
        await asyncio.to_thread(self.go_on.wait, 60)
        digest, more = hashlib.sha256(), True
        while more:
            message = await receive()
            assert message["type"] == "http.request"
            assert isinstance(message["body"], bytes)
            digest.update(message["body"])
            self.largest = max(self.largest, len(message["body"]))
            more = message["more_body"]
            await asyncio.sleep(self._pause)
        body = digest.hexdigest().encode()
        head = [(b"content-length", str(len(body)).encode())]
        await send({"type": "http.response.start", "status": 200, "headers": head})
        await send({"type": "http.response.body", "body": body})


def post(body: bytes, *, chunk: int = 0) -> bytes:
    """Return a whole request: with its length, or in chunks."""
    if not chunk:
        return b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: %d\r\n\r\n" % len(body) + body
    pieces = [body[at : at + chunk] for at in range(0, len(body), chunk)]
    framed = b"".join(b"%x\r\n%b\r\n" % (len(piece), piece) for piece in pieces) + b"0\r\n\r\n"
    return b"POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n" + framed


@pytest.mark.parametrize("chunk", [0, 1000, 300_000])
@pytest.mark.parametrize("pause", [0, 0.002])
def test_a_body_arrives_whole_and_in_order_however_slowly_it_is_read(pause: float, chunk: int) -> None:
    app = Digests(pause)
    with serving(app) as connect, connect() as connection:
        answers = Answers(connection)
        for size in (0, 1, _MOST_WAITING - 1, _MOST_WAITING, 5 * MIB + 7, 3):
            body = os.urandom(size)
            connection.sendall(post(body, chunk=chunk))
            assert answers.next() == (200, hashlib.sha256(body).hexdigest().encode())
    # what had come when reading was stopped, and what one more reading of the socket brought
    assert app.largest <= _MOST_WAITING + 262_144


@pytest.mark.parametrize("pause", [0, 0.002])
def test_requests_sent_without_waiting_are_each_answered_for_their_own_body(pause: float) -> None:
    bodies = [os.urandom(size) for size in (10, 700_000, 0, 65_536, 1_500_000, 1)]
    with serving(Digests(pause)) as connect, connect() as connection, ThreadPoolExecutor(1) as sender:
        sent = sender.submit(connection.sendall, b"".join(map(post, bodies)))
        answers = Answers(connection)
        got = [answers.next() for _ in bodies]
        sent.result(10)
    assert got == [(200, hashlib.sha256(body).hexdigest().encode()) for body in bodies]


def sent_until_held_back(connection: socket.socket, request: memoryview) -> int:
    """Send until nothing is taken for a second, or everything is; return how many bytes were."""
    sent = 0
    connection.settimeout(1)
    with suppress(TimeoutError):
        while sent < len(request):
            sent += connection.send(request[sent : sent + 65_536])
    connection.settimeout(30)
    return sent


def test_a_sender_is_held_back_while_nobody_reads(capfd: pytest.CaptureFixture[str]) -> None:
    app = Digests()
    app.go_on.clear()
    body = os.urandom(32 * MIB)
    request = memoryview(post(body))
    with serving(app, kernel=65_536) as connect, connect() as connection:
        sent = sent_until_held_back(connection, request)
        assert app.began.is_set()
        # beside what waits for the app: one reading, and the kernel's own buffers at both ends
        assert _MOST_WAITING < sent < _MOST_WAITING + MIB
        app.go_on.set()
        connection.sendall(request[sent:])
        assert Answers(connection).next() == (200, hashlib.sha256(body).hexdigest().encode())
    assert "error" not in capfd.readouterr().out
