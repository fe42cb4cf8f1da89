"""Printing at the desk: the page, the API, and who is asked for what."""

import re
from datetime import UTC, datetime
from uuid import uuid4

import psycopg
import pytest

from relay import times
from relay.cases.service import add_facilitator
from relay.db.transaction import Surface
from relay.exchange import printed
from tests.support.house import Service
from tests.support.paper import body, fonts_are_there, words
from tests.support.web import Client, Exchange, seated, staff_client

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


async def test_the_items_page_says_when_it_was_printed_by_whom_and_how_often(exchange: Exchange) -> None:
    service, desk = exchange.service, exchange.desk
    filip = await service.make_facilitator("Filip")
    await add_facilitator(service.desk, exchange.people.facilitator, exchange.people.case_id, filip.id)
    item_id, _ = await exchange.deliver(exchange.offender, LETTER)
    other, _ = await exchange.deliver(exchange.offender, LETTER)
    fields = {"seat_id": await seat(exchange, item_id), "size": "a4"}

    async def said(one: str) -> list[str]:
        return re.findall("<p>(Printed on [^<]+)</p>", (await desk.http.get(f"/items/{one}")).text)

    assert await said(item_id) == []
    days = [times.day(datetime.now(UTC), service.settings.zone)]
    await desk.send(f"/items/{item_id}/print", **fields)
    days.append(times.day(datetime.now(UTC), service.settings.zone))
    [once] = await said(item_id)
    assert once in [f"Printed on {day} by Fatima." for day in days]
    service.clock.go(hours=25)
    later = await seated(service, Surface.DESK, filip)
    assert (await later.send(f"/items/{item_id}/print", **fields)).status_code == 200
    desk = await seated(service, Surface.DESK, exchange.people.facilitator)
    [twice] = await said(item_id)
    assert re.fullmatch(r"Printed on .* by Filip; twice in all\.", twice)
    assert await said(other) == []
    for reader in (exchange.victim, exchange.offender):
        assert "Printed on" not in (await reader.http.get(f"/items/{item_id}")).text


def test_printings_are_found_by_their_index(service: Service) -> None:
    with psycopg.connect(service.dsns.superuser.url) as connection:
        connection.execute("SET enable_seqscan = off")
        plan = connection.execute("EXPLAIN " + printed._PRINTED, [uuid4(), uuid4()]).fetchall()
    assert "audit_entries_printed" in str(plan)


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
