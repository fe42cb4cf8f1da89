"""The nginx of docs/reverse-proxy.md, with TLS, in front of real processes of the participants' app."""

import base64
import os
import re
import ssl
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path
from typing import NamedTuple

import httpx
import msgspec
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from relay.web.shared.wing import PARTICIPANTS
from tests.benchmarks.films import delivered
from tests.benchmarks.ground import Ground, child, free_port, ground_on
from tests.support.installed import installed
from tests.support.postgres import Dsns

NAME = "relay.example.org"
DOCUMENT = Path(__file__).parents[2] / "docs" / "reverse-proxy.md"
MIB = 2**20
AROUND = """
daemon off;
pid {folder}/nginx.pid;
events {{ worker_connections 64; }}
http {{
    client_body_temp_path {folder}/1;
    proxy_temp_path {folder}/2;
    fastcgi_temp_path {folder}/3;
    uwsgi_temp_path {folder}/4;
    scgi_temp_path {folder}/5;
    client_body_buffer_size 16k;
    server {{ listen 127.0.0.1:{health}; location = /health {{ access_log off; return 200; }} }}
    {server}
}}
"""


def certificate(folder: Path) -> None:
    """Write a certificate for `NAME` and its key."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, NAME)])
    now = datetime.now(UTC)
    made = (
        x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ip_address("127.0.0.1"))]), critical=False)
        .sign(key, hashes.SHA256())
    )
    (folder / "proxy.pem").write_bytes(made.public_bytes(serialization.Encoding.PEM))
    private = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    (folder / "proxy.key").write_bytes(private)


class Proxy(NamedTuple):
    """A running nginx in front of the app."""

    ground: Ground
    folder: Path
    port: int

    def browser(self, address: str = "127.0.0.1", *, signed_in: bool = True) -> httpx.Client:
        """Return the victim's browser, on a connection from `address` of this machine."""
        victim = self.ground.exchange.victim
        trust = ssl.create_default_context(cafile=str(self.folder / "proxy.pem"))
        transport = httpx.HTTPTransport(verify=trust, local_address=address)
        headers = {"Host": f"{NAME}:{self.port}", "Origin": f"https://{NAME}:{self.port}"}
        if signed_in:
            cookie = victim.http.cookies[PARTICIPANTS.cookie]
            headers |= {"Cookie": f"{PARTICIPANTS.cookie}={cookie}", "X-Relay-CSRF": victim.csrf}
        return httpx.Client(
            transport=transport,
            base_url=f"https://127.0.0.1:{self.port}",
            headers=headers,
            timeout=30,
        )

    @property
    def said(self) -> str:
        """What nginx wrote."""
        return (self.folder / "error.log").read_text()


def configured(folder: Path, behind: int, port: int, health: int) -> str:
    """Take the server from the document, and put this test's places in."""
    [server] = re.findall(r"```nginx\n(.*?)```", DOCUMENT.read_text(), re.DOTALL)
    for written, meant in (
        ("listen 443 ssl", f"listen 127.0.0.1:{port} ssl"),
        ("/etc/ssl/relay.example.org", f"{folder}/proxy"),
        ("/var/log/nginx/error.log crit", f"{folder}/error.log warn"),
        ("127.0.0.1:8081", f"127.0.0.1:{behind}"),
    ):
        assert written in server, written
        server = server.replace(written, meant)
    return AROUND.format(folder=folder, health=health, server=server)


@contextmanager
def running(ground: Ground, folder: Path) -> Iterator[Proxy]:
    program = installed("nginx-light", "nginx")
    folder.mkdir()
    certificate(folder)
    port, health = free_port(), free_port()
    with ground.app(processes=2) as app:
        (folder / "nginx.conf").write_text(configured(folder, app.port, port, health))
        argv = (program, "-c", str(folder / "nginx.conf"), "-e", str(folder / "error.log"))
        with child(argv, {"PATH": os.defpath}, folder, f"http://127.0.0.1:{health}/health"):
            yield Proxy(ground, folder, port)


@pytest.fixture
async def proxy(dsns: Dsns, tmp_path: Path) -> AsyncIterator[Proxy]:
    async with ground_on(dsns, tmp_path) as ground:
        settings = msgspec.structs.replace(ground.service.settings, proxies="127.0.0.1")
        ground.service.settings = settings
        with running(ground, tmp_path / "nginx") as made:
            yield made


async def test_a_film_and_an_upload_go_through_and_nothing_is_put_on_the_disk(proxy: Proxy) -> None:
    people = proxy.ground.exchange
    path = await delivered(proxy.ground, people.offender, people.victim, 24 * MIB)
    item = await people.start(people.victim, "audio")
    file = os.urandom(9 * MIB)
    with proxy.browser() as browser:
        part = browser.get(path, headers={"Range": "bytes=1048570-3145999"})
        assert (part.status_code, len(part.content)) == (206, 2_097_430)
        assert part.headers["cache-control"] == "no-store"
        with browser.stream("GET", path) as whole:  # read slowly: the proxy has more of it than it passes on
            sizes = [len(piece) for piece in whole.iter_bytes(65_536)]
        assert sum(sizes) == 24 * MIB
        metadata = f"item_id {base64.b64encode(item.encode()).decode()}"
        tus = {"Tus-Resumable": "1.0.0", "Upload-Length": str(len(file)), "Upload-Metadata": metadata}
        where = browser.post("/api/v1/uploads", headers=tus)
        assert where.status_code == 201
        address, offset = where.headers["location"], 0
        more = {"Tus-Resumable": "1.0.0", "Content-Type": "application/offset+octet-stream"}
        for size in (8 * MIB, MIB):
            body = file[offset : offset + size]
            answer = browser.patch(address, content=body, headers=more | {"Upload-Offset": str(offset)})
            offset += size
            assert (answer.status_code, answer.headers["upload-offset"]) == (204, str(offset))
        draft = {"text": "A letter. " * 1900}
        letter = await people.start(people.victim)
        chunks = iter([msgspec.json.encode(draft)])
        kept = browser.put(
            f"/api/v1/items/{letter}/draft", content=chunks, headers={"Content-Type": "application/json"}
        )
        assert kept.status_code == 204
        assert browser.get(f"/items/{letter}").status_code == 200
    assert (await people.victim.ask(f"/items/{item}"))["uploaded"] is True
    assert "temporary file" not in proxy.said


def statuses(browser: httpx.Client, times: int, **headers: str) -> list[int]:
    """Try to sign in with a wrong passphrase."""
    wrong = {"name": "somebody", "passphrase": "not the right words at all"}
    return [browser.post("/api/v1/session", json=wrong, headers=headers).status_code for _ in range(times)]


async def test_tries_are_counted_for_each_address_and_not_for_the_proxy(proxy: Proxy) -> None:
    tries = proxy.ground.service.settings.sign_in_tries
    with (
        proxy.browser("127.0.0.2", signed_in=False) as one,
        proxy.browser("127.0.0.3", signed_in=False) as other,
    ):
        assert statuses(one, tries + 1) == [401] * tries + [429]
        # what the client writes about itself is not believed
        forged = {"X-Forwarded-For": "198.51.100.7", "Forwarded": "for=198.51.100.7"}
        assert statuses(one, 1, **forged) == [429]
        assert statuses(other, 1) == [401]
