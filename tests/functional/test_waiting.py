"""What waits is said on a facilitator's first page and in the queue, with whom it is from and for."""

import re
from datetime import timedelta

from relay.identity.invitations import invite_participant
from relay.identity.vouching import vouch
from tests.functional.test_plain_words import read
from tests.support.web import Exchange, staff_client


async def first_page(exchange: Exchange) -> str:
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", (await exchange.desk.http.get("/")).text))


async def test_each_case_says_what_waits_in_it(exchange: Exchange) -> None:
    page = await first_page(exchange)
    for words in ("to read or play", "not passed on yet", "planned to be", "confirm their keys", "Paused"):
        assert words not in page
    letter = await exchange.write(exchange.victim)
    assert "1 to read or play in the queue" in await first_page(exchange)
    await exchange.approve(letter)
    page = await first_page(exchange)
    assert "to read or play" not in page
    assert "1 approved and not passed on yet" in page
    recipient = (await exchange.desk.ask(f"/items/{letter}"))["recipients"][0]["seat_id"]
    due = (exchange.service.clock() + timedelta(days=2)).isoformat()
    await exchange.desk.do(f"/items/{letter}/schedule", {"seat_id": recipient, "due_at": due}, status=201)
    page = await first_page(exchange)
    assert "1 planned to be passed on" in page
    assert "not passed on yet" not in page
    await exchange.victim.do(f"/cases/{exchange.case_id}/pause", {"paused": True}, status=204)
    assert "Paused Nothing passes" in await first_page(exchange)
    await exchange.victim.do(f"/cases/{exchange.case_id}/pause", {"paused": False}, status=204)
    assert "Paused" not in await first_page(exchange)


async def test_who_enrolled_waits_for_their_keys_to_be_confirmed(exchange: Exchange) -> None:
    service, facilitator, case_id = exchange.service, exchange.people.facilitator, exchange.people.case_id
    invitation = await invite_participant(service.desk, facilitator, case_id, "Nadia", "victim", "")
    assert "confirm their keys" not in await first_page(exchange)
    nadia = await service.enrol_quickly(service.participants, invitation)
    assert "Somebody has enrolled, and you have to confirm their keys" in await first_page(exchange)
    await vouch(service.desk, facilitator, case_id, nadia.id)
    assert "confirm their keys" not in await first_page(exchange)


async def test_a_colleague_is_asked_whether_one_approval_is_enough(exchange: Exchange) -> None:
    filip = await staff_client(exchange.service, name="Filip")
    colleague = (await filip.ask("/session"))["account_id"]
    case = f"/cases/{exchange.case_id}"
    await exchange.desk.do(f"{case}/facilitators", {"account_id": colleague}, status=201)
    for second in (True, False):
        await exchange.desk.do(case, {"second_approval": second}, method="PATCH")
    assert "whether one approval is enough" in (await filip.http.get("/")).text
    assert "whether one approval is enough" not in await first_page(exchange)


async def test_what_one_has_approved_waits_for_a_colleague(exchange: Exchange) -> None:
    filip = await staff_client(exchange.service, name="Filip")
    colleague = (await filip.ask("/session"))["account_id"]
    case = f"/cases/{exchange.case_id}"
    await exchange.desk.do(f"{case}/facilitators", {"account_id": colleague}, status=201)
    await exchange.desk.do(case, {"second_approval": True}, method="PATCH")
    await exchange.approve(await exchange.write(exchange.victim))
    page = await first_page(exchange)
    assert "1 approved by you : a second approval is a colleague’s" in page
    assert "to read or play" not in page
    theirs = (await filip.http.get("/")).text
    assert "1 to read or play" in theirs
    assert "approved by you" not in theirs


async def test_the_queue_says_whom_each_is_from_and_for(exchange: Exchange) -> None:
    await exchange.write(exchange.victim)
    await exchange.write(exchange.offender)
    page = await read(exchange.desk, "/queue")
    assert "From Vera Victim to Oskar" in page
    assert "From Oskar Offender to Vera" in page
    lines = await exchange.desk.ask("/queue")
    assert [(one["author"], one["part"], one["recipients"]) for one in lines] == [
        ("Vera", "victim", ["Oskar"]),
        ("Oskar", "offender", ["Vera"]),
    ]


async def test_the_chain_names_the_item_of_an_entry(exchange: Exchange) -> None:
    letter = await exchange.write(exchange.victim)
    await exchange.approve(letter)
    page = (await exchange.desk.http.get(f"/cases/{exchange.case_id}/audit")).text
    for deed in ("Taken for review", "Read or played", "Approved"):
        assert re.search(rf'>{deed}<br><a href="/items/{letter}">Letter from Vera</a>', page), deed


async def test_a_case_lists_what_was_sent_with_whom_it_is_for_and_since_when_it_stands_so(
    exchange: Exchange,
) -> None:
    letter = await exchange.write(exchange.victim)
    page = await read(exchange.desk, f"/cases/{exchange.case_id}")
    assert re.search(r"Letter from Vera to Oskar To be read since \d+ \w+ \d{4}, \d\d:\d\d", page)
    [listed] = await exchange.desk.ask(f"/cases/{exchange.case_id}/items")
    assert (listed["id"], listed["recipients"]) == (letter, [exchange.offender_id])
