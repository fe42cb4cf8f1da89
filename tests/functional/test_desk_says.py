"""The desk says what was just done, what is about to be done, and whom or what it waits for."""

import pytest

from relay.cases.service import add_facilitator
from relay.db.transaction import Surface
from tests.functional.test_hiding import made, taken
from tests.support.house import PASSPHRASE, Service
from tests.support.web import Client, Exchange, seated
from tests.support.work import work_off


async def decided(client: Client, item: str, decision: str, **fields: str) -> str:
    """Take it, look at it, send the page's form; return where that leads."""
    await client.do(f"{item}/claim")
    await client.api("GET", f"{item}/rendition")
    clean = (await client.ask(item))["clean"]
    named = {"rendition_id": clean["id"], "sha256": clean["sha256"]}
    answer = await client.send(f"{item}/decision", decision=decision, **named, **fields)
    assert answer.status_code == 303, answer.text
    return str(answer.headers["location"])


async def text(client: Client, path: str) -> str:
    return (await client.http.get(path)).text


async def test_each_decision_is_confirmed_on_the_page_that_follows(exchange: Exchange) -> None:
    desk, item = exchange.desk, f"/items/{await exchange.write(exchange.victim)}"
    reasons = {"reasons": "unreadable", "guidance": "Write larger."}
    led = await decided(desk, item, "request_changes", **reasons)
    assert "It went back to its author" in await text(desk, led)
    item = f"/items/{await exchange.write(exchange.offender)}"
    led = await decided(desk, item, "approve")
    assert "You have approved it. What comes next is below" in await text(desk, led)
    seat = (await desk.ask(item))["recipients"][0]["seat_id"]
    released = await desk.send(f"{item}/release", seat_id=seat)
    assert '<div class="note" role="status"><p>It is passed on.</p></div>' in await text(
        desk, released.headers["location"]
    )
    # a line that anybody could put into an address says nothing that is not so
    assert "It is passed on." not in await text(desk, f"{led.partition('?')[0]}?done=<b>x")
    other = f"/items/{await exchange.write(exchange.offender)}"
    assert "It is passed on." not in await text(desk, f"{other}?done=released")


async def test_after_the_first_of_two_approvals_page_and_queue_wait_for_a_colleague(
    exchange: Exchange,
) -> None:
    service, desk = exchange.service, exchange.desk
    filip = await service.make_facilitator("Filip")
    await add_facilitator(service.desk, exchange.people.facilitator, exchange.people.case_id, filip.id)
    await desk.do(f"/cases/{exchange.case_id}", {"second_approval": True}, method="PATCH")
    item = f"/items/{await exchange.write(exchange.victim)}"
    assert "To be read" in await text(desk, "/queue")
    led = await decided(desk, item, "approve")
    assert "It waits for a colleague now" in await text(desk, led)
    assert "Approved by you, waits for a colleague" in await text(desk, "/queue")
    assert [one["approved_by_me"] for one in await desk.ask("/queue")] == [True]
    colleague = await seated(service, Surface.DESK, filip)
    assert "waits for a colleague" not in await text(colleague, "/queue")
    assert "To be read" in await text(colleague, "/queue")
    led = await decided(colleague, item, "approve")
    assert "What comes next is below" in await text(colleague, led)
    assert "waits for a colleague" not in await text(desk, "/queue")


async def test_what_waits_for_its_authors_agreement_has_no_button_to_approve_it(exchange: Exchange) -> None:
    item = await taken(exchange)
    assert 'value="approve"' in await text(exchange.desk, item)
    await made(exchange.desk, item, words="Anna")
    await work_off(exchange.room)
    page = await text(exchange.desk, item)
    assert 'value="approve"' not in page
    assert "Vera has to agree to this version first." in page
    proposal = await exchange.victim.ask(f"{item}/proposal")
    await exchange.victim.do(f"{item}/agreement", {key: proposal[key] for key in ("rendition_id", "sha256")})
    assert 'value="approve"' in await text(exchange.desk, item)


async def test_a_time_that_was_not_chosen_is_asked_for_in_words(exchange: Exchange) -> None:
    desk, item_id = exchange.desk, await exchange.write(exchange.victim)
    await exchange.approve(item_id)
    seat = (await desk.ask(f"/items/{item_id}"))["recipients"][0]["seat_id"]
    refused = await desk.send(f"/items/{item_id}/release", seat_id=seat, then="schedule", due_at="")
    assert refused.status_code == 400
    assert "Choose a date and a time." in refused.text
    assert "T12:30" not in refused.text


async def test_the_page_that_asks_for_the_passphrase_names_what_is_done_then(
    exchange_by_hand: Exchange,
) -> None:
    exchange, desk = exchange_by_hand, exchange_by_hand.desk
    item_id = await exchange.write(exchange.victim)
    await exchange.approve(item_id)
    seat = (await desk.ask(f"/items/{item_id}"))["recipients"][0]["seat_id"]
    case, letter = f"/cases/{exchange.case_id}", "the letter from Vera (victim)"
    exchange.service.clock.go(minutes=11)
    for path, fields, deed in (
        (f"/items/{item_id}/release", {"seat_id": seat}, f"{letter} is passed on to Oskar (offender). That"),
        (
            f"/items/{item_id}/release",
            {"seat_id": seat, "then": "schedule", "due_at": "2099-06-15T12:30"},
            f"it is planned that {letter} is passed on to Oskar (offender) on 15 June 2099, 12:30 BST;",
        ),
        (f"/items/{item_id}/print", {"seat_id": seat, "size": "a4"}, "it is opened as a PDF"),
        (f"{case}/people/{exchange.victim_id}/card", {"size": "a4"}, "the enrolment card is opened"),
        (f"{case}/people/{seat}/remove", {}, "this person is taken off the case."),
        (f"{case}/people/{exchange.victim_id}/vouch", {}, "you confirm with your signature"),
    ):
        asked = await desk.send(path, **fields)
        assert "Your passphrase once more" in asked.text
        assert deed in asked.text, path
        back = "/".join(path.split("/")[:3])
        assert f'<a href="{back}">Do nothing, and go back</a>' in asked.text
    done = await desk.send(f"/items/{item_id}/release", seat_id=seat, passphrase=PASSPHRASE)
    assert done.status_code == 303


@pytest.mark.parametrize("signed", [False, True])
async def test_who_is_on_no_roster_yet_is_told_whom_to_ask(service: Service, *, signed: bool) -> None:
    invitation = await service.invite_staff(name="Fatima")
    desk = Client(service, Surface.DESK)
    fields = {"secret": invitation.secret, "code": invitation.code, "sign_in_name": "Fatima  A."}
    ready = await desk.send(
        f"/enrol/{invitation.id}", **fields, passphrase=PASSPHRASE, again=PASSPHRASE, csrf=""
    )
    assert "You are ready" in ready.text
    first = ready.text.partition("<h1>")[2].partition("<p>")[2]
    assert first.startswith("<strong>Ring whoever keeps the service’s offline key, and read them the words")
    assert '<p class="words">Fatima A.</p>' in ready.text
    await desk.sign_in("Fatima A.")
    if signed:
        await service.sign_roster()
        desk.app.litestar.state.house = service.desk
    assert ("Ask whoever runs the machine" in await text(desk, "/")) is not signed
    opened = await desk.send("/cases", reference="2026/9")
    assert ("Ask whoever runs the machine of this service" in opened.text) is not signed


async def test_a_participant_who_enrolled_reads_nothing_of_rosters(exchange: Exchange) -> None:
    case = f"/cases/{exchange.case_id}"
    invited = await exchange.desk.do(f"{case}/people", {"name": "Wanda", "part": "victim"}, status=201)
    client = Client(exchange.service, Surface.PARTICIPANTS)
    fields = {"secret": invited["secret"], "code": invited["code"], "sign_in_name": "wanda"}
    ready = await client.send(
        f"/enrol/{invited['id']}", **fields, passphrase=PASSPHRASE, again=PASSPHRASE, csrf=""
    )
    assert "You are ready" in ready.text
    assert "roster" not in ready.text
