"""Covering faces over HTTP: offered and taken only where something finds them, with what it does not do."""

from pathlib import Path

import msgspec

from tests.functional.test_hiding import NOTE, sent
from tests.functional.test_uploads import begun, patch
from tests.support import faced, media
from tests.support.web import Exchange
from tests.support.work import work_off

MISSES = "misses faces"
ASKED = {"disguise": {"picture": "faces"}}


def finding(exchange: Exchange) -> Exchange:
    """The exchange of a service in which faces are found."""
    network = faced.network()
    for client in (exchange.victim, exchange.desk):
        state = client.app.litestar.state
        settings = msgspec.structs.replace(state.house.settings, faces_model=str(network.path))
        state.house = msgspec.structs.replace(state.house, settings=settings)
    return msgspec.structs.replace(exchange, room=msgspec.structs.replace(exchange.room, faces=network))


async def uploaded(exchange: Exchange, original: bytes) -> str:
    item_id = await exchange.start(exchange.victim, "video")
    address = await begun(exchange.victim, item_id, len(original))
    assert (await patch(exchange.victim, address, 0, original)).status_code == 204
    return f"/items/{item_id}"


async def test_where_nothing_finds_faces_it_is_not_offered_and_refused_in_words(
    exchange: Exchange, tmp_path: Path
) -> None:
    item = await uploaded(exchange, media.film(tmp_path, seconds=1).read_bytes())
    page = (await exchange.victim.http.get(item)).text
    assert 'value="cover"' in page
    assert 'value="faces"' not in page
    answer = await exchange.victim.api("POST", f"{item}/submit", ASKED)
    assert answer.status_code == 400
    assert "Choose to cover the whole picture, or no picture." in answer.text
    assert (await exchange.victim.ask(item))["state"] == "draft"
    answer = await exchange.victim.send(f"{item}/submit", picture="faces")
    assert answer.status_code == 400
    assert "Choose to cover the whole picture, or no picture." in answer.text


async def test_an_author_has_faces_covered_and_reads_that_some_are_missed(
    exchange: Exchange, tmp_path: Path
) -> None:
    found = finding(exchange)
    item = await uploaded(found, faced.film(tmp_path, "face.mp4", 2, "640x360").read_bytes())
    page = (await found.victim.http.get(item)).text
    assert 'value="faces"' in page
    assert MISSES in page
    await found.victim.do(f"{item}/submit", ASKED)
    await work_off(found.room)
    await found.desk.do(f"{item}/claim")
    assert (await found.desk.ask(item))["clean"]
    shown = (await found.desk.http.get(item)).text
    assert "the faces covered that a machine finds" in shown
    assert MISSES in shown


async def test_an_author_reads_that_no_face_was_found(exchange: Exchange, tmp_path: Path) -> None:
    found = finding(exchange)
    item = await uploaded(found, media.film(tmp_path, seconds=1).read_bytes())
    await found.victim.do(f"{item}/submit", ASKED)
    await work_off(found.room)
    assert "No face was found in this film" in (await found.victim.http.get(item)).text


async def test_a_facilitator_is_told_that_faces_are_missed_before_it_is_made(
    exchange: Exchange, tmp_path: Path
) -> None:
    found = finding(exchange)
    item = await sent(found, media.film(tmp_path, seconds=1).read_bytes(), "video")
    page = (await found.desk.http.get(f"{item}/hide")).text
    assert 'value="faces"' in page
    assert MISSES in page
    shown = await found.desk.send(f"{item}/hide", then="check", note=NOTE, revision=1, picture="faces")
    assert shown.status_code == 200
    assert "A disguise: the faces covered that a machine finds." in shown.text
