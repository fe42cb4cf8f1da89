"""The page of a case's chain: a page at a time, and nothing of what an author does before they send."""

import re
from uuid import uuid4

import pytest

from relay.audit.reading import AuditLine, case_entries
from relay.audit.tags import Tag
from relay.db.transaction import Surface
from relay.identity.directory import names_in_case
from relay.web.desk import cases
from relay.web.desk.deeds import deed, facts, particulars
from tests.functional.test_uploads import begun, patch
from tests.support.web import Exchange

PRIVATE = {
    Tag.ITEM_STARTED,
    Tag.DRAFT_SAVED,
    Tag.UPLOAD_STARTED,
    Tag.UPLOAD_COMPLETED,
    Tag.UPLOAD_ENDED,
    Tag.OBJECT_REMOVED,
    Tag.ITEM_WITHDRAWN,
}


async def page_of(exchange: Exchange, query: str = "") -> str:
    return (await exchange.desk.http.get(f"/cases/{exchange.case_id}/audit{query}")).text


async def save(exchange: Exchange, item_id: str, text: str) -> None:
    await exchange.victim.do(f"/items/{item_id}/draft", {"text": text}, status=204, method="PUT")


async def test_what_was_never_sent_is_left_out_and_the_page_says_how_much(exchange: Exchange) -> None:
    before = await exchange.desk.ask(f"/cases/{exchange.case_id}/audit")
    letter = await exchange.start(exchange.victim)
    await save(exchange, letter, "Not yet.")
    film = await exchange.start(exchange.offender, "video")
    address = await begun(exchange.offender, film, 1000)
    assert (await patch(exchange.offender, address, 0, b"x" * 1000)).status_code == 204
    await exchange.victim.do(f"/items/{letter}/withdraw")
    await exchange.offender.do(f"/items/{film}/withdraw")
    assert await exchange.desk.ask(f"/cases/{exchange.case_id}/audit") == before
    page = await page_of(exchange)
    assert "before they send it is theirs alone, and is not listed here." in page
    assert "not shown" not in page  # or a number that grows would tell that somebody writes now
    sent = await exchange.write(exchange.victim)
    await exchange.victim.do(f"/items/{sent}/withdraw")
    after = await exchange.desk.ask(f"/cases/{exchange.case_id}/audit")
    new = [entry["tag"] for entry in after if entry not in before]
    assert new == [Tag.ITEM_WITHDRAWN, Tag.ITEM_READY, Tag.ITEM_SUBMITTED]
    page = await page_of(exchange)
    for tag in PRIVATE - {Tag.ITEM_WITHDRAWN}:
        assert deed(tag) not in page
    assert page.count(deed(Tag.ITEM_WITHDRAWN)) == 1
    missing = after[0]["sequence"] - len(after)
    assert missing > 6
    assert f"{missing} entries are not shown" in page


async def test_it_is_read_a_page_at_a_time_the_newest_first(
    exchange: Exchange, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert exchange.people is not None
    await exchange.deliver(exchange.victim)
    monkeypatch.setattr(cases, "_ENTRIES", 5)
    house = exchange.service.house(Surface.DESK)
    every = [
        one.sequence
        for one in await case_entries(house, exchange.people.facilitator, exchange.people.case_id)
    ]
    read: list[int] = []
    query = ""
    while True:
        page = await page_of(exchange, query)
        numbers = [int(number) for number in re.findall(r'data-label="No\.">(\d+)<', page)]
        assert 0 < len(numbers) <= 5
        assert ("The newest" in page) == bool(query)
        read += numbers
        if "Earlier ones" not in page:
            break
        query = f"?before={numbers[-1]}"
    assert read == sorted(every, reverse=True)
    assert len(read) > 10


async def test_opening_closing_and_a_new_key_each_leave_one_entry_whose_facts_say_so(
    exchange: Exchange,
) -> None:
    desk, case = exchange.desk, f"/cases/{exchange.case_id}"
    filip = await exchange.service.make_facilitator("Filip")
    added = await desk.do(f"{case}/facilitators", {"account_id": str(filip.id)}, status=201)
    _, delivery = await exchange.deliver(exchange.victim)

    async def written() -> list[tuple[str, str]]:
        return [(one["tag"], one["detail"]) for one in await desk.ask(f"{case}/audit")]

    before = len(await written())
    await exchange.offender.do(f"/deliveries/{delivery}/choice", {"choice": "open"})
    assert (await exchange.offender.api("GET", f"/deliveries/{delivery}/content")).status_code == 200
    await desk.do(f"{case}/people/{added['seat_id']}", method="DELETE", status=204)
    await desk.do(case, {"state": "closed"}, method="PATCH")
    new = (await written())[:-before]
    assert [tag for tag, _ in new] == [Tag.CASE_SETTINGS, Tag.SEAT_REMOVED, Tag.DELIVERY_CHOSEN]
    facts = [dict(particulars(detail)) for _, detail in new]
    assert (facts[0]["Open"], facts[0]["Open before"]) == ("no", "yes")
    assert facts[1]["Key version"] == "2"
    assert facts[2] == {"Choice": "Open"}


def facts_of(page: str, tag: Tag) -> list[str]:
    """What the page tells about entries of one kind, the newest first."""
    what = rf'data-label="What">{re.escape(deed(tag))}(?:<br><a [^>]*>[^<]*</a>)?</td>'
    row = rf'{what}.*?data-label="Facts" class="small">(.*?)</td>'
    return [found.replace("<br>", "; ") for found in re.findall(row, page)]


async def test_an_entry_says_whom_it_concerns_also_once_they_are_off_the_case(exchange: Exchange) -> None:
    desk, case = exchange.desk, f"/cases/{exchange.case_id}"
    filip = await exchange.service.make_facilitator("Filip")
    added = await desk.do(f"{case}/facilitators", {"account_id": str(filip.id)}, status=201)
    await desk.do(f"{case}/people/{exchange.offender_id}/invitation", status=201)
    await exchange.deliver(exchange.victim)
    pause = {"account_id": exchange.victim_id, "paused": True}
    await desk.do(f"{case}/gates/pauses", pause, status=204)
    await desk.do(f"{case}/gates/pauses", {"account_id": None, "paused": True}, status=204)
    await exchange.victim.send(f"{case}/pause", paused="no")
    await desk.do(f"{case}/people/{added['seat_id']}", method="DELETE", status=204)
    page = await page_of(exchange)
    assert facts_of(page, Tag.SEAT_ADDED) == ["Whom: Filip; Part: Facilitator"]
    assert facts_of(page, Tag.SEAT_REMOVED) == ["Whom: Filip; Key version: 2; Part: Facilitator"]
    assert facts_of(page, Tag.ACCOUNT_INVITED)[0] == "Whom: Oskar; Again: yes"
    [released] = facts_of(page, Tag.ITEM_RELEASED)
    read, checked = re.split(r"<details><summary>For who checks the chain, No\. \d+</summary>", released)
    assert not re.search("[0-9a-f]{8}", read)
    assert re.search("Rendition: [0-9a-f-]{36}<", checked)
    assert "Recipient: Oskar" in released
    assert '<td role="cell" data-label="Who">a worker</td>' in page
    assert "Whom" not in released  # it concerns an item
    of_herself, of_all, of_vera = facts_of(page, Tag.PAUSE_RECORDED)
    assert "Whom" not in of_herself + of_all
    assert of_vera.startswith("Whom: Vera; ")
    assert added["seat_id"][:8] not in page


async def test_names_of_other_cases_participants_are_not_told(exchange: Exchange) -> None:
    people, service = exchange.people, exchange.service
    assert people is not None
    gita = await service.make_facilitator("Gita")
    other = await service.make_case(gita)
    theirs = await names_in_case(service.desk, gita, other)
    assert {"Gita", "Fatima"} <= {*theirs.values()}
    assert not {"Vera", "Oskar"} & {*theirs.values()}
    assert not {"Vera", "Oskar"} & {*(await names_in_case(service.desk, gita, people.case_id)).values()}
    second = await service.make_case(people.facilitator, "2026/2")
    await service.make_participant(people.facilitator, second, "victim", "Vanda")
    own = await names_in_case(service.desk, people.facilitator, people.case_id)
    assert "Vanda" not in own.values()
    assert (own[people.victim.id], own[people.offender.id]) == ("Vera", "Oskar")


def test_who_may_not_be_named_stays_an_identifier() -> None:
    case_id, account, actor = uuid4(), uuid4(), uuid4()
    entry = AuditLine(
        sequence=1,
        tag=Tag.SEAT_ADDED,
        actor_id=actor,
        subject_id=account,
        detail='{"part":"victim"}',
        at_microseconds=0,
    )
    unnamed = f"{str(account)[:8]}…"
    assert facts(entry, case_id, {}) == [("Whom", unnamed), ("Part", "Victim")]
    assert facts(entry, case_id, {str(account): "Vera"})[0] == ("Whom", "Vera")
