"""Drafts that their author removes: an empty one by one press, one that has something in it once asked."""

import re

import httpx
import pytest

from relay.db.transaction import Surface
from relay.exchange import items, letters
from tests.functional.test_own_files import uploaded
from tests.functional.test_uploads import begin, begun
from tests.support.web import Client, Exchange, seated


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


async def test_a_removed_draft_is_said_to_be_removed_and_a_second_press_leads_to_the_case(
    exchange: Exchange,
) -> None:
    victim = exchange.victim
    gone = "You have removed this, or taken it back."
    letter, audio = [f"/items/{await exchange.start(victim, kind)}" for kind in ("letter", "audio")]
    await victim.do(f"{letter}/draft", {"text": "Dear you."}, status=204, method="PUT")
    for item in (letter, audio):
        for _ in range(2):
            answer = await victim.send(f"{item}/remove", with_content="yes")
            assert (answer.status_code, answer.headers.get("location")) == (
                303,
                f"/cases/{exchange.case_id}?done=removed",
            )
        again, sent = await victim.api("DELETE", item), await victim.api("POST", f"{item}/submit", {})
        assert [(one.status_code, one.json()["detail"]) for one in (again, sent)] == [(409, gone)] * 2
    late = await begin(victim, audio.removeprefix("/items/"))
    assert (late.status_code, late.json()["detail"]) == (409, gone)
    # of one that was only taken back the words are there still: it was not removed, and that is said
    kept = f"/items/{await exchange.start(victim)}"
    await victim.do(f"{kept}/draft", {"text": "Dear you."}, status=204, method="PUT")
    await victim.do(f"{kept}/withdraw")
    answer = await victim.send(f"{kept}/remove", with_content="yes")
    assert (answer.status_code, gone in answer.text) == (409, True)


@pytest.mark.parametrize("how", ["remove", "withdraw"])
async def test_words_for_a_letter_that_is_gone_are_shown_and_said_to_be_only_there(
    exchange: Exchange, how: str
) -> None:
    victim = exchange.victim
    item = f"/items/{await exchange.start(victim)}"
    await victim.do(f"{item}/draft", {"text": "Saved before."}, status=204, method="PUT")
    if how == "remove":
        await victim.send(f"{item}/remove", with_content="yes")
    else:
        await victim.do(f"{item}/withdraw")
    page = await victim.send(f"{item}/draft", text="Typed in\nanother window.")
    assert page.status_code == 409
    [area] = re.findall(r"<textarea([^>]*)>\nTyped in\nanother window\.</textarea>", page.text)
    assert "readonly" in area
    assert "The words are only here, on this page" in page.text
    assert "These words are not lost" not in page.text
    if how == "remove":
        assert f"{item}/again" not in page.text
        assert "Saved before." not in page.text
    else:
        assert "Begin again with what was saved" in page.text
        new = await victim.send(f"{item}/again")
        assert "Saved before.</textarea>" in (await victim.http.get(new.headers["location"])).text


async def test_words_for_a_letter_that_was_sent_meanwhile_are_not_shown_as_what_was_sent(
    exchange: Exchange,
) -> None:
    item = f"/items/{await exchange.write(exchange.victim, 'What was sent.')}"
    page = (await exchange.victim.send(f"{item}/draft", text="Typed in another window.")).text
    before, _, sent = page.partition("<h2>What you sent</h2>")
    assert "Typed in another window.</textarea>" in before
    assert "What was sent." in sent
    assert "Typed in another" not in sent


async def test_the_same_words_from_another_window_are_no_conflict(exchange: Exchange) -> None:
    item = f"/items/{await exchange.start(exchange.victim)}"
    for text, status in (("Dear you.", 204), ("Dear you.", 204), ("Dear her.", 409)):
        answer = await exchange.victim.api(
            "PUT", f"{item}/draft", {"text": text, "known": [letters.version("")]}
        )
        assert answer.status_code == status


async def test_a_draft_whose_upload_expired_is_empty_everywhere(exchange: Exchange) -> None:
    victim = exchange.victim
    first, second = [f"/items/{await exchange.start(victim, 'audio')}" for _ in range(2)]
    for item in (first, second):
        await begun(victim, item.removeprefix("/items/"))
    assert "There is nothing in it." not in (await victim.http.get(first)).text
    exchange.service.clock.go(hours=exchange.service.settings.upload_hours + 1)
    victim = await seated(exchange.service, Surface.PARTICIPANTS, exchange.people.victim)
    page = (await victim.http.get(first)).text
    assert "There is nothing in it." in page
    assert listed(await the_case(exchange, victim)) == [
        f"Audio recording {number}: Not sent yet, and empty" for number in (2, 1)
    ]
    assert (await victim.send(f"{first}/remove")).status_code == 303
    assert (await victim.ask(first))["state"] == "withdrawn"
    await victim.http.aclose()


async def test_a_letter_begun_again_from_one_that_was_read_is_not_said_to_be_unread(
    exchange: Exchange,
) -> None:
    item = f"/items/{await exchange.write(exchange.victim)}"
    await exchange.desk.ask(item)
    await exchange.victim.do(f"{item}/withdraw")
    new = (await exchange.victim.do(f"{item}/again", status=201))["id"]
    page = (await exchange.victim.http.get(f"/items/{new}")).text
    assert "Nobody but you can open this draft, and nobody is told when you remove it." in page
    assert "has read" not in page


async def test_who_has_too_many_drafts_is_told_to_remove_one(
    exchange: Exchange, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(items, "MOST_DRAFTS", 1)
    item = f"/items/{await exchange.start(exchange.victim)}"
    seats = (await exchange.victim.ask(item))["recipients"]
    body = {"kind": "letter", "recipients": seats}
    full = await exchange.victim.api("POST", f"/cases/{exchange.case_id}/items", body)
    assert (full.status_code, "Finish one, or remove one," in full.json()["detail"]) == (409, True)
    await exchange.victim.send(f"{item}/remove")
    assert (await exchange.victim.api("POST", f"/cases/{exchange.case_id}/items", body)).status_code == 201


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
    olga = await exchange.desk.do(f"/cases/{exchange.case_id}/people", body, status=201)
    agrees = {"account_id": olga["account_id"], "medium": "letter", "given": True, "manner": "in_person"}
    await exchange.desk.do(f"/cases/{exchange.case_id}/gates/consents", agrees, status=204)
    await exchange.start(exchange.victim)
    page = (await the_case(exchange)).text
    assert sorted(re.findall(r">For ([^<]+)</p>", page)) in (
        ["Somebody else, the other person", "the other person"],
        ["the other person", "the other person, Somebody else"],
    )
