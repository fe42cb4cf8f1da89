"""Drafts that their author removes: an empty one by one press, one that has something in it once asked."""

import re

import httpx

from tests.functional.test_own_files import uploaded
from tests.functional.test_uploads import begun
from tests.support.web import Client, Exchange


def listed(page: httpx.Response) -> list[str]:
    """What the author's list says of each, without the time."""
    lines = re.findall(r'<a href="/items/[^"]+">([^<]+)</a> <span class="state">([^<]+)', page.text)
    return [f"{what.partition(',')[0]}: {stands}" for what, stands in lines]


async def the_case(exchange: Exchange, who: Client | None = None) -> httpx.Response:
    return await (who or exchange.victim).http.get(f"/cases/{exchange.case_id}")


async def test_an_empty_draft_is_removed_by_one_press_in_the_list_or_on_its_page(exchange: Exchange) -> None:
    first, second = [f"/items/{await exchange.start(exchange.victim)}" for _ in range(2)]
    page = await the_case(exchange)
    assert listed(page) == ["Letter 2: Not sent yet, and empty", "Letter 1: Not sent yet, and empty"]
    assert "Remove empty letter 1" in page.text
    gone = await exchange.victim.send(f"{first}/remove")
    assert (gone.status_code, gone.headers["location"]) == (303, f"/cases/{exchange.case_id}?done=removed")
    assert listed(await the_case(exchange)) == ["Letter 2: Not sent yet, and empty"]
    page = await exchange.victim.http.get(second)
    assert "<details" not in page.text.partition("<h2>Remove it</h2>")[2]
    await exchange.victim.send(f"{second}/remove")
    page = await exchange.victim.http.get(gone.headers["location"])
    assert listed(page) == []
    assert "The draft was removed." in page.text
    assert await exchange.victim.ask(f"/cases/{exchange.case_id}/items") == []


async def test_a_draft_with_something_in_it_is_removed_only_where_that_was_said(exchange: Exchange) -> None:
    victim = exchange.victim
    letter = f"/items/{await exchange.start(victim)}"
    await victim.do(f"{letter}/draft", {"text": "What I never want to send."}, status=204, method="PUT")
    file = await uploaded(exchange, b"RIFF" + bytes(99), "audio")
    halfway = f"/items/{await exchange.start(victim, 'audio')}"
    await begun(victim, halfway.removeprefix("/items/"))
    assert "Remove empty" not in (await the_case(exchange)).text
    for item, words in (
        (letter, "Yes: remove it, and what I wrote"),
        (file, "Yes: remove it, and my file"),
        (halfway, "Yes: remove it, and my file"),
    ):
        page = (await victim.http.get(item)).text
        assert words in page.partition("<summary>Remove this draft</summary>")[2]
        unasked = await victim.send(f"{item}/remove")
        assert unasked.status_code == 409
        assert "There is something in this by now" in unasked.text
        assert (await victim.ask(item))["state"] == "draft"
        assert (await victim.send(f"{item}/remove", with_content="yes")).status_code == 303
        assert (await victim.ask(item))["state"] == "withdrawn"
    assert listed(await the_case(exchange)) == []
    assert (await victim.ask(f"{letter}/draft"))["text"] == ""
    assert "What I never want" not in (await victim.http.get(letter)).text
    assert await victim.ask(f"{halfway}/uploads") == []
    late = await victim.api("PUT", f"{letter}/draft", {"text": "Typed in another window."})
    assert (late.status_code, "nothing can be saved in it any more" in late.json()["detail"]) == (409, True)


async def test_only_a_draft_is_removed_and_only_by_its_author(exchange: Exchange) -> None:
    item = f"/items/{await exchange.write(exchange.victim)}"
    for answer in (
        await exchange.victim.send(f"{item}/remove", with_content="yes"),
        await exchange.victim.api("DELETE", item),
    ):
        assert answer.status_code == 409
    draft = f"/items/{await exchange.start(exchange.victim)}"
    assert (await exchange.offender.send(f"{draft}/remove")).status_code == 404
    assert (await exchange.offender.api("DELETE", draft)).status_code == 404
    assert (await exchange.victim.api("DELETE", draft)).status_code == 204
    assert (await exchange.victim.ask(draft))["state"] == "withdrawn"


async def test_a_draft_that_was_taken_back_by_the_api_keeps_its_words_and_its_place(
    exchange: Exchange,
) -> None:
    item = f"/items/{await exchange.start(exchange.victim)}"
    await exchange.victim.do(f"{item}/draft", {"text": "Dear you."}, status=204, method="PUT")
    await exchange.victim.do(f"{item}/withdraw")
    assert listed(await the_case(exchange)) == ["Letter 1: Taken back"]
    assert (await exchange.victim.do(f"{item}/again", status=201))["number"] == 2


async def test_nobody_else_sees_anything_of_a_draft_or_of_its_end(exchange: Exchange) -> None:
    async def seen() -> list[str]:
        pages = [await the_case(exchange, one) for one in (exchange.offender, exchange.desk)]
        pages.append(await exchange.offender.http.get("/received"))
        return [re.sub(r'(name="csrf" value=")[^"]+', "", page.text) for page in pages]

    before = await seen()
    item = f"/items/{await exchange.start(exchange.victim)}"
    await exchange.victim.do(f"{item}/draft", {"text": "Dear you."}, status=204, method="PUT")
    assert await seen() == before
    await exchange.victim.send(f"{item}/remove", with_content="yes")
    assert await seen() == before


async def test_several_of_a_kind_are_told_apart_by_number_day_and_state(exchange: Exchange) -> None:
    victim = exchange.victim
    first = await exchange.write(victim)
    second = await exchange.start(victim)
    await victim.do(f"/items/{second}/draft", {"text": "Dear you."}, status=204, method="PUT")
    await exchange.start(victim, "audio")
    await exchange.start(exchange.offender)  # somebody else's count for nothing
    third = await exchange.start(victim)
    page = await the_case(exchange)
    assert listed(page) == [
        "Letter 3: Not sent yet, and empty",
        "Audio recording 1: Not sent yet, and empty",
        "Letter 2: Not sent yet",
        "Letter 1: With your facilitator",
    ]
    assert len(re.findall(r"Letter \d, started \d+ \w+ \d{4}, \d\d:\d\d \w+</a>", page.text)) == 3
    await victim.send(f"/items/{second}/remove", with_content="yes")
    assert [(await victim.ask(f"/items/{one}"))["number"] for one in (first, third)] == [1, 3]
    assert "<h1>Letter 3</h1>" in (await victim.http.get(f"/items/{third}")).text
    assert listed(await the_case(exchange, exchange.offender)) == ["Letter 1: Not sent yet, and empty"]


async def test_where_there_are_several_to_write_to_the_list_says_whom_each_is_for(exchange: Exchange) -> None:
    await exchange.start(exchange.victim)
    assert "For the other person</p>" not in (await the_case(exchange)).text
    body = {"name": "Olga", "part": "offender", "label": "Somebody else"}
    await exchange.desk.do(f"/cases/{exchange.case_id}/people", body, status=201)
    await exchange.start(exchange.victim)
    page = (await the_case(exchange)).text
    assert sorted(re.findall(r">For ([^<]+)</p>", page)) in (
        ["Somebody else, the other person", "the other person"],
        ["the other person", "the other person, Somebody else"],
    )
