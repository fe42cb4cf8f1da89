"""What a smuggled query could do with the receipts of letters on paper: no more than the desk itself does."""

import pytest

from tests.security.test_narrow_rights import Given, given
from tests.support.house import Pair, Service
from tests.support.smuggled import acting, refused

__all__ = ["given"]

_RECORD = (
    "INSERT INTO relay.paper_receipts (id, release_id, case_id, recipient_id, given_on, recorded_by,"
    " recorded_at) SELECT gen_random_uuid(), id, case_id, {recipient}, current_date, {by}, now()"
    " FROM relay.releases WHERE id = %s"
)


@pytest.mark.parametrize(
    ("recipient", "by", "code"),
    [
        ("recipient_id", "relay.actor()", None),
        ("relay.actor()", "relay.actor()", "RL002"),
        ("recipient_id", "recipient_id", "RL002"),
    ],
)
async def test_a_receipt_is_of_who_it_was_passed_on_to_and_by_who_writes_it(
    service: Service, pair: Pair, given: Given, recipient: str, by: str, code: str | None
) -> None:
    statement = _RECORD.format(recipient=recipient, by=by)
    with acting(service, "desk", pair.facilitator.id) as connection:
        assert refused(connection, statement, given.release_id) == code
        connection.execute(_RECORD.format(recipient="recipient_id", by="relay.actor()"), [given.release_id])
        for edit in ("UPDATE relay.paper_receipts SET given_on = NULL", "DELETE FROM relay.paper_receipts"):
            assert refused(connection, edit) == "42501"


async def test_a_participant_records_none_and_its_author_reads_none(
    service: Service, pair: Pair, given: Given
) -> None:
    with acting(service, "desk", pair.facilitator.id) as connection:
        connection.execute(_RECORD.format(recipient="recipient_id", by="relay.actor()"), [given.release_id])
        connection.commit()
    for person, rows in ((pair.victim, 0), (pair.offender, 1)):
        with acting(service, "participants", person.id) as connection:
            found = connection.execute("SELECT count(*) FROM relay.paper_receipts").fetchone()
            assert found == (rows,)
            own = _RECORD.format(recipient="recipient_id", by="relay.actor()")
            assert refused(connection, own, given.release_id) == "42501"
