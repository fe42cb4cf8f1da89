"""Enter in a field presses a form's first button (HTML, "implicit submission"): that one does no harm.

All forms of both apps are looked at, as the pages show them in every state that has one of its own.
"""

import re
from datetime import timedelta
from html.parser import HTMLParser
from pathlib import Path
from typing import Final

import msgspec
import pytest

from relay.cases import limits
from relay.cases.service import add_facilitator
from relay.db.transaction import Surface
from relay.identity.invitations import Invitation, invite_again
from tests.functional.test_hiding import made, sent, taken
from tests.functional.test_uploads import begun, patch
from tests.support import media
from tests.support.house import Service
from tests.support.web import CREATE, Client, Exchange, seated, staff_client
from tests.support.work import work_off

HARMLESS: Final = {
    ("/items/*/claim", "", ""),  # shows the page again, with all that was typed
    ("/items/*/hide", "then", "rows"),  # shows more rows
    ("/items/*/hide", "then", "check"),  # shows what would be hidden
}
"""First buttons (address, name, value) of forms that have others too, and a field to press Enter in."""
_SILENT: Final = {"hidden", "submit", "button", "reset", "image", "file"}
"""Kinds of input in which Enter presses no button of the form."""
_ANY: Final = "[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}"


class Button(msgspec.Struct, frozen=True):
    """A button that sends a form: where to, and what it adds."""

    address: str
    name: str
    value: str


class Form(msgspec.Struct):
    """A form, with the fields in which Enter sends it and its buttons, in the order of the page."""

    address: str
    fields: list[str] = []
    buttons: list[Button] = []

    def presses(self) -> Button | None:
        """What Enter presses, if there is a choice and a field to press it from."""
        return self.buttons[0] if self.fields and len(self.buttons) > 1 else None


class Forms(HTMLParser):
    """Reads the forms of a page, with what stands outside of them and names them by `form`."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.all: list[Form] = []
        self._open: Form | None = None
        self._named: dict[str, Form] = {}
        self._later: list[tuple[str, dict[str, str]]] = []
        self.feed(page)
        # the browser puts them in the order of the page: one that names a form further down would come first
        assert not self._later, self._later

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        has = {name: value or "" for name, value in attrs}
        if tag == "form":
            self._open = Form(re.sub(_ANY, "*", has.get("action", "")))
            self.all.append(self._open)
            self._named[has.get("id", "")] = self._open
        elif tag in {"input", "button"}:
            form = self._named.get(has["form"]) if "form" in has else self._open
            if form is None and "form" in has:
                self._later.append((tag, has))
            elif form is not None:
                _add(form, tag, has)

    def handle_endtag(self, tag: str) -> None:
        if tag == "form":
            self._open = None


def _add(form: Form, tag: str, has: dict[str, str]) -> None:
    kind = has.get("type", "submit" if tag == "button" else "text")
    if kind in {"submit", "image"}:
        address = re.sub(_ANY, "*", has.get("formaction", form.address))
        form.buttons.append(Button(address, has.get("name", ""), has.get("value", "")))
    elif tag == "input" and kind not in _SILENT:
        form.fields.append(has.get("name", ""))


def harmful(page: str) -> list[Button]:
    """What Enter would press on a page that is not known to do no harm."""
    pressed = [form.presses() for form in Forms(page).all]
    return [one for one in pressed if one and (one.address, one.name, one.value) not in HARMLESS]


class Walk:
    """Pages that were looked at: what Enter would press on them, and the addresses of their forms."""

    def __init__(self) -> None:
        self.harm: dict[str, list[Button]] = {}
        self.seen: set[str] = set()

    async def look(self, client: Client, path: str, status: int = 200) -> str:
        """Ask for a page."""
        answer = await client.http.get(path)
        assert answer.status_code == status, path
        return self.read(path, answer.text)

    def read(self, path: str, page: str) -> str:
        """Look at the forms of a page."""
        if found := harmful(page):
            self.harm[path] = found
        forms = Forms(page).all
        self.seen |= {form.address for form in forms} | {
            one.address for form in forms for one in form.buttons
        }
        return page


def test_a_form_whose_first_button_does_harm_is_found() -> None:
    page = '<form action="/x"><input type="date"><button>Now</button><button name="then" value="later">'
    assert harmful(page) == [Button("/x", "", "")]
    assert harmful(page.replace('"date"', '"hidden"')) == []
    apart = '<form action="/x" id="f"></form><button form="f" formaction="/y">A</button><input form="f">'
    assert harmful(apart) == []
    both = '<form action="/x" id="f"><button formaction="/y" name="a" value="b"></form><button form="f">'
    assert harmful(both + '<input type="checkbox" form="f">') == [Button("/y", "a", "b")]


def addresses(client: Client) -> set[str]:
    """Every address of an app that takes a page's form."""
    return {
        re.sub("{.*?}", "*", route.path_format)
        for route in client.app.litestar.routes
        if "POST" in getattr(route, "methods", ()) and not route.path_format.startswith("/api/")
    }


async def of_nobody(walk: Walk, service: Service, surface: Surface) -> None:
    stranger = Client(service, surface)
    for path in ("/sign-in", "/enrol", "/enrol/123e4567-e89b-42d3-a456-426614174000"):
        await walk.look(stranger, path)


async def of_accounts(walk: Walk, service: Service) -> None:
    anna = await staff_client(service, "administrator", "Anna")
    filip = (await service.make_facilitator("Filip")).id
    await walk.look(anna, "/accounts")
    for act in ("suspend", "end-suspension"):
        await walk.look(anna, f"/accounts/{filip}/{act}")
        await anna.send(f"/accounts/{filip}/{act}")


async def of_a_case(walk: Walk, exchange: Exchange) -> None:
    """Its page with everything that it can show, and the pages that ask first."""
    desk, case, service = exchange.desk, f"/cases/{exchange.case_id}", exchange.service
    await walk.look(desk, "/")
    await walk.look(desk, "/step-up")
    filip = await service.make_facilitator("Filip")
    await service.make_facilitator("Gita")
    await add_facilitator(service.desk, exchange.people.facilitator, exchange.people.case_id, filip.id)
    invited = await desk.do(f"{case}/people", {"name": "Nadia", "part": "victim"}, status=201)
    await walk.look(desk, case)
    await service.enrol_quickly(service.participants, msgspec.convert(invited, Invitation))
    await desk.send(f"{case}/settings", second_approval="on", cooling_hours="0")
    await desk.send(f"{case}/settings", cooling_hours="0")
    order = {"account_id": exchange.offender_id, "until": "2099-01-01", "description": "The order."}
    assert (await desk.send(f"{case}/gates/restrictions", **order)).status_code == 303
    await desk.send(f"{case}/gates/pauses", paused="yes")
    await desk.send(f"{case}/gates/pauses", account_id=exchange.victim_id, paused="yes")
    await walk.look(desk, case)
    colleague = await seated(service, Surface.DESK, filip)
    await walk.look(colleague, case)
    people = f"{case}/people/{exchange.offender_id}"
    for act in ("invitation", "suspend", "end-suspension"):
        await walk.look(desk, f"{people}/{act}")
    seat = next(
        one["seat_id"]
        for one in (await desk.ask(case))["people"]
        if one["account_id"] == exchange.offender_id
    )
    await walk.look(desk, f"{case}/people/{seat}/remove")
    await walk.look(desk, f"{case}/close")


async def of_an_item(walk: Walk, exchange: Exchange) -> str:
    """A letter's page from when it waits to when it is given again, on both sides."""
    desk = exchange.desk
    item_id = await exchange.write(exchange.offender)
    item = f"/items/{item_id}"
    await walk.look(desk, "/queue")
    await walk.look(desk, item)
    await desk.do(f"{item}/claim")
    await walk.look(desk, item)
    await walk.look(desk, f"{item}/hide")
    await of_a_concern(walk, exchange, item)
    declining = await desk.send(f"{item}/decline", reasons=["threats"], guidance="So.")
    assert "This is final" in walk.read(f"{item}/decline", declining.text)
    await exchange.approve(item_id)
    await walk.look(desk, item)
    seat = (await desk.ask(item))["recipients"][0]["seat_id"]
    await walk.look(desk, f"{item}/release?seat_id={seat}")
    await walk.look(desk, f"{item}/release?seat_id={seat}&then=schedule")
    due_at = (exchange.service.clock() + timedelta(days=1)).isoformat()
    await desk.do(f"{item}/schedule", {"seat_id": seat, "due_at": due_at}, status=201)
    await walk.look(desk, item)
    await desk.send(f"{item}/unschedule", seat_id=seat)
    return item


async def of_a_concern(walk: Walk, exchange: Exchange, item: str) -> None:
    """One about an item that is in hand, from when it is raised to when it is closed; where others begin."""
    desk = exchange.desk
    await walk.look(desk, f"/cases/{exchange.case_id}/concern")
    await walk.look(desk, f"{item}/concern")
    raised = await desk.send(f"{item}/concern", kind="threat", words="The last line.")
    concern = raised.headers["location"].partition("?")[0]
    for path in (concern, item, "/queue", "/", f"/cases/{exchange.case_id}"):
        await walk.look(desk, path)
    closed = await desk.send(f"{concern}/closing", outcome="nothing_further", words="A song.")
    assert closed.status_code == 303
    await walk.look(desk, concern)


async def of_what_was_passed_on(walk: Walk, exchange: Exchange) -> None:
    desk, victim = exchange.desk, exchange.victim
    item_id, delivery = await exchange.deliver(exchange.offender)
    await walk.look(desk, f"/items/{item_id}")
    await walk.look(victim, "/received")
    await walk.look(victim, f"/received/{delivery}")
    service, people = exchange.service, exchange.people
    invitation = await invite_again(service.desk, people.facilitator, people.case_id, people.victim.id)
    await walk.look(desk, f"/cases/{exchange.case_id}")
    await service.enrol_quickly(service.participants, invitation)
    await walk.look(desk, f"/items/{item_id}")


async def of_files(walk: Walk, exchange: Exchange, folder: Path) -> None:
    """A document and a recording, on both sides."""
    desk, victim = exchange.desk, exchange.victim
    started = await exchange.start(victim, "document")
    await walk.look(victim, f"/items/{started}")
    await begun(victim, started, 10_000)
    await walk.look(victim, f"/items/{started}")
    item = await sent(exchange, media.document(folder).read_bytes(), "document")
    await walk.look(desk, item)
    await desk.send(f"{item}/transcription", text="Dear you.")
    await walk.look(desk, item)
    await walk.look(desk, f"{item}/hide")
    await exchange.approve(item.rpartition("/")[2])
    await walk.look(desk, item)
    recording = await exchange.start(victim, "audio")
    original = media.speech(folder, seconds=2).read_bytes()
    await patch(victim, await begun(victim, recording, len(original)), 0, original)
    await walk.look(victim, f"/items/{recording}")
    await victim.do(f"/items/{recording}/submit")
    await work_off(exchange.room)
    await desk.do(f"/items/{recording}/claim")
    await walk.look(desk, f"/items/{recording}")
    await walk.look(desk, f"/items/{recording}/hide")


async def of_an_author(walk: Walk, exchange: Exchange) -> None:
    victim, case = exchange.victim, f"/cases/{exchange.case_id}"
    await walk.look(victim, "/")
    await walk.look(victim, "/step-up")
    await walk.look(victim, case)
    empty = await exchange.start(victim)
    await walk.look(victim, f"/items/{empty}")
    await victim.do(f"/items/{empty}/draft", {"text": "Dear"}, status=204, method="PUT")
    await walk.look(victim, f"/items/{empty}")
    item = await taken(exchange)
    await made(exchange.desk, item, words="Anna")
    await work_off(exchange.room)
    await exchange.desk.do(f"{item}/claim")
    await walk.look(exchange.desk, item)
    await walk.look(exchange.desk, f"{item}/hide")
    await walk.look(victim, item)
    await victim.do(f"{item}/withdraw")
    await walk.look(victim, item)
    await victim.do(f"{case}/pause", {"paused": True}, status=204)
    await walk.look(victim, case)


async def test_enter_presses_nothing_weighty_in_any_form(
    exchange: Exchange, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    walk, service = Walk(), exchange.service
    for surface in Surface:
        if surface in CREATE:
            await of_nobody(walk, service, surface)
    await of_accounts(walk, service)
    await of_an_author(walk, exchange)
    await exchange.victim.do(f"/cases/{exchange.case_id}/pause", {"paused": False}, status=204)
    item = await of_an_item(walk, exchange)
    await of_files(walk, exchange, tmp_path)
    await of_what_was_passed_on(walk, exchange)
    with monkeypatch.context() as patched:
        patched.setattr(limits, "VERSION", limits.VERSION + 1)
        await walk.look(exchange.offender, f"/cases/{exchange.case_id}")
    await of_a_case(walk, exchange)
    service.clock.go(minutes=11)
    asked = await exchange.desk.send(f"{item}/release")
    assert "Your passphrase once more" in walk.read("prove", asked.text)
    assert walk.harm == {}
    every = addresses(exchange.desk) | addresses(exchange.victim)
    assert every - walk.seen == set()
