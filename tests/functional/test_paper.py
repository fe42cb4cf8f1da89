"""Printing at the desk: the page, the API, and who is asked for what."""

from uuid import uuid4

import pytest

from tests.support.paper import body, fonts_are_there, words
from tests.support.web import Client, Exchange, staff_client

LETTER = 'Dear you,\n\nمجھے افسوس ہے۔\n\nżółć #import "x"'


@pytest.fixture(autouse=True)
def _fonts() -> None:
    fonts_are_there()


async def seat(exchange: Exchange, item_id: str) -> str:
    return str((await exchange.desk.ask(f"/items/{item_id}"))["recipients"][0]["seat_id"])


async def test_a_released_letter_is_printed_from_its_page(exchange: Exchange) -> None:
    item_id, _ = await exchange.deliver(exchange.offender, LETTER)
    page = await exchange.desk.http.get(f"/items/{item_id}")
    assert "Print it for" in page.text
    answer = await exchange.desk.send(
        f"/items/{item_id}/print", seat_id=await seat(exchange, item_id), size="large"
    )
    assert answer.status_code == 200
    assert answer.headers["content-type"] == "application/pdf"
    assert answer.headers["cache-control"] == "no-store"
    assert answer.headers["content-disposition"] == 'inline; filename="letter.pdf"'
    [_, code] = page.text.split('words">')
    assert body(answer.content, f"Receipt {code[:9]}") == words(LETTER)
    audit = await exchange.desk.http.get(f"/cases/{exchange.case_id}/audit")
    assert code[:9] in audit.text


async def test_a_letter_that_was_only_approved_has_no_button_and_is_refused(exchange: Exchange) -> None:
    item_id = await exchange.write(exchange.offender, LETTER)
    await exchange.approve(item_id)
    assert "Print it" not in (await exchange.desk.http.get(f"/items/{item_id}")).text
    fields = {"seat_id": await seat(exchange, item_id)}
    answer = await exchange.desk.send(f"/items/{item_id}/print", **fields, size="a4")
    assert answer.status_code == 409
    assert "Pass it on first" in answer.text
    answer = await exchange.desk.api("POST", f"/items/{item_id}/print", fields)
    assert answer.status_code == 409
    assert answer.headers["content-type"] == "application/problem+json"


async def test_taking_content_out_asks_for_the_passphrase_like_a_release(exchange: Exchange) -> None:
    item_id, _ = await exchange.deliver(exchange.offender, LETTER)
    fields = {"seat_id": await seat(exchange, item_id)}
    card = f"/cases/{exchange.case_id}/people/{exchange.offender_id}/card"
    exchange.service.clock.go(minutes=15)
    for path, json in ((f"/items/{item_id}/print", fields), (card, {})):
        answer = await exchange.desk.api("POST", path, json)
        assert answer.status_code == 403
        assert answer.json()["code"] == "step-up-needed"
        answer = await exchange.desk.send(path, **fields, size="a4")
        assert answer.headers["content-type"].startswith("text/html")
        assert "Your passphrase once more" in answer.text


async def test_a_foreign_facilitator_cannot_tell_a_letter_from_none(exchange: Exchange) -> None:
    item_id, _ = await exchange.deliver(exchange.offender, LETTER)
    fields = {"seat_id": await seat(exchange, item_id)}
    gita: Client = await staff_client(exchange.service, name="Gita")
    answers = [await gita.api("POST", f"/items/{one}/print", fields) for one in (item_id, str(uuid4()))]
    assert {answer.status_code for answer in answers} == {404}
    assert answers[0].content == answers[1].content
    for path, json in (
        (f"/cases/{exchange.case_id}/people/{exchange.offender_id}/card", {}),
        (f"/cases/{exchange.case_id}/cover-note", {"call": "x"}),
        (f"/cases/{exchange.case_id}/consent-form", {}),
    ):
        assert (await gita.api("POST", path, json)).status_code == 404, path


async def test_no_participant_and_no_administrator_prints(exchange: Exchange) -> None:
    item_id, _ = await exchange.deliver(exchange.offender, LETTER)
    fields = {"seat_id": await seat(exchange, item_id)}
    assert (await exchange.victim.api("POST", f"/items/{item_id}/print", fields)).status_code == 404
    ada = await staff_client(exchange.service, "administrator", "Ada")
    assert (await ada.api("POST", f"/items/{item_id}/print", fields)).status_code == 403


async def test_the_forms_come_as_pdf(exchange: Exchange) -> None:
    case = f"/cases/{exchange.case_id}"
    invited = await exchange.desk.do(f"{case}/people", {"name": "Wanda", "part": "victim"}, status=201)
    for path, json in (
        (f"{case}/people/{invited['account_id']}/card", {}),
        (f"{case}/cover-note", {"call": "Fatima, 01632 960 960", "size": "large"}),
        (f"{case}/consent-form", {}),
    ):
        answer = await exchange.desk.api("POST", path, json)
        assert answer.status_code == 200, answer.text
        assert answer.headers["content-type"] == "application/pdf"
        fields = {"size": "a4"} | json
        assert (await exchange.desk.send(path, **fields)).content.startswith(b"%PDF-")
    wrong = await exchange.desk.send(f"{case}/cover-note", call="", words="What I wrote", size="a4")
    assert wrong.status_code == 400
    assert "Say whom the reader can talk to" in wrong.text
    assert "What I wrote" in wrong.text


async def test_the_description_says_that_a_pdf_comes(exchange: Exchange) -> None:
    paths = (await exchange.desk.ask("/openapi.json"))["paths"]
    for path, operation in paths.items():
        if path.endswith(("/print", "/card", "/cover-note", "/consent-form")):
            assert [*operation["post"]["responses"]["200"]["content"]] == ["application/pdf"], path
