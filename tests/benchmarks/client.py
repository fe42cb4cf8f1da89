"""An HTTP client that costs next to nothing, so that the server is what is measured."""

import socket
import time
from collections.abc import Mapping
from typing import NamedTuple, Self

_HEAD = 65_536


class Answer(NamedTuple):
    """Status and headers (lower case), seconds to the first byte, and the body's size."""

    status: int
    headers: dict[str, str]
    first_byte: float
    size: int


class Connection:
    """One kept connection. Answers are read into one buffer, which holds the last one, if it fits."""

    def __init__(self, host: str, port: int, headers: Mapping[str, str]) -> None:
        self._socket = socket.create_connection((host, port))
        self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._always = "".join(
            f"{name}: {value}\r\n" for name, value in ({"Host": host} | dict(headers)).items()
        )
        self._buffer = bytearray(2 * 2**20)
        self._start = 0

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._socket.close()

    def ask(
        self, method: str, path: str, headers: Mapping[str, str] | None = None, body: bytes | memoryview = b""
    ) -> Answer:
        """Send one request and read its whole answer."""
        more = "".join(f"{name}: {value}\r\n" for name, value in (headers or {}).items())
        length = f"Content-Length: {len(body)}\r\n" if body or method in {"POST", "PATCH"} else ""
        head = f"{method} {path} HTTP/1.1\r\n{self._always}{more}{length}\r\n".encode()
        began = time.perf_counter()
        if body:
            self._socket.sendmsg([head])
            self._socket.sendall(body)
        else:
            self._socket.sendall(head)
        got = self._socket.recv_into(self._buffer)
        first_byte = time.perf_counter() - began
        return self._read(got, first_byte, headless=method == "HEAD")

    def _read(self, got: int, first_byte: float, *, headless: bool) -> Answer:
        view = memoryview(self._buffer)
        while (end := self._buffer.find(b"\r\n\r\n", 0, got)) < 0:
            more = self._socket.recv_into(view[got:_HEAD])
            if not more:
                raise ConnectionError("the server closed the connection")
            got += more
        lines = bytes(view[:end]).decode("latin-1").split("\r\n")
        headers = {name.lower(): value for name, _, value in (line.partition(": ") for line in lines[1:])}
        length = 0 if headless else int(headers.get("content-length", 0))
        received = got - end - 4
        self._start = end + 4
        while received < length:
            at = self._start + received if self._start + length <= len(view) else 0
            more = self._socket.recv_into(view[at:], min(len(view) - at, length - received))
            if not more:
                raise ConnectionError("the server closed the connection")
            received += more
        return Answer(int(lines[0].split(" ", 2)[1]), headers, first_byte, received)

    def body(self, answer: Answer) -> bytes:
        """Return the body of the last answer."""
        return bytes(memoryview(self._buffer)[self._start :][: answer.size])
