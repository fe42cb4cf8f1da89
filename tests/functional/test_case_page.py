"""The page of a case: nothing is chosen for anybody, what is recorded is shown, mistakes are put right."""

import asyncio
import re
from collections.abc import Coroutine
from datetime import timedelta
from typing import Any, LiteralString

import psycopg
import pytest

from relay.db.transaction import Surface
from tests.functional.test_gates_page import new_case, page
from tests.support.web import Exchange, seated, staff_client


def form(shown: str, action: str, of: str = "") -> list[str]:
    """The forms to one address, with whatever else has to stand in them."""
    found = re.findall(rf'<form method="post" action="{action}".*?</form>', shown, re.DOTALL)
    return [one for one in found if of in one]


def day(exchange: Exchange, days: int) -> str:
    return (exchange.service.desk.local_time() + timedelta(days=days)).date().isoformat()


async def test_one_form_asks_first_whether_they_agree_and_nothing_is_chosen_beforehand(
    exchange: Exchange,
) -> None:
    case_id, people = await new_case(exchange)
    consents = f"/cases/{case_id}/gates/consents"
    [asking] = form(await page(exchange, case_id), consents, people["Olga"])
    assert "<legend>What Olga told you</legend>" in asking
    names = re.findall(r'name="(answer|medium|manner|ask_again_at)"', asking)
    assert [*dict.fromkeys(names)] == ["answer", "medium", "manner", "ask_again_at"]
    answers = ("agree", "no-longer", "to-nothing")
    assert tuple(re.findall(r'name="answer" value="([^"]+)" required>', asking)) == answers
    assert len(re.findall("<button", asking)) == 1
    assert " checked" not in asking
    assert " selected" not in asking
    assert re.search(r'<select [^>]*name="manner" required><option value="">', asking)
    for answer, manner, says in (
        *((answer, "", "Choose how they told you.") for answer in answers),
        ("", "in_person", "Choose whether they agree."),
    ):
        refused = await exchange.desk.send(
            consents, account_id=people["Olga"], medium="letter", answer=answer, manner=manner
        )
        assert (refused.status_code, refused.text.count(says)) == (400, 2)
        [again] = form(refused.text, consents, people["Olga"])
        assert 'value="letter" checked' in again
        assert re.findall(r'value="([^"]+)" required checked', again) == [answer] * bool(answer)
    assert await exchange.desk.ask(consents) == []


async def test_what_was_not_agreed_to_is_no_warning_once_something_may_pass(exchange: Exchange) -> None:
    case, case_id = f"/cases/{exchange.case_id}", exchange.case_id
    told = {"account_id": exchange.offender_id, "manner": "in_person"}

    async def note() -> tuple[str, str]:
        found = r'<div class="(note(?: warn)?)">\s*<p>([^<]+), in no fixed order'
        [(kind, words)] = re.findall(found, await page(exchange, case_id))
        return kind, words

    await exchange.desk.send(f"{case}/gates/consents", answer="no-longer", medium="video", **told)
    kind, words = await note()
    assert (kind, words.partition(".")[0]) == ("note", "Something may pass each way that was asked for")
    invited = await exchange.desk.do(f"{case}/people", {"name": "Walid", "part": "victim"}, status=201)
    assert (await note())[0] == "note"  # he has asked for nothing
    walid = {"account_id": invited["account_id"], "asked": "yes"}
    await exchange.desk.send(f"{case}/gates/requests", **walid)
    kind, words = await note()
    assert (kind, words.partition(".")[0]) == ("note warn", "Not everything may pass now")
    await exchange.desk.send(f"{case}/gates/consents", answer="to-nothing", **told)
    kind, words = await note()
    assert (kind, words.partition(".")[0]) == ("note warn", "Nothing may pass now")


async def test_the_wish_is_shown_as_it_stands_and_only_the_other_answer_is_offered(
    exchange: Exchange,
) -> None:
    case_id, people = await new_case(exchange)
    requests = f"/cases/{case_id}/gates/requests"
    shown = await page(exchange, case_id)
    assert "<strong>Nothing is recorded.</strong>" in shown
    assert len(form(shown, requests)) == 2
    for asked, words in (("yes", "Asks for it, recorded on"), ("no", "Does not ask for it, recorded on")):
        done = await exchange.desk.send(requests, account_id=people["Walid"], asked=asked)
        shown = await page(exchange, case_id, done.headers["location"].removeprefix(f"/cases/{case_id}"))
        [wish] = re.findall(r"<strong>([^<]+ recorded on [^<]+ by Fatima\.)</strong>", shown)
        assert wish.startswith(words)
        [left] = form(shown, requests)
        assert f'name="asked" value="{"no" if asked == "yes" else "yes"}"' in left
        assert "Walid: It is recorded that they" in shown


async def test_whose_record_it_was_is_said_of_people_on_the_case_only(exchange: Exchange) -> None:
    path = f"/cases/{exchange.case_id}?done=agreed&whom="
    assert "Oskar: It is recorded" in (await exchange.desk.http.get(path + exchange.offender_id)).text
    for untrusted in ("<b>Bob</b>", "4f9be2d4-0000-4000-8000-000000000000"):
        shown = (await exchange.desk.http.get(path + untrusted)).text
        assert "<p>It is recorded that they agree." in shown
        assert "Bob" not in shown


async def test_the_desk_says_who_sees_whom_and_what_it_takes(exchange: Exchange) -> None:
    case_id, people = await new_case(exchange)
    gates = f"/cases/{case_id}/gates"
    shown = await page(exchange, case_id)
    assert (
        "Olga does not see it yet, and will once Walid has asked for the exchange and Olga has agreed"
        in shown
    )
    assert "Walid does not see it yet, and will once" in shown
    assert "The other side sees it only once both wishes are recorded" in shown
    await exchange.desk.send(f"{gates}/requests", account_id=people["Walid"], asked="yes")
    shown = await page(exchange, case_id)
    assert "Olga does not see it yet, and will once Olga has agreed to something." in shown
    letter = {"account_id": people["Olga"], "medium": "letter", "manner": "in_person"}
    await exchange.desk.send(f"{gates}/consents", answer="agree", **letter)
    await exchange.desk.send(f"{gates}/consents", answer="no-longer", **letter)
    shown = await page(exchange, case_id)
    assert "Olga sees it." in shown
    assert "Walid sees it." in shown
    assert "does not see it yet" not in shown


@pytest.mark.parametrize(
    ("fields", "says"),
    [
        ({"until": "2025-12-24"}, "This day is past, so the order would stop nothing."),
        ({"until": ""}, "Give the day on which it ends, or tick that it holds until further order"),
        ({"until": "2099-01-01", "open_ended": "yes"}, "or tick that it holds until further order: one."),
    ],
)
async def test_an_order_needs_an_end_to_come_or_none_by_choice(
    exchange: Exchange, fields: dict[str, str], says: str
) -> None:
    path = f"/cases/{exchange.case_id}/gates/restrictions"
    order = {"account_id": exchange.offender_id, "description": "No contact."} | fields
    refused = await exchange.desk.send(path, **order)
    assert (refused.status_code, says in refused.text) == (400, True)
    assert f'value="{fields["until"]}"' in refused.text
    assert await exchange.desk.ask(path) == []


async def test_an_order_that_names_no_end_holds_until_it_is_lifted(exchange: Exchange) -> None:
    path = f"/cases/{exchange.case_id}/gates/restrictions"
    order = {"account_id": exchange.offender_id, "description": "No contact.", "open_ended": "yes"}
    done = await exchange.desk.send(path, until="", **order)
    assert done.status_code == 303, done.text
    shown = await page(exchange, exchange.case_id)
    assert "<legend>In force until further order</legend>" in shown
    assert "forbids contact until further order." in shown
    assert " 2999" not in shown
    assert 'value="2999' not in shown
    [known] = await exchange.desk.ask(path)
    lifting = {"restriction_id": known["restriction_id"], "seen": known["newest"], "then": "lifted"}
    orders = f"/cases/{exchange.case_id}/gates/orders"
    await exchange.desk.send(orders, account_id=exchange.offender_id, known="The court wrote.", **lifting)
    assert await exchange.desk.ask(path) == []
    body = {"account_id": exchange.offender_id, "until": None, "description": "Again."}
    await exchange.desk.do(path, body, status=201)
    assert len(await exchange.desk.ask(path)) == 1


async def test_a_safety_assessment_holds_no_longer_than_the_service_says(exchange: Exchange) -> None:
    path = f"/cases/{exchange.case_id}/gates/assessments"
    record = {"safe": "yes", "reasoning": "Both are ready."}
    longest = exchange.service.settings.assessment_days
    refused = await exchange.desk.send(path, valid_until=day(exchange, longest + 1), **record)
    assert refused.status_code == 400
    assert f"looked at again after {longest} days at the latest" in refused.text
    done = await exchange.desk.send(path, valid_until=day(exchange, longest), **record)
    assert done.status_code == 303, done.text


def people_path(exchange: Exchange) -> str:
    return f"/cases/{exchange.case_id}/people"


async def test_nobodys_part_is_chosen_beforehand_and_the_invitation_names_it(exchange: Exchange) -> None:
    shown = await page(exchange, exchange.case_id)
    [invite] = form(shown, people_path(exchange))
    assert invite.count('type="radio" name="part"') == 2
    assert " checked" not in invite
    assert "“the other person”" in invite
    refused = await exchange.desk.send(people_path(exchange), name="Walid", part="", label="Him")
    assert (refused.status_code, "Choose victim or offender" in refused.text) == (400, True)
    assert 'value="Walid"' in refused.text
    for part, words in (("victim", "the victim, or one"), ("offender", "the offender, or one")):
        invited = await exchange.desk.send(people_path(exchange), name="Walid", part=part, label="")
        assert f"Walid is invited as <strong>{words} of them</strong>" in invited.text
        [account] = re.findall(rf'action="{people_path(exchange)}/([^/]+)/card"', invited.text)
        again = await exchange.desk.send(f"{people_path(exchange)}/{account}/invitation")
        assert f"Walid is invited as <strong>{words} of them</strong>" in again.text


async def label_form(exchange: Exchange, name: str) -> str:
    shown = await page(exchange, exchange.case_id)
    [found] = form(shown, rf"{people_path(exchange)}/[^/]+/label", f"instead of {name}<")
    [action] = re.findall('action="([^"]+)"', found)
    return str(action)


async def test_what_the_other_side_reads_can_be_put_right(exchange: Exchange) -> None:
    item, delivery = await exchange.deliver(exchange.offender)
    action = await label_form(exchange, "Oskar")
    done = await exchange.desk.send(action, label="Oskar Pike, of 3 Mill Lane")
    assert done.headers["location"] == f"/cases/{exchange.case_id}?done=relabelled"
    seen = f"/cases/{exchange.case_id}"
    assert "Oskar Pike" in (await exchange.victim.http.get(seen)).text
    await exchange.desk.send(action, label="The man of that night")
    for path in ("/", seen, "/received", f"/received/{delivery}"):
        shown = (await exchange.victim.http.get(path)).text
        assert "Oskar Pike" not in shown
        if path != "/received":
            assert "The man of that night" in shown
    assert "The other side reads “The man of that night”." in await page(exchange, exchange.case_id)
    refused = await exchange.desk.send(action, label="x" * 400)
    assert (refused.status_code, "x" * 400 in refused.text) == (400, True)
    await exchange.desk.send(action, label=" ")
    assert "the other person" in (await exchange.victim.http.get(seen)).text
    entries = await exchange.desk.ask(f"/cases/{exchange.case_id}/audit")
    changed = [one for one in entries if one["tag"] == "seat.label_changed"]
    assert len(changed) == 3
    assert not any("night" in one["detail"] or "Pike" in one["detail"] for one in changed)
    record = (await exchange.desk.http.get(f"/cases/{exchange.case_id}/audit")).text
    assert "What the other side reads of somebody changed" in record
    assert "Whom: Oskar" in record
    assert item in await page(exchange, exchange.case_id)


async def test_only_who_works_on_the_case_changes_it_and_of_participants_only(exchange: Exchange) -> None:
    action = await label_form(exchange, "Oskar")
    stranger = await staff_client(exchange.service, name="Gita")
    answer = await stranger.api("PUT", action, {"label": "No"})
    assert answer.status_code == 404
    people = (await exchange.desk.ask(f"/cases/{exchange.case_id}"))["people"]
    own = next(one["seat_id"] for one in people if one["part"] == "facilitator")
    answer = await exchange.desk.api("PUT", f"{people_path(exchange)}/{own}/label", {"label": "No"})
    assert answer.status_code == 404
    await exchange.desk.do(action, {"label": "Him"}, status=204, method="PUT")
    assert "Him" in (await exchange.victim.http.get(f"/cases/{exchange.case_id}")).text


async def test_closing_a_case_is_asked_about_first_and_can_be_undone(exchange: Exchange) -> None:
    case = f"/cases/{exchange.case_id}"
    shown = await page(exchange, exchange.case_id)
    assert f'href="{case}/close"' in shown
    assert form(shown, f"{case}/close") == []
    assert 'name="closed"' not in shown
    asked = (await exchange.desk.http.get(f"{case}/close")).text
    for words in (
        "Nothing more is passed on in this case",
        "can still be opened",
        "Vera, Oskar: they are not told",
    ):
        assert words in asked
    done = await exchange.desk.send(f"{case}/close", then="close")
    shown = await page(exchange, exchange.case_id, done.headers["location"].removeprefix(case))
    assert '<div class="note" role="status"><p>The case is closed.</p>' in shown
    assert "Nothing may pass now." in shown
    # how it is worked is changed without opening it
    await exchange.desk.send(f"{case}/settings", cooling_hours="2")
    assert (await exchange.desk.ask(case))["case"]["state"] == "closed"
    assert "closed already" in (await exchange.desk.http.get(f"{case}/close")).text
    await exchange.desk.send(f"{case}/close", then="open")
    now = (await exchange.desk.ask(case))["case"]
    assert (now["state"], now["cooling_hours"]) == ("open", 2)
    assert "The case is closed" not in await page(exchange, exchange.case_id, "?done=closed")


async def test_that_somebody_does_not_want_something_is_told_and_it_is_not_put_into_their_hands(
    exchange: Exchange,
) -> None:
    item_id, delivery = await exchange.deliver(exchange.victim)
    item, desk = f"/items/{item_id}", exchange.desk
    code = (await desk.http.get(item)).text.partition('<span class="words">')[2][:9]
    seat = (await desk.ask(item))["recipients"][0]["seat_id"]
    says = {
        "/": "Somebody does not want something",
        f"/cases/{exchange.case_id}": "Not wanted by Oskar",
        item: "that they do not want it",
    }
    before = (await exchange.victim.http.get(item)).text, await exchange.victim.ask(item)

    async def told() -> list[bool]:
        return [words in (await desk.http.get(path)).text for path, words in says.items()]

    assert await told() == [False] * 3
    assert "Print it for Oskar" in (await desk.http.get(item)).text
    await exchange.offender.do(f"/deliveries/{delivery}/choice", {"choice": "refuse"})
    assert await told() == [True] * 3
    assert "Print it for Oskar" not in (await desk.http.get(item)).text
    assert (
        "Your facilitator sees that you do not want it"
        in (await exchange.offender.http.get(f"/received/{delivery}")).text
    )
    receipt: dict[str, Any] = {"seat_id": seat, "code": code}
    refused = await desk.send(f"{item}/receipt", given_on=day(exchange, 0), **receipt)
    assert (refused.status_code, "they do not want it" in refused.text) == (409, True)
    assert "so it is not recorded as handed over" in refused.text
    assert await desk.ask(f"{item}/receipts") == {}
    assert (await desk.ask(item))["recipients"][0]["refused_since"]
    await exchange.offender.do(f"/deliveries/{delivery}/choice", {"choice": "later"})
    assert await told() == [False] * 3
    await desk.send(f"{item}/receipt", given_on=day(exchange, 0), **receipt)
    assert len(await desk.ask(f"{item}/receipts")) == 1
    after = (await exchange.victim.http.get(item)).text, await exchange.victim.ask(item)
    assert after == before


async def test_what_was_given_before_it_was_refused_can_still_be_recorded(exchange: Exchange) -> None:
    item_id, delivery = await exchange.deliver(exchange.victim)
    item, desk = f"/items/{item_id}", exchange.desk
    code = (await desk.http.get(item)).text.partition('<span class="words">')[2][:9]
    seat, given_on = (await desk.ask(item))["recipients"][0]["seat_id"], day(exchange, 0)
    exchange.service.clock.go(hours=25)
    offender = await seated(exchange.service, Surface.PARTICIPANTS, exchange.people.offender)
    later = await seated(exchange.service, Surface.DESK, exchange.people.facilitator)
    await offender.do(f"/deliveries/{delivery}/choice", {"choice": "refuse"})
    done = await later.send(f"{item}/receipt", given_on=given_on, seat_id=seat, code=code)
    assert done.status_code == 303, done.text


async def test_printing_is_not_offered_while_an_order_forbids_it(exchange: Exchange) -> None:
    item_id, _ = await exchange.deliver(exchange.victim)
    order = {"account_id": exchange.offender_id, "description": "No contact.", "open_ended": "yes"}
    assert "Print it for Oskar" in (await exchange.desk.http.get(f"/items/{item_id}")).text
    await exchange.desk.send(f"/cases/{exchange.case_id}/gates/restrictions", until="", **order)
    shown = (await exchange.desk.http.get(f"/items/{item_id}")).text
    assert "Print it for Oskar" not in shown
    assert (
        "It is not printed for Oskar now. A court order or licence condition on the offender forbids" in shown
    )


async def changed_meanwhile(
    exchange: Exchange, change: LiteralString, sending: Coroutine[Any, Any, Any]
) -> Any:
    """Send something that reads the case as it is, and waits while a colleague changes it."""
    with psycopg.connect(exchange.service.dsns.superuser.url) as colleague:
        colleague.execute(
            "SELECT pg_advisory_xact_lock(hashtextextended(%s, 1))", [exchange.case_id]
        ).fetchone()
        sent = asyncio.create_task(sending)
        _, waiting = await asyncio.wait([sent], timeout=0.7)
        assert waiting
        colleague.execute(change)
    return await sent


async def test_what_a_colleague_changed_since_the_page_was_shown_stays(exchange: Exchange) -> None:
    case, desk = f"/cases/{exchange.case_id}", exchange.desk
    changes: tuple[tuple[LiteralString, Coroutine[Any, Any, Any], tuple[object, ...]], ...] = (
        (
            "UPDATE relay.cases SET second_approval = true, state = 'closed'",
            desk.send(f"{case}/settings", cooling_hours="2"),
            ("closed", True, 2, None),
        ),
        (
            "UPDATE relay.cases SET state = 'open'",
            desk.do(case, {"cooling_hours": 3}, method="PATCH"),
            ("open", True, 3, None),
        ),
        (
            "UPDATE relay.cases SET cooling_hours = 48",
            desk.send(f"{case}/close", then="close"),
            ("closed", True, 48, None),
        ),
    )
    for change, sending, then in changes:
        await changed_meanwhile(exchange, change, sending)
        now = (await desk.ask(case))["case"]
        assert (now["state"], now["second_approval"], now["cooling_hours"], now["lowering"]) == then
