"""Recording a court order or licence condition: what is said of it is kept, sealed to the case."""

from datetime import timedelta

import psycopg
import pytest

from relay.cases.keys import case_text
from relay.cases.records import record_restriction
from relay.cases.service import read_case
from relay.errors import Invalid, Missing
from tests.support.house import Pair, Service


async def test_the_order_and_the_evidence_for_an_exception_are_kept_for_the_case(
    service: Service, pair: Pair
) -> None:
    until = service.clock() + timedelta(days=90)
    order = await record_restriction(
        service.desk,
        pair.facilitator,
        pair.case_id,
        pair.offender.id,
        until=until,
        description="An order.",
        exception_evidence="The court permits letters.",
    )
    with psycopg.connect(service.dsns.superuser.url) as connection:
        found = connection.execute(
            "SELECT id, excepted, lifted FROM relay.restrictions WHERE restriction_id = %s", [order]
        ).fetchall()
    [(record, excepted, lifted)] = found
    assert (excepted, lifted) == (True, False)
    async with service.desk.database.reading(pair.facilitator.id) as tx:
        kept = [
            await case_text(tx, service.desk, pair.facilitator, pair.case_id, purpose, record)
            for purpose in ("restriction", "exception")
        ]
    assert kept == ["An order.", "The court permits letters."]


@pytest.mark.parametrize("evidence", ["", " \n"])
async def test_an_exception_without_evidence_is_refused_and_nothing_is_recorded(
    service: Service, pair: Pair, evidence: str
) -> None:
    with pytest.raises(Invalid) as refused:
        await record_restriction(
            service.desk,
            pair.facilitator,
            pair.case_id,
            pair.offender.id,
            until=service.clock() + timedelta(days=90),
            description="An order.",
            exception_evidence=evidence,
        )
    assert refused.value.fields.keys() == {"exception_evidence"}
    _, _, facts = await read_case(service.desk, pair.facilitator, pair.case_id)
    assert facts.restrictions == ()


async def test_nobody_goes_on_with_an_order_on_somebody_else(service: Service, pair: Pair) -> None:
    until = service.clock() + timedelta(days=90)
    on = (service.desk, pair.facilitator, pair.case_id)
    order = await record_restriction(*on, pair.offender.id, until=until, description="An order.")
    with pytest.raises(Missing):
        await record_restriction(
            *on, pair.victim.id, until=until, description="Lifted.", lifted=True, restriction_id=order
        )
    await record_restriction(
        *on, pair.offender.id, until=until, description="Lifted.", lifted=True, restriction_id=order
    )
    _, _, facts = await read_case(*on)
    assert [(one.account_id, one.lifted) for one in facts.restrictions] == [(pair.offender.id, True)]
