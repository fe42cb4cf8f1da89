"""Scanned pages are written out and compared, at the desk and for the desk."""

from datetime import datetime
from pathlib import Path

from tests.functional.test_hiding import made, sent
from tests.support import media
from tests.support.web import Exchange, staff_client
from tests.support.work import work_off

TEXT = "Dear you,\nI was seventeen. My number is 0123 456789."


async def test_pages_are_written_out_compared_and_written_out_anew(
    exchange: Exchange, tmp_path: Path
) -> None:
    item = await sent(exchange, media.document(tmp_path).read_bytes(), "document")
    desk = exchange.desk
    assert (await desk.http.get(f"/api/v1{item}/transcription")).status_code == 404
    assert (await desk.send(f"{item}/transcription", text=TEXT)).status_code == 303
    page = (await desk.http.get(item)).text
    assert "Not compared yet" in page
    assert '<mark data-kind="number">0123 456789</mark>' in page
    written = await desk.ask(f"{item}/transcription")
    assert (written["text"], written["checked_by"]) == (TEXT, None)

    checked = await desk.send(
        f"{item}/transcription", then="check", written_at=written["written_at"].rstrip("Z")
    )
    assert checked.status_code == 303
    assert "Compared with the pages" in (await desk.http.get(item)).text

    exchange.service.clock.go(minutes=1)
    await desk.do(f"{item}/transcription", {"text": "Anew."}, status=204, method="PUT")
    anew = await desk.ask(f"{item}/transcription")
    assert (anew["text"], anew["checked_by"]) == ("Anew.", None)
    assert datetime.fromisoformat(anew["written_at"]) > datetime.fromisoformat(written["written_at"])
    old = {"written_at": written["written_at"]}
    await desk.do(f"{item}/transcription/checks", old, status=409)
    await desk.do(f"{item}/transcription/checks", {"written_at": anew["written_at"]}, status=204)
    assert (await desk.ask(f"{item}/transcription"))["checked_by"]


async def test_nobody_else_reads_what_was_written_out(exchange: Exchange, tmp_path: Path) -> None:
    item = await sent(exchange, media.document(tmp_path).read_bytes(), "document")
    await exchange.desk.do(f"{item}/transcription", {"text": TEXT}, status=204, method="PUT")
    stranger = await staff_client(exchange.service, name="Filip")
    for somebody in (exchange.victim, exchange.offender, stranger):
        assert (await somebody.http.get(f"/api/v1{item}/transcription")).status_code == 404
        assert "seventeen" not in (await somebody.http.get(item)).text
    refused = await stranger.send(f"{item}/transcription", text="Somebody else's words")
    assert refused.status_code == 404
    assert (await exchange.desk.ask(f"{item}/transcription"))["text"] == TEXT


async def test_what_was_taken_back_is_not_read_in_words_either(exchange: Exchange, tmp_path: Path) -> None:
    item = await sent(exchange, media.document(tmp_path).read_bytes(), "document")
    await exchange.desk.do(f"{item}/transcription", {"text": TEXT}, status=204, method="PUT")
    before = await readings(exchange)
    await exchange.desk.ask(f"{item}/transcription")
    assert await readings(exchange) == before + 1, "reading it leaves an entry"
    await exchange.victim.do(f"{item}/withdraw")
    assert (await exchange.desk.http.get(f"/api/v1{item}/transcription")).status_code == 409
    assert "seventeen" not in (await exchange.desk.http.get(item)).text


async def readings(exchange: Exchange) -> int:
    """How many entries of the case's chain say that something was read."""
    entries = await exchange.desk.ask(f"/cases/{exchange.case_id}/audit")
    return sum(entry["tag"] == "item.read" for entry in entries)


async def test_a_newer_version_begins_with_what_was_written_out_before(
    exchange: Exchange, tmp_path: Path
) -> None:
    item = await sent(exchange, media.document(tmp_path).read_bytes(), "document")
    desk = exchange.desk
    await desk.do(f"{item}/transcription", {"text": TEXT}, status=204, method="PUT")
    first = await desk.ask(f"{item}/transcription")
    await desk.do(f"{item}/transcription/checks", {"written_at": first["written_at"]}, status=204)
    await made(desk, item, page="1", left="0", top="0", right="50", bottom="50")
    await work_off(exchange.room)
    found = await desk.ask(f"{item}/transcription")
    assert (found["text"], found["revision"], found["checked_by"]) == (TEXT, 1, None)
    await desk.do(f"{item}/claim")
    assert "Written out of version 1" in (await desk.http.get(item)).text
    await desk.do(f"{item}/transcription/checks", {"written_at": found["written_at"]}, status=204)
    assert (await desk.ask(f"{item}/transcription"))["revision"] == 2


async def test_what_cannot_be_kept_is_said_and_not_lost(exchange: Exchange, tmp_path: Path) -> None:
    item = await sent(exchange, media.document(tmp_path).read_bytes(), "document")
    refused = await exchange.desk.send(f"{item}/transcription", text="What I wrote\x07 out")
    assert refused.status_code == 400
    assert "control characters" in refused.text
    assert "What I wrote" in refused.text
    letter = f"/items/{await exchange.write(exchange.offender, TEXT)}"
    await exchange.desk.do(f"{letter}/transcription", {"text": TEXT}, status=400, method="PUT")
