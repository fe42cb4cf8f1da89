"""What an author's pages say about their own things: what is so now, once, and never of the other side."""

import re
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from relay.db.transaction import Surface
from tests.functional.test_answering import MUTE
from tests.functional.test_hiding import sent
from tests.functional.test_own_files import hidden, other_picture, uploaded
from tests.functional.test_several import fields, send
from tests.support import media
from tests.support.photographs import photograph
from tests.support.web import Client, Exchange, seated
from tests.support.work import work_off

NOTHING = "Nothing of it was passed on, and nothing of it will be."
NOT_SHOWN = "Whether something was given before is not shown here"
SEND = "Save and send to your facilitator"


async def read(client: Client, path: str) -> str:
    """The words of a page, in one line."""
    answer = await client.http.get(path)
    assert answer.status_code == 200, answer.text
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", answer.text))


async def asked_to_change(exchange: Exchange, item_id: str, guidance: str) -> None:
    await exchange.desk.do(f"/items/{item_id}/claim")
    clean = (await exchange.desk.ask(f"/items/{item_id}"))["clean"]
    assert (await exchange.desk.api("GET", f"/items/{item_id}/rendition")).status_code == 200
    decision: dict[str, Any] = {
        "decision": "request_changes",
        "reasons": ["unreadable"],
        "guidance": guidance,
    }
    looked_at = {"rendition_id": clean["id"], "sha256": clean["sha256"]}
    await exchange.desk.do(f"/items/{item_id}/decisions", decision | looked_at)


async def paused(exchange: Exchange, *, yes: bool) -> str:
    answer = await exchange.victim.send(f"/cases/{exchange.case_id}/pause", paused="yes" if yes else "no")
    assert answer.status_code == 303
    return await read(exchange.victim, answer.headers["location"])


# -- a failure, and the file that came after it


async def test_an_old_failure_does_not_stand_beside_a_new_file(exchange: Exchange, tmp_path: Path) -> None:
    item = await uploaded(exchange, b"no sound at all" * 9, "audio")
    await exchange.victim.do(f"{item}/submit")
    await work_off(exchange.room)
    failed = (await exchange.victim.http.get(item)).text
    assert '<span class="state">The file could not be made safe</span>' in failed
    content = media.speech(tmp_path).read_bytes()
    answer = await exchange.victim.http.post(
        f"{item}/file", data={"csrf": exchange.victim.csrf}, files={"file": ("a.wav", content, "audio/wav")}
    )
    assert answer.status_code == 303
    for path in (item, f"/cases/{exchange.case_id}"):
        page = (await exchange.victim.http.get(path)).text
        assert '<span class="state">A new file, not sent yet</span>' in page
        assert "could not be made safe" not in page
    page = (await exchange.victim.http.get(item)).text
    assert "<summary>What was wrong with the file that you sent before</summary>" in page
    assert "note warn" not in page


# -- taken back


async def test_of_what_was_never_approved_it_is_said_that_nothing_was_passed_on(exchange: Exchange) -> None:
    item_id = await exchange.write(exchange.victim)
    await exchange.victim.send(f"/items/{item_id}/withdraw")
    page = await read(exchange.victim, f"/items/{item_id}")
    assert NOTHING in page
    assert NOT_SHOWN not in page


@pytest.mark.parametrize("released", [False, True])
async def test_of_what_was_approved_the_same_is_said_before_and_after_its_release(
    exchange: Exchange, *, released: bool
) -> None:
    item_id = await exchange.write(exchange.victim)
    await exchange.approve(item_id)
    if released:
        await exchange.release(item_id)
    await exchange.victim.send(f"/items/{item_id}/withdraw")
    page = await read(exchange.victim, f"/items/{item_id}")
    assert NOTHING not in page
    assert NOT_SHOWN in page


async def test_one_approval_of_two_tells_nothing(exchange: Exchange) -> None:
    await exchange.desk.do(f"/cases/{exchange.case_id}", {"second_approval": True}, method="PATCH")
    item_id = await exchange.write(exchange.victim)
    await exchange.approve(item_id)  # by the first
    item = await exchange.victim.ask(f"/items/{item_id}")
    assert (item["state"], item["was_approved"]) == ("in_review", False)
    await exchange.victim.send(f"/items/{item_id}/withdraw")
    assert NOTHING in await read(exchange.victim, f"/items/{item_id}")


# -- a facilitator's answer


async def test_an_answer_to_an_earlier_version_is_said_to_be_that(exchange: Exchange) -> None:
    item_id = await exchange.write(exchange.victim)
    await asked_to_change(exchange, item_id, "Please shorten it.")
    page = (await exchange.victim.http.get(f"/items/{item_id}")).text
    assert "<h2>Your facilitator’s answer</h2>" in page
    await exchange.victim.do(f"/items/{item_id}/submit")
    await work_off(exchange.room)
    for approve in (False, True):
        if approve:
            await exchange.approve(item_id)
        page = (await exchange.victim.http.get(f"/items/{item_id}")).text
        assert "<h2>Your facilitator’s answer</h2>" not in page
        assert "<summary>What your facilitator answered to an earlier version</summary>" in page
        assert '<details class="sheet">' in page
        assert "This was about what you sent before, not about what you sent last." in page
        assert "Please shorten it." in page


async def test_what_was_sent_back_says_why_what_to_do_and_who_reads_what_by_now(exchange: Exchange) -> None:
    item_id = await exchange.start(exchange.victim)
    own, changing = "Until you send it, only you can read it.", "Your facilitator has what you sent before."
    page = await read(exchange.victim, f"/items/{item_id}")
    assert own in page
    assert changing not in page
    item_id = await exchange.write(exchange.victim)
    await asked_to_change(exchange, item_id, "Please shorten it.")
    page = await read(exchange.victim, f"/items/{item_id}")
    assert own not in page
    assert f"{changing} What you change now, only you can read until you send it." in page
    assert "Why: Parts of it cannot be read or understood. What to do: Please shorten it." in page


async def test_what_is_declined_says_why_and_nothing_to_do(exchange: Exchange) -> None:
    item_id = await exchange.write(exchange.victim)
    await exchange.desk.do(f"/items/{item_id}/claim")
    clean = (await exchange.desk.ask(f"/items/{item_id}"))["clean"]
    declined = {"decision": "decline", "reasons": ["threats"], "guidance": "Let us talk."}
    looked_at = {"rendition_id": clean["id"], "sha256": clean["sha256"]}
    await exchange.desk.do(f"/items/{item_id}/decisions", declined | looked_at)
    page = await read(exchange.victim, f"/items/{item_id}")
    assert "Why: Parts of it can be read as a threat. They write: Let us talk." in page
    assert "What to do:" not in page


# -- pausing


async def test_ones_own_pause_stands_on_what_one_sent_and_not_on_the_other_sides(exchange: Exchange) -> None:
    mine = await exchange.write(exchange.victim)
    theirs = await exchange.write(exchange.offender)
    before = (await exchange.offender.http.get(f"/items/{theirs}")).text
    page = await paused(exchange, yes=True)
    assert "The pause has begun." in page
    assert "Saved." not in page
    assert "You have paused. Your facilitator can still look" in await read(exchange.victim, f"/items/{mine}")
    assert (await exchange.offender.http.get(f"/items/{theirs}")).text == before
    page = await paused(exchange, yes=False)
    assert "The pause has ended." in page
    assert "You have paused" not in await read(exchange.victim, f"/items/{mine}")


async def test_a_pause_promises_no_more_than_it_does(exchange: Exchange) -> None:
    _, to_me = await exchange.deliver(exchange.offender)
    mine, to_them = await exchange.deliver(exchange.victim)
    sent = await exchange.write(exchange.victim, "Another.")
    case = f"/cases/{exchange.case_id}"
    stays = "What was given before can still be opened by whoever has it"
    looks = "our facilitator can still look at what"
    told = [await read(exchange.victim, case), await paused(exchange, yes=True)]
    for page in told:
        assert "othing more is passed on, in either direction" in page
        assert stays in page
        assert looks in page
    for page in (*told, await read(exchange.victim, f"/items/{sent}")):
        assert not re.search(
            "stops? everything|[Ee]verything is stopped|Pause everything|othing passes", page
        )
    assert "can still be opened by who has it" in await read(exchange.victim, f"/items/{mine}")
    # and that is so
    for client, delivery in ((exchange.victim, to_me), (exchange.offender, to_them)):
        await client.do(f"/deliveries/{delivery}/choice", {"choice": "open"})
        assert (await client.api("GET", f"/deliveries/{delivery}/content")).status_code == 200
    await exchange.approve(sent)


async def test_a_facilitator_can_end_a_pause_and_that_is_said(exchange: Exchange) -> None:
    page = await read(exchange.victim, f"/cases/{exchange.case_id}")
    assert "It lasts until you go on. Your facilitator can begin or end a pause for you as well" in page
    page = await paused(exchange, yes=True)
    assert "until you go on, or your facilitator ends the pause for you" in page
    gate = {"account_id": exchange.victim_id, "paused": False}
    await exchange.desk.do(f"/cases/{exchange.case_id}/gates/pauses", gate, status=204)
    assert "You have paused" not in await read(exchange.victim, f"/cases/{exchange.case_id}")


# -- agreement that was taken back, or that has run out


async def test_what_was_sent_says_that_it_is_not_passed_on_while_its_author_does_not_agree(
    exchange: Exchange,
) -> None:
    mine, theirs = await exchange.write(exchange.victim), await exchange.write(exchange.offender)
    before = (await exchange.offender.http.get(f"/items/{theirs}")).content
    note = "You do not agree to letters at the moment. Your facilitator can still look at this, but"
    assert note not in await read(exchange.victim, f"/items/{mine}")
    await exchange.victim.send(f"/cases/{exchange.case_id}/consents", medium="letter", given="no")
    page = (await exchange.victim.http.get(f"/items/{mine}")).text
    assert f"{note} it is not passed on unless you agree." in page
    assert f'<a href="/cases/{exchange.case_id}#agree">' in page
    assert 'id="agree"' in (await exchange.victim.http.get(f"/cases/{exchange.case_id}")).text
    await exchange.approve(mine)
    assert f"{note} nothing more of it is passed on unless" in await read(exchange.victim, f"/items/{mine}")
    assert (await exchange.offender.http.get(f"/items/{theirs}")).content == before
    await exchange.victim.send(f"/cases/{exchange.case_id}/consents", medium="letter", given="yes")
    assert note not in await read(exchange.victim, f"/items/{mine}")


async def test_agreement_that_has_run_out_is_said_to_have_and_asked_for_on_the_first_page(
    exchange: Exchange,
) -> None:
    clock = exchange.service.clock
    until = (clock() + timedelta(hours=1)).isoformat()
    told = {"account_id": exchange.victim_id, "medium": "letter", "given": True, "manner": "in_person"}
    path = f"/cases/{exchange.case_id}"
    await exchange.desk.do(f"{path}/gates/consents", told | {"ask_again_at": until}, status=204)
    mine = await exchange.write(exchange.victim)
    asks = "you are asked again."
    assert asks not in await read(exchange.victim, "/")
    clock.go(minutes=90)
    victim = await seated(exchange.service, Surface.PARTICIPANTS, exchange.people.victim)
    assert asks in await read(victim, "/")
    page = await read(victim, path)
    assert "Your agreement has run out. Do you agree again?" in page
    assert "You do not agree at the moment." not in page
    assert "Your agreement to letters has run out. Your facilitator" in await read(victim, f"/items/{mine}")
    for given, says in (("no", "You do not agree at the moment."), ("yes", "You agree, until")):
        await victim.send(f"{path}/consents", medium="letter", given=given)
        assert asks not in await read(victim, "/")
        assert says in await read(victim, path)
    await victim.http.aclose()


# -- buttons


async def test_what_cannot_be_sent_has_no_button_for_it_and_is_saved(
    exchange: Exchange, tmp_path: Path
) -> None:
    draft = await exchange.start(exchange.victim)
    assert SEND in await read(exchange.victim, f"/items/{draft}")
    film = await uploaded(exchange, media.speech(tmp_path).read_bytes(), "audio")
    assert "Send it to your facilitator" in await read(exchange.victim, film)
    waiting = await exchange.write(exchange.victim)
    later = "You can send this once your facilitator has answered the other one"
    for path, button in ((f"/items/{draft}", SEND), (film, "Send it to your facilitator")):
        page = await read(exchange.victim, path)
        assert later in page
        assert button not in page
    answer = await exchange.victim.send(f"/items/{draft}/draft", text="Dear you.")
    assert answer.headers["location"].endswith("?done=saved")
    await exchange.victim.send(f"/items/{waiting}/withdraw")
    await paused(exchange, yes=True)
    page = await read(exchange.victim, f"/items/{draft}")
    assert "You can send this once nothing of what is named above is missing any more." in page
    assert SEND not in page


# -- files


@pytest.mark.parametrize(
    ("kind", "content", "words"),
    [
        ("audio", b"PK\x03\x04" + bytes(99), "does not look like a recording of sound"),
        ("audio", b"a list of things to buy", "does not look like a recording of sound"),
        ("video", b"%PDF-1.7" + bytes(99), "does not look like a film"),
        ("document", b"a list of things to buy", "does not look like a picture or a PDF"),
    ],
)
async def test_of_another_kind_of_file_it_is_not_said_that_it_can_be_sent_all_the_same(
    exchange: Exchange, kind: str, content: bytes, words: str
) -> None:
    page = await read(exchange.victim, await uploaded(exchange, content, kind))
    assert words in page
    assert "Once you have sent it" not in page
    assert "once you have sent it" not in page


async def test_pages_that_are_uploaded_again_are_said_to_replace_what_is_there(exchange: Exchange) -> None:
    item = f"/items/{await exchange.start(exchange.victim, 'document')}"
    words = "what you upload now replaces what is there."
    assert words not in (await read(exchange.victim, item)).lower()
    chosen = fields((photograph(3), 0), (other_picture("TIFF"), 0))
    assert (await send(exchange.victim, f"{item}/pages", chosen)).status_code == 303
    page = (await read(exchange.victim, item)).lower()
    assert page.count(words) == 2  # beside the one file, and beside the fields for several


# -- wording


async def test_the_first_step_of_a_letter_speaks_of_no_recording(exchange: Exchange, tmp_path: Path) -> None:
    letter = await exchange.start(exchange.victim)
    await exchange.victim.send(f"/items/{letter}/draft", text="Dear you.", then="send")
    page = await read(exchange.victim, f"/items/{letter}")
    assert "It waits for its turn, or is being opened." in page
    assert "long recording" not in page
    await exchange.victim.send(f"/items/{letter}/withdraw")
    sound = await uploaded(exchange, media.speech(tmp_path).read_bytes(), "audio")
    page = await read(exchange.victim, sound)
    assert "If you do not want your voice to be recognised easily" in page
    await exchange.victim.do(f"{sound}/submit")
    assert "With a long recording this takes a while." in await read(exchange.victim, sound)


async def test_the_two_ways_of_taking_back_are_told_apart(exchange: Exchange, tmp_path: Path) -> None:
    item = await sent(exchange, media.speech(tmp_path).read_bytes(), "audio")
    await hidden(exchange, item, MUTE)
    page = await read(exchange.victim, item)
    assert "“Take it back and make it anew”: this one is taken back" in page
    assert (
        "“Take this back”, at the end of this page: this one is taken back, and nothing new begins." in page
    )
    assert "take it back for good" not in page


async def test_where_there_is_nobody_to_write_to_no_page_asks_to_write(exchange: Exchange) -> None:
    facilitator = exchange.people.facilitator
    case_id = await exchange.service.make_case(facilitator)
    alone = await exchange.service.make_participant(facilitator, case_id, name="Alma")
    client = await seated(exchange.service, Surface.PARTICIPANTS, alone)
    for path in ("/", f"/cases/{case_id}"):
        page = await read(client, path)
        assert "With " not in page
        assert "Write, record or upload" not in page
        assert "obody to write to yet" in page
    await client.http.aclose()


@pytest.mark.parametrize("decision", ["request_changes", "decline"])
async def test_what_was_sent_back_or_declined_does_not_stand_as_what_can_be_passed_on(
    exchange: Exchange, tmp_path: Path, decision: str
) -> None:
    item = await sent(exchange, media.speech(tmp_path).read_bytes(), "audio")
    page = await read(exchange.victim, item)
    assert "What can be passed on" in page
    assert "Only this one can be given to the other person." in page
    await exchange.desk.do(f"{item}/claim")
    clean = (await exchange.desk.ask(item))["clean"]
    named = {"rendition_id": clean["id"], "sha256": clean["sha256"]}
    answer = {"decision": decision, "reasons": ["unreadable"], "guidance": "So."}
    await exchange.desk.do(f"{item}/decisions", answer | named)
    page = await read(exchange.victim, item)
    assert "What your facilitator saw" in page
    assert "an be passed on" not in page
    assert "can be given to the other person" not in page


# -- what was just done, at an address that is come back to

LINES = {
    "saved": "Saved.",
    "paused": "The pause has begun.",
    "resumed": "The pause has ended.",
    "sent": "Sent to your facilitator.",
    "uploaded": "The file has arrived.",
    "cancelled": "The upload was cancelled",
    "removed": "The draft was removed.",
    "agreed": "You have agreed to this version.",
    "anew": "You have taken the other one back.",
    "again": "Here are the words of the letter that you took back",
    "withdrawn": "You have taken this back.",
}


async def said(client: Client, path: str) -> set[str]:
    """Which lines a page shows if its address asks for them."""
    shown = set()
    for done, line in LINES.items():
        page = (await client.http.get(f"{path}?done={done}")).text
        if f'<div class="note" role="status"><p>{line}' in page:
            shown.add(done)
    return shown


async def test_nothing_is_said_to_have_been_done_that_is_not_so(exchange: Exchange) -> None:
    victim = exchange.victim
    case, letter = f"/cases/{exchange.case_id}", f"/items/{await exchange.start(exchange.victim)}"
    assert await said(victim, case) == {"saved", "removed", "resumed"}
    await paused(exchange, yes=True)
    assert await said(victim, case) == {"saved", "removed", "paused"}
    await paused(exchange, yes=False)
    assert await said(victim, letter) == {"anew"}
    await victim.send(f"{letter}/draft", text="Dear you.")
    assert await said(victim, letter) == {"saved", "anew", "again"}
    await victim.do(f"{letter}/submit")
    await work_off(exchange.room)
    assert await said(victim, letter) == {"sent"}
    await exchange.approve(letter.rpartition("/")[2])
    assert await said(victim, letter) == set()
    await victim.send(f"{letter}/withdraw")
    assert await said(victim, letter) == {"withdrawn"}


async def test_so_it_is_with_a_file(exchange: Exchange, tmp_path: Path) -> None:
    sound = f"/items/{await exchange.start(exchange.victim, 'audio')}"
    assert await said(exchange.victim, sound) == {"cancelled", "anew"}
    item = await sent(exchange, media.speech(tmp_path).read_bytes(), "audio")
    assert await said(exchange.victim, item) == {"sent"}
    await hidden(exchange, item, MUTE)
    assert await said(exchange.victim, item) == set()
    page = await exchange.victim.ask(f"{item}/proposal")
    named = {"rendition_id": page["rendition_id"], "sha256": page["sha256"]}
    answer = await exchange.victim.send(f"{item}/agreement", **named)
    assert answer.headers["location"].endswith("?done=agreed")
    assert await said(exchange.victim, item) == {"agreed"}


# -- the limits of confidentiality


@pytest.mark.parametrize(("kind", "does"), [("letter", "reads"), ("audio", "plays"), ("document", "reads")])
async def test_before_anything_is_written_it_is_said_what_cannot_be_kept_confidential(
    exchange: Exchange, kind: str, does: str
) -> None:
    item = f"/items/{await exchange.start(exchange.victim, kind)}"
    page = (await exchange.victim.http.get(item)).text
    limits = page.index(
        f"Your facilitator {does} what you send before anybody else does. If it shows a danger"
    )
    assert limits < page.index("<textarea" if kind == "letter" else 'type="file"')
    assert '<a href="/help#limits">' in page
    help_page = (await exchange.victim.http.get("/help")).text
    assert 'id="limits"' in help_page
    for words in ("somebody is in danger", "a new offence", "colleagues who work with them on the same case"):
        assert words in help_page


async def test_they_are_not_said_again_once_it_was_sent(exchange: Exchange) -> None:
    item = await exchange.write(exchange.victim)
    assert "If it shows a danger" not in await read(exchange.victim, f"/items/{item}")
