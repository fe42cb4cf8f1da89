"""An author's own files: played before they are sent, held against what was hidden, taken back knowingly."""

import io
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import httpx
import msgspec
import pytest
from PIL import Image

from relay.exchange import processing
from tests.functional.test_answering import MUTE
from tests.functional.test_hiding import NOTE, sent, taken
from tests.functional.test_several import fields, send
from tests.functional.test_uploads import begun, patch
from tests.support import media
from tests.support.photographs import photograph
from tests.support.web import Client, Exchange
from tests.support.work import work_off

AREA = {"areas": [{"page": 1, "left": 1000, "top": 1000, "right": 9000, "bottom": 2000}]}


async def hidden(exchange: Exchange, item: str, edits: dict[str, Any], revision: int = 1) -> None:
    await exchange.desk.do(f"{item}/redactions", {"revision": revision, "edits": edits, "note": NOTE})
    await work_off(exchange.room)


async def got(client: Client, path: str, status: int = 200, **more: Any) -> httpx.Response:
    answer = await client.api("GET", path, **more)
    assert answer.status_code == status, answer.text
    return answer


async def uploaded(exchange: Exchange, content: bytes, kind: str) -> str:
    item_id = await exchange.start(exchange.victim, kind)
    address = await begun(exchange.victim, item_id, len(content))
    assert (await patch(exchange.victim, address, 0, content)).status_code == 204
    return f"/items/{item_id}"


# -- what was sent, beside what was made of it


async def test_an_author_hears_what_they_sent_beside_what_is_hidden(
    exchange: Exchange, tmp_path: Path
) -> None:
    item = await sent(exchange, media.speech(tmp_path).read_bytes(), "audio")
    before = (await got(exchange.victim, f"{item}/rendition")).content
    await hidden(exchange, item, MUTE)
    await exchange.desk.do(f"{item}/claim")
    later = {"stretches": [{"start_ms": 500, "end_ms": 900, "how": "bleep"}]}
    await hidden(exchange, item, later, revision=2)
    now = (await got(exchange.victim, f"{item}/rendition")).content
    compared = await got(exchange.victim, f"{item}/sent")
    assert compared.headers["content-type"] == "audio/mp4"
    assert compared.content == before != now
    page = (await exchange.victim.http.get(item)).text
    assert f'src="/api/v1{item}/rendition"' in page
    assert f'src="/api/v1{item}/sent"' in page
    await got(exchange.offender, f"{item}/sent", 404)
    await hidden_nothing(exchange, item)


async def hidden_nothing(exchange: Exchange, item: str) -> None:
    """Where nothing is hidden there is nothing to compare."""
    await exchange.desk.do(f"{item}/claim")
    await hidden(exchange, item, {}, revision=3)
    assert f'src="/api/v1{item}/sent"' not in (await exchange.victim.http.get(item)).text


async def test_an_author_sees_each_page_beside_what_is_hidden_of_it(
    exchange: Exchange, tmp_path: Path
) -> None:
    item = await sent(exchange, media.document(tmp_path, pages=2).read_bytes(), "document")
    before = [(await got(exchange.victim, f"{item}/pages/{number}")).content for number in (1, 2)]
    await hidden(exchange, item, AREA)
    page = (await exchange.victim.http.get(item)).text
    for number in (1, 2):
        assert f'src="/api/v1{item}/pages/{number}"' in page
        assert f'src="/api/v1{item}/sent/pages/{number}"' in page
        shown = await got(exchange.victim, f"{item}/sent/pages/{number}")
        assert (shown.headers["content-type"], shown.content) == ("image/jpeg", before[number - 1])
    assert (await got(exchange.victim, f"{item}/pages/1")).content != before[0]
    await got(exchange.victim, f"{item}/sent/pages/3", 404)
    await got(exchange.offender, f"{item}/sent/pages/1", 404)


async def test_a_films_picture_is_that_of_what_was_sent(exchange: Exchange, tmp_path: Path) -> None:
    item = await sent(exchange, media.film(tmp_path).read_bytes(), "video")
    before = (await got(exchange.victim, f"{item}/poster")).content
    await hidden(exchange, item, {"stretches": [{"start_ms": 0, "end_ms": 3000, "how": "blank"}]})
    assert f'poster="/api/v1{item}/sent/poster"' in (await exchange.victim.http.get(item)).text
    assert (await got(exchange.victim, f"{item}/sent/poster")).content == before
    await got(exchange.offender, f"{item}/sent/poster", 404)


# -- before it is sent


async def test_what_has_arrived_is_played_before_it_is_sent(exchange: Exchange, tmp_path: Path) -> None:
    content = media.speech(tmp_path).read_bytes()
    item = await uploaded(exchange, content, "audio")
    page = (await exchange.victim.http.get(item)).text
    assert f'src="/api/v1{item}/arrived"' in page
    whole = await got(exchange.victim, f"{item}/arrived")
    assert (whole.headers["content-type"], whole.content) == ("audio/wav", content)
    part = await got(exchange.victim, f"{item}/arrived", 206, headers={"Range": "bytes=100-1099"})
    assert part.content == content[100:1100]
    await got(exchange.offender, f"{item}/arrived", 404)
    await exchange.victim.do(f"{item}/submit")
    await got(exchange.victim, f"{item}/arrived", 404)


async def test_a_draft_that_was_removed_is_gone_with_its_file_and_that_was_said_before(
    exchange: Exchange, tmp_path: Path
) -> None:
    item = await uploaded(exchange, media.speech(tmp_path).read_bytes(), "audio")
    page = (await exchange.victim.http.get(item)).text
    assert "The file that you uploaded is removed for good" in page
    assert "Yes: remove it, and my file" in page
    await exchange.victim.send(f"{item}/remove", with_content="yes")
    await got(exchange.victim, f"{item}/arrived", 404)


def other_picture(format_name: str) -> bytes:
    out = io.BytesIO()
    Image.new("RGB", (40, 30), (9, 9, 9)).save(out, format_name)
    return out.getvalue()


async def test_pages_are_looked_through_before_they_are_sent(exchange: Exchange, tmp_path: Path) -> None:
    item = f"/items/{await exchange.start(exchange.victim, 'document')}"
    files = [photograph(1), other_picture("TIFF"), media.document(tmp_path).read_bytes(), photograph(2)]
    chosen = fields((files[0], 0), (files[1], 0), (files[2], 0), (files[3], 90))
    assert (await send(exchange.victim, f"{item}/pages", chosen)).status_code == 303
    page = (await exchange.victim.http.get(item)).text
    for number in (1, 4):
        assert f'<img src="/api/v1{item}/arrived/pages/{number}"' in page
    assert 'class="turned turned-90"' in page
    assert "Page 2 has arrived, but is of a kind that your browser may not show" in page
    assert "Page 3 is a PDF: save it to look at it" in page
    assert "It is saved on your device and can be opened there." in page
    types, shown = [], []
    for number, content in enumerate(files, 1):
        answer = await got(exchange.victim, f"{item}/arrived/pages/{number}")
        assert answer.content == content
        types.append(answer.headers["content-type"])
        shown.append(answer.headers["content-disposition"])
    assert shown == ["inline", "inline", 'attachment; filename="your-file.pdf"', "inline"]
    assert types == ["image/jpeg", "application/octet-stream", "application/pdf", "image/jpeg"]
    for wrong in (0, 5, 10**30):
        await got(exchange.victim, f"{item}/arrived/pages/{wrong}", 404)
    await got(exchange.offender, f"{item}/arrived/pages/1", 404)


async def test_a_pdf_by_itself_is_saved_and_not_opened_at_our_address(
    exchange: Exchange, tmp_path: Path
) -> None:
    item = await uploaded(exchange, media.document(tmp_path).read_bytes(), "document")
    for address in (f"{item}/arrived", f"{item}/arrived/pages/1"):
        answer = await got(exchange.victim, address)
        assert answer.headers["content-type"] == "application/pdf"
        assert answer.headers["content-disposition"] == 'attachment; filename="your-file.pdf"'


@pytest.mark.parametrize("kind", ["audio", "video", "document"])
@pytest.mark.parametrize(
    "content", [b"<!doctype html><script>alert(1)</script>", b"<svg xmlns='http://www.w3.org/2000/svg'/>"]
)
async def test_nothing_that_was_sent_here_is_shown_as_a_page_of_ours(
    exchange: Exchange, kind: str, content: bytes
) -> None:
    item = await uploaded(exchange, content, kind)
    path = f"{item}/arrived/pages/1" if kind == "document" else f"{item}/arrived"
    answer = await got(exchange.victim, path)
    assert answer.headers["content-type"] == "application/octet-stream"
    assert answer.headers["x-content-type-options"] == "nosniff"


# -- one at a time


async def test_it_is_said_at_the_beginning_that_something_is_being_looked_at(exchange: Exchange) -> None:
    words = "is being looked at. It is one at a time"
    case = f"/cases/{exchange.case_id}"
    draft = await exchange.start(exchange.victim)
    for path in (case, f"/items/{draft}"):
        assert words not in (await exchange.victim.http.get(path)).text
    waiting = await exchange.write(exchange.victim)
    for path in (case, f"/items/{draft}"):
        page = (await exchange.victim.http.get(path)).text
        assert words in page
        assert f'href="/items/{waiting}"' in page
    assert words not in (await exchange.victim.http.get(f"/items/{waiting}")).text
    assert words not in (await exchange.offender.http.get(case)).text
    await exchange.victim.do(f"/items/{waiting}/withdraw")
    assert words not in (await exchange.victim.http.get(case)).text


# -- which page it was


async def test_the_page_that_could_not_be_read_is_named(exchange: Exchange) -> None:
    item = f"/items/{await exchange.start(exchange.victim, 'document')}"
    chosen = fields((photograph(4), 0), (photograph(5)[:400], 0), (photograph(6), 0))
    await send(exchange.victim, f"{item}/pages", chosen)
    await exchange.victim.do(f"{item}/submit")
    await work_off(exchange.room)
    found = await exchange.victim.ask(item)
    assert (found["failure"], found["failure_page"]) == ("damaged", 2)
    assert "Page 2 is damaged or not complete." in (await exchange.victim.http.get(item)).text
    good = fields((photograph(4), 0), (photograph(5), 0))
    await send(exchange.victim, f"{item}/pages", good)
    await exchange.victim.do(f"{item}/submit")
    assert (await exchange.victim.ask(item))["failure_page"] is None


# -- taken back, and yet not lost


@pytest.mark.parametrize("was_sent", [True, False])
async def test_a_letter_that_was_taken_back_is_begun_again_with_its_words(
    exchange: Exchange, *, was_sent: bool
) -> None:
    if was_sent:
        item = f"/items/{await exchange.write(exchange.victim, 'Half a thought.')}"
    else:
        item = f"/items/{await exchange.start(exchange.victim)}"
        draft = {"text": "Half a thought."}
        await exchange.victim.do(f"{item}/draft", draft, status=204, method="PUT")
    assert (await exchange.victim.api("POST", f"{item}/again", {})).status_code == 409
    await exchange.victim.send(f"{item}/withdraw")
    assert "Begin again with these words" in (await exchange.victim.http.get(item)).text
    answer = await exchange.victim.send(f"{item}/again")
    assert answer.status_code == 303
    new = answer.headers["location"].partition("?")[0]
    assert new != item
    assert (await exchange.victim.ask(f"{new}/draft"))["text"].strip() == "Half a thought."
    assert (await exchange.victim.ask(item))["state"] == "withdrawn"
    assert (await exchange.offender.api("POST", f"{item}/again", {})).status_code == 404


async def test_what_was_written_after_a_change_was_asked_for_is_not_lost_when_it_is_taken_back(
    exchange: Exchange,
) -> None:
    item = f"/items/{await exchange.write(exchange.victim, 'As it was sent.')}"
    await exchange.send_back(item.rpartition("/")[2])
    written = {"text": "Written anew since."}
    await exchange.victim.do(f"{item}/draft", written, status=204, method="PUT")
    await exchange.victim.send(f"{item}/withdraw")
    shown = (await exchange.victim.http.get(item)).text
    assert "Written anew since." in shown
    assert "As it was sent." not in shown
    new = (await exchange.victim.do(f"{item}/again", status=201))["id"]
    assert (await exchange.victim.ask(f"/items/{new}/draft")) == written


async def test_only_a_letter_of_ones_own_that_was_taken_back_is_begun_again(
    exchange: Exchange, tmp_path: Path
) -> None:
    item = await uploaded(exchange, media.speech(tmp_path).read_bytes(), "audio")
    await exchange.victim.do(f"{item}/withdraw")
    refused = await exchange.victim.send(f"{item}/again")
    assert refused.status_code == 409
    assert "Only a letter that was taken back" in refused.text
    assert "Begin again" not in (await exchange.victim.http.get(await taken(exchange))).text


# -- what cannot be made safe, and the next try


def _words_alone(folder: Path) -> bytes:
    path, words = folder / "words.mkv", b"1\n00:00:00,000 --> 00:00:05,000\nDear you.\n"
    media.ffmpeg("-f", "srt", "-i", "pipe:0", "-c:s", "srt", path, stdin=words)
    return path.read_bytes()


WRONG: dict[str, tuple[Callable[[Path], bytes], str]] = {
    "unsupported": (
        lambda _: b"This is a letter, not a recording. " * 50,
        "We cannot open this kind of file.",
    ),
    "wrong-kind": (lambda folder: media.film(folder, seconds=1).read_bytes(), "another kind of file"),
    "damaged": (lambda folder: media.cut(media.speech(folder, "cut.m4a")).read_bytes(), "is damaged or not"),
    "no-sound": (_words_alone, "There is no sound in this file."),
    "too-long": (
        lambda folder: media.speech(folder, "long.wav", 5).read_bytes(),
        "This recording is too long.",
    ),
}


@pytest.mark.parametrize("code", WRONG)
async def test_a_file_that_cannot_be_made_safe_says_why_and_the_next_one_is_taken(
    exchange: Exchange, tmp_path: Path, code: str
) -> None:
    content, sentence = WRONG[code]
    limits = replace(exchange.room.limits, audio_seconds=3) if code == "too-long" else exchange.room.limits
    room = msgspec.structs.replace(exchange.room, limits=limits)
    item = await uploaded(exchange, content(tmp_path), "audio")
    await exchange.victim.do(f"{item}/submit")
    await work_off(room)
    found = await exchange.victim.ask(item)
    assert (found["state"], found["failure"]) == ("failed", code)
    assert sentence in (await exchange.victim.http.get(item)).text

    good = media.speech(tmp_path, "good.wav", 2).read_bytes()
    address = await begun(exchange.victim, item.removeprefix("/items/"), len(good))
    assert (await patch(exchange.victim, address, 0, good)).status_code == 204
    await exchange.victim.do(f"{item}/submit")
    await work_off(room)
    assert (await exchange.victim.ask(item))["state"] == "in_review"


# -- how far it has come


@pytest.mark.parametrize(
    ("percent", "step", "says"),
    [
        (0, "making", "It waits for its turn, or is being opened."),
        (40, "making", "40 % of it is written."),
        (99, "making", "It is being checked from beginning to end."),
        (99, "listening", "A machine here writes down what is said"),
        (99, "keeping", "It is done, and being locked away."),
    ],
)
async def test_an_author_reads_which_step_it_is_in(
    exchange: Exchange, tmp_path: Path, percent: int, step: processing.WorkStep, says: str
) -> None:
    item = await uploaded(exchange, media.speech(tmp_path).read_bytes(), "audio")
    await exchange.victim.do(f"{item}/submit")
    before = await exchange.victim.ask(item)
    assert "It waits for its turn" in (await exchange.victim.http.get(item)).text
    house = exchange.service.worker
    async with house.database.before_sign_in() as tx:
        (revision_id,) = await tx.values("SELECT relay.unfinished_revisions(%s)", [house.clock()])
    work = await processing.take(house, revision_id)
    assert work is not None
    # when a worker had time for it would tell how long it was busy with what somebody else sent
    assert await exchange.victim.ask(item) == before
    assert await processing.keep(house, work, percent, step)
    page = (await exchange.victim.http.get(item)).text
    assert says in page
    assert ("% of it is written" in page) == (percent == 40)
