"""A gate that was changed in the database, behind the audit chain, is found by `relay audit verify`."""

from datetime import timedelta

import psycopg
import pytest

from relay.audit.verify import verify_gates
from relay.cases.agreements import agreements
from relay.cases.model import Medium
from relay.cases.own import choose_consent, choose_pause
from relay.cases.records import (
    record_assessment,
    record_consent,
    record_consents,
    record_pause,
    record_request,
    record_responsibility,
    record_restriction,
)
from relay.errors import AuditBroken, Invalid
from relay.identity.operator import looking
from relay.safeguarding.model import Closing, Note, Noticed
from relay.safeguarding.raising import raise_about_case
from relay.safeguarding.writing import write
from tests.support.house import Pair, Service


async def check(service: Service) -> None:
    async with looking(service.owner, service.id) as tx:
        await verify_gates(tx)


def edit(service: Service, statement: str) -> None:
    """Do what triggers and foreign keys keep everybody else from."""
    with psycopg.connect(service.dsns.superuser.url, autocommit=True) as connection:
        connection.execute("SET session_replication_role = replica")
        assert connection.execute(statement.encode()).rowcount, "there was nothing to change"


@pytest.fixture
async def every_gate(service: Service, pair: Pair) -> None:
    """Each kind recorded more than once; nothing may pass."""
    desk, facilitator, case_id, now = service.desk, pair.facilitator, pair.case_id, service.clock()
    await record_request(desk, facilitator, case_id, pair.victim.id, asked=False)
    await record_responsibility(desk, facilitator, case_id, pair.offender.id, "none", "Took it back.")
    await choose_consent(service.participants, pair.offender, case_id, "letter", given=False)
    await choose_consent(service.participants, pair.offender, case_id, "letter", given=False)  # no news
    await record_assessment(
        desk, facilitator, case_id, safe=False, valid_until=now + timedelta(days=9), reasoning="Not now."
    )
    order = await record_restriction(
        desk, facilitator, case_id, pair.offender.id, until=now + timedelta(days=90), description="An order."
    )
    await record_restriction(
        desk,
        facilitator,
        case_id,
        pair.offender.id,
        until=now + timedelta(days=80),
        description="A shorter one.",
        restriction_id=order,
    )
    await record_pause(desk, facilitator, case_id, None, paused=True)
    await choose_pause(service.participants, pair.victim, case_id, paused=True)


@pytest.mark.usefixtures("every_gate")
async def test_what_was_recorded_agrees_with_the_chain(service: Service) -> None:
    await check(service)


@pytest.mark.usefixtures("every_gate")
@pytest.mark.parametrize(
    ("table", "change", "gate"),
    [
        ("victim_requests", "asked = true", "the request for the exchange"),
        ("responsibilities", "grade = 'full'", "responsibility"),
        ("consents", "given = true", "somebody's agreement"),
        ("consents", "ask_again_at = ask_again_at + interval '1 year'", "somebody's agreement"),
        ("consents", "medium = 'video'", "somebody's agreement"),
        ("assessments", "safe = true", "the safety assessment"),
        ("assessments", "valid_until = valid_until + interval '1 year'", "the safety assessment"),
        ("restrictions", "lifted = true", "a contact restriction"),
        ("restrictions", "excepted = true", "a contact restriction"),
        ("restrictions", "until = now()", "a contact restriction"),
        ("restrictions", "restriction_id = gen_random_uuid()", "a contact restriction"),
        ("pauses", "paused = false", "a pause"),
        ("pauses", "recorded_by = gen_random_uuid()", "a pause"),
    ],
)
async def test_a_gate_that_was_edited_is_found(
    service: Service, pair: Pair, table: str, change: str, gate: str
) -> None:
    newest = f"number = (SELECT max(number) FROM relay.{table})"  # noqa: S608 - from above
    edit(service, f"UPDATE relay.{table} SET {change} WHERE {newest}")  # noqa: S608 - from above
    with pytest.raises(AuditBroken, match=f"case {pair.case_id}: {gate}"):
        await check(service)


@pytest.mark.usefixtures("every_gate")
@pytest.mark.parametrize(
    "table", ["victim_requests", "responsibilities", "consents", "assessments", "restrictions", "pauses"]
)
@pytest.mark.parametrize(
    "change",
    [
        "DELETE FROM relay.{0} WHERE number = (SELECT max(number) FROM relay.{0})",
        "UPDATE relay.{0} SET id = gen_random_uuid() WHERE number = (SELECT max(number) FROM relay.{0})",
        "DELETE FROM relay.{0}",
    ],
)
async def test_a_gate_that_was_taken_away_or_put_in_place_of_another_is_found(
    service: Service, table: str, change: str
) -> None:
    edit(service, change.format(table))
    with pytest.raises(AuditBroken, match="behind the audit chain"):
        await check(service)


@pytest.mark.usefixtures("every_gate")
async def test_an_older_record_that_was_put_last_is_found(service: Service) -> None:
    edit(
        service,
        "WITH old AS (DELETE FROM relay.victim_requests WHERE asked RETURNING *)"
        " INSERT INTO relay.victim_requests (id, case_id, account_id, asked, recorded_by, recorded_at)"
        " SELECT id, case_id, account_id, asked, recorded_by, recorded_at FROM old",
    )
    with pytest.raises(AuditBroken, match="the request for the exchange"):
        await check(service)


async def test_once_it_is_recorded_anew_it_agrees_again(service: Service, pair: Pair) -> None:
    edit(service, "UPDATE relay.consents SET given = false")
    with pytest.raises(AuditBroken, match="records the gate anew"):
        await check(service)
    for person in (pair.victim, pair.offender):
        for medium in ("letter", "audio", "video", "document"):
            await record_consent(
                service.desk,
                pair.facilitator,
                pair.case_id,
                person.id,
                medium,
                given=True,
                manner="in_person",
            )
    await check(service)


async def _agreed(service: Service, pair: Pair) -> tuple[int, int]:
    """How many records of agreement there are, and how many entries."""
    with psycopg.connect(service.dsns.superuser.url) as connection:
        found = connection.execute(
            "SELECT (SELECT count(*) FROM relay.consents WHERE case_id = %(case)s),"
            " (SELECT count(*) FROM relay.audit_entries WHERE chain = %(case)s"
            "  AND tag = 'gate.consent_recorded')",
            {"case": pair.case_id},
        ).fetchone()
    assert found is not None
    return found[0], found[1]


async def test_several_media_are_recorded_each_with_an_entry_or_none_of_them(
    service: Service, pair: Pair
) -> None:
    async def record() -> None:
        await record_consents(
            service.desk,
            pair.facilitator,
            pair.case_id,
            pair.victim.id,
            ("letter", "audio", "video"),
            given=False,
            manner="by_telephone",
        )

    before = await _agreed(service, pair)
    with psycopg.connect(service.dsns.superuser.url, autocommit=True) as connection:
        # the last of the three cannot be recorded
        connection.execute(
            "ALTER TABLE relay.consents ADD CONSTRAINT no_film CHECK (medium <> 'video') NOT VALID"
        )
        with pytest.raises(psycopg.errors.CheckViolation):
            await record()
        assert await _agreed(service, pair) == before
        connection.execute("ALTER TABLE relay.consents DROP CONSTRAINT no_film")
    await record()
    assert await _agreed(service, pair) == (before[0] + 3, before[1] + 3)
    await check(service)


@pytest.mark.parametrize("detail", ["x", "[1]", "5", '"record"', ""])
async def test_an_entry_of_which_the_details_are_no_object_is_refused(
    service: Service, pair: Pair, detail: str
) -> None:
    with psycopg.connect(service.dsns.participants.url) as connection:
        connection.execute("SELECT set_config('role', 'relay_participants', true)")
        connection.execute("SELECT relay.enter_participants(%s)", [pair.victim.id])
        with pytest.raises(psycopg.Error, match="details are one JSON object"):
            connection.execute(
                "SELECT relay.audit_append(%s, 'gate.pause_recorded', %s, %s)",
                [pair.case_id, pair.victim.id, detail],
            )


@pytest.mark.usefixtures("every_gate")
async def test_an_entry_that_cannot_be_read_hides_no_gate_that_was_edited(service: Service) -> None:
    edit(service, "UPDATE relay.audit_entries SET detail = 'x' WHERE tag = 'gate.request_recorded'")
    edit(service, "UPDATE relay.assessments SET safe = true")
    with pytest.raises(AuditBroken, match="the safety assessment"):
        await check(service)


@pytest.mark.parametrize("media", [(), ("smoke",), ("letter", "smoke")])
async def test_what_is_no_medium_is_refused_in_words_and_nothing_is_recorded(
    service: Service, pair: Pair, media: tuple[Medium, ...]
) -> None:
    before = await agreements(service.desk, pair.facilitator, pair.case_id)
    with pytest.raises(Invalid, match="Tick what it is about"):
        await record_consents(
            service.desk, pair.facilitator, pair.case_id, pair.victim.id, media, given=False
        )
    assert await agreements(service.desk, pair.facilitator, pair.case_id) == before


_CLOSED_BEHIND_IT = (
    "INSERT INTO relay.concern_entries (id, concern_id, case_id, kind, written_by, written_at,"
    " case_key_version, sealed) SELECT gen_random_uuid(), id, case_id, 'closed', raised_by, now(), 1, 'x'"
    " FROM relay.concerns WHERE stops_case"
)


@pytest.mark.parametrize(
    "change",
    [
        "DELETE FROM relay.concerns",
        "UPDATE relay.concerns SET stops_case = NOT stops_case",
        _CLOSED_BEHIND_IT,
    ],
)
async def test_a_concern_that_was_taken_away_or_closed_behind_the_chain_is_found(
    service: Service, pair: Pair, change: str
) -> None:
    noticed = Noticed(kind="threat", about=None, words="On the telephone.")
    closing = Closing(outcome="nothing_further", words="A song.")
    for said in (Note(words="Asked a colleague."), closing):
        concern = await raise_about_case(
            service.desk, pair.facilitator, pair.case_id, noticed, stops_case=said is not closing
        )
        await write(service.desk, pair.facilitator, concern, said)
    await check(service)
    edit(service, change)
    with pytest.raises(AuditBroken, match=f"case {pair.case_id}: a concern"):
        await check(service)
