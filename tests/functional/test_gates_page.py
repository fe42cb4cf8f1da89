"""The gates on the page of a case: what is missing, told once, with where to record it; what was recorded."""

import re
from typing import Any

import psycopg

from relay.cases.service import add_facilitator
from relay.db.transaction import Surface
from tests.support.web import Exchange, seated

LATER = "2099-01-31"


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
    [account] = re.findall(rf'action="{people}/([^/]+)/invitation"', shown)
    again = await exchange.desk.send(f"{people}/{account}/invitation")
    assert "An invitation for Walid" in again.text


async def test_ways_on_which_something_else_may_pass_stand_apart(exchange: Exchange) -> None:
    case_id = exchange.case_id
    shown = await page(exchange, case_id)
    assert "What stands in the way" not in shown
    assert "May pass, after a review: letters, audio recordings, films and documents." in shown
    await exchange.desk.do(f"/cases/{case_id}/people", {"name": "Walid", "part": "victim"}, status=201)
    shown = await page(exchange, case_id)
    assert "Not everything may pass now." in shown
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
        {"account_id": "Olga", "medium": "letter", "manner": "in_person", "given": "yes"},
        "It is recorded that they agree.",
    ),
    (
        "consents",
        {"account_id": "Olga", "medium": "letter", "manner": "in_person", "given": "no"},
        "they do not agree any more.",
    ),
    ("assessments", {"safe": "yes", "valid_until": LATER, "reasoning": "So."}, "assessment is recorded."),
    ("assessments", {"safe": "no", "valid_until": LATER, "reasoning": "So."}, "assessment is recorded."),
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
    shown = await page(exchange, case_id)
    assert shown.count("No contact, says the judge.") == 1
    assert "This stops everything to and from Oskar." in shown
    refused = await exchange.desk.send(f"{gates}/orders", then="lifted", known=" ", **named)
    assert (refused.status_code, "how you know, and from whom" in refused.text) == (400, True)
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
    assert await exchange.desk.ask(f"{gates}/restrictions") == []
    again = await exchange.desk.send(f"{gates}/orders", then="lifted", known="Again.", **named)
    assert again.status_code == 404


async def test_the_page_is_there_for_who_cannot_open_what_was_written_of_an_order(exchange: Exchange) -> None:
    gates = f"/cases/{exchange.case_id}/gates"
    order = {"account_id": exchange.offender_id, "until": LATER, "description": "No contact, says the judge."}
    await exchange.desk.send(f"{gates}/restrictions", **order)
    with psycopg.connect(exchange.service.dsns.superuser.url) as connection:
        connection.execute("SET session_replication_role = replica")
        connection.execute("DELETE FROM relay.case_key_grants")
    shown = await page(exchange, exchange.case_id)
    assert "No contact, says the judge." not in shown
    assert "This stops everything to and from Oskar." in shown


async def test_what_was_written_with_responsibility_and_safety_can_be_read_again(exchange: Exchange) -> None:
    case_id, people = await new_case(exchange)
    gates = f"/cases/{case_id}/gates"
    assert "Recorded:" not in await page(exchange, case_id)
    for grade, reasoning in (("none", "He denies it."), ("partial", "He owns the blow, not the theft.")):
        fields = {"account_id": people["Olga"], "grade": grade, "reasoning": reasoning}
        await exchange.desk.send(f"{gates}/responsibilities", **fields)
    for safe, reasoning in (("no", "Too early."), ("yes", "Both are ready <now>.")):
        fields = {"safe": safe, "valid_until": LATER, "reasoning": reasoning}
        await exchange.desk.send(f"{gates}/assessments", **fields)
    shown = await page(exchange, case_id)
    assert "Recorded: <strong>Partial: some of it is disputed</strong>, on " in shown
    assert "Recorded: <strong>Yes, until 31 January 2099</strong>, on " in shown
    assert shown.count(" by Fatima.</p>") == 2
    for words, times in (
        ("He owns the blow, not the theft.", 1),
        ("Both are ready &lt;now&gt;.", 1),
        ("He denies it.", 0),
        ("Too early.", 0),
    ):
        assert shown.count(words) == times, words
    written = await exchange.desk.ask(f"{gates}/reasons")
    assert {one["words"] for one in written} == {"He owns the blow, not the theft.", "Both are ready <now>."}
