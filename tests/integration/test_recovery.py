"""A case that nobody can open any more is given to a facilitator with the recovery key."""

import asyncio
from pathlib import Path
from uuid import UUID, uuid4

import psycopg
import pytest

from relay.audit.tags import Tag
from relay.audit.verify import Recovered, recovered
from relay.cases.keys import open_case_keys, rotate
from relay.cases.lost import Order, Reason
from relay.cases.reasons import reasons
from relay.cases.recovery import prepare, recover
from relay.cases.service import add_facilitator, list_cases, read_case
from relay.errors import Conflict, Missing, Unavailable
from relay.exchange.delivery import choose, content
from relay.exchange.model import Content
from relay.exchange.objects import opened
from relay.exchange.release import release
from relay.house import House
from relay.identity.accounts import end_suspension, suspend
from relay.identity.model import Person
from relay.identity.operator import looking
from relay.identity.vouching import vouch
from relay.review.reading import open_rendition
from relay.vault.padding import unpad
from relay.vault.suite import KeyPair
from tests.support.house import Pair, Service
from tests.support.letters import approve, seat_of, send_letter
from tests.support.recovery import (
    Lost,
    cases_of,
    given,
    ground_of,
    make_lost,
    refused,
    rows,
    state_of,
    taken_off,
    verified,
)
from tests.support.work import make_room, work_off


@pytest.fixture
async def lost(service: Service, pair: Pair, tmp_path: Path) -> Lost:
    return await make_lost(service, pair, tmp_path)


def text_of(house: House, found: Content) -> str:
    with opened(house, found) as source:
        return unpad(source.read_all(1 << 20)).decode()


async def read(service: Service, facilitator: Person, item_id: UUID) -> str:
    _, found = await open_rendition(service.desk, facilitator, item_id, "clean")
    return text_of(service.desk, found)


async def leave(service: Service, pair: Pair, lost: Lost) -> None:
    """Fatima leaves the service."""
    await suspend(service.desk, lost.anna, pair.facilitator.id)
    await service.sign_roster()


async def test_who_is_given_a_case_reads_what_is_in_it_and_goes_on_with_it(
    service: Service, pair: Pair, lost: Lost, tmp_path: Path
) -> None:
    gita, case_id = lost.gita, pair.case_id
    await leave(service, pair, lost)
    assert not (await cases_of(service))[case_id].able()
    with pytest.raises(Missing):
        await read(service, gita, lost.waits)
    await given(service, Order("Gita", Reason.LEFT, "Fatima"))
    assert [one.member.name for one in (await cases_of(service))[case_id].facilitators] == ["Fatima", "Gita"]

    # every version of the key, so everything that was written, and the names
    async with service.desk.database.reading(gita.id) as tx:
        assert set(await open_case_keys(tx, service.desk, gita, case_id)) == {1, 2}
    assert await read(service, gita, lost.waits) == "The first letter."
    assert {one.words for one in await reasons(service.desk, gita, case_id)} == {
        "Says what he did, and means it.",
        "Nothing speaks against it.",
    }
    [case] = await list_cases(service.desk, gita)
    _, people, _ = await read_case(service.desk, gita, case_id)
    assert case.reference == "2026/1"
    assert {one.name for one in people} == {"Fatima", "Gita", "Vera", "Oskar"}

    # who left is taken off, the participants' keys are confirmed, and the exchange goes on
    await taken_off(service, gita, case_id, pair.facilitator.id)
    for participant in (pair.victim, pair.offender):
        await vouch(service.desk, gita, case_id, participant.id)
    await approve(service, gita, lost.waits)
    seat = await seat_of(service, pair.victim, case_id)
    passed_on = await release(service.desk, gita, lost.waits, seat)
    await choose(service.participants, pair.offender, passed_on, "open")
    for reader, release_id, text in (
        (pair.offender, passed_on, "The first letter."),
        (pair.victim, lost.released, "The second letter."),
    ):
        assert text_of(service.participants, await content(service.participants, reader, release_id)) == text
    async with make_room(service, tmp_path) as room:
        answer = await send_letter(service, pair.offender, case_id, "The third letter.")
        await work_off(room)
    assert await read(service, gita, answer) == "The third letter."
    await verified(service)


async def test_who_forgot_a_passphrase_may_be_on_the_roster_still(
    service: Service, pair: Pair, lost: Lost
) -> None:
    plan = await given(service, Order("Gita", Reason.FORGOTTEN, "Fatima"))
    assert (plan.to.account_id, [one.id for one in plan.cases]) == (lost.gita.id, [pair.case_id])
    assert await read(service, lost.gita, lost.waits) == "The first letter."
    # the key that Fatima made stands until Gita takes her off
    await approve(service, lost.gita, lost.waits)
    await release(service.desk, lost.gita, lost.waits, await seat_of(service, pair.victim, pair.case_id))


async def test_it_leaves_an_entry_in_the_case_and_one_in_the_service_and_the_chains_hold(
    service: Service, pair: Pair, lost: Lost
) -> None:
    before = rows(service, "SELECT chain, sequence FROM relay.audit_chains")
    await given(service, Order("Gita", Reason.FORGOTTEN, "Fatima"))
    after = rows(service, "SELECT chain, sequence FROM relay.audit_chains")
    grown = dict(set(after) - set(before))
    assert grown == {chain: dict(before)[chain] + 1 for chain in (pair.case_id, service.id)}
    found = (
        "SELECT actor_id, subject_id, tag, detail FROM relay.audit_entries WHERE (chain, sequence) = (%s, %s)"
    )
    by_whom, why = f'"former":"{pair.facilitator.id}"', '"reason":"passphrase_forgotten"'
    [(seat,)] = rows(service, "SELECT id FROM relay.seats WHERE account_id = %s", lost.gita.id)
    assert rows(service, found, pair.case_id, grown[pair.case_id]) == [
        (service.id, lost.gita.id, "case.recovered", f'{{{by_whom},"key_version":2,{why},"seat":"{seat}"}}')
    ]
    assert rows(service, found, service.id, grown[service.id]) == [
        (service.id, lost.gita.id, "recovery_key.used", f'{{"cases":1,{by_whom},{why}}}')
    ]
    await verified(service)


async def test_several_cases_are_given_together_or_none_of_them(
    service: Service, pair: Pair, lost: Lost
) -> None:
    other = await service.make_case(pair.facilitator, "2026/2")
    shared = await service.make_case(pair.facilitator, "2026/3")
    await add_facilitator(service.desk, pair.facilitator, shared, lost.gita.id)
    rows(
        service,
        "UPDATE relay.case_key_grants SET sealed = 'x' WHERE case_id = %s AND holder_kind = 'recovery'",
        other,
    )
    before, order = state_of(service), Order("Gita", Reason.LEFT, "Fatima")
    with pytest.raises(Conflict, match=f"Case {other} cannot be recovered: its key 1 is damaged"):
        await given(service, order)
    # not even where the one is found out while the other is done
    plan = await prepare(ground_of(service), service.recovery, order._replace(cases=(pair.case_id,)))
    both = plan._replace(
        cases=tuple(one for one in (await cases_of(service)).values() if one.id in {pair.case_id, other}),
        passed_over=((await cases_of(service))[shared],),
    )
    with pytest.raises(Conflict, match="its key 1 is damaged"):
        await recover(ground_of(service), service.recovery, order, both)
    assert state_of(service) == before

    another = await service.make_case(pair.facilitator, "2026/4")
    order = order._replace(cases=(pair.case_id, another))
    plan = await given(service, order)
    assert {one.id for one in plan.cases} == {pair.case_id, another}
    for case_id in (pair.case_id, another):
        async with service.desk.database.reading(lost.gita.id) as tx:
            assert await open_case_keys(tx, service.desk, lost.gita, case_id)
        [(number,)] = rows(
            service,
            "SELECT count(*) FROM relay.audit_entries WHERE chain = %s AND tag = 'case.recovered'",
            case_id,
        )
        assert number == 1
    await verified(service)
    async with looking(service.owner, service.id) as tx:
        assert await recovered(tx, service.id) == Recovered(times=1, cases=2)


async def test_a_version_that_a_facilitator_never_got_is_given_to_them_on_the_seat_that_they_have(
    service: Service, pair: Pair, lost: Lost
) -> None:
    """Gita was suspended when Filip was taken off; she came back, and Fatima went."""
    gita, case_id = lost.gita, pair.case_id
    await add_facilitator(service.desk, pair.facilitator, case_id, gita.id)
    filip = await service.make_facilitator("Frida")
    await add_facilitator(service.desk, pair.facilitator, case_id, filip.id)
    await suspend(service.desk, lost.anna, gita.id)
    await service.sign_roster()
    await taken_off(service, pair.facilitator, case_id, filip.id)
    await end_suspension(service.desk, lost.anna, gita.id)
    await leave(service, pair, lost)
    obstacles = {one.member.name: one.obstacle for one in (await cases_of(service))[case_id].facilitators}
    assert obstacles == {"Fatima": "suspended", "Gita": "was not given all of the case's keys"}
    seats = rows(service, "SELECT id FROM relay.seats ORDER BY id")
    await given(service, Order("Gita", Reason.LEFT, "", (case_id,)))
    assert rows(service, "SELECT id FROM relay.seats ORDER BY id") == seats
    async with service.desk.database.reading(gita.id) as tx:
        assert set(await open_case_keys(tx, service.desk, gita, case_id)) == {1, 2, 3}


async def test_what_was_sealed_to_them_before_is_sealed_anew(
    service: Service, pair: Pair, lost: Lost
) -> None:
    await add_facilitator(service.desk, pair.facilitator, pair.case_id, lost.gita.id)
    await taken_off(service, pair.facilitator, pair.case_id, lost.gita.id)
    rows(service, "UPDATE relay.case_key_grants SET sealed = 'x' WHERE holder_id = %s", lost.gita.id)
    await given(service, Order("Gita", Reason.DAMAGED, "Fatima"))
    async with service.desk.database.reading(lost.gita.id) as tx:
        assert set(await open_case_keys(tx, service.desk, lost.gita, pair.case_id)) == {1, 2, 3}


# refused, and nothing done


async def test_who_is_not_on_the_roster_is_given_nothing(service: Service, pair: Pair, lost: Lost) -> None:
    await service.enrol_quickly(service.desk, await service.invite_staff("facilitator", "New"))
    await service.invite_staff("facilitator", "Invited")
    del pair
    for who, said in (
        ("New", "The keys of New are not on the signed list"),
        ("Invited", "Invited has not enrolled yet"),
        ("Anna", "Anna does not work on cases"),
        ("Vera", "Nobody on the staff is called 'Vera'"),
        (str(lost.anna.id), "Anna does not work on cases"),
    ):
        assert said in await refused(service, Order(who, Reason.LEFT, "Fatima"))
    # a role that was written into the database makes nobody a facilitator
    rows(service, "UPDATE relay.accounts SET roles = 'facilitator' WHERE id = %s", lost.anna.id)
    assert "The keys of Anna are not on" in await refused(service, Order("Anna", Reason.LEFT, "Fatima"))
    # nor do other keys in the row of somebody who is one
    rows(
        service,
        "UPDATE relay.account_keys SET hpke_public = %s WHERE account_id = %s",
        KeyPair.generate().public.encoded,
        lost.gita.id,
    )
    assert "The keys of Gita are not on" in await refused(service, Order("Gita", Reason.LEFT, "Fatima"))


async def test_nothing_is_done_by_a_roster_that_cannot_be_believed(
    service: Service, pair: Pair, lost: Lost
) -> None:
    del pair, lost
    rows(service, "DELETE FROM relay.rosters WHERE version = (SELECT max(version) FROM relay.rosters)")
    said = await refused(service, Order("Gita", Reason.LEFT, "Fatima"))
    assert "older than this machine has seen" in said
    rows(service, "DELETE FROM relay.rosters")
    assert "No staff roster has been signed yet" in await refused(
        service, Order("Gita", Reason.LEFT, "Fatima")
    )


async def test_what_changed_after_it_was_shown_is_not_done(service: Service, pair: Pair, lost: Lost) -> None:
    order = Order("Gita", Reason.FORGOTTEN, "Fatima")
    plan = await prepare(ground_of(service), service.recovery, order)
    await service.make_case(pair.facilitator, "2026/2")
    before = state_of(service)
    with pytest.raises(Conflict, match="has changed since"):
        await recover(ground_of(service), service.recovery, order, plan)
    assert state_of(service) == before
    await suspend(service.desk, lost.anna, lost.gita.id)
    before = state_of(service)
    with pytest.raises(Conflict, match="Gita is suspended"):
        await recover(ground_of(service), service.recovery, order, plan)
    assert state_of(service) == before


async def test_what_postgresql_refuses_is_told_in_a_sentence_and_other_failures_are_not_hidden(
    service: Service, pair: Pair, lost: Lost
) -> None:
    del pair, lost
    order = Order("Gita", Reason.FORGOTTEN, "Fatima")
    rows(
        service,
        "CREATE TRIGGER refused AFTER INSERT ON relay.seats FOR EACH ROW"
        " EXECUTE FUNCTION relay.refuse_row('as after a change in between')",
    )
    assert "has changed since" in await refused(service, order)
    rows(service, "DROP FUNCTION relay.recover_case(uuid, uuid, integer, integer[], bytea[])")
    before = state_of(service)
    with pytest.raises(psycopg.errors.UndefinedFunction):
        await given(service, order)
    assert state_of(service) == before


async def test_it_waits_for_who_changes_the_case(service: Service, pair: Pair, lost: Lost) -> None:
    order = Order("Gita", Reason.FORGOTTEN, "Fatima")
    plan = await prepare(ground_of(service), service.recovery, order)
    async with service.desk.database.acting(
        pair.facilitator.id, Tag.CASE_SETTINGS, chain=pair.case_id, subject=pair.case_id
    ) as act:
        await act.lock_case(pair.case_id)
        doing = asyncio.create_task(recover(ground_of(service), service.recovery, order, plan))
        _, waiting = await asyncio.wait([doing], timeout=1)
        assert waiting
        version = await rotate(act, service.desk, pair.facilitator, pair.case_id, [pair.facilitator.id])
    await doing
    async with service.desk.database.reading(lost.gita.id) as tx:
        assert version in await open_case_keys(tx, service.desk, lost.gita, pair.case_id)


async def test_another_recovery_key_opens_nothing(service: Service, pair: Pair, lost: Lost) -> None:
    del pair, lost
    said = await refused(service, Order("Gita", Reason.LEFT, "Fatima"), KeyPair.generate())
    assert "its key 1 is damaged, or is not what a facilitator made" in said


async def test_a_case_that_is_not_there_is_no_ones_to_give(service: Service, pair: Pair, lost: Lost) -> None:
    del lost
    nowhere = uuid4()
    order = Order("Gita", Reason.LEFT, "", (pair.case_id, nowhere))
    assert f"There is no case {nowhere}" in await refused(service, order)
    rows(service, "DELETE FROM relay.case_keys WHERE case_id = %s", pair.case_id)
    order = Order("Gita", Reason.LEFT, "Fatima")
    assert "its keys are not there" in await refused(service, order)


async def test_without_a_database_it_says_so(service: Service) -> None:
    nowhere = ground_of(service)._replace(owner=service.owner.but(database="nowhere"))
    with pytest.raises(Unavailable):
        await prepare(nowhere, service.recovery, Order("Gita", Reason.LEFT, "Fatima"))
