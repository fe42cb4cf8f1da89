"""Concerns: what one is about stands still, nobody outside of the desk notices, and what was told is kept."""

import re
from datetime import timedelta
from typing import Any
from uuid import UUID

import psycopg
import pytest

from relay.audit.reading import case_entries
from relay.cases.service import add_facilitator, remove_seat
from relay.db.transaction import Surface
from relay.errors import Blocked
from relay.exchange.paper import print_item
from relay.printing.model import Size
from tests.functional.test_plain_words import read
from tests.support.web import Client, Exchange, seated
from workers.tasks.upkeep import release_due

WORDS = "He wrote that he would be waiting at her door."
CONCERN = {"kind": "threat", "words": WORDS}
CLOSING = {"outcome": "nothing_further", "words": "A line from a song they both know."}
STILL = "A concern about it is open, so it stands still"
TOLD = {
    "whom": "B. Nowak, police in Gdynia",
    "what": "The third sentence, and his name.",
    "why": "She has to be warned today.",
    "told_at": "2026-01-02T10:30",
    "agreed": "no",
    "ground": "Duty to warn",
}


@pytest.fixture
async def colleague(exchange: Exchange) -> Client:
    """A second facilitator of the case."""
    service, people = exchange.service, exchange.people
    filip = await service.make_facilitator("Filip")
    await add_facilitator(service.desk, people.facilitator, people.case_id, filip.id)
    return await seated(service, Surface.DESK, filip)


async def raised(client: Client, about: str, **more: Any) -> str:
    """Raise one about an item or a case, by its address; return its own."""
    found = await client.do(f"{about}/concerns", CONCERN | more, status=201)
    return f"/concerns/{found['concern']['id']}"


async def deeds(client: Client, item_id: str) -> dict[str, int | str]:
    """Try all that a facilitator does to an item; return what each answers, or that it stands still."""
    item, found = f"/items/{item_id}", await client.ask(f"/items/{item_id}")
    named = {"rendition_id": found["clean"]["id"], "sha256": found["clean"]["sha256"]}
    sent_back = named | {"reasons": ["threats"], "guidance": "Without that sentence."}
    seat = {"seat_id": found["recipients"][0]["seat_id"]}
    due = (client.service.clock() + timedelta(days=2)).isoformat()
    hidden = {"revision": 1, "edits": {"spans": [{"start": 0, "end": 4}]}, "note": "A word."}
    tries = {
        "approve": (f"{item}/decisions", named | {"decision": "approve"}),
        "ask for a change": (f"{item}/decisions", sent_back | {"decision": "request_changes"}),
        "decline": (f"{item}/decisions", sent_back | {"decision": "decline"}),
        "hide": (f"{item}/redactions", hidden),
        "reopen": (f"{item}/reopen", {}),
        "release": (f"{item}/release", seat),
        "plan": (f"{item}/schedule", seat | {"due_at": due}),
    }
    answers = {name: await client.api("POST", *one) for name, one in tries.items()}
    return {name: "still" if STILL in answer.text else answer.status_code for name, answer in answers.items()}


async def outside(exchange: Exchange, *items: str) -> list[bytes]:
    """Every byte that either side can ask for of the case and its items."""
    case = f"/cases/{exchange.case_id}"
    paths = ["/", case, "/received", *(f"/items/{item}" for item in items)]
    found = []
    for client in (exchange.victim, exchange.offender):
        answers = [await client.http.get(path) for path in paths]
        answers += [await client.api("GET", path) for path in (case, f"{case}/items", *paths[3:])]
        found += [bytes([one.status_code % 256]) + one.content for one in answers]
    return found


async def test_what_a_concern_is_about_stands_still_until_a_colleague_closes_it(
    exchange: Exchange, colleague: Client
) -> None:
    desk, case = exchange.desk, f"/cases/{exchange.case_id}"
    item_id = await exchange.write(exchange.offender)
    item = f"/items/{item_id}"
    assert [one["item_id"] for one in await colleague.ask("/queue")] == [item_id]
    opened = re.search(r'data-opened="([^"]+)"', (await colleague.http.get(item)).text)
    assert opened
    before = await outside(exchange, item_id)
    form = {"kind": "threat", "words": WORDS, "about": exchange.victim_id}
    answer = await desk.send(f"{item}/concern", **form)
    assert answer.status_code == 303
    page = await read(desk, answer.headers["location"])
    assert "The concern is raised." in page
    assert WORDS in page
    assert "Vera" in page
    assert "somebody else looks at it and closes it. That can do: Filip" in page

    stands = await read(colleague, f"{item}/standing?opened={opened[1]}")
    assert "This has changed since you opened this page." in stands
    assert await outside(exchange, item_id) == before
    assert await colleague.ask("/queue") == []
    page = await read(colleague, "/queue")
    assert page.index("A threat to somebody") < page.index("Nothing waits in your cases.")
    page = await read(colleague, "/")
    assert "1 concern open, above the queue" in page
    assert "to read or play" not in page
    await colleague.do(f"{item}/claim")
    assert (await colleague.api("GET", f"{item}/rendition")).status_code == 200
    tried = await deeds(colleague, item_id)
    assert {name for name, answer in tried.items() if answer != "still"} == {"release", "plan"}
    assert (tried["release"], tried["plan"]) == (409, 409)
    page = await read(colleague, item)
    assert STILL in page
    for words in ("Approve it", "Ask for a change", "Do not pass it on", "Hide parts"):
        assert words not in page

    concern = f"/concerns/{(await colleague.ask('/concerns'))[0]['id']}"
    refused = await desk.send(f"{concern}/closing", **CLOSING)
    assert refused.status_code == 409
    assert CLOSING["words"] in refused.text
    answer = await colleague.send(f"{concern}/closing", **CLOSING)
    page = await read(colleague, answer.headers["location"])
    assert "The concern is closed." in page
    assert CLOSING["words"] in page
    assert await colleague.ask("/concerns") == []
    assert [one["item_id"] for one in await colleague.ask("/queue")] == [item_id]
    assert "Closed" in await read(colleague, case)
    assert await outside(exchange, item_id) == before
    assert (await deeds(colleague, item_id))["approve"] == 200


async def test_what_was_planned_is_taken_back_and_what_was_approved_is_not_passed_on(
    exchange: Exchange, colleague: Client
) -> None:
    desk, service = exchange.desk, exchange.service
    item_id = await exchange.write(exchange.victim)
    await exchange.approve(item_id)
    seat = (await desk.ask(f"/items/{item_id}"))["recipients"][0]["seat_id"]
    due = (service.clock() + timedelta(minutes=5)).isoformat()
    plan = await desk.do(f"/items/{item_id}/schedule", {"seat_id": seat, "due_at": due}, status=201)
    before = await outside(exchange, item_id)
    concern = await raised(colleague, f"/items/{item_id}")
    assert (await desk.ask(f"/items/{item_id}"))["state"] == "approved"
    assert await outside(exchange, item_id) == before
    assert set((await deeds(desk, item_id)).values()) == {"still"}
    assert STILL in await read(desk, f"/items/{item_id}/release?seat_id={seat}")
    service.clock.go(minutes=6)
    await desk.do(f"{concern}/closing", CLOSING, status=201)
    await release_due(exchange.room, UUID(plan["release_id"]))
    assert await outside(exchange, item_id) == before
    asks = await read(desk, f"/items/{item_id}/release?seat_id={seat}")
    assert "A concern was raised about it." in asks
    await exchange.release(item_id)
    assert (await exchange.offender.ask("/deliveries")) != []


async def test_a_plan_that_is_there_all_the_same_does_not_happen_and_the_page_says_why(
    exchange: Exchange,
) -> None:
    """Somebody wrote the concern into the database beside it: it cannot be opened, and still holds."""
    desk, service, people = exchange.desk, exchange.service, exchange.people
    item_id = await exchange.write(exchange.victim)
    await exchange.approve(item_id)
    seat = (await desk.ask(f"/items/{item_id}"))["recipients"][0]["seat_id"]
    due = (service.clock() + timedelta(minutes=5)).isoformat()
    plan = await desk.do(f"/items/{item_id}/schedule", {"seat_id": seat, "due_at": due}, status=201)
    with psycopg.connect(service.dsns.superuser.url) as connection:
        connection.execute(
            "INSERT INTO relay.concerns (id, case_id, item_id, stops_case, raised_by, raised_at,"
            " case_key_version, sealed) VALUES (gen_random_uuid(), %s, %s, false, %s, now(), 1, 'x')",
            [people.case_id, item_id, people.facilitator.id],
        )
    assert "it would not be passed on then" in await read(desk, f"/items/{item_id}")
    service.clock.go(minutes=6)
    await release_due(exchange.room, UUID(plan["release_id"]))
    page = await read(desk, f"/items/{item_id}")
    assert "not passed on then: a concern about it was open." in page
    assert "A concern that your keys do not open" in page
    assert await exchange.offender.ask("/deliveries") == []


async def test_a_concern_about_a_case_stops_nothing_unless_that_is_ticked_and_then_nobody_is_told(
    exchange: Exchange, colleague: Client
) -> None:
    desk, service, case = exchange.desk, exchange.service, f"/cases/{exchange.case_id}"
    waiting = await exchange.write(exchange.victim)
    await exchange.approve(waiting)
    seat = {"seat_id": (await desk.ask(f"/items/{waiting}"))["recipients"][0]["seat_id"]}
    due = {"due_at": (service.clock() + timedelta(minutes=5)).isoformat()}
    plan = await desk.do(f"/items/{waiting}/schedule", seat | due, status=201)
    before = await outside(exchange, waiting)
    await raised(desk, case)
    assert (await desk.ask(f"{case}/gates"))["facts"]["stopped"] is False
    answer = await desk.send(f"{case}/concern", kind="self_harm", words=WORDS, stops_case="yes")
    assert answer.status_code == 303
    page = await read(desk, case)
    assert "is open that stops the whole case" in page
    assert "Nothing may pass now." in page
    # who takes part reads what they read before, and what they send still arrives
    assert await outside(exchange, waiting) == before
    sent = await exchange.write(exchange.offender)
    await exchange.approve(sent)
    for act, more in (
        ("release", {}),
        ("schedule", {"due_at": (service.clock() + timedelta(2)).isoformat()}),
    ):
        to = {"seat_id": (await desk.ask(f"/items/{sent}"))["recipients"][0]["seat_id"]}
        refused = await desk.api("POST", f"/items/{sent}/{act}", to | more)
        assert refused.status_code == 409
        assert "A concern is open that stops the whole case." in refused.json()["detail"]
    # what was planned before is taken back, and does not happen once the concern is closed either
    assert (await desk.ask(f"/items/{waiting}"))["state"] == "approved"
    # both are open; the one that stops the case is a colleague's to close
    [told, stops] = await colleague.ask("/concerns")
    assert (told["stops_case"], stops["stops_case"]) == (False, True)
    await desk.do(f"/concerns/{stops['id']}/closing", CLOSING, status=409)
    await desk.do(f"/concerns/{told['id']}/closing", CLOSING, status=201)
    await colleague.do(f"/concerns/{stops['id']}/closing", CLOSING, status=201)
    service.clock.go(minutes=6)
    await release_due(exchange.room, UUID(plan["release_id"]))
    assert (await desk.ask(f"/items/{waiting}"))["state"] == "approved"
    await exchange.release(sent)


async def test_its_author_takes_it_back_and_the_concern_stays(exchange: Exchange) -> None:
    item_id = await exchange.write(exchange.victim)
    concern = await raised(exchange.desk, f"/items/{item_id}")
    await exchange.victim.do(f"/items/{item_id}/withdraw")
    [listed] = await exchange.desk.ask("/concerns")
    assert (listed["item_id"], listed["closed_at"]) == (item_id, None)
    # nobody else is on the case: who raised it closes it
    await exchange.desk.do(f"{concern}/closing", CLOSING, status=201)
    await exchange.desk.do(f"{concern}/closing", CLOSING, status=409)


async def test_it_is_raised_also_where_the_items_own_page_is_refused(exchange: Exchange) -> None:
    desk = exchange.desk
    item = f"/items/{(await exchange.deliver(exchange.victim, note='Ring me.'))[0]}"
    with psycopg.connect(exchange.service.dsns.superuser.url) as connection:
        connection.execute("ALTER TABLE relay.sealed_texts DISABLE TRIGGER USER")
        connection.execute("UPDATE relay.sealed_texts SET sealed = 'x' WHERE purpose = 'release_note'")
    assert (await desk.http.get(item)).status_code >= 400
    page = await read(desk, f"{item}/concern")
    assert "From Vera Victim" in page
    assert (await desk.send(f"{item}/concern", kind="threat", words="")).status_code == 400
    assert (await desk.send(f"{item}/concern", kind="threat", words=WORDS)).status_code == 303
    [raised_about] = await desk.ask("/concerns")
    assert raised_about["item_id"] == item[7:]


async def test_a_letter_is_not_printed_while_a_concern_about_it_is_open(exchange: Exchange) -> None:
    item_id, _ = await exchange.deliver(exchange.victim)
    seat = UUID((await exchange.desk.ask(f"/items/{item_id}"))["recipients"][0]["seat_id"])
    await raised(exchange.desk, f"/items/{item_id}")
    with pytest.raises(Blocked, match=STILL):
        await print_item(exchange.service.desk, exchange.people.facilitator, UUID(item_id), seat, Size.NORMAL)


async def test_what_was_told_to_whom_is_kept_sealed_and_each_act_has_one_entry(
    exchange: Exchange, colleague: Client
) -> None:
    desk, people, service = exchange.desk, exchange.people, exchange.service
    concern = await raised(desk, f"/cases/{exchange.case_id}")
    lacking = await desk.send(f"{concern}/disclosures", **(TOLD | {"ground": " "}))
    assert lacking.status_code == 400
    assert "Name the lawful ground" in lacking.text
    for name in TOLD.keys() - {"ground"}:
        assert TOLD[name] in lacking.text
    assert (await desk.send(f"{concern}/disclosures", **TOLD)).status_code == 303
    assert (await colleague.send(f"{concern}/notes", words="Spoke with her sister.")).status_code == 303
    assert (
        await desk.send(f"{concern}/closing", outcome="handed_over", words="To B. Nowak.")
    ).status_code == 303
    # what comes up later can still be written down
    agreed = TOLD | {"agreed": "yes", "ground": "", "whom": "Dr. Lis"}
    assert (await colleague.send(f"{concern}/disclosures", **agreed)).status_code == 303
    page = await read(colleague, concern)
    said = [TOLD[name] for name in ("whom", "what", "why", "ground")]
    for words in (*said, "2 January 2026", "Spoke with her sister.", "To B. Nowak.", "With the agreement of"):
        assert words in page
    kinds = [entry["kind"] for entry in (await desk.ask(concern))["entries"]]
    assert kinds == ["disclosed", "note", "closed", "disclosed"]
    entries = await case_entries(service.desk, people.facilitator, people.case_id)
    tags = [entry.tag for entry in reversed(entries) if entry.tag.startswith("concern.")]
    assert tags == [
        "concern.raised",
        *(f"concern.{done}" for done in ("disclosed", "noted", "closed", "disclosed")),
    ]
    with psycopg.connect(service.dsns.superuser.url) as connection:
        rows = connection.execute(
            "SELECT c::text || e::text || a::text FROM relay.concerns c, relay.concern_entries e,"
            " relay.audit_entries a WHERE a.tag LIKE 'concern.%%'"
        ).fetchall()
    for secret in ("threat", "Nowak", "sister", exchange.victim_id):
        assert not any(secret in row or secret.encode().hex() in row for (row,) in rows)


async def test_who_is_on_another_case_finds_nothing_and_nobody_what_was_not_sent(exchange: Exchange) -> None:
    draft = f"/items/{await exchange.start(exchange.offender)}"
    assert (await exchange.desk.http.get(f"{draft}/concern")).status_code == 404
    assert (await exchange.desk.send(f"{draft}/concern", kind="threat", words=WORDS)).status_code == 404
    await exchange.desk.do(f"{draft}/concerns", CONCERN, status=404)
    item_id = await exchange.write(exchange.victim)
    concern = await raised(exchange.desk, f"/items/{item_id}")
    service = exchange.service
    gita = await service.make_facilitator("Gita")
    await service.make_case(gita, "2026/2")
    stranger = await seated(service, Surface.DESK, gita)
    case = f"/cases/{exchange.case_id}"
    assert await stranger.ask("/concerns") == []
    for path in (concern, f"{case}/concerns"):
        assert (await stranger.api("GET", path)).status_code == 404
    for path, body in (
        (f"{case}/concerns", CONCERN),
        (f"/items/{item_id}/concerns", CONCERN),
        (f"{concern}/notes", {"words": "So."}),
        (f"{concern}/disclosures", TOLD | {"agreed": True, "told_at": "2026-01-02T10:30:00Z"}),
        (f"{concern}/closing", CLOSING),
    ):
        assert (await stranger.api("POST", path, body)).status_code == 404, path
    for page in (concern, f"{case}/concern", f"/items/{item_id}/concern"):
        assert (await stranger.http.get(page)).status_code == 404, page


async def test_who_left_the_case_reads_it_no_more_and_is_waited_for_no_more(
    exchange: Exchange, colleague: Client
) -> None:
    concern = await raised(exchange.desk, f"/items/{await exchange.write(exchange.victim)}")
    people, service = exchange.people, exchange.service
    seats = (await exchange.desk.ask(f"/cases/{exchange.case_id}"))["people"]
    filip = next(UUID(one["seat_id"]) for one in seats if one["name"] == "Filip")
    await exchange.desk.do(f"{concern}/closing", CLOSING, status=409)
    await remove_seat(service.desk, people.facilitator, people.case_id, filip)
    assert (await colleague.api("GET", concern)).status_code == 404
    assert (await exchange.desk.ask(concern))["concern"]["noticed"]["words"] == WORDS
    await exchange.desk.do(f"{concern}/closing", CLOSING, status=201)


async def test_a_form_that_is_refused_keeps_what_was_typed(exchange: Exchange) -> None:
    path = f"/cases/{exchange.case_id}/concern"
    for fields in ({"words": WORDS}, {"words": WORDS, "kind": "threat", "about": "nobody"}):
        refused = await exchange.desk.send(path, **fields)
        assert refused.status_code == 400
        assert WORDS in refused.text
    concern = await raised(exchange.desk, f"/cases/{exchange.case_id}")
    refused = await exchange.desk.send(f"{concern}/closing", words="Because.")
    assert refused.status_code == 400
    assert "Because." in refused.text
    assert (await exchange.desk.http.get(f"{concern}/closing")).headers["location"] == concern
