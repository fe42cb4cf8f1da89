"""What a recipient reads before they open anything, and after each choice. Not to open is the default."""

import re
from pathlib import Path

import pytest

from tests.functional.test_addressees import taken_off
from tests.functional.test_hiding import sent
from tests.functional.test_plain_words import read
from tests.support import media
from tests.support.web import Exchange

ANSWER = "If you want to answer, you can write or record something: Make something new . You do not have to."
CHOICES = ["later", "hold", "refuse", "open"]
NEXT = {
    "later": "It waits here, closed, for as long as you like.",
    "hold": "Your facilitator sees that you asked for this",
    "refuse": "It stays closed, and you are not asked about it again.",
}


async def offered(exchange: Exchange, delivery: str) -> tuple[list[str], str]:
    page = (await exchange.victim.http.get(f"/received/{delivery}")).text
    return re.findall(r'name="choice" value="(\w+)"', page), page


async def test_opening_comes_last_and_weighs_no_more_than_the_others(exchange: Exchange) -> None:
    _, delivery = await exchange.deliver(exchange.offender)
    choices, page = await offered(exchange, delivery)
    assert choices == CHOICES
    [main] = re.findall("<main.*</main>", page, re.DOTALL)
    assert re.findall("<button[^>]*>", main) == ['<button type="submit">'] * 4
    words = await read(exchange.victim, f"/received/{delivery}")
    assert "Opening cannot be undone; every other choice can be changed until you open it." in words
    assert "You can ask your facilitator to read it to you, or to tell you what is in it." in words
    assert "Your facilitators can see it in their record" in words


@pytest.mark.parametrize("choice", ["later", "hold", "refuse"])
async def test_each_choice_says_what_happens_next_and_can_be_changed(exchange: Exchange, choice: str) -> None:
    _, delivery = await exchange.deliver(exchange.offender)
    assert f'<div class="note"><p>{NEXT[choice]}' not in (await offered(exchange, delivery))[1]
    await exchange.victim.send(f"/received/{delivery}/choice", choice=choice)
    choices, page = await offered(exchange, delivery)
    assert re.search(f'<div class="note"><p>{re.escape(NEXT[choice])}', page)
    assert choices == [one for one in CHOICES if one != choice]
    assert "See what it is" not in await read(exchange.victim, "/")
    told = "Held for Vera" in await read(exchange.desk, f"/cases/{exchange.case_id}")
    assert told is (choice == "hold")
    record = await read(exchange.desk, f"/cases/{exchange.case_id}/audit")
    assert "Recipient chose" in record


@pytest.mark.parametrize(
    ("letters", "says"),
    [
        (10, "A page or two at most"),
        (4000, "A page or two at most"),
        (4200, "Up to about 4 pages"),
        (9000, "Up to about 7 pages"),
    ],
)
async def test_how_long_a_letter_is_at_most_is_said_by_its_padded_size(
    exchange: Exchange, letters: int, says: str
) -> None:
    _, delivery = await exchange.deliver(exchange.offender, "x" * letters)
    assert f"Length {says} Your choice" in await read(exchange.victim, f"/received/{delivery}")


async def test_how_long_a_recording_is(exchange: Exchange, tmp_path: Path) -> None:
    item = await sent(exchange, media.speech(tmp_path).read_bytes(), "audio")
    item_id = item.rpartition("/")[2]
    await exchange.approve(item_id)
    delivery = await exchange.release(item_id)
    page = await read(exchange.offender, f"/received/{delivery}")
    assert re.search(r"Length \d+ seconds?", page)
    assert "You can ask your facilitator to play it to you, or to tell you what is in it." in page
    assert "nothing plays by itself" in page


async def test_what_was_opened_says_where_an_answer_is_begun_while_one_can_be(exchange: Exchange) -> None:
    victim = exchange.victim
    _, delivery = await exchange.deliver(exchange.offender)
    received = f"/received/{delivery}"
    assert ANSWER not in await read(victim, received)
    await victim.send(f"{received}/choice", choice="open")
    link = f'<a href="/cases/{exchange.case_id}">Make something new</a>'
    assert f"{link}. You do not have to.</p></main>" in (await victim.http.get(received)).text
    assert ANSWER in await read(victim, received)
    await taken_off(exchange, exchange.victim_id)
    assert ANSWER not in await read(victim, received)


@pytest.mark.parametrize("choice", CHOICES)
async def test_the_authors_pages_stay_the_same_byte_for_byte(exchange: Exchange, choice: str) -> None:
    item, delivery = await exchange.deliver(exchange.offender)
    paths = ("/", f"/cases/{exchange.case_id}", f"/items/{item}", "/received", "/help")
    before = [(await exchange.offender.http.get(path)).content for path in paths]
    await exchange.victim.send(f"/received/{delivery}/choice", choice=choice)
    await exchange.victim.http.get(f"/received/{delivery}")
    assert [(await exchange.offender.http.get(path)).content for path in paths] == before


async def test_what_was_received_is_told_apart_by_number_and_sender_and_by_no_time(
    exchange: Exchange, tmp_path: Path
) -> None:
    given = [(await exchange.deliver(exchange.victim, f"Letter {number}."))[1] for number in (1, 2)]
    item = await sent(exchange, media.speech(tmp_path).read_bytes(), "audio")
    await exchange.approve(item.rpartition("/")[2])
    sound = await exchange.release(item.rpartition("/")[2])
    page = (await exchange.offender.http.get("/received")).text
    listed = re.findall(r'<a href="/received/([^"]+)">([^<]*)</a>', page)
    assert listed == [
        (sound, "Audio recording 1, from the other person"),
        (given[1], "Letter 2, from the other person"),
        (given[0], "Letter 1, from the other person"),
    ]
    [main] = re.findall("<main.*</main>", page, re.DOTALL)
    assert not re.search(r"\b20\d\d\b|\d:\d\d", re.sub(r'href="[^"]*"', "", main))
    await exchange.offender.do(f"/deliveries/{given[0]}/choice", {"choice": "open"})
    assert [one["number"] for one in await exchange.offender.ask("/deliveries")] == [1, 2, 1]
    assert "Letter 2 for you" in await read(exchange.offender, f"/received/{given[1]}")
