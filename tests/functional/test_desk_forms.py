"""The desk's forms: proving on the way, refusals that lose nothing, times as they are typed, what is held."""

import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

import pytest

from relay.cases.service import add_facilitator, read_case, remove_seat
from relay.db.transaction import Surface
from relay.identity.accounts import suspend
from tests.functional.test_hiding import NOTE, made, sent, taken
from tests.support import media
from tests.support.house import PASSPHRASE
from tests.support.web import ORIGIN, Exchange, make_app, seated
from tests.support.work import work_off

LONDON = ZoneInfo("Europe/London")


async def test_the_passphrase_is_asked_for_on_the_way_and_then_it_is_done(exchange_by_hand: Exchange) -> None:
    exchange, desk = exchange_by_hand, exchange_by_hand.desk
    item_id = await exchange.write(exchange.victim)
    await exchange.approve(item_id)
    exchange.service.clock.go(minutes=11)
    seat = (await desk.ask(f"/items/{item_id}"))["recipients"][0]["seat_id"]
    asked = await desk.send(f"/items/{item_id}/release", seat_id=seat)
    assert "Your passphrase once more" in asked.text
    assert f'action="/items/{item_id}/release"' in asked.text
    assert f'name="seat_id" value="{seat}"' in asked.text
    wrong = await desk.send(f"/items/{item_id}/release", seat_id=seat, passphrase="not these lanterns")
    assert (wrong.status_code, "The passphrase is not right" in wrong.text) == (403, True)
    assert "lanterns" not in wrong.text
    assert (await desk.ask(f"/items/{item_id}"))["state"] == "approved"
    done = await desk.send(f"/items/{item_id}/release", seat_id=seat, passphrase=PASSPHRASE)
    assert (done.status_code, done.headers["location"]) == (303, f"/items/{item_id}?done=released")
    assert (await desk.ask(f"/items/{item_id}"))["state"] == "released"

    # forms of other tabs are as good as before, and what is printed comes out at once
    assert (await desk.send(f"/cases/{exchange.case_id}/gates/pauses", paused="yes")).status_code == 303
    assert (await desk.send(f"/cases/{exchange.case_id}/gates/pauses", paused="no")).status_code == 303
    exchange.service.clock.go(minutes=11)
    fields = {"seat_id": seat, "size": "a4"}
    assert "Your passphrase once more" in (await desk.send(f"/items/{item_id}/print", **fields)).text
    printed = await desk.send(f"/items/{item_id}/print", **fields, passphrase=PASSPHRASE)
    assert printed.headers["content-type"] == "application/pdf"


async def test_what_is_refused_after_the_proof_says_so_and_the_session_goes_on(
    exchange_by_hand: Exchange,
) -> None:
    exchange, desk = exchange_by_hand, exchange_by_hand.desk
    exchange.service.clock.go(minutes=11)
    people = f"/cases/{exchange.case_id}/people/{exchange.victim_id}"
    refused = await desk.send(f"{people}/vouch", passphrase=PASSPHRASE)
    assert (refused.status_code, "These keys are confirmed already." in refused.text) == (409, True)
    exchange.service.clock.go(minutes=11)
    fields = {"seat_id": str(UUID(int=5)), "size": "a4"}
    missing = await desk.send(f"/items/{UUID(int=4)}/print", **fields, passphrase=PASSPHRASE)
    assert missing.status_code == 404
    assert (await desk.http.get("/queue")).status_code == 200


@pytest.mark.parametrize(
    "then",
    [
        "https://elsewhere.example/",
        "//elsewhere.example",
        "/\\elsewhere.example",
        "/items/../../elsewhere",
        "/static/icon.svg",
        "/sign-out",
        "/items/123e4567-e89b-42d3-a456-426614174000/print",
        "javascript:alert(1)",
        "",
    ],
)
async def test_a_step_up_by_itself_leads_to_our_own_pages_only(exchange_by_hand: Exchange, then: str) -> None:
    desk = exchange_by_hand.desk
    led = await desk.send("/step-up", passphrase=PASSPHRASE, then=then)
    assert (led.status_code, led.headers["location"]) == (303, "/")
    own = f"/cases/{exchange_by_hand.case_id}"
    assert (await desk.send("/step-up", passphrase=PASSPHRASE, then=own)).headers["location"] == own


def addresses(exchange: Exchange) -> Iterator[tuple[str, set[str]]]:
    """Every page's address of the desk, with identifiers of this exchange, and its methods."""
    named = {"case_id": exchange.case_id, "account_id": exchange.victim_id, "seat_id": exchange.victim_id}
    for route in make_app(exchange.service, Surface.DESK).litestar.routes:
        path = route.path_format
        if path.startswith(("/api/", "/static", "/enrol")):
            continue
        for name, value in named.items():
            path = path.replace(f"{{{name}}}", value)
        yield path, set(getattr(route, "methods", set()))


async def test_an_address_that_takes_a_form_can_be_asked_for_and_leads_back(exchange: Exchange) -> None:
    item_id = await exchange.write(exchange.victim)
    forms = 0
    for path, methods in addresses(exchange):
        if "POST" in methods and path.split("/")[1] in {"cases", "items", "accounts"}:
            answer = await exchange.desk.http.get(path.replace("{item_id}", item_id))
            assert "GET" in methods, path
            if answer.status_code == 303:
                assert answer.headers["location"] in {
                    "/",
                    f"/cases/{exchange.case_id}",
                    f"/items/{item_id}",
                }, path
                forms += 1
    assert forms > 20


REFUSED: list[tuple[str, dict[str, Any], list[str]]] = [
    (
        "people",
        {"name": "", "part": "offender", "label": "Mr O"},
        ['value="Mr O"', '"offender" required checked'],
    ),
    ("settings", {"cooling_hours": "soon", "second_approval": "on"}, ['value="soon"']),
    (
        "gates/responsibilities",
        {
            "account_id": "OFFENDER",
            "grade": "partial",
            "reasoning": "Long & <b>thought</b> out." + " And on." * 4_000,
        },
        ['value="partial" required checked', "Long &amp; &lt;b&gt;thought&lt;/b&gt; out."],
    ),
    (
        "gates/consents",
        {
            "account_id": "VICTIM",
            "medium": ["audio", "video"],
            "manner": "in_writing",
            "ask_again_at": "2020-01-01",
            "answer": "agree",
        },
        ['"audio" checked', '"video" checked', '"in_writing" selected', 'value="2020-01-01"'],
    ),
    (
        "gates/assessments",
        {"safe": "yes", "valid_until": "2020-01-01", "reasoning": "All of it."},
        ['value="yes" required checked', 'value="2020-01-01"', "All of it.</textarea>"],
    ),
    (
        "gates/restrictions",
        {"account_id": "OFFENDER", "until": "soon", "description": "The order.", "exception_evidence": "It."},
        ["The order.</textarea>", "It.</textarea>", 'value="soon"'],
    ),
    ("cover-note", {"call": "", "words": "Two pages long.", "size": "a4"}, ["Two pages long.</textarea>"]),
]


@pytest.mark.parametrize(("form", "fields", "kept"), REFUSED, ids=[form for form, _, _ in REFUSED])
async def test_what_was_typed_stands_in_its_form_again(
    exchange: Exchange, form: str, fields: dict[str, Any], kept: list[str]
) -> None:
    accounts = {"OFFENDER": exchange.offender_id, "VICTIM": exchange.victim_id}
    typed = {name: accounts.get(str(value), value) for name, value in fields.items()}
    answer = await exchange.desk.send(f"/cases/{exchange.case_id}/{form}", **typed)
    assert answer.status_code in {400, 409}, answer.text
    for piece in kept:
        assert answer.text.count(piece) == 1, piece
    assert re.search("<details[^>]* open>", answer.text)
    assert 'role="alert"' in answer.text


async def test_what_was_typed_is_shown_when_the_session_or_the_form_is_too_old(exchange: Exchange) -> None:
    desk, case = exchange.desk, f"/cases/{exchange.case_id}"
    words = {"safe": "yes", "valid_until": "2099-01-01", "reasoning": "What I thought <about> long."}
    headers = {"Origin": ORIGIN, "Sec-Fetch-Site": "same-origin"}
    earlier = await seated(exchange.service, Surface.DESK, exchange.people.facilitator)
    fields = {"csrf": earlier.csrf} | words
    old = await desk.http.post(f"{case}/gates/assessments", data=fields, headers=headers)
    assert old.status_code == 403
    assert "What I thought &lt;about&gt; long." in old.text
    assert "You have signed in anew since this page was opened" in old.text
    exchange.service.clock.go(minutes=30)
    ended = await desk.send(f"{case}/gates/assessments", **words, passphrase="never any of this")
    assert ended.status_code == 401
    assert "What I thought &lt;about&gt; long." in ended.text
    assert "never any" not in ended.text


async def test_a_time_is_typed_and_read_as_clocks_show_it(exchange: Exchange) -> None:
    item_id = await exchange.write(exchange.victim)
    await exchange.approve(item_id)
    item, desk = f"/items/{item_id}", exchange.desk
    seat = (await desk.ask(item))["recipients"][0]["seat_id"]
    asked = await desk.http.get(f"{item}/release?seat_id={seat}&then=schedule")
    assert "as clocks show them in Europe/London" in asked.text
    now = exchange.service.clock()
    summer = next(
        day
        for day in (now + timedelta(days=number) for number in range(2, 400))
        if day.astimezone(LONDON).utcoffset() == timedelta(hours=1) and day.day == 15
    )
    typed = {"seat_id": seat, "then": "schedule", "due_at": f"{summer:%Y-%m-%d}T12:30"}
    planned = await desk.send(f"{item}/release", **typed)
    assert planned.status_code == 303, planned.text
    due = datetime.fromisoformat((await desk.ask(item))["recipients"][0]["due_at"])
    assert due.astimezone(UTC).strftime("%H:%M") == "11:30"
    assert f"Planned for {summer:%-d %B %Y}, 12:30 BST" in (await desk.http.get(item)).text


async def test_an_hour_that_there_is_not_is_refused_and_kept(exchange: Exchange) -> None:
    item_id = await exchange.write(exchange.victim)
    await exchange.approve(item_id)
    seat = (await exchange.desk.ask(f"/items/{item_id}"))["recipients"][0]["seat_id"]
    refused = await exchange.desk.send(
        f"/items/{item_id}/release", seat_id=seat, then="schedule", due_at="2027-03-28T01:30"
    )
    assert refused.status_code == 400
    assert "there is no 01:30 on 28 March 2027. Write 02:30" in refused.text
    assert 'value="2027-03-28T01:30"' in refused.text


async def test_what_a_recipient_wants_held_is_told_where_a_facilitator_looks(exchange: Exchange) -> None:
    item_id, delivery = await exchange.deliver(exchange.victim)
    desk, pages = exchange.desk, ("/", f"/cases/{exchange.case_id}", f"/items/{item_id}")
    says = {
        "/": "You hold something",
        pages[1]: "What you hold for somebody",
        pages[2]: "that you hold it for",
    }

    async def told() -> list[bool]:
        return [says[path] in (await desk.http.get(path)).text for path in pages]

    for choice in ("later", "refuse"):
        await exchange.offender.do(f"/deliveries/{delivery}/choice", {"choice": choice})
        assert await told() == [False] * 3
    await exchange.offender.do(f"/deliveries/{delivery}/choice", {"choice": "hold"})
    assert await told() == [True] * 3
    page = (await desk.http.get(pages[1])).text
    assert "Held for Oskar" in page
    assert "Letter from Vera" in page
    assert (await desk.ask(f"/items/{item_id}"))["recipients"][0]["held_since"]
    await exchange.offender.do(f"/deliveries/{delivery}/choice", {"choice": "open"})
    assert await told() == [False] * 3


async def test_another_case_is_told_nothing_of_what_is_held(exchange: Exchange) -> None:
    _, delivery = await exchange.deliver(exchange.victim)
    await exchange.offender.do(f"/deliveries/{delivery}/choice", {"choice": "hold"})
    person = await exchange.service.make_facilitator("Gita")
    other = await seated(exchange.service, Surface.DESK, person)
    await exchange.service.make_case(person)
    page = (await other.http.get("/")).text
    assert "You hold something" not in page
    assert "Oskar" not in page


async def test_an_agreement_that_nobody_vouches_for_any_more_is_told_with_what_to_do(
    exchange: Exchange,
) -> None:
    service, people = exchange.service, exchange.people
    item = await taken(exchange)
    await made(exchange.desk, item, words="Anna")
    await work_off(exchange.room)
    proposal = await exchange.victim.ask(f"{item}/proposal")
    named = {key: proposal[key] for key in ("rendition_id", "sha256")}
    await exchange.victim.do(f"{item}/agreement", named)

    person = await service.make_facilitator("Filip")
    administrator = await service.make_staff("administrator", "Anna")
    await add_facilitator(service.desk, people.facilitator, people.case_id, person.id)
    await suspend(service.desk, administrator, people.facilitator.id)
    await service.sign_roster()
    filip = await seated(service, Surface.DESK, person)
    _, seats, _ = await read_case(service.desk, person, people.case_id)
    left = next(one.seat_id for one in seats if one.account_id == people.facilitator.id)
    await remove_seat(service.desk, person, people.case_id, left)

    page = (await filip.http.get(item)).text
    assert "Vera agreed to this version, but every facilitator who had confirmed their keys has left" in page
    assert "Waiting for the author’s agreement" not in page
    await filip.do(f"{item}/claim")
    await filip.api("GET", f"{item}/rendition")
    shown = await filip.ask(item)
    assert (shown["agreed_at"], shown["agreement_unconfirmed"]) == (None, True)
    decision = {
        "decision": "approve",
        "rendition_id": shown["clean"]["id"],
        "sha256": shown["clean"]["sha256"],
    }
    refused = await filip.api("POST", f"{item}/decisions", decision)
    assert "confirm them on the page of the case: then it counts again" in refused.text
    for account in (exchange.victim_id, exchange.offender_id):
        await filip.do(f"/cases/{exchange.case_id}/people/{account}/vouch", status=204)
    page = (await filip.http.get(item)).text
    assert "has left since" not in page
    assert "Vera agreed" in page
    await filip.do(f"{item}/decisions", decision)


async def test_hiding_names_everything_that_is_wrong_at_once_and_by_one_name(
    exchange: Exchange, tmp_path: Any
) -> None:
    item = await sent(exchange, media.speech(tmp_path, seconds=4).read_bytes(), "audio")
    rows: dict[str, Any] = {"from": ["0:01", "0:03"], "to": ["0:02", "0:02"], "how": ["mute", "mute"]}
    wrong = await exchange.desk.send(f"{item}/hide", then="check", revision=1, **rows)
    assert wrong.status_code == 400
    assert "<legend>Stretch 2</legend>" in wrong.text
    assert "Stretch 2: it has to end after it begins." in wrong.text
    assert "Say in plain words what you hide, and why." in wrong.text
    rows["to"][1] = "0:03.500"
    shown = await exchange.desk.send(f"{item}/hide", then="check", revision=1, note=NOTE, **rows)
    assert shown.status_code == 200
    assert "From 0:01.000 to 0:02.000: silence." in shown.text
    assert 'data-play="1.0">Play from 0:01.000</button>' in shown.text
    assert "/as-sent#t=1.0" in shown.text
    assert "Length: 4 seconds." in shown.text


async def test_areas_are_drawn_on_the_pages_without_script(exchange: Exchange, tmp_path: Any) -> None:
    item = await sent(exchange, media.document(tmp_path, pages=2).read_bytes(), "document")
    area = {"page": "2", "left": "10", "top": "20", "right": "30.5", "bottom": "40"}
    shown = await exchange.desk.send(f"{item}/hide", then="check", revision=1, note=NOTE, **area)
    assert '<a href="#page-2">page 2</a>' in shown.text
    assert shown.text.count('class="drawn"') == 1
    drawn = shown.text.partition('id="page-2"')[2]
    assert '<rect class="drawn" x="1000" y="2000" width="2050" height="2000"/>' in drawn
