"""The gates on the page of a case: what is missing, told once, with where to record it; what was recorded."""

import json
import re
from datetime import UTC, datetime, timedelta
from typing import Any

import psycopg

from relay.cases.service import add_facilitator
from relay.db.transaction import Surface
from relay.times import day
from tests.support.web import Exchange, seated, staff_client

LATER = "2099-01-31"
SOON = (datetime.now(UTC) + timedelta(days=200)).date()


async def page(exchange: Exchange, case_id: str, query: str = "") -> str:
    answer = await exchange.desk.http.get(f"/cases/{case_id}{query}")
    assert answer.status_code == 200
    return answer.text


async def new_case(exchange: Exchange) -> tuple[str, dict[str, str]]:
    """A case with a victim and an offender, of which nothing is recorded; its people by name."""
    opened = await exchange.desk.do("/cases", {"reference": "2026/18"}, status=201)
    case_id, people = opened["case"]["id"], {}
    for name, part in (("Walid", "victim"), ("Olga", "offender")):
        given = await exchange.desk.do(f"/cases/{case_id}/people", {"name": name, "part": part}, status=201)
        people[name] = given["account_id"]
    return case_id, people


async def test_a_new_case_tells_each_thing_that_is_missing_once_and_where_it_is_recorded(
    exchange: Exchange,
) -> None:
    case_id, people = await new_case(exchange)
    shown = await page(exchange, case_id)
    for sentence in (
        "There is no safety assessment.",
        "The victim has not asked for this exchange",
        "It is not recorded that the offender accepts responsibility.",
        "The victim has not agreed to letters, audio recordings, films or documents",
        "The offender has not agreed to letters, audio recordings, films or documents",
        "May not pass: letters, audio recordings, films and documents.",
        "Walid to Olga, Olga to Walid",
    ):
        assert shown.count(sentence) == 1, sentence
    assert shown.count("<h3>Walid, victim</h3>") == shown.count("<h3>Olga, offender</h3>") == 1
    places = set(re.findall(r'href="#([^"]+)"', shown)) - {"main"}
    assert len(places) == len(people) + 1
    for place in places:
        assert shown.count(f'id="{place}"') == 1


async def test_of_a_case_with_one_side_alone_the_page_says_whom_to_invite(exchange: Exchange) -> None:
    opened = await exchange.desk.do("/cases", {"reference": "2026/19"}, status=201)
    case_id = opened["case"]["id"]
    assert "First invite both." in await page(exchange, case_id)
    people = f"/cases/{case_id}/people"
    invited = await exchange.desk.send(people, name="Walid", part="victim")
    assert "An invitation for Walid" in invited.text
    shown = await page(exchange, case_id)
    assert "First invite an offender." in shown
    assert "What stands in the way" not in shown
    assert "They have not used their invitation yet." in shown
    [account] = re.findall(rf'href="{people}/([^/]+)/invitation"', shown)
    again = await exchange.desk.send(f"{people}/{account}/invitation")
    assert "An invitation for Walid" in again.text


async def test_ways_on_which_something_else_may_pass_stand_apart(exchange: Exchange) -> None:
    case_id = exchange.case_id
    shown = await page(exchange, case_id)
    assert "What stands in the way" not in shown
    assert "May pass, after a review: letters, audio recordings, films and documents." in shown
    await exchange.desk.do(f"/cases/{case_id}/people", {"name": "Walid", "part": "victim"}, status=201)
    shown = await page(exchange, case_id)
    assert "Something may pass each way that was asked for." in shown
    assert "<h3>Walid, victim</h3>" in shown
    assert "<h3>Vera, victim</h3>" not in shown
    [may] = re.findall(r"<h3>([^<]+)</h3>\s*<p>May pass", shown)
    [may_not] = re.findall(r"<h3>([^<]+)</h3>\s*<p>May not pass", shown)
    assert {*may.split(", ")} == {"Vera to Oskar", "Oskar to Vera"}
    assert {*may_not.split(", ")} == {"Walid to Oskar", "Oskar to Walid"}


GATES: list[tuple[str, dict[str, Any], str]] = [
    ("requests", {"account_id": "Walid", "asked": "yes"}, "they ask for this exchange."),
    ("requests", {"account_id": "Walid", "asked": "no"}, "they do not ask for this exchange any more."),
    (
        "responsibilities",
        {"account_id": "Olga", "grade": "full", "reasoning": "So."},
        "accept responsibility.",
    ),
    (
        "consents",
        {"account_id": "Olga", "medium": "letter", "manner": "in_person", "answer": "agree"},
        "It is recorded that they agree.",
    ),
    (
        "consents",
        {"account_id": "Olga", "medium": "letter", "manner": "in_person", "answer": "no-longer"},
        "they do not agree any more.",
    ),
    (
        "assessments",
        {"safe": "yes", "valid_until": SOON.isoformat(), "reasoning": "So."},
        "assessment is recorded.",
    ),
    (
        "assessments",
        {"safe": "no", "valid_until": SOON.isoformat(), "reasoning": "So."},
        "assessment is recorded.",
    ),
    (
        "restrictions",
        {"account_id": "Olga", "until": LATER, "description": "The order."},
        "The restriction is recorded.",
    ),
    (
        "restrictions",
        {"account_id": "Olga", "until": LATER, "description": "The order.", "exception_evidence": "It."},
        "and that indirect contact is permitted.",
    ),
    ("pauses", {"account_id": "Walid", "paused": "yes"}, "The pause is recorded"),
    ("pauses", {"account_id": "Walid", "paused": "no"}, "the pause has ended."),
    ("pauses", {"account_id": "", "paused": "yes"}, "The pause is recorded"),
    ("pauses", {"account_id": "", "paused": "no"}, "the pause has ended."),
]


async def test_what_was_recorded_is_said_on_the_page_and_only_where_it_is_so(exchange: Exchange) -> None:
    case_id, people = await new_case(exchange)
    untouched, _ = await new_case(exchange)
    for gate, fields, words in GATES:
        typed = {name: people.get(value, value) for name, value in fields.items()}
        done = await exchange.desk.send(f"/cases/{case_id}/gates/{gate}", **typed)
        assert done.status_code == 303, done.text
        query, _, place = done.headers["location"].removeprefix(f"/cases/{case_id}").partition("#")
        assert place == "gates"
        shown = await page(exchange, case_id, query)
        [said] = re.findall(
            r'<h2 id="gates">Gates</h2>\s*<div class="note" role="status"><p>([^<]+)</p>', shown
        )
        assert words in said, (gate, said)
        assert said.endswith("What still stands in the way is listed below.")
        # an address that somebody made up says nothing that is not so
        assert 'role="status"' not in await page(exchange, untouched, query)


async def test_what_became_of_a_wish_for_one_approval_is_said(exchange: Exchange) -> None:

    service, case_id = exchange.service, exchange.case_id
    filip = await service.make_facilitator("Filip")
    await add_facilitator(service.desk, exchange.people.facilitator, exchange.people.case_id, filip.id)
    colleague = await seated(service, Surface.DESK, filip)
    for then, words in (
        ("keep", "Two people approve, as before."),
        ("confirm", "One approval is enough now."),
    ):
        await exchange.desk.do(f"/cases/{case_id}", {"second_approval": True}, method="PATCH")
        await exchange.desk.do(f"/cases/{case_id}", {"second_approval": False}, method="PATCH")
        done = await colleague.send(f"/cases/{case_id}/single-approval", then=then)
        assert words in (await colleague.http.get(done.headers["location"])).text
    other = await page(exchange, case_id, "?done=kept")
    assert "Two people approve, as before." not in other


async def test_an_order_in_force_is_shown_with_its_words_and_what_became_of_it_is_recorded(
    exchange: Exchange,
) -> None:
    case_id, gates = exchange.case_id, f"/cases/{exchange.case_id}/gates"
    order = {"account_id": exchange.offender_id, "until": LATER, "description": "No contact, says the judge."}
    await exchange.desk.send(f"{gates}/restrictions", **order)
    [known] = await exchange.desk.ask(f"{gates}/restrictions")
    named = {"account_id": exchange.offender_id, "restriction_id": known["restriction_id"]}
    named["seen"] = known["newest"]
    shown = await page(exchange, case_id)
    assert shown.count("No contact, says the judge.") == 1
    assert "nothing more is passed on to or from Oskar" in shown
    assert "What was passed on before can still be opened" in shown
    refused = await exchange.desk.send(f"{gates}/orders", then="lifted", known=" ", **named)
    assert (refused.status_code, "how you know, and from whom" in refused.text) == (400, True)
    refused = await exchange.desk.send(f"{gates}/orders", then="lifted", known="x" * 20_001, **named)
    assert (refused.status_code, "in 1 to 20,000 characters" in refused.text) == (400, True)
    assert f'aria-describedby="ww-{known["restriction_id"]}"' in refused.text
    for then, known_by, stops in (
        ("excepted", "The judge wrote.", False),
        ("forbidden", "She took it back.", True),
        ("lifted", "The court lifted it.", False),
    ):
        done = await exchange.desk.send(f"{gates}/orders", then=then, known=known_by, **named)
        shown = await page(exchange, case_id, done.headers["location"].removeprefix(f"/cases/{case_id}"))
        assert 'role="status"' in shown
        assert ("Nothing may pass now." in shown) is stops
        assert (known_by in shown) is (then != "lifted")
        if then != "lifted":
            late = await exchange.desk.send(f"{gates}/orders", then="lifted", known="Not seen.", **named)
            assert (late.status_code, "recorded about this order meanwhile" in late.text) == (409, True)
            assert "Not seen.</textarea>" in late.text
            [known] = await exchange.desk.ask(f"{gates}/restrictions")
            named["seen"] = known["newest"]
    assert await exchange.desk.ask(f"{gates}/restrictions") == []
    again = await exchange.desk.send(f"{gates}/orders", then="lifted", known="Once more.", **named)
    assert (again.status_code, "This is not in force any more" in again.text) == (409, True)
    assert "Once more.</textarea>" in again.text


async def test_the_page_is_there_for_who_cannot_open_what_was_written_of_an_order(exchange: Exchange) -> None:
    gates = f"/cases/{exchange.case_id}/gates"
    order = {"account_id": exchange.offender_id, "until": LATER, "description": "No contact, says the judge."}
    await exchange.desk.send(f"{gates}/restrictions", **order)
    with psycopg.connect(exchange.service.dsns.superuser.url) as connection:
        connection.execute("SET session_replication_role = replica")
        connection.execute("DELETE FROM relay.case_key_grants")
    shown = await page(exchange, exchange.case_id)
    assert "No contact, says the judge." not in shown
    assert "cannot be opened with your keys" in shown
    assert "nothing more is passed on to or from Oskar" in shown


async def test_what_was_written_with_responsibility_and_safety_can_be_read_again(exchange: Exchange) -> None:
    case_id, people = await new_case(exchange)
    gates = f"/cases/{case_id}/gates"
    assert "Recorded:" not in await page(exchange, case_id)
    for grade, reasoning in (("none", "He denies it."), ("partial", "He owns the blow, not the theft.")):
        fields = {"account_id": people["Olga"], "grade": grade, "reasoning": reasoning}
        await exchange.desk.send(f"{gates}/responsibilities", **fields)
    for safe, reasoning in (("no", "Too early."), ("yes", "Both are ready <now>.")):
        fields = {"safe": safe, "valid_until": SOON.isoformat(), "reasoning": reasoning}
        await exchange.desk.send(f"{gates}/assessments", **fields)
    shown = await page(exchange, case_id)
    assert "Recorded: <strong>Partial: some of it is disputed</strong>, on " in shown
    assert f"Recorded: <strong>Yes, until {SOON:%-d %B %Y}</strong>, on " in shown
    assert shown.count(" by Fatima.</p>") == 4
    for words, times in (
        ("He owns the blow, not the theft.", 1),
        ("Both are ready &lt;now&gt;.", 1),
        ("He denies it.", 1),
        ("Too early.", 1),
    ):
        assert shown.count(words) == times, words
    written = await exchange.desk.ask(f"{gates}/reasons")
    # what was recorded before is there too, folded away
    assert shown.count("What was recorded before (1)") == 2
    folded = re.findall(r"<details><summary>What was recorded before.*?</details>", shown, re.DOTALL)
    assert [("He denies it." in one, "Too early." in one) for one in folded] == [(True, False), (False, True)]
    assert "<strong>None</strong>: recorded on" in folded[0]
    assert f"<strong>No</strong>, until {SOON:%-d %B %Y}: recorded on" in folded[1]
    assert {one["words"] for one in written} == {"He owns the blow, not the theft.", "Both are ready <now>."}


MEDIA = ("Letter", "Audio recording", "Video recording", "Document")


def agreement(shown: str, name: str) -> dict[str, str]:
    """What the page of a case says that somebody agrees to, by medium."""
    [told] = re.findall(rf"<h3>Agreement of {name}</h3>\s*<dl[^>]*>(.*?)</dl>", shown, re.DOTALL)
    return dict(re.findall(r"<dt>([^<]+)</dt><dd>\s*([^<]+?)\s*</dd>", told))


def written(exchange: Exchange, moment: datetime) -> str:
    return day(moment, exchange.service.desk.settings.zone)


async def test_agreement_to_several_media_is_recorded_at_once_and_stands_on_the_page(
    exchange: Exchange,
) -> None:
    case_id, people = await new_case(exchange)
    consents = f"/cases/{case_id}/gates/consents"
    olga = {"account_id": people["Olga"], "manner": "by_telephone"}
    now = exchange.service.clock()
    today, last = written(exchange, now), now + timedelta(days=100)
    before = agreement(await page(exchange, case_id), "Olga")
    assert before == dict.fromkeys(MEDIA, "Nothing is recorded.")
    done = await exchange.desk.send(
        consents, medium=["letter", "video"], answer="agree", ask_again_at=last.date().isoformat(), **olga
    )
    assert done.status_code == 303, done.text
    shown = await page(exchange, case_id)
    agrees = f"Agrees since {today}, until {written(exchange, last)} (by telephone, recorded by Fatima)."
    assert agreement(shown, "Olga") == before | {"Letter": agrees, "Video recording": agrees}
    assert agreement(shown, "Walid") == before
    assert "The offender has not agreed to audio recordings or documents" in shown
    known = await exchange.desk.ask(consents)
    assert {(one["medium"], one["given"], one["manner"]) for one in known} == {
        ("letter", True, "by_telephone"),
        ("video", True, "by_telephone"),
    }
    entries = await exchange.desk.ask(f"/cases/{case_id}/audit")
    details = [json.loads(one["detail"]) for one in entries if one["tag"] == "gate.consent_recorded"]
    assert sorted(one["medium"] for one in details) == ["letter", "video"]
    assert len({one["record"] for one in details}) == 2

    exchange.service.clock.go(days=101)
    desk = await seated(exchange.service, Surface.DESK, exchange.people.facilitator)
    ran_out = f"Ran out on {written(exchange, last)}: ask again. Agreed on {today} (by telephone, recorded by"
    later = (await desk.http.get(f"/cases/{case_id}")).text
    assert agreement(later, "Olga")["Letter"].startswith(ran_out)


async def test_taking_back_is_one_step_for_what_is_ticked_or_for_all_whatever_else_was_typed(
    exchange: Exchange,
) -> None:
    consents = f"/cases/{exchange.case_id}/gates/consents"
    told = {"account_id": exchange.offender_id, "manner": "in_writing", "ask_again_at": "2020-01-01"}
    today = written(exchange, exchange.service.clock())
    back = f"Does not agree, as of {today} (in writing, recorded by Fatima)."
    await exchange.desk.send(consents, medium="audio", answer="no-longer", **told)
    shown = agreement(await page(exchange, exchange.case_id), "Oskar")
    assert {medium for medium, words in shown.items() if words == back} == {"Audio recording"}
    done = await exchange.desk.send(consents, answer="to-nothing", **told)
    assert done.status_code == 303, done.text
    page_now = await page(exchange, exchange.case_id)
    assert agreement(page_now, "Oskar") == dict.fromkeys(MEDIA, back)
    assert back not in agreement(page_now, "Vera").values()


async def test_what_somebody_chose_by_themselves_is_said_to_be_so(exchange: Exchange) -> None:
    choice = {"medium": "document", "given": False}
    await exchange.offender.do(f"/cases/{exchange.case_id}/consents", choice, status=204)
    shown = agreement(await page(exchange, exchange.case_id), "Oskar")
    today = written(exchange, exchange.service.clock())
    assert shown["Document"] == f"Does not agree, as of {today} (by themselves)."
    assert shown["Letter"].endswith("(in person, recorded by Fatima).")


async def test_where_no_medium_is_ticked_the_page_says_what_to_do_and_keeps_what_was_typed(
    exchange: Exchange,
) -> None:
    case_id, people = await new_case(exchange)
    typed = {"account_id": people["Olga"], "manner": "in_writing", "ask_again_at": "2020-01-01"}
    for answer in ("agree", "no-longer"):
        fields = typed | {"answer": answer}
        if answer == "agree":
            fields["ask_again_at"] = (exchange.service.clock() + timedelta(days=9)).date().isoformat()
        refused = await exchange.desk.send(f"/cases/{case_id}/gates/consents", **fields)
        assert refused.status_code == 400
        says = "Tick what it is about: letters, audio recordings, films or documents."
        assert refused.text.count(says) == 2  # above the page, and where it is put right
        assert refused.text.count('"in_writing" selected') == 1
        assert refused.text.count(f'value="{fields["ask_again_at"]}"') == 1
        assert refused.text.count('name="medium" value="letter" aria-invalid="true"') == 1
    assert await exchange.desk.ask(f"/cases/{case_id}/gates/consents") == []


async def test_who_agrees_to_what_is_for_the_facilitators_of_the_case(exchange: Exchange) -> None:
    stranger = await staff_client(exchange.service, name="Filip")
    for path in (f"/api/v1/cases/{exchange.case_id}/gates/consents", f"/cases/{exchange.case_id}"):
        assert (await stranger.http.get(path)).status_code == 404
    assert len(await exchange.desk.ask(f"/cases/{exchange.case_id}/gates/consents")) == 2 * len(MEDIA)
