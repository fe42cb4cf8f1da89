"""Hiding parts over HTTP: the desk's page, both APIs, what each side reads of it."""

import io
from pathlib import Path
from typing import Any

import av
import msgspec
import numpy as np
import pytest
from PIL import Image

from relay.cases.service import add_facilitator
from relay.db.transaction import Surface
from relay.exchange.edits import MASK
from tests.functional.test_uploads import begun, patch
from tests.support import media
from tests.support.web import Client, Exchange, seated
from tests.support.work import work_off

TEXT = "Dear you,\nI live at 4 Mill Lane. Anna says hello.\n"
NOTE = "Your address is hidden, so that you cannot be found."


async def taken(exchange: Exchange, text: str = TEXT) -> str:
    """The path of a letter that a facilitator has taken."""
    item = f"/items/{await exchange.write(exchange.victim, text)}"
    await exchange.desk.do(f"{item}/claim")
    return item


async def sent(exchange: Exchange, original: bytes, kind: str, disguise: Any = None) -> str:
    """The path of a file that a facilitator has taken."""
    item_id = await exchange.start(exchange.victim, kind)
    address = await begun(exchange.victim, item_id, len(original))
    assert (await patch(exchange.victim, address, 0, original)).status_code == 204
    await exchange.victim.do(f"/items/{item_id}/submit", disguise and {"disguise": disguise})
    await work_off(exchange.room)
    await exchange.desk.do(f"/items/{item_id}/claim")
    return f"/items/{item_id}"


def told(page: str, name: str) -> str:
    """The value of a hidden field."""
    return page.partition(f'name="{name}" value="')[2].partition('"')[0]


async def made(desk: Client, item: str, **fields: Any) -> None:
    """Write it, have it shown, make it."""
    shown = await desk.send(f"{item}/hide", then="check", note=NOTE, revision=1, **fields)
    assert shown.status_code == 200, shown.text
    assert "This is what will be done" in shown.text
    again = {"checked": told(shown.text, "checked"), "revision": told(shown.text, "revision")}
    begun_now = await desk.send(f"{item}/hide", then="make", note=NOTE, **fields | again)
    assert begun_now.status_code == 303, begun_now.text


async def test_a_letters_words_are_hidden_and_its_author_is_asked(exchange: Exchange) -> None:
    item, desk, victim = await taken(exchange), exchange.desk, exchange.victim
    assert "Hide parts of it" in (await desk.http.get(item)).text
    assert "Words to hide" in (await desk.http.get(f"{item}/hide")).text
    await made(desk, item, words="4 Mill Lane")
    assert "The new version is being made" in (await desk.http.get(item)).text
    assert (await victim.ask(f"{item}/proposal", 404))["type"]
    await work_off(exchange.room)

    assert "Waiting for the author’s agreement" in (await desk.http.get(item)).text
    assert "Waiting for its author’s agreement" in (await desk.http.get("/queue")).text
    assert [one["asked"] for one in await desk.ask("/queue")] == [True]
    await desk.do(f"{item}/claim")
    page = (await desk.http.get(item)).text
    assert "1 place of the letter covered by a block." in page
    assert NOTE in page
    clean = (await desk.ask(item))["clean"]
    decision = {"decision": "approve", "rendition_id": clean["id"], "sha256": clean["sha256"]}
    refused = await desk.api("POST", f"{item}/decisions", decision)
    assert refused.status_code == 409
    assert "has not agreed to this version yet" in refused.json()["detail"]

    assert (await victim.ask(item))["asked"]
    proposal = await victim.ask(f"{item}/proposal")
    assert (proposal["note"], proposal["agreed"]) == (NOTE, False)
    shown = (await victim.api("GET", f"{item}/rendition")).text
    assert shown == TEXT.replace("4 Mill Lane", MASK)
    named = {key: proposal[key] for key in ("rendition_id", "sha256")}
    assert not (await victim.do(f"{item}/agreement", named))["asked"]
    assert (await desk.ask(f"{item}/redaction"))["agreed_at"]
    assert "Vera agreed" in (await desk.http.get(item)).text
    assert [one["asked"] for one in await desk.ask("/queue")] == [False]
    await desk.do(f"{item}/decisions", decision)
    release_id = await exchange.release(item.rpartition("/")[2])
    await exchange.offender.do(f"/deliveries/{release_id}/choice", {"choice": "open"})
    read = await exchange.offender.api("GET", f"/deliveries/{release_id}/content")
    assert read.text == TEXT.replace("4 Mill Lane", MASK)


@pytest.mark.parametrize(
    ("fields", "says"),
    [
        ({"words": "Mill Road"}, "“Mill Road”"),
        ({"words": ""}, "Nothing is hidden by this yet"),
    ],
)
async def test_what_was_typed_survives_a_refusal(
    exchange: Exchange, fields: dict[str, str], says: str
) -> None:
    item = await taken(exchange)
    answer = await exchange.desk.send(f"{item}/hide", then="check", note="What I say.", revision=1, **fields)
    assert answer.status_code == 400
    assert says in answer.text
    assert f">\n{fields['words']}</textarea>" in answer.text
    assert "What I say.</textarea>" in answer.text


async def test_only_what_was_shown_is_made(exchange: Exchange) -> None:
    item = await taken(exchange)
    shown = await exchange.desk.send(f"{item}/hide", then="check", words="Anna", note=NOTE, revision=1)
    other = await exchange.desk.send(
        f"{item}/hide", then="make", words="hello", note=NOTE, revision=1, checked=told(shown.text, "checked")
    )
    assert other.status_code == 200
    assert "This is what will be done" in other.text
    assert (await exchange.desk.ask(item))["revision"] == 1
    no_note = await exchange.desk.send(
        f"{item}/hide", then="make", words="hello", revision=1, checked=told(other.text, "checked")
    )
    assert no_note.status_code == 400
    assert "Say in plain words" in no_note.text


async def test_the_next_list_starts_from_the_one_before(exchange: Exchange) -> None:
    item, desk = await taken(exchange), exchange.desk
    await made(desk, item, words="Anna")
    await work_off(exchange.room)
    await desk.do(f"{item}/claim")
    page = (await desk.http.get(f"{item}/hide")).text
    assert "Hidden already" in page
    assert "<strong>Anna</strong>" in page
    kept = told(page, "kept")
    shown = await desk.send(f"{item}/hide", then="check", kept=kept, words="hello", note=NOTE, revision=2)
    assert "2 places of the letter" in shown.text
    await desk.send(
        f"{item}/hide",
        then="make",
        kept=kept,
        words="hello",
        note=NOTE,
        revision=2,
        checked=told(shown.text, "checked"),
    )
    await work_off(exchange.room)
    read = await exchange.victim.api("GET", f"{item}/rendition")
    assert read.text == TEXT.replace("Anna", MASK).replace("hello", MASK)


async def test_who_has_it_not_in_hand_is_sent_back_to_it(exchange: Exchange) -> None:
    item = await taken(exchange)
    assert exchange.people is not None
    service = exchange.service
    colleague = await service.make_facilitator("Filip")
    stranger = await service.make_facilitator("Frida")
    exchange.desk.app.litestar.state.house = service.desk
    await add_facilitator(service.desk, exchange.people.facilitator, exchange.people.case_id, colleague.id)
    filip, frida = [await seated(service, Surface.DESK, one) for one in (colleague, stranger)]
    body = {"revision": 1, "edits": {"spans": [{"start": 0, "end": 4}]}, "note": NOTE}
    for path in ("hide",):
        assert (await filip.http.get(f"{item}/{path}")).status_code == 409
        assert (await frida.http.get(f"{item}/{path}")).status_code == 404
    assert (await filip.api("POST", f"{item}/redactions", body)).status_code == 409
    for answer in (
        await frida.api("POST", f"{item}/redactions", body),
        await frida.api("GET", f"{item}/redaction"),
        await frida.api("GET", f"{item}/as-sent"),
        await exchange.offender.api("GET", f"{item}/proposal"),
        await exchange.offender.api(
            "POST", f"{item}/agreement", {"rendition_id": exchange.case_id, "sha256": ""}
        ),
        await exchange.offender.api("POST", f"{item}/anew", {}),
    ):
        assert answer.status_code == 404, answer.text
    assert (await exchange.desk.ask(item))["revision"] == 1


async def test_a_wrong_list_is_a_problem_in_words(exchange: Exchange) -> None:
    item = await taken(exchange)
    for edits, says in (
        (
            {"areas": [{"page": 1, "left": 0, "top": 0, "right": 1, "bottom": 1}]},
            "cannot be used on a letter",
        ),
        ({"spans": [{"start": 5, "end": 5}]}, "ends after it begins"),
        ({"spans": [{"start": 0, "end": 9_999}]}, "end of the letter"),
    ):
        body = {"revision": 1, "edits": edits, "note": NOTE}
        answer = await exchange.desk.api("POST", f"{item}/redactions", body)
        assert answer.status_code == 400
        assert says in answer.text


def loudness(content: bytes) -> Any:
    """The loudness of each hundredth of a second."""
    with av.open(io.BytesIO(content), "r") as file:
        frames = [frame.to_ndarray().mean(axis=0) for frame in file.decode(file.streams.audio[0])]
    sound = np.concatenate(frames)
    return np.sqrt((sound[: len(sound) // 480 * 480].reshape(-1, 480) ** 2).mean(axis=1))


async def test_a_stretch_of_a_recording_is_silent_in_the_version_that_is_made(
    exchange: Exchange, tmp_path: Path
) -> None:
    item = await sent(exchange, media.speech(tmp_path, seconds=4).read_bytes(), "audio")
    desk = exchange.desk
    wrong = await desk.send(
        f"{item}/hide",
        **{
            "then": "check",
            "note": NOTE,
            "revision": 1,
            "from": ["1:x", "0:03", ""],
            "to": ["2", "0:09", ""],
        },
        how=["mute", "cut", "mute"],
    )
    assert wrong.status_code == 400
    assert "Stretch 1: “1:x” is no time. Write minutes" in wrong.text
    assert "Stretch 2: the recording is 0:04.0" in wrong.text
    assert 'value="1:x"' in wrong.text
    await made(desk, item, **{"from": "0:01.000", "to": "0:02"}, how="mute")
    await work_off(exchange.room)
    before = loudness((await desk.api("GET", f"{item}/as-sent")).content)
    after = loudness((await desk.api("GET", f"{item}/rendition")).content)
    assert before[100:200].max() > 0.01
    assert after[100:200].max() < 0.0005
    assert after[20:90].max() > 0.01
    assert after[210:300].max() > 0.01
    assert abs(len(before) - len(after)) <= 3
    assert "1 stretch muted: 0:01.000 to 0:02.000." in (await desk.http.get(item)).text


async def test_what_cannot_be_made_is_told_to_the_facilitator_and_not_to_the_author(
    exchange: Exchange, tmp_path: Path
) -> None:
    item = await sent(exchange, media.speech(tmp_path, seconds=2).read_bytes(), "audio")
    desk, victim = exchange.desk, exchange.victim
    length = (await desk.ask(item))["clean"]["duration_ms"]
    await made(desk, item, **{"from": "0", "to": f"{length / 1000:.3f}"}, how="cut")
    await work_off(exchange.room)
    page = (await desk.http.get(item)).text
    assert "The version with hidden parts could not be made" in page
    assert "leaves nothing of this" in page
    own = await victim.ask(item)
    assert (own["state"], own["failure"], own["asked"]) == ("in_review", None, False)
    told_to_author = (await victim.http.get(item)).text
    assert "leaves nothing" not in told_to_author
    await desk.do(f"{item}/claim")
    assert "0:00.000" in (await desk.http.get(f"{item}/hide")).text
    again = {"then": "check", "note": NOTE, "revision": 2, "from": "0:00.500", "to": "0:01", "how": "cut"}
    shown = await desk.send(f"{item}/hide", **again)
    answer = await desk.send(
        f"{item}/hide", **again | {"then": "make", "checked": told(shown.text, "checked")}
    )
    assert answer.status_code == 303, answer.text
    await work_off(exchange.room)
    assert (await victim.ask(item))["asked"]


async def test_an_area_of_a_page_is_black(exchange: Exchange, tmp_path: Path) -> None:
    item = await sent(exchange, media.document(tmp_path, pages=2).read_bytes(), "document")
    desk = exchange.desk
    wrong = await desk.send(
        f"{item}/hide",
        then="check",
        note=NOTE,
        revision=1,
        page=["x", "3", "1", "0000012", "0"],
        left=["1", "1", "50", "1", "1"],
        top=["1", "1", "1", "1", "1"],
        right=["2", "2", "60", "2", "2"],
        bottom=["2", "2", "150", "2", "2"],
    )
    for row in (1, 4, 5):
        assert f"Area {row}: write the number of the page, such as 2." in wrong.text
    assert "Area 3: bottom is between 0 and 100 percent." in wrong.text
    await made(desk, item, page="2", left="10", top="10", right="60,5", bottom="40%")
    await work_off(exchange.room)
    hidden = picture((await exchange.victim.api("GET", f"{item}/pages/2")).content)
    height, width = hidden.shape
    assert hidden[int(height * 0.12) : int(height * 0.38), int(width * 0.12) : int(width * 0.58)].max() < 30
    assert hidden.max() > 200


def picture(jpeg: bytes) -> Any:
    return np.asarray(Image.open(io.BytesIO(jpeg)).convert("L"))


async def test_an_author_who_wants_a_disguise_is_given_it_and_asked_nothing(
    exchange: Exchange, tmp_path: Path
) -> None:
    item = await sent(exchange, media.speech(tmp_path, seconds=3).read_bytes(), "audio", {"voice": True})
    found = await exchange.desk.ask(f"{item}/redaction")
    assert found["edits"]["disguise"]["voice"]
    assert found["edited_by"] is None
    page = (await exchange.desk.http.get(item)).text
    assert "Its author asked for a disguise" in page
    assert "the voice changed" in page
    own = await exchange.victim.ask(item)
    assert (own["asked"], own["edited"]) == (False, False)
    assert (await exchange.approve(item.rpartition("/")[2]))["state"] == "approved"


async def test_a_disguise_is_for_recordings(exchange: Exchange) -> None:
    item_id = await exchange.start(exchange.victim)
    await exchange.victim.do(f"/items/{item_id}/draft", {"text": TEXT}, status=204, method="PUT")
    answer = await exchange.victim.api("POST", f"/items/{item_id}/submit", {"disguise": {"voice": True}})
    assert answer.status_code == 400
    assert "cannot be used on a letter" in answer.text
    assert (await exchange.victim.ask(f"/items/{item_id}"))["state"] == "draft"


async def test_an_author_takes_it_back_and_writes_it_anew(exchange: Exchange) -> None:
    item = await taken(exchange)
    await made(exchange.desk, item, words="Anna")
    await work_off(exchange.room)
    new = await exchange.victim.do(f"{item}/anew", status=201)
    assert (new["state"], new["kind"]) == ("draft", "letter")
    assert (await exchange.victim.ask(f"/items/{new['id']}/draft"))["text"] == TEXT
    assert (await exchange.victim.ask(item))["state"] == "withdrawn"
    assert (await exchange.victim.api("GET", f"{item}/proposal")).status_code == 404
    again = await exchange.victim.api("POST", f"{item}/anew", {})
    assert again.status_code == 409


async def test_the_chain_reads_in_words(exchange: Exchange) -> None:
    item = await taken(exchange)
    await made(exchange.desk, item, words="Anna")
    await work_off(exchange.room)
    proposal = await exchange.victim.ask(f"{item}/proposal")
    await exchange.victim.do(f"{item}/agreement", {key: proposal[key] for key in ("rendition_id", "sha256")})
    page = (await exchange.desk.http.get(f"/cases/{exchange.case_id}/audit")).text
    assert "Parts hidden, a new version begun" in page
    assert "Its author agreed to the version with hidden parts" in page
    assert msgspec.json.encode(NOTE).decode() not in page
