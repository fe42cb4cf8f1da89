"""On an item's page: what cannot be undone is asked about first, and what was typed is not lost."""

import re
from datetime import timedelta
from pathlib import Path
from uuid import UUID, uuid4

from relay.cases.service import add_facilitator
from relay.db.transaction import Surface
from relay.review.plans import failed_on_desk
from tests.functional.test_answering import shown
from tests.functional.test_desk_says import decided
from tests.functional.test_hiding import made, sent, taken, told
from tests.support import media
from tests.support.house import PASSPHRASE
from tests.support.web import ORIGIN, Client, Exchange, seated
from tests.support.work import work_off
from workers.tasks.upkeep import release_due

GUIDANCE = "Leave out the <b>house</b>."


async def text(client: Client, path: str) -> str:
    answer = await client.http.get(path)
    assert answer.status_code == 200, path
    return answer.text


async def approved(exchange: Exchange) -> tuple[str, str]:
    """The path of a letter of the victim's that can be passed on, and the seat of whom it is for."""
    item_id = await exchange.write(exchange.victim)
    await exchange.approve(item_id)
    seat = (await exchange.desk.ask(f"/items/{item_id}"))["recipients"][0]["seat_id"]
    return f"/items/{item_id}", str(seat)


def main_buttons(page: str) -> list[str]:
    return re.findall(r'<(?:a|button)[^>]* class="(?:button )?main"[^>]*>([^<]+)<', page)


async def test_what_is_next_is_the_one_main_button(exchange: Exchange) -> None:
    desk, item = exchange.desk, f"/items/{await exchange.write(exchange.victim)}"

    async def mains() -> list[str]:
        return main_buttons(await text(desk, item))

    assert await mains() == ["Take it"]
    await desk.do(f"{item}/claim")
    assert await mains() == ["Approve it as it is"]
    await exchange.approve(item.rpartition("/")[2])
    page = await text(desk, item)
    assert main_buttons(page) == ["Pass it on now …"]
    concern = "Raise a concern …</a>"
    assert page.index("Pass it on now …") < page.index("Take it</button>") < page.index(concern)
    assert page.count(concern) == 1
    await desk.do(f"/cases/{exchange.case_id}", {"cooling_hours": 2}, method="PATCH")
    assert await mains() == ["Plan it for a time …"]
    await desk.do(f"/cases/{exchange.case_id}", {"cooling_hours": 0}, method="PATCH")
    await desk.send(f"/cases/{exchange.case_id}/gates/pauses", paused="yes")
    assert await mains() == []
    await desk.send(f"/cases/{exchange.case_id}/gates/pauses", paused="no")
    seat = (await desk.ask(item))["recipients"][0]["seat_id"]
    due_at = (exchange.service.clock() + timedelta(days=1)).isoformat()
    await desk.do(f"{item}/schedule", {"seat_id": seat, "due_at": due_at}, status=201)
    assert await mains() == []
    await desk.send(f"{item}/unschedule", seat_id=seat)
    await desk.send(f"{item}/release", seat_id=seat)
    assert await mains() == []


async def test_of_two_who_approve_the_second_is_the_one_with_something_to_do(exchange: Exchange) -> None:
    service, desk, case_id = exchange.service, exchange.desk, exchange.people.case_id
    filip = await service.make_facilitator("Filip")
    await add_facilitator(service.desk, exchange.people.facilitator, case_id, filip.id)
    await desk.do(f"/cases/{case_id}", {"second_approval": True}, method="PATCH")
    item_id = await exchange.write(exchange.victim)
    await exchange.approve(item_id)
    assert main_buttons(await text(desk, f"/items/{item_id}")) == []
    colleague = await seated(service, Surface.DESK, filip)
    assert main_buttons(await text(colleague, f"/items/{item_id}")) == ["Take it"]


async def test_who_did_not_approve_it_takes_and_approves_it_before_they_pass_it_on(
    exchange: Exchange,
) -> None:
    service, item_id = exchange.service, await exchange.write(exchange.victim)
    await exchange.approve(item_id)
    filip = await service.make_facilitator("Filip")
    await add_facilitator(service.desk, exchange.people.facilitator, exchange.people.case_id, filip.id)
    colleague, item = await seated(service, Surface.DESK, filip), f"/items/{item_id}"
    page = await text(colleague, item)
    assert main_buttons(page) == ["Take it"]
    assert "Take it first, to read or play it and approve it." in page
    await colleague.send(f"{item}/claim")
    page = await text(colleague, item)
    assert main_buttons(page) == ["Approve it too"]
    assert page.count("Raise a concern …</a>") == 1
    await decided(colleague, item, "approve")
    assert main_buttons(await text(colleague, item)) == ["Pass it on now …"]


async def test_approving_is_no_main_button_before_all_was_played_and_says_what_is_missing(
    exchange: Exchange, tmp_path: Path
) -> None:
    item = await sent(exchange, media.speech(tmp_path, seconds=2).read_bytes(), "audio")
    desk = exchange.desk
    page = await text(desk, item)
    assert main_buttons(page) == []
    assert "<h2>What was recorded</h2>" in page
    approving = page.partition('value="approve"')[2].partition("</form>")[0]
    assert "Not all of it was sent to your browser yet: play it to its end." in approving
    assert "Approve it as it is</button>" in approving
    opened = page.partition('data-opened="')[2].partition('"')[0]
    assert "data-all" not in await text(desk, f"{item}/standing?opened={opened}")
    await desk.api("GET", f"{item}/rendition")
    assert "data-all" in await text(desk, f"{item}/standing?opened={opened}")
    assert main_buttons(await text(desk, item)) == ["Approve it as it is"]
    await exchange.approve(item.rpartition("/")[2])
    service = exchange.service
    filip = await service.make_facilitator("Filip")
    await add_facilitator(service.desk, exchange.people.facilitator, exchange.people.case_id, filip.id)
    colleague = await seated(service, Surface.DESK, filip)
    await colleague.send(f"{item}/claim")
    page = await text(colleague, item)
    assert main_buttons(page) == []
    assert "Approve it too</button>" in page
    assert "data-awaited" in page  # so the page looks again by itself


async def test_passing_on_is_asked_about_first_with_what_goes_from_whom_to_whom(exchange: Exchange) -> None:
    (item, seat), desk = await approved(exchange), exchange.desk
    ask = f"{item}/release?seat_id={seat}"
    page = await text(desk, item)
    assert f'href="{ask}"' in page
    for sends in ("Pass it on to Oskar</button>", "Pass it on now</button>"):
        assert sends not in page
    asked = shown(await text(desk, ask))
    for says in (
        "<h1>Pass it on to Oskar?</h1>",
        'Vera <span class="state">Victim</span>',
        'Oskar <span class="state">Offender</span>',
        "By Fatima, ",
        "Nothing: it is as its author sent it",
        "This cannot be undone.",
        f'<a href="{item}">Back to it, and do nothing</a>',
        f'name="seat_id" value="{seat}"',
    ):
        assert says in asked, says
    assert "Passed on" not in await text(desk, item)
    assert (await desk.send(f"{item}/release", seat_id=seat)).status_code == 303
    at = exchange.service.desk.local_time().strftime("%-d %B %Y, ")
    assert f"<dt>Passed on</dt><dd>To Oskar, {at}" in await text(desk, item)
    again = await text(desk, ask)
    assert "It is passed on to Oskar already." in again
    assert "seat_id" not in shown(again)


async def test_what_was_hidden_and_what_is_in_the_way_stand_where_it_is_asked(exchange: Exchange) -> None:
    item, desk = await taken(exchange), exchange.desk
    await made(desk, item, words="Anna")
    await work_off(exchange.room)
    proposal = await exchange.victim.ask(f"{item}/proposal")
    await exchange.victim.do(f"{item}/agreement", {key: proposal[key] for key in ("rendition_id", "sha256")})
    await exchange.approve(item.rpartition("/")[2])
    seat = (await desk.ask(item))["recipients"][0]["seat_id"]
    ask = f"{item}/release?seat_id={seat}"
    asked = await text(desk, ask)
    assert "1 place of the letter covered by a block." in asked
    assert "Its author agreed to that, " in asked
    await exchange.victim.do(f"/cases/{exchange.case_id}/pause", {"paused": True}, status=204)
    asked = await text(desk, ask)
    assert "The victim has paused." in asked
    assert 'name="seat_id"' not in asked


async def test_whom_nothing_is_for_is_not_asked_about(exchange: Exchange) -> None:
    item, _ = await approved(exchange)
    assert (await exchange.desk.http.get(f"{item}/release?seat_id={uuid4()}")).status_code == 404
    back = await exchange.desk.http.get(f"{item}/release")
    assert (back.status_code, back.headers["location"]) == (303, item)


async def test_now_is_refused_while_a_date_is_filled_in(exchange: Exchange) -> None:
    (item, seat), desk = await approved(exchange), exchange.desk
    refused = await desk.send(f"{item}/release", seat_id=seat, due_at="2099-12-24T10:00")
    assert refused.status_code == 400
    assert "A date and time are filled in, so nothing was passed on." in refused.text
    assert 'value="2099-12-24T10:00"' in refused.text
    assert (await desk.ask(item))["state"] == "approved"
    ask = f"{item}/release?seat_id={seat}&amp;then=schedule"
    assert f'href="{ask}"' in await text(desk, item)
    for page in (refused.text, await text(desk, ask.replace("&amp;", "&"))):
        planning = shown(page).partition(f'action="{item}/release"')[2].partition("</form>")[0]
        assert planning.count("<button") == 1
        assert told(planning, "then") == "schedule"


async def test_declining_needs_a_reason_is_asked_about_first_and_may_go_without_words(
    exchange: Exchange,
) -> None:
    item, desk = await taken(exchange), exchange.desk
    unreasoned = await desk.send(f"{item}/decline", guidance=GUIDANCE)
    assert unreasoned.status_code == 400
    assert "Tick at least one reason" in unreasoned.text
    assert "Leave out the &lt;b&gt;house" in unreasoned.text

    page = await text(desk, item)
    named = {name: told(page, name) for name in ("rendition_id", "sha256")}
    asked = await desk.send(f"{item}/decline", reasons=["threats"], guidance="", **named)
    for says in ("This is final for this letter.", "Parts of it can be read as a threat.", "You need not;"):
        assert says in asked.text, says
    assert (await desk.ask(item))["state"] == "in_review"
    fields = {name: told(asked.text, name) for name in ("rendition_id", "sha256", "reasons")}
    done = await desk.send(f"{item}/decision", decision="decline", **fields)
    assert done.headers["location"] == f"{item}?done=declined"
    read = await text(exchange.victim, item)
    assert "Parts of it can be read as a threat." in read
    assert '<p class="letter-text" dir="auto"></p>' not in read
    assert (await exchange.victim.ask(item))["state"] == "declined"


async def test_nothing_is_approved_while_reasons_against_it_are_ticked(exchange: Exchange) -> None:
    """As by a page that was opened with an older version of the desk, whose one form had both."""
    item, desk = await taken(exchange), exchange.desk
    page = await text(desk, item)
    named = {name: told(page, name) for name in ("rendition_id", "sha256")}
    refused = await desk.send(f"{item}/decision", decision="approve", reasons=["threats"], **named)
    assert refused.status_code == 400
    assert "Reasons to send it back are ticked, so it was not approved." in refused.text
    assert (await desk.ask(item))["state"] == "in_review"
    assert (await desk.send(f"{item}/decision", decision="approve", **named)).status_code == 303


async def test_a_change_is_asked_for_only_with_how_to_put_it_right(exchange: Exchange) -> None:
    item, desk = await taken(exchange), exchange.desk
    page = await text(desk, item)
    named = {name: told(page, name) for name in ("rendition_id", "sha256")}
    refused = await desk.send(f"{item}/decision", decision="request_changes", reasons=["threats"], **named)
    assert refused.status_code == 400
    assert "Say in plain words how to put it right." in refused.text


async def test_back_from_declining_leads_to_what_was_typed(exchange: Exchange) -> None:
    item, desk = await taken(exchange), exchange.desk
    asked = await desk.send(f"{item}/decline", reasons=["threats", "unreadable"], guidance=GUIDANCE)
    back = asked.text.partition(f'action="{item}/claim"')[2].partition("</form>")[0]
    assert [back.count(f'name="{name}"') for name in ("reasons", "guidance")] == [2, 1]
    page = (await desk.send(f"{item}/claim", reasons=["threats", "unreadable"], guidance=GUIDANCE)).text
    assert page.count('form="work" checked') == 2
    assert "Leave out the &lt;b&gt;house&lt;/b&gt;.</textarea>" in page


async def test_nothing_typed_is_lost_by_asking_for_more_time_or_by_saving_what_is_written_out(
    exchange: Exchange, tmp_path: Path
) -> None:
    item = await sent(exchange, media.document(tmp_path).read_bytes(), "document")
    desk = exchange.desk
    typed = {"reasons": ["unreadable"], "guidance": GUIDANCE, "text": "Dear you, half"}
    for address in ("transcription", "claim"):
        kept = await desk.send(f"{item}/{address}", **typed)
        assert kept.status_code == 200
        assert "Dear you, half</textarea>" in kept.text
        assert "Leave out the &lt;b&gt;house&lt;/b&gt;.</textarea>" in kept.text
        assert kept.text.count('form="work" checked') == 1
        assert (await desk.ask(f"{item}/transcription"))["text"] == "Dear you, half"
    assert (await desk.send(f"{item}/claim")).status_code == 303


async def test_a_plan_says_what_stands_against_it_and_afterwards_why_it_failed(exchange: Exchange) -> None:
    (item, seat), desk, service = await approved(exchange), exchange.desk, exchange.service
    due_at = service.clock() + timedelta(minutes=5)
    planned = await desk.do(f"{item}/schedule", {"seat_id": seat, "due_at": due_at.isoformat()}, status=201)
    assert "it would not be passed on then" not in await text(desk, item)
    await desk.do(f"/cases/{exchange.case_id}/gates/pauses", {"paused": True}, status=204)
    page = await text(desk, item)
    assert "As things stand now, it would not be passed on then." in page
    assert "The case is paused." in page
    audit = await text(desk, f"/cases/{exchange.case_id}/audit")
    local = due_at.astimezone(service.settings.zone)
    assert f"For when: {local:%-d %B %Y, %H:%M}" in audit

    service.clock.go(minutes=6)
    await release_due(exchange.room, UUID(planned["release_id"]))
    page = await text(desk, item)
    assert "It was planned for" in page
    assert "<strong>not passed on</strong> then: the case was paused." in page
    assert (await desk.ask(item))["recipients"][0]["failed_plan"]["blocks"] == ["case-paused"]
    first = " ".join((await text(desk, "/")).split())
    said = (
        f'<a href="{item}">Letter for Oskar</a>, planned for {local:%-d %B %Y, %H:%M %Z}: the case was paused'
    )
    assert f'<span class="state">Not passed on as planned</span> {said}' in first

    await desk.do(f"/cases/{exchange.case_id}/gates/pauses", {"paused": False}, status=204)
    later = (service.clock() + timedelta(days=1)).isoformat()
    await desk.do(f"{item}/schedule", {"seat_id": seat, "due_at": later}, status=201)
    assert "It was planned for" not in await text(desk, item)
    assert "Not passed on as planned" not in await text(desk, "/")


async def failed(exchange: Exchange, item: str, seat: str) -> None:
    """Plan it for a time at which the case is paused."""
    desk, service = exchange.desk, exchange.service
    due_at = (service.clock() + timedelta(minutes=5)).isoformat()
    planned = await desk.do(f"{item}/schedule", {"seat_id": seat, "due_at": due_at}, status=201)
    await desk.do(f"/cases/{exchange.case_id}/gates/pauses", {"paused": True}, status=204)
    service.clock.go(minutes=6)
    await release_due(exchange.room, UUID(planned["release_id"]))
    await desk.do(f"/cases/{exchange.case_id}/gates/pauses", {"paused": False}, status=204)


async def test_what_failed_with_an_older_version_is_not_said_of_the_newest(exchange: Exchange) -> None:
    (item, seat), desk, victim = await approved(exchange), exchange.desk, exchange.victim
    await failed(exchange, item, seat)
    assert "Not passed on as planned" in await text(desk, "/")
    item_id = item.removeprefix("/items/")
    await desk.do(f"{item}/reopen")
    await exchange.send_back(item_id)
    await victim.do(f"{item}/draft", {"text": "A newer letter."}, status=204, method="PUT")
    await victim.do(f"{item}/submit")
    await work_off(exchange.room)
    await exchange.approve(item_id)
    assert "Not passed on as planned" not in await text(desk, "/")
    assert "It was planned for" not in await text(desk, item)


async def test_plans_that_were_taken_back_hide_none_that_failed(exchange: Exchange) -> None:
    (item, seat), desk, service = await approved(exchange), exchange.desk, exchange.service
    due_at = (service.clock() + timedelta(minutes=5)).isoformat()
    await desk.do(f"{item}/schedule", {"seat_id": seat, "due_at": due_at}, status=201)
    await desk.send(f"{item}/unschedule", seat_id=seat)
    service.clock.go(minutes=6)
    another = await exchange.write(exchange.offender)
    await exchange.approve(another)
    [to] = (await desk.ask(f"/items/{another}"))["recipients"]
    await failed(exchange, f"/items/{another}", to["seat_id"])
    [one] = await failed_on_desk(service.house(Surface.DESK), exchange.people.facilitator, limit=1)
    assert str(one.item_id) == another


async def test_a_plan_that_was_taken_back_did_not_fail(exchange: Exchange) -> None:
    (item, seat), desk, service = await approved(exchange), exchange.desk, exchange.service
    due_at = service.clock() + timedelta(minutes=5)
    await desk.do(f"{item}/schedule", {"seat_id": seat, "due_at": due_at.isoformat()}, status=201)
    case = f"/cases/{exchange.case_id}"
    local = due_at.astimezone(service.settings.zone)
    assert f", planned for {local:%-d %B %Y, %H:%M %Z}</span>" in await text(desk, case)
    await desk.send(f"{item}/unschedule", seat_id=seat)
    assert "planned for" not in await text(desk, case)
    service.clock.go(minutes=6)
    assert "It was planned for" not in await text(desk, item)


async def test_the_parts_stand_beside_the_names(exchange: Exchange) -> None:
    item = await taken(exchange)
    for path in (item, f"{item}/hide"):
        page = await text(exchange.desk, path)
        assert 'Vera <span class="state">Victim</span>' in page
        assert 'Oskar <span class="state">Offender</span>' in page


async def test_signing_in_leads_back_on_the_desk_and_nowhere_on_a_participants_device(
    exchange_by_hand: Exchange,
) -> None:
    exchange, desk = exchange_by_hand, exchange_by_hand.desk
    item = f"/items/{await exchange.write(exchange.victim)}"
    for client in (desk, exchange.victim):
        client.http.cookies.clear()
    assert (await exchange.victim.http.get(item)).headers["location"] == "/sign-in"
    led = (await desk.http.get(f"{item}/hide")).headers["location"]
    assert led == f"/sign-in?then={item}"
    assert told(await text(desk, led), "then") == item
    headers = {"Origin": ORIGIN, "Sec-Fetch-Site": "same-origin"}
    fields = {"name": "Fatima", "passphrase": PASSPHRASE, "then": item}
    wrong = await desk.http.post("/sign-in", data=fields | {"passphrase": "not it"}, headers=headers)
    assert told(wrong.text, "then") == item
    for then, leads in ((item, item), ("https://elsewhere.example", "/"), ("//elsewhere.example", "/")):
        answer = await desk.http.post("/sign-in", data=fields | {"then": then}, headers=headers)
        assert (answer.status_code, answer.headers["location"]) == (303, leads)


async def test_a_form_of_a_session_that_ran_out_leads_back_after_signing_in(exchange: Exchange) -> None:
    item, desk = await taken(exchange), exchange.desk
    exchange.service.clock.go(minutes=30)
    ended = await desk.send(f"{item}/decision", guidance=GUIDANCE)
    assert ended.status_code == 401
    assert "Leave out the &lt;b&gt;house&lt;/b&gt;." in ended.text
    assert f'href="/sign-in?then={item}"' in ended.text
