"""What was typed is shown again to whoever typed it, while they are there; once they left, to nobody."""

import re
from hashlib import sha256
from pathlib import Path

import httpx
import pytest

import relay.web
from relay.web.shared import forms
from tests.support.web import ORIGIN, Client, Exchange

WORDS = "I never told anybody about the house."


async def sent_again(client: Client, path: str, csrf: str) -> httpx.Response:
    """Send a form that the browser still has from a page on which `csrf` stood."""
    headers = {"Origin": ORIGIN, "Sec-Fetch-Site": "same-origin"}
    fields = {"csrf": csrf, "text": WORDS, "reasoning": WORDS}
    answer = await client.http.post(path, data=fields, headers=headers)
    assert "What you wrote" not in answer.text or WORDS in answer.text
    return answer


def shows(answer: httpx.Response, status: int) -> bool:
    assert answer.status_code == status, answer.text
    return WORDS in answer.text


@pytest.mark.parametrize("way_out", ["/sign-out", "/leave"])
async def test_after_leaving_a_form_that_is_sent_again_shows_nothing(
    exchange: Exchange, way_out: str
) -> None:
    victim, letter = exchange.victim, f"/items/{await exchange.start(exchange.victim)}/draft"
    left = await victim.send(way_out)
    assert "__Host-p=" in left.headers["set-cookie"]
    assert "Max-Age=0" in left.headers["set-cookie"]
    victim.http.cookies.clear()
    assert not shows(await sent_again(victim, letter, victim.csrf), 401)


async def test_after_signing_out_of_the_desk_too(exchange: Exchange) -> None:
    desk, form = exchange.desk, f"/cases/{exchange.case_id}/gates/assessments"
    left = await desk.send("/sign-out")
    assert "__Host-d=" in left.headers["set-cookie"]
    assert "Max-Age=0" in left.headers["set-cookie"]
    desk.http.cookies.clear()
    assert not shows(await sent_again(desk, form, desk.csrf), 401)


SIGNED_OUT = "You are signed out. Close this window too if others use this device."


@pytest.mark.parametrize("side", ["victim", "desk"])
async def test_whoever_signs_out_reads_that_they_did_and_nobody_else_does(
    exchange: Exchange, side: str
) -> None:
    client = exchange.victim if side == "victim" else exchange.desk
    there = "/sign-in?done=out"
    assert SIGNED_OUT not in (await client.http.get(there)).text  # they are signed in: it was come back to
    assert (await client.send("/sign-out")).headers["location"] == there
    assert f'role="status"><p>{SIGNED_OUT}' in (await client.http.get(there)).text
    for other in ("/sign-in", "/sign-in?done=", "/sign-in?done=Call+this+number"):
        page = (await client.http.get(other)).text
        assert 'role="status"' not in page
        assert "Call this number" not in page


async def test_a_session_that_ran_out_shows_what_was_typed_in_it_and_no_other(exchange: Exchange) -> None:
    victim, offender = exchange.victim, exchange.offender
    letter = f"/items/{await exchange.start(victim)}/draft"
    exchange.service.clock.go(minutes=30)
    assert shows(await sent_again(victim, letter, victim.csrf), 401)
    assert not shows(await sent_again(offender, letter, victim.csrf), 401)
    for csrf in ("", "old", "a.b.c"):
        assert not shows(await sent_again(victim, letter, csrf), 401)


@pytest.mark.parametrize("words", ["对不起", "Sorry.", "ขอโทษ"])
async def test_a_letter_without_spaces_is_shown_too_and_nothing_that_the_page_sent_along(
    exchange: Exchange, words: str
) -> None:
    item_id = await exchange.start(exchange.victim)
    versions = " ".join(sha256(one).hexdigest() for one in (b"", b"a"))
    exchange.service.clock.go(minutes=30)
    shown = await exchange.victim.send(f"/items/{item_id}/draft", text=words, versions=versions)
    assert shown.status_code == 401
    assert f'<p class="letter-text" dir="auto">{words}</p>' in shown.text
    assert versions[:64] not in shown.text


def test_every_field_for_sentences_is_known() -> None:
    found = {
        name
        for template in Path(relay.web.__file__).parent.rglob("*.html")
        for pair in re.findall(
            r'parts\.area\("([a-z_]+)"|<textarea[^>]* name="([a-z_]+)"', template.read_text()
        )
        for name in pair
        if name
    }
    assert len(found) > 5
    assert found - forms._WRITTEN == set()


async def test_whoever_signs_in_next_is_not_shown_what_somebody_else_typed(exchange: Exchange) -> None:
    victim, offender = exchange.victim, exchange.offender
    letter = f"/items/{await exchange.start(victim)}/draft"
    assert not shows(await sent_again(offender, letter, victim.csrf), 403)
    assert not shows(await sent_again(offender, letter, ""), 403)


def known_of(page: str) -> str:
    """What a letter's page says that it is written on top of."""
    found = re.search(r'name="versions" value="([^"]*)"', page)
    assert found
    return found[1]


async def test_a_letter_saved_elsewhere_is_not_written_over_unseen(exchange: Exchange) -> None:
    victim, item_id = exchange.victim, await exchange.start(exchange.victim)
    path = f"/items/{item_id}"
    old = known_of((await victim.http.get(path)).text)
    assert (await victim.send(f"{path}/draft", text="First", versions=old)).status_code == 303
    refused = await victim.send(f"{path}/draft", text=WORDS, versions=old, then="send")
    assert shows(refused, 409)
    assert "another window" in refused.text
    assert "Save and send" not in refused.text
    assert (await victim.ask(f"{path}/draft"))["text"] == "First"
    # who has read so, and sends it again, means it
    assert (
        await victim.send(f"{path}/draft", text=WORDS, versions=known_of(refused.text))
    ).status_code == 303
    assert (await victim.ask(f"{path}/draft"))["text"] == WORDS


async def test_a_letter_that_was_saved_and_could_not_be_sent_is_not_said_to_be_another_windows(
    exchange: Exchange,
) -> None:
    victim, item_id = exchange.victim, await exchange.start(exchange.victim)
    path = f"/items/{item_id}"
    refused = await victim.send(
        f"{path}/draft", text=" ", versions=known_of((await victim.http.get(path)).text), then="send"
    )
    assert (refused.status_code, "The letter is empty" in refused.text) == (400, True)
    again = {"text": WORDS, "versions": known_of(refused.text)}
    assert (await victim.send(f"{path}/draft", **again)).status_code == 303
    # and what another window saves since is still not written over unseen
    await victim.do(path + "/draft", {"text": "Newer"}, status=204, method="PUT")
    assert (await victim.send(f"{path}/draft", **again)).status_code == 409


async def test_by_the_api_a_draft_is_kept_on_top_of_what_was_known(exchange: Exchange) -> None:
    victim, item_id = exchange.victim, await exchange.start(exchange.victim)
    path = f"/items/{item_id}/draft"

    async def put(text: str, *known: str) -> int:
        hashes = [sha256(one.encode()).hexdigest() for one in known]
        return (await victim.api("PUT", path, {"text": text, "known": hashes})).status_code

    assert await put("a", "") == 204
    assert await put("b", "") == 409
    assert await put("b", "", "a") == 204
    assert await put("c") == 204
    assert await put("d", "a", "b") == 409
    assert await victim.ask(path) == {"text": "c"}
