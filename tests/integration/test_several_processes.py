"""Two real processes of the participants' app: what ends in one has ended in the other."""

import asyncio
import os
import socket
import sys
from collections.abc import AsyncIterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import httpx
import pytest

from relay.db.transaction import Surface
from relay.identity import sessions
from relay.process.child import Child, ChildSpec
from relay.process.listening import listen
from relay.process.log import RotatingLog
from relay.process.supervisor import wait_until_ready
from relay.web.shared.endings import shared_file
from relay.web.shared.wing import PARTICIPANTS
from tests.benchmarks.films import delivered
from tests.benchmarks.ground import Ground, ground_on
from tests.benchmarks.uploads import metadata
from tests.support.postgres import Dsns
from tests.support.web import ORIGIN, Client

SIZE = 300_000
RANGE = {"Range": "bytes=100-299"}


class Film:
    """A released film, and who may see it."""

    def __init__(self, ground: Ground, path: str) -> None:
        self.ground = ground
        self.path = path
        self.victim: Client = ground.exchange.victim

    def start(self, stack: ExitStack, folder: Path, number: int, endings: int) -> httpx.Client:
        """Run a process, on a socket of its own so that one can choose; return the victim's browser at it."""
        listening = stack.enter_context(listen("127.0.0.1", 0))
        files = (listening.fileno(), endings)
        argv = (sys.executable, "-P", "-m", "relay.web.serve", "participants")
        numbers = ("--socket", str(files[0]), "--endings", str(files[1]))
        environ = self.ground.environ(self.ground.service.dsns.participants)
        log = RotatingLog(folder / f"app-{number}.log")
        spec = ChildSpec(
            name="app", argv=argv + numbers, environ=environ, cwd=folder, ready_line="ready", files=files
        )
        process = Child(spec, log)
        process.start()
        stack.callback(process.stop)
        wait_until_ready(process)
        base = f"http://127.0.0.1:{listening.getsockname()[1]}"
        return stack.enter_context(httpx.Client(base_url=base, trust_env=False))

    def headers(self) -> dict[str, str]:
        """Return what the victim's browser sends."""
        cookie = self.victim.http.cookies[PARTICIPANTS.cookie]
        return {
            "Cookie": f"{PARTICIPANTS.cookie}={cookie}",
            "X-Relay-CSRF": self.victim.csrf,
            "Origin": ORIGIN,
            "Host": ORIGIN.partition("//")[2],
        }

    def ask(self, browser: httpx.Client) -> int:
        """Ask for a range; return the status."""
        return browser.get(self.path, headers=self.headers() | RANGE).status_code


@pytest.fixture
async def film(dsns: Dsns, tmp_path: Path) -> AsyncIterator[Film]:
    async with ground_on(dsns, tmp_path) as ground:
        people = ground.exchange
        yield Film(ground, await delivered(ground, people.offender, people.victim, SIZE))


def sign_out(browser: httpx.Client, headers: dict[str, str]) -> Any:
    return browser.delete("/api/v1/session", headers=headers)


def quick_exit(browser: httpx.Client, headers: dict[str, str]) -> Any:
    return browser.post("/leave", headers=headers)


@pytest.mark.parametrize(("way_out", "status"), [(sign_out, 204), (quick_exit, 303)])
async def test_who_leaves_by_one_process_gets_nothing_more_from_another(
    film: Film, tmp_path: Path, way_out: Any, status: int
) -> None:
    with ExitStack() as stack:
        endings = shared_file()
        stack.callback(os.close, endings)
        one, other = (film.start(stack, tmp_path, number, endings) for number in (1, 2))
        assert [film.ask(one), film.ask(one), film.ask(other)] == [206, 206, 206]
        assert way_out(other, film.headers()).status_code == status
        assert [film.ask(one), film.ask(other)] == [401, 401]


async def test_a_process_answers_from_memory_what_it_is_not_told_about(film: Film, tmp_path: Path) -> None:
    """The reason for the test above: without being told, it goes on for some seconds."""
    house = film.ground.service.participants
    with ExitStack() as stack:
        endings = shared_file()
        stack.callback(os.close, endings)
        one = film.start(stack, tmp_path, 1, endings)
        assert film.ask(one) == 206
        cookie = film.victim.http.cookies[PARTICIPANTS.cookie]
        person = await sessions.open_session(house, Surface.PARTICIPANTS, cookie)
        assert person is not None
        await sessions.sign_out(house, person)
        assert film.ask(one) == 206
        assert one.get("/api/v1/session", headers=film.headers()).status_code == 401


async def test_an_upload_under_way_when_its_process_stops_is_kept_as_far_as_it_came(
    film: Film, tmp_path: Path
) -> None:
    tus = {"Tus-Resumable": "1.0.0", "Content-Type": "application/offset+octet-stream"}
    item = await film.ground.exchange.start(film.victim, "audio")
    about = tus | metadata(item) | {"Upload-Length": "6000000"}
    made = await film.victim.api("POST", "/uploads", headers=about)
    address = made.headers["location"]
    lines = {**film.headers(), **tus, "Upload-Offset": "0", "Content-Length": "6000000"}
    head = f"PATCH {address} HTTP/1.1\r\n" + "".join(f"{name}: {value}\r\n" for name, value in lines.items())
    sending = socket.socket()
    with sending, ExitStack() as stack:
        endings = shared_file()
        stack.callback(os.close, endings)
        base = film.start(stack, tmp_path, 1, endings).base_url
        sending.connect((base.host, base.port))
        sending.sendall(f"{head}\r\n".encode() + os.urandom(3_000_000))
        await asyncio.sleep(1)
        stack.pop_all().close()  # the process is stopped while the connection is open
    where = await film.victim.api("HEAD", address.removeprefix("/api/v1"), headers=tus)
    assert where.headers["upload-offset"] == "3000000"
