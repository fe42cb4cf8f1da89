"""A scanned letter on paper: printed at the desk for whom it was released to, with its receipt."""

from pathlib import Path

import pypdfium2
import pytest

from relay.errors import VaultRefused
from relay.exchange import paper
from relay.exchange.items import find_item
from relay.exchange.renditions import case_content, find_rendition
from tests.functional.test_answering import shown
from tests.functional.test_hiding import sent
from tests.functional.test_paper import seat
from tests.functional.test_receipts import today
from tests.support import media
from tests.support.paper import fonts_are_there, pages, words
from tests.support.web import Exchange, staff_client
from tests.unit.printing.test_pictures import BEHIND, drawn, raw

TEXT = "Dear you,\nI was seventeen."


async def released(exchange: Exchange, folder: Path) -> tuple[str, str, dict[str, str]]:
    """The path of two scanned pages of the victim's, the delivery's, and whose copy is asked for."""
    fonts_are_there()
    item = await sent(exchange, media.document(folder).read_bytes(), "document")
    await exchange.approve(item[7:])
    delivery = await exchange.release(item[7:])
    return item, f"/deliveries/{delivery}", {"seat_id": await seat(exchange, item[7:])}


async def test_a_scanned_letter_is_printed_page_by_page_and_its_receipt_comes_back(
    exchange: Exchange, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    item, delivery, whose = await released(exchange, tmp_path)
    desk = exchange.desk
    author = shown((await exchange.victim.http.get(item)).text), await exchange.victim.ask(item)
    assert "Print it for" in (await desk.http.get(item)).text
    answer = await desk.send(f"{item}/print", **whose, size="a4")
    assert (answer.status_code, answer.headers["content-type"]) == (200, "application/pdf")
    found = [*pypdfium2.PdfDocument(answer.content)]
    served = [(await desk.http.get(f"/api/v1{item}/pages/{number}")).content for number in (1, 2)]
    assert [raw(drawn(page)) for page in found[:-1]] == served
    code = (await desk.http.get(item)).text.partition('<span class="words">')[2][:9]
    for number, text in enumerate(pages(answer.content), 1):
        assert words(text).endswith(words(f"Receipt {code} {number} of 3"))
    receipt = whose | {"code": code, "given_on": today(exchange)}
    await desk.do(f"{item}/receipts", receipt, status=204)
    assert (await exchange.offender.ask(delivery))["on_paper"] == today(exchange)
    assert author == (shown((await exchange.victim.http.get(item)).text), await exchange.victim.ask(item))
    entries = await desk.ask(f"/cases/{exchange.case_id}/audit")
    [printed] = [one for one in entries if one["tag"] == "letter.printed"]
    assert code in str(printed["detail"])

    house, person = exchange.service.desk, exchange.people.facilitator
    async with house.database.reading(person.id) as tx:
        rendition = await find_rendition(tx, house, await find_item(tx, printed["subject_id"]), "clean")
        content = await case_content(tx, house, person, rendition)
    assert len(paper._pages(house, content, rendition.sha256)) == 2
    with pytest.raises(VaultRefused):  # the record names other bytes than those that are there
        paper._pages(house, content, bytes(32))

    monkeypatch.setattr(paper, "_MOST_DOCUMENT", rendition.size - 1)
    large = await desk.api("POST", f"{item}/print", whose)
    assert (large.status_code, "too large to be printed" in large.text) == (409, True)


async def test_what_is_written_out_is_printed_behind_the_pages_once_it_was_compared(
    exchange: Exchange, tmp_path: Path
) -> None:
    item, delivery, whose = await released(exchange, tmp_path)
    desk, asked = exchange.desk, whose | {"written_out": True}
    await desk.do(f"{item}/print", asked, status=409)
    await desk.do(f"{item}/transcription", {"text": TEXT}, status=204, method="PUT")
    assert "What is written out is printed behind" in (await desk.http.get(item)).text
    await desk.do(f"{item}/print", asked, status=409)
    written = await desk.ask(f"{item}/transcription")
    await desk.do(f"{item}/transcription/checks", {"written_at": written["written_at"]}, status=204)
    assert 'name="written_out"' in (await desk.http.get(item)).text
    answer = await desk.send(f"{item}/print", **whose, size="large", written_out="yes")
    assert words(BEHIND) in words("".join(pages(answer.content)))
    assert words(TEXT) in words(pages(answer.content)[-1])
    alone = await desk.send(f"{item}/print", **whose, size="large")
    assert words(TEXT) not in words("".join(pages(alone.content)))

    gita = await staff_client(exchange.service, name="Gita")
    assert (await gita.api("POST", f"{item}/print", whose)).status_code == 404
    await exchange.offender.do(f"{delivery}/choice", {"choice": "refuse"})
    assert "Print it for" not in (await desk.http.get(item)).text
    assert (await desk.api("POST", f"{item}/print", whose)).status_code == 409
    await exchange.offender.do(f"{delivery}/choice", {"choice": "later"})
    await exchange.offender.do(f"/cases/{exchange.case_id}/pause", {"paused": True}, status=204)
    blocked = await desk.api("POST", f"{item}/print", whose)
    assert (blocked.status_code, blocked.json()["code"]) == (409, "blocked")
