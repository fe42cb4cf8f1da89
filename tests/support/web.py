"""The two web apps over a test's service: clients of the real apps, and a real server where needed."""

import asyncio
import threading
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from copy import copy
from datetime import timedelta
from functools import cache
from pathlib import Path
from typing import Any, Self, cast
from uuid import UUID

import httpx
import msgspec
import uvicorn
from litestar import Litestar
from litestar.datastructures import State
from litestar.handlers import HTTPRouteHandler

from relay.audit.tags import Tag
from relay.db.transaction import Database, Surface
from relay.identity import accounts, sessions
from relay.identity.invitations import Invitation
from relay.identity.model import Person, PrivateBundle
from relay.web.desk import app as desk
from relay.web.participants import app as participants
from relay.web.server import Connection
from relay.web.shared.endings import Endings
from relay.web.shared.headers import Shell
from relay.web.shared.recent import Recent
from relay.web.shared.wing import Wing
from tests.support.house import PASSPHRASE, Pair, Service, make_pair
from tests.support.work import make_room, work_off
from workers.tasks.room import WorkRoom

HOST = "relay.example"
ORIGIN = f"https://{HOST}"
CREATE = {Surface.PARTICIPANTS: participants.create, Surface.DESK: desk.create}


@cache
def _built(surface: Surface) -> Litestar:
    """An app without a house. Reading all of its handlers takes half a second."""
    return CREATE[surface]().litestar


def make_app(
    service: Service, surface: Surface, *more: HTTPRouteHandler, database: Database | None = None
) -> Shell:
    """An app whose house is the test's own. Unless it has `more`, others share its handlers.

    `database` takes the place of the service's, which is open.
    """
    app = copy(_built(surface)) if not more else CREATE[surface]().litestar
    for handler in more:
        app.register(handler)
    wing: Wing = app.state.wing
    recent = Recent(wing.cookie, Endings())
    house = service.house(surface)
    own = {
        "house": house if database is None else msgspec.structs.replace(house, database=database),
        "recent": recent,
    }
    app.state = State(app.state.dict() | own, deep_copy=False)
    return Shell(app, wing, recent)


class Client:
    """Somebody at one of the apps, as a browser on our own pages would be. `csrf` is filled at sign-in."""

    def __init__(self, service: Service, surface: Surface, *more: HTTPRouteHandler) -> None:
        self.service = service
        self.surface = surface
        self.app = make_app(service, surface, *more)
        self.csrf = ""
        self.http = httpx.AsyncClient(
            transport=httpx.ASGITransport(cast("Any", self.app), raise_app_exceptions=False),
            base_url=ORIGIN,
        )

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.http.aclose()

    async def sign_in(self, name: str, passphrase: str = PASSPHRASE) -> None:
        """Sign in by the API; the cookie stays with the client."""
        answer = await self.http.post("/api/v1/session", json={"name": name, "passphrase": passphrase})
        assert answer.status_code == 201, answer.text
        self.csrf = answer.json()["csrf"]

    async def person(self) -> Person:
        """Who is signed in."""
        [cookie] = self.http.cookies.jar
        found = await sessions.open_session(
            self.service.house(self.surface), self.surface, cookie.value or ""
        )
        assert found is not None
        return found

    async def api(self, method: str, path: str, json: Any = None, **more: Any) -> httpx.Response:
        """Call the API with the token. `json` is left out where it is None."""
        headers = {"X-Relay-CSRF": self.csrf} | more.pop("headers", {})
        if json is not None:
            more["json"] = json
        return await self.http.request(method, f"/api/v1{path}", headers=headers, **more)

    async def ask(self, path: str, status: int = 200, **more: Any) -> Any:
        """GET from the API, and return the JSON."""
        answer = await self.api("GET", path, **more)
        assert answer.status_code == status, answer.text
        return answer.json()

    async def do(self, path: str, json: Any = None, *, status: int = 200, method: str = "POST") -> Any:
        """Do something by the API, and return the JSON (or None)."""
        answer = await self.api(method, path, {} if json is None and method == "POST" else json)
        assert answer.status_code == status, answer.text
        return answer.json() if answer.content else None

    async def send(self, path: str, **fields: Any) -> httpx.Response:
        """Send a page's form, with the token, as the page itself would."""
        return await self.http.post(
            path,
            data={"csrf": self.csrf} | fields,
            headers={"Origin": ORIGIN, "Sec-Fetch-Site": "same-origin"},
        )


async def enrolled(service: Service, surface: Surface, invitation: Invitation, name: str) -> Client:
    """Somebody who used their invitation and is signed in."""
    client = Client(service, surface)
    answer = await client.http.post(
        f"/api/v1/enrolments/{invitation.id}",
        json={
            "secret": invitation.secret,
            "code": invitation.code,
            "sign_in_name": name,
            "passphrase": PASSPHRASE,
        },
    )
    assert answer.status_code == 201, answer.text
    await client.sign_in(answer.json()["sign_in_name"])
    return client


async def staff_client(service: Service, role: str = "facilitator", name: str = "Fatima") -> Client:
    """A member of staff on the signed roster, signed in."""
    client = await enrolled(service, Surface.DESK, await service.invite_staff(role, name), name)
    await service.sign_roster()
    client.app.litestar.state.house = service.desk
    return client


@contextmanager
def serving(service: Service, surface: Surface) -> Iterator[str]:
    """Run an app behind a real server, in a thread with its own loop and database pool; yield its origin."""
    dsn = {Surface.PARTICIPANTS: service.dsns.participants, Surface.DESK: service.dsns.desk}[surface].url
    database = Database(dsn, surface)
    server = uvicorn.Server(
        uvicorn.Config(
            make_app(service, surface, database=database),
            host="127.0.0.1",
            port=0,
            log_config=None,
            access_log=False,
            server_header=False,
            date_header=False,
            http=Connection,  # type: ignore[arg-type]
            ws="none",
            lifespan="off",  # its house is opened here: the app is shared with other tests
        )
    )

    async def serve() -> None:
        await database.open()
        try:
            await server.serve()
        finally:
            await database.close()

    thread = threading.Thread(target=asyncio.run, args=(serve(),), daemon=True)
    thread.start()
    try:
        while not server.started:
            assert thread.is_alive()
            threading.Event().wait(0.01)
        port = server.servers[0].sockets[0].getsockname()[1]
        yield f"http://127.0.0.1:{port}"
    finally:
        server.should_exit = True
        thread.join(10)


class Exchange(msgspec.Struct, frozen=True, kw_only=True):
    """A case in which everything may pass, its three people signed in, and a worker at hand."""

    service: Service
    room: WorkRoom
    desk: Client
    victim: Client
    offender: Client
    people: Pair
    case_id: str
    victim_id: str
    offender_id: str

    async def start(self, author: Client, kind: str = "letter") -> str:
        """Start an item to everybody on the other side."""
        own = await author.ask(f"/cases/{self.case_id}")
        seats = [one["seat_id"] for one in own["counterparts"]]
        item = await author.do(
            f"/cases/{self.case_id}/items", {"kind": kind, "recipients": seats}, status=201
        )
        return str(item["id"])

    async def write(self, author: Client, text: str = "Dear you.") -> str:
        """Write a letter and send it; return its id when a reviewer can read it."""
        item_id = await self.start(author)
        await author.do(f"/items/{item_id}/draft", {"text": text}, status=204, method="PUT")
        await author.do(f"/items/{item_id}/submit")
        await work_off(self.room)
        return item_id

    async def approve(self, item_id: str) -> dict[str, Any]:
        """Take an item, have all of it served, approve it. Return it as it is then."""
        await self.desk.do(f"/items/{item_id}/claim")
        clean = (await self.desk.ask(f"/items/{item_id}"))["clean"]
        served = await self.desk.api("GET", f"/items/{item_id}/rendition")
        assert served.status_code == 200
        decision = {"decision": "approve", "rendition_id": clean["id"], "sha256": clean["sha256"]}
        approved: dict[str, Any] = await self.desk.do(f"/items/{item_id}/decisions", decision)
        return approved

    async def send_back(self, item_id: str) -> None:
        """Take an item, and ask its author for a change."""
        await self.desk.do(f"/items/{item_id}/claim")
        clean = (await self.desk.ask(f"/items/{item_id}"))["clean"]
        decision = {
            "decision": "request_changes",
            "rendition_id": clean["id"],
            "sha256": clean["sha256"],
            "reasons": ["contact_details"],
            "guidance": "Please leave out the address.",
        }
        await self.desk.do(f"/items/{item_id}/decisions", decision)

    async def release(self, item_id: str, note: str = "") -> str:
        """Release an approved item to its first recipient. Return the delivery's id."""
        seat = (await self.desk.ask(f"/items/{item_id}"))["recipients"][0]["seat_id"]
        given = {"seat_id": seat, "note": note}
        return str((await self.desk.do(f"/items/{item_id}/release", given, status=201))["release_id"])

    async def deliver(self, author: Client, text: str = "Dear you.", note: str = "") -> tuple[str, str]:
        """Do all of it for a letter. Return the item's and the delivery's id; nobody has opened it."""
        item_id = await self.write(author, text)
        await self.approve(item_id)
        return item_id, await self.release(item_id, note)


async def open_gates(desk: Client, case_id: str, victim: str, offender: str) -> None:
    """Record over the API everything that has to be so before anything may pass."""
    path, until = f"/cases/{case_id}/gates", desk.service.clock() + timedelta(days=300)
    await desk.do(f"{path}/requests", {"account_id": victim, "asked": True}, status=204)
    responsibility = {"account_id": offender, "grade": "full", "reasoning": "Said so."}
    await desk.do(f"{path}/responsibilities", responsibility, status=204)
    for account in (victim, offender):
        for medium in ("letter", "audio", "video", "document"):
            consent = {"account_id": account, "medium": medium, "given": True, "manner": "in_person"}
            await desk.do(f"{path}/consents", consent, status=204)
    assessment = {"safe": True, "valid_until": until.isoformat(), "reasoning": "Both are ready."}
    await desk.do(f"{path}/assessments", assessment, status=204)


async def read_limits(case_id: str, *authors: Client) -> None:
    """Say for each that they have read what their facilitator has to pass on."""
    for author in authors:
        shown = (await author.ask(f"/cases/{case_id}"))["limits"]
        await author.do(f"/cases/{case_id}/limits", {"version": shown["version"]}, status=204)


async def seated(service: Service, surface: Surface, person: Person) -> Client:
    """Somebody whose session was started without a passphrase, which costs nearly a second a person."""
    house, now = service.house(surface), service.clock()
    bundle = PrivateBundle(person.keys.seeds, person.signer.seed)
    content = sessions._Content(person.id, service.id, person.key_version, bundle)
    async with house.database.acting(person.id, Tag.SIGNED_IN, chain=service.id, subject=person.id) as act:
        cookie, session_hash = await sessions._start(act, surface, content, now, now + timedelta(hours=8))
    client = Client(service, surface)
    client.http.cookies.set({Surface.PARTICIPANTS: "__Host-p", Surface.DESK: "__Host-d"}[surface], cookie)
    client.csrf = sessions.csrf_token(house, msgspec.structs.replace(person, session_hash=session_hash))
    return client


@asynccontextmanager
async def make_exchange(
    service: Service, folder: Path, people: Pair | None = None
) -> AsyncIterator[Exchange]:
    """A case in which everything may pass, with sessions for its three people, who are made if not given."""
    pair = people or await make_pair(service)
    desk = await seated(service, Surface.DESK, pair.facilitator)
    victim = await seated(service, Surface.PARTICIPANTS, pair.victim)
    offender = await seated(service, Surface.PARTICIPANTS, pair.offender)
    async with make_room(service, folder) as room:
        yield Exchange(
            service=service,
            room=room,
            desk=desk,
            victim=victim,
            offender=offender,
            people=pair,
            case_id=str(pair.case_id),
            victim_id=str(pair.victim.id),
            offender_id=str(pair.offender.id),
        )
    for client in (desk, victim, offender):
        await client.http.aclose()


async def make_pair_by_hand(service: Service) -> Pair:
    """Set everything up over the APIs, as people would: everybody has a name and a passphrase."""
    desk = await staff_client(service)
    case_id = (await desk.do("/cases", {"reference": "2026/17"}, status=201))["case"]["id"]
    clients: dict[str, Client] = {}
    for part, name in (("victim", "Vera"), ("offender", "Oskar")):
        given = await desk.do(f"/cases/{case_id}/people", {"name": name, "part": part}, status=201)
        invitation = msgspec.convert(given, Invitation)
        # with the bare name, as somebody who enrolled before names had a number
        secret, code = invitation.secret, invitation.code
        await accounts.enrol(service.participants, invitation.id, secret, code, name, PASSPHRASE)
        clients[part] = Client(service, Surface.PARTICIPANTS)
        await clients[part].sign_in(name)
        await desk.do(f"/cases/{case_id}/people/{given['account_id']}/vouch", status=204)
    pair = Pair(
        facilitator=await desk.person(),
        case_id=UUID(case_id),
        victim=await clients["victim"].person(),
        offender=await clients["offender"].person(),
    )
    await open_gates(desk, case_id, str(pair.victim.id), str(pair.offender.id))
    await read_limits(case_id, *clients.values())
    for client in (desk, *clients.values()):
        await client.http.aclose()
    return pair
