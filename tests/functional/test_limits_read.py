"""Before anybody begins they read what their facilitator has to pass on: once for each version of it."""

import asyncio
from hashlib import sha256
from typing import LiteralString
from uuid import uuid4

import psycopg
import pytest

from relay.audit.tags import Tag
from relay.cases import limits
from relay.db.transaction import Surface
from tests.support.web import Exchange

SHOWN = "or that there has been a new offence"
START = "Start</button>"


@pytest.fixture
def unread(exchange: Exchange, monkeypatch: pytest.MonkeyPatch) -> Exchange:
    """A case whose people have read an earlier version of the words."""
    monkeypatch.setattr(limits, "VERSION", limits.VERSION + 1)
    return exchange


def test_other_words_are_another_version() -> None:
    """Whoever changes them counts up the version, and writes the new sum here."""
    assert limits.VERSION == 1
    assert sha256("\n".join(limits.WORDS).encode()).hexdigest()[:16] == "f102cb1206b10b1f"


async def test_nothing_is_begun_before_the_words_are_read_and_then_it_is(unread: Exchange) -> None:
    path, author = f"/cases/{unread.case_id}", unread.victim
    page = (await author.http.get(path)).text
    assert SHOWN in page
    assert START not in page
    seats = [one["seat_id"] for one in (await author.ask(path))["counterparts"]]
    refused = await author.api("POST", f"{path}/items", {"kind": "letter", "recipients": seats})
    assert refused.status_code == 409
    assert "say that you have read it" in refused.json()["detail"]
    assert (await author.send(f"{path}/items", kind="letter", recipients=seats[0])).status_code == 409
    answer = await author.send(f"{path}/limits", version=str(limits.VERSION))
    assert answer.status_code == 303
    page = (await author.http.get(answer.headers["location"])).text
    assert "You can begin now." in page
    assert SHOWN not in page
    assert START in page
    await unread.start(author)


async def test_by_the_api_once_is_enough_and_nothing_of_the_other_side_changes(unread: Exchange) -> None:
    path = f"/cases/{unread.case_id}"
    others = (await unread.offender.api("GET", path)).content
    shown = (await unread.victim.ask(path))["limits"]
    assert (shown["read"], tuple(shown["words"])) == (False, limits.WORDS)
    house, victim = unread.service.participants, unread.people.victim
    case_id, version = unread.people.case_id, shown["version"]
    # two at once, and one after them
    await asyncio.gather(*(limits.record_read(house, victim, case_id, version) for _ in range(2)))
    await unread.victim.do(f"{path}/limits", {"version": version}, status=204)
    assert (await unread.victim.ask(path))["limits"]["read"]
    assert (await unread.offender.api("GET", path)).content == others
    with psycopg.connect(unread.service.dsns.superuser.url) as connection:
        entries = connection.execute(
            "SELECT count(*) FROM relay.audit_entries WHERE tag = %s AND detail::jsonb ->> 'version' = %s",
            [Tag.LIMITS_READ, str(limits.VERSION)],
        ).fetchone()
    assert entries == (1,)


@pytest.mark.parametrize("version", ["", "0", "1", "99", "9" * 5000, "two"])
async def test_another_version_than_the_one_that_is_shown_counts_for_nothing(
    unread: Exchange, version: str
) -> None:
    answer = await unread.victim.send(f"/cases/{unread.case_id}/limits", version=version)
    assert answer.status_code == 409
    assert "have changed since" in answer.text
    assert not (await unread.victim.ask(f"/cases/{unread.case_id}"))["limits"]["read"]


async def test_of_a_case_that_is_not_theirs_nobody_says_it(unread: Exchange) -> None:
    other = await unread.service.make_case(unread.people.facilitator)
    for case_id in (other, uuid4()):
        answer = await unread.victim.api("POST", f"/cases/{case_id}/limits", {"version": limits.VERSION})
        assert answer.status_code == 404


@pytest.mark.parametrize("surface", [Surface.PARTICIPANTS, Surface.DESK])
async def test_nobody_says_it_for_somebody_else_and_nobody_edits_it(
    exchange: Exchange, surface: Surface
) -> None:
    people, database = exchange.people, exchange.service.databases[surface]
    of_participants = surface is Surface.PARTICIPANTS
    actor = people.victim if of_participants else people.facilitator
    for statement in _NOT_THEIRS:
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            async with database.keeping(actor.id) as tx:
                await tx.run(statement, {"case": people.case_id, "other": people.offender.id})
    async with database.reading(actor.id) as tx:
        seen = set(await tx.values("SELECT account_id FROM relay.limits_read"))
    assert seen == {people.victim.id} | (set() if of_participants else {people.offender.id})


_NOT_THEIRS: tuple[LiteralString, ...] = (
    "INSERT INTO relay.limits_read VALUES (%(case)s, %(other)s, 7, now())",
    "UPDATE relay.limits_read SET version = 7 WHERE case_id = %(case)s",
    "DELETE FROM relay.limits_read WHERE case_id = %(case)s",
)


async def test_the_case_says_that_earlier_words_were_read(unread: Exchange) -> None:
    page = (await unread.desk.http.get(f"/cases/{unread.case_id}")).text
    assert page.count("The words have changed since") == 2
    await unread.victim.do(f"/cases/{unread.case_id}/limits", {"version": limits.VERSION}, status=204)
    page = (await unread.desk.http.get(f"/cases/{unread.case_id}")).text
    assert page.count("The words have changed since") == 1


async def test_the_case_says_who_has_read_them(exchange: Exchange) -> None:
    said = "have read what you have to pass on (version 1 of the words)"
    assert (await exchange.desk.http.get(f"/cases/{exchange.case_id}")).text.count(said) == 2
    with psycopg.connect(exchange.service.dsns.superuser.url) as connection:
        connection.execute("DELETE FROM relay.limits_read WHERE account_id = %s", [exchange.people.victim.id])
    page = (await exchange.desk.http.get(f"/cases/{exchange.case_id}")).text
    assert (page.count(said), page.count("They have not said yet")) == (1, 1)
