"""What an author is told and asked about hidden parts, and what their own choices hold against."""

import asyncio
import re
from pathlib import Path
from typing import Any

import pytest

from relay.db.transaction import Surface
from relay.identity.invitations import invite_again
from relay.identity.vouching import vouch
from tests.functional.test_hiding import NOTE, sent, taken, told
from tests.functional.test_uploads import begun, patch
from tests.support import media
from tests.support.web import Client, Exchange, enrolled
from tests.support.work import work_off

MUTE = {"stretches": [{"start_ms": 0, "end_ms": 300, "how": "mute"}]}


@pytest.mark.parametrize("edits", [MUTE, {}])
async def test_a_facilitator_cannot_take_the_authors_disguise_off(
    exchange: Exchange, tmp_path: Path, edits: dict[str, Any]
) -> None:
    item = await sent(exchange, media.speech(tmp_path).read_bytes(), "audio", {"voice": True})
    body = {"revision": 1, "edits": edits, "note": NOTE}
    refused = await exchange.desk.api("POST", f"{item}/redactions", body)
    assert refused.status_code == 400
    assert "asked for their voice to be changed" in refused.json()["detail"]
    assert (await exchange.desk.ask(item))["revision"] == 1
    page = (await exchange.desk.http.get(f"{item}/hide")).text
    assert 'name="voice" value="yes" checked' in page
    body = {"revision": 1, "edits": MUTE | {"disguise": {"voice": True}}, "note": NOTE}
    assert (await exchange.desk.api("POST", f"{item}/redactions", body)).status_code == 200
    await work_off(exchange.room)
    page = (await exchange.victim.http.get(item)).text
    assert "1 stretch muted: 0:00.000 to 0:00.300." in page
    assert "A disguise: the voice changed." in page


async def test_what_was_hidden_is_told_to_its_author_by_the_api_too(
    exchange: Exchange, tmp_path: Path
) -> None:
    item = await sent(exchange, media.speech(tmp_path).read_bytes(), "audio")
    await exchange.desk.do(f"{item}/redactions", {"revision": 1, "edits": MUTE, "note": NOTE})
    await work_off(exchange.room)
    assert (await exchange.victim.ask(f"{item}/proposal"))["edits"]["stretches"] == MUTE["stretches"]
    assert (await exchange.offender.api("GET", f"{item}/proposal")).status_code == 404


async def test_an_empty_list_gives_back_what_was_sent(exchange: Exchange) -> None:
    item = await taken(exchange)
    await exchange.desk.do(
        f"{item}/redactions", {"revision": 1, "edits": {"spans": [{"start": 0, "end": 4}]}, "note": NOTE}
    )
    await work_off(exchange.room)
    assert "1 place of the letter covered by a block." in (await exchange.victim.http.get(item)).text
    await exchange.desk.do(f"{item}/claim")
    await exchange.desk.do(f"{item}/redactions", {"revision": 2, "edits": {}, "note": "As you sent it."})
    await work_off(exchange.room)
    page = (await exchange.victim.http.get(item)).text
    assert "Your facilitator gives back what you sent" in page
    assert "has hidden parts" not in page


async def sent_back(exchange: Exchange, item: str, original: bytes) -> None:
    """A change was asked for, and a new file has come in."""
    clean = (await exchange.desk.ask(item))["clean"]
    await exchange.desk.do(
        f"{item}/decisions",
        {
            "decision": "request_changes",
            "rendition_id": clean["id"],
            "sha256": clean["sha256"],
            "reasons": ["unreadable"],
            "guidance": "Please speak louder.",
        },
    )
    address = await begun(exchange.victim, item.rpartition("/")[2], len(original))
    assert (await patch(exchange.victim, address, 0, original)).status_code == 204


async def test_a_disguise_is_not_forgotten_when_a_new_recording_is_sent(
    exchange: Exchange, tmp_path: Path
) -> None:
    item = await sent(exchange, media.speech(tmp_path).read_bytes(), "audio", {"voice": True})
    again = media.speech(tmp_path, "again.wav").read_bytes()
    await sent_back(exchange, item, again)
    assert 'name="voice" value="yes" checked' in (await exchange.victim.http.get(item)).text
    await exchange.victim.do(f"{item}/submit")
    await work_off(exchange.room)
    assert (await exchange.desk.ask(f"{item}/redaction"))["edits"]["disguise"]["voice"]
    await exchange.desk.do(f"{item}/claim")
    await sent_back(exchange, item, again)
    await exchange.victim.do(f"{item}/submit", {"disguise": {"voice": False}})
    await work_off(exchange.room)
    assert not (await exchange.desk.ask(f"{item}/redaction"))["edits"]["disguise"]["voice"]


async def enrolled_anew(exchange: Exchange) -> Client:
    """Vera under new keys, which her facilitator has confirmed."""
    people, service = exchange.people, exchange.service
    assert people is not None
    invitation = await invite_again(service.desk, people.facilitator, people.case_id, people.victim.id)
    client = await enrolled(service, Surface.PARTICIPANTS, invitation, "vera-anew")
    await vouch(service.desk, people.facilitator, people.case_id, people.victim.id)
    return client


@pytest.mark.parametrize("kind", ["letter", "audio"])
@pytest.mark.parametrize("when", ["before", "after"])
async def test_who_enrolled_anew_still_reads_how_it_stands_and_takes_it_back(
    exchange: Exchange, tmp_path: Path, kind: str, when: str
) -> None:
    edits: Any = MUTE
    if kind == "letter":
        item, edits = await taken(exchange), {"spans": [{"start": 0, "end": 4}]}
    else:
        item = await sent(exchange, media.speech(tmp_path).read_bytes(), "audio")
    vera = await enrolled_anew(exchange) if when == "before" else None
    await exchange.desk.do(f"{item}/redactions", {"revision": 1, "edits": edits, "note": NOTE})
    await work_off(exchange.room)
    vera = vera or await enrolled_anew(exchange)
    page = await vera.http.get(item)
    assert page.status_code == 200
    assert "Take this back" in page.text
    assert (NOTE in page.text) == (when == "before")
    assert "sealed to keys that you no longer have" in page.text
    new = await vera.do(f"{item}/anew", status=201)
    assert (new["state"], new["kind"]) == ("draft", kind)
    if kind == "letter":
        assert not (await vera.ask(f"/items/{new['id']}/draft"))["text"]
    assert (await vera.http.get(item)).status_code == 200


@pytest.mark.parametrize(("decision", "state"), [("decline", "declined"), ("request_changes", None)])
async def test_what_could_not_be_hidden_is_sent_back_or_declined_as_it_was_sent(
    exchange: Exchange, tmp_path: Path, decision: str, state: str | None
) -> None:
    item = await sent(exchange, media.speech(tmp_path, seconds=2).read_bytes(), "audio")
    desk = exchange.desk
    clean = (await desk.ask(item))["clean"]
    all_of_it = {"stretches": [{"start_ms": 0, "end_ms": clean["duration_ms"], "how": "cut"}]}
    await desk.do(f"{item}/redactions", {"revision": 1, "edits": all_of_it, "note": NOTE})
    await work_off(exchange.room)
    assert [one["asked"] for one in await desk.ask("/queue")] == [False]
    await desk.do(f"{item}/claim")
    found = await desk.ask(item)
    assert (found["clean"], found["as_sent"]["id"]) == (None, clean["id"])
    page = (await desk.http.get(item)).text
    assert "Do not pass it on" in page
    assert "Approve it as it is" not in page
    named = {"rendition_id": clean["id"], "sha256": clean["sha256"]}
    refused = await desk.api("POST", f"{item}/decisions", {"decision": "approve", **named})
    assert refused.status_code == 409
    fields = {"rendition_id": told(page, "rendition_id"), "sha256": told(page, "sha256")}
    answer = await desk.send(
        f"{item}/decision", decision=decision, reasons="threats", guidance="Please.", **fields
    )
    assert answer.status_code == 303, answer.text
    assert (await exchange.victim.ask(item))["state"] == (state or "changes_requested")
    assert "Please." in (await exchange.victim.http.get(item)).text


async def test_the_first_page_says_what_waits_for_an_authors_answer(exchange: Exchange) -> None:
    victim, desk = exchange.victim, exchange.desk
    asked, change, declined = "asks whether you agree", "asks you to change", "will not pass on something"

    async def says() -> list[str]:
        page = (await victim.http.get("/")).text
        return [words for words in (asked, change, declined) if words in page]

    item = await taken(exchange)
    assert await says() == []
    spans = {"spans": [{"start": 0, "end": 4}]}
    await desk.do(f"{item}/redactions", {"revision": 1, "edits": spans, "note": NOTE})
    assert await says() == []
    await work_off(exchange.room)
    assert await says() == [asked]
    proposal = await victim.ask(f"{item}/proposal")
    await victim.do(f"{item}/agreement", {key: proposal[key] for key in ("rendition_id", "sha256")})
    assert await says() == []
    for decision, words in (("request_changes", [change]), ("decline", [declined])):
        await desk.do(f"{item}/claim")
        clean = (await desk.ask(item))["clean"]
        named = {"rendition_id": clean["id"], "sha256": clean["sha256"]}
        await desk.do(
            f"{item}/decisions", {"decision": decision, "reasons": ["threats"], "guidance": "So."} | named
        )
        assert await says() == words
        if decision == "request_changes":
            await victim.do(f"{item}/submit")
            await work_off(exchange.room)
            assert await says() == []
    assert asked not in (await exchange.offender.http.get("/")).text
    await exchange.start(victim)
    assert await says() == []


GIVEN = "Whether something was given before is not shown here"


async def test_taking_back_says_the_same_whether_or_not_it_was_given(exchange: Exchange) -> None:
    before = await exchange.write(exchange.victim)
    await exchange.approve(before)
    page = (await exchange.victim.http.get(f"/items/{before}")).text
    assert GIVEN in page
    await exchange.victim.do(f"/items/{before}/withdraw")
    after, _ = await exchange.deliver(exchange.victim)
    assert GIVEN in (await exchange.victim.http.get(f"/items/{after}")).text
    await exchange.victim.do(f"/items/{after}/withdraw")
    first, second = [
        shown((await exchange.victim.http.get(f"/items/{one}")).text)
        .replace(one, "ITEM")
        .replace(f"<h1>Letter {number}</h1>", "<h1>Letter</h1>")  # the author's own count
        for number, one in ((1, before), (2, after))
    ]
    assert GIVEN in first
    assert first == second


def shown(page: str) -> str:
    """What stands between the heading and the end, without the marks against forged forms."""
    return re.sub(r'name="csrf" value="[^"]*"', "", page.partition("<main")[2])


@pytest.mark.parametrize("hidden", [True, False])
async def test_a_recipient_is_told_that_parts_were_hidden_with_agreement(
    exchange: Exchange, *, hidden: bool
) -> None:
    item = await taken(exchange)
    if hidden:
        spans = {"spans": [{"start": 0, "end": 4}]}
        await exchange.desk.do(f"{item}/redactions", {"revision": 1, "edits": spans, "note": NOTE})
        await work_off(exchange.room)
        proposal = await exchange.victim.ask(f"{item}/proposal")
        named = {key: proposal[key] for key in ("rendition_id", "sha256")}
        await exchange.victim.do(f"{item}/agreement", named)
    await exchange.approve(item.rpartition("/")[2])
    delivery = await exchange.release(item.rpartition("/")[2])
    line = "Before this was passed on, parts of it were hidden. The person who made it agreed to that."
    changes = {"author": "agreed", "what": ["parts hidden"]} if hidden else None
    offender = exchange.offender
    for _ in ("before it is opened", "after"):
        assert (line in (await offender.http.get(f"/received/{delivery}")).text) == hidden
        assert (await offender.ask(f"/deliveries/{delivery}"))["changes"] == changes
        await offender.do(f"/deliveries/{delivery}/choice", {"choice": "open"})


async def drafts(exchange: Exchange) -> int:
    items = await exchange.victim.ask(f"/cases/{exchange.case_id}/items")
    return sum(one["state"] == "draft" for one in items)


async def test_beginning_anew_happens_once_and_all_of_it(exchange: Exchange) -> None:
    item = await taken(exchange)
    asked = [exchange.victim.api("POST", f"{item}/anew", {}) for _ in range(4)]
    codes = sorted([one.status_code for one in await asyncio.gather(*asked)])
    assert codes == [201, 409, 409, 409]
    assert await drafts(exchange) == 1
    assert (await exchange.victim.ask(item))["state"] == "withdrawn"


async def test_what_was_declined_is_not_begun_anew(exchange: Exchange) -> None:
    item = await taken(exchange)
    clean = (await exchange.desk.ask(item))["clean"]
    decision = {"decision": "decline", "reasons": ["threats"], "guidance": "So."}
    named = {"rendition_id": clean["id"], "sha256": clean["sha256"]}
    await exchange.desk.do(f"{item}/decisions", decision | named)
    assert (await exchange.victim.api("POST", f"{item}/anew", {})).status_code == 409
    assert await drafts(exchange) == 0
