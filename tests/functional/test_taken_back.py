"""Of what was taken back, and of a case that they were taken off, an author is served no file any more."""

from pathlib import Path

from tests.functional.test_answering import MUTE
from tests.functional.test_hiding import sent
from tests.functional.test_own_files import AREA, got, hidden, uploaded
from tests.support import media
from tests.support.web import Exchange


async def test_of_what_was_taken_back_no_copy_is_left_to_its_author(
    exchange: Exchange, tmp_path: Path
) -> None:
    item = await sent(exchange, media.film(tmp_path).read_bytes(), "video")
    await hidden(exchange, item, {"stretches": [{"start_ms": 0, "end_ms": 3000, "how": "blank"}]})
    addresses = [f"{item}/{one}" for one in ("original", "rendition", "poster", "sent", "sent/poster")]
    for address in addresses:
        await got(exchange.victim, address)
    await exchange.victim.send(f"{item}/withdraw")
    for address in addresses:
        await got(exchange.victim, address, 404)


async def test_of_a_document_that_was_taken_back_no_page_is_left_to_its_author(
    exchange: Exchange, tmp_path: Path
) -> None:
    item = await sent(exchange, media.document(tmp_path).read_bytes(), "document")
    await hidden(exchange, item, AREA)
    await exchange.victim.send(f"{item}/withdraw")
    for address in ("pages/1", "sent/pages/1"):
        await got(exchange.victim, f"{item}/{address}", 404)


async def off_the_case(exchange: Exchange) -> None:
    case = await exchange.desk.ask(f"/cases/{exchange.case_id}")
    seat = next(one["seat_id"] for one in case["people"] if one["account_id"] == exchange.victim_id)
    await exchange.desk.do(f"/cases/{exchange.case_id}/people/{seat}", method="DELETE", status=204)


async def test_who_was_taken_off_the_case_finds_neither_the_item_nor_what_had_arrived(
    exchange: Exchange, tmp_path: Path
) -> None:
    item = await uploaded(exchange, media.speech(tmp_path).read_bytes(), "audio")
    await off_the_case(exchange)
    assert (await exchange.victim.http.get(item)).status_code == 404
    await got(exchange.victim, f"{item}/arrived", 404)
    assert (await exchange.victim.send(f"{item}/withdraw")).status_code == 303
    await got(exchange.victim, f"{item}/arrived", 404)


async def test_who_was_taken_off_the_case_opens_nothing_of_what_they_had_sent(
    exchange: Exchange, tmp_path: Path
) -> None:
    item = await sent(exchange, media.speech(tmp_path).read_bytes(), "audio")
    await hidden(exchange, item, MUTE)
    await off_the_case(exchange)
    addresses = [f"{item}/{one}" for one in ("original", "rendition", "sent")]
    for address in addresses:
        await got(exchange.victim, address, 404)
    assert (await exchange.victim.send(f"{item}/withdraw")).status_code == 303
    for address in addresses:
        await got(exchange.victim, address, 404)
