"""What a smuggled query could do with the columns that an app may write: no more than the app itself does.

Each line is tried in the app's own role, as somebody whose row it is.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple
from uuid import UUID, uuid4

import psycopg
import pytest

from relay.cases.own import own_case
from relay.cases.service import read_case, remove_seat
from relay.exchange import uploads
from relay.exchange.delivery import choose
from relay.exchange.items import save_draft, start_item, submit, withdraw
from relay.exchange.release import release
from relay.review.decisions import decide
from tests.support.house import Pair, Service
from tests.support.work import look_at, make_room, work_off


class Given(NamedTuple):
    """A letter that was released and opened, and a film that is being uploaded."""

    item_id: UUID
    release_id: UUID
    upload_id: UUID


@pytest.fixture
async def given(service: Service, pair: Pair, tmp_path: Path) -> Given:
    house, victim, case_id = service.participants, pair.victim, pair.case_id
    seat = (await own_case(house, victim, case_id)).counterparts[0].seat_id
    async with make_room(service, tmp_path) as room:
        item_id = await start_item(house, victim, case_id, "letter", (seat,))
        await save_draft(house, victim, item_id, "Dear you.")
        await submit(house, victim, item_id)
        await work_off(room)
        rendition, sha256 = await look_at(service, pair.facilitator, item_id)
        await decide(
            service.desk, pair.facilitator, item_id, "approve", rendition_id=rendition, sha256=sha256
        )
        release_id = await release(service.desk, pair.facilitator, item_id, seat)
    await choose(house, pair.offender, release_id, "open")
    film = await start_item(house, victim, case_id, "video", (seat,))
    upload = await uploads.create(house, victim, film, 10)
    async with uploads.append(house, victim, upload.id, 0) as sink:
        await sink.write(bytes(10))
    return Given(item_id, release_id, upload.id)


@contextmanager
def acting(service: Service, surface: str, actor: UUID) -> Iterator[psycopg.Connection]:
    with psycopg.connect(getattr(service.dsns, surface).url) as connection:
        connection.execute("SELECT set_config('role', %s, true)", [f"relay_{surface}"])
        found = connection.execute(f"SELECT relay.enter_{surface}(%s)", [actor]).fetchone()
        assert found == (True,)
        yield connection
        connection.rollback()


def refused(connection: psycopg.Connection, statement: str, *values: object) -> str | None:
    try:
        with connection.transaction():
            touched = connection.execute(statement.encode(), values).rowcount
    except psycopg.Error as error:
        return error.sqlstate
    assert touched, "there was nothing to try it on"
    return None


@pytest.mark.parametrize(
    "change",
    [
        "UPDATE relay.items SET ready_at = now() - interval '1 year'",
        "UPDATE relay.items SET changed_at = now()",
        "UPDATE relay.items SET approvals_needed = 1",
        "UPDATE relay.items SET revision = 7",
        "UPDATE relay.objects SET state = 'gone' WHERE purpose = 'rendition'",
        "UPDATE relay.objects SET state = 'gone' WHERE id IN (SELECT object_id FROM relay.revisions)",
        "UPDATE relay.objects SET state = 'writing' WHERE state = 'ready'",
        "UPDATE relay.objects SET plaintext_size = 0 WHERE state = 'ready'",
        "UPDATE relay.uploads SET received = 0",
        "UPDATE relay.uploads SET state = 'open' WHERE state = 'complete'",
        "UPDATE relay.accounts SET key_version = key_version + 1",
        "UPDATE relay.accounts SET key_version = 0",
        "UPDATE relay.accounts SET lookup = 'x'",
        "UPDATE relay.accounts SET state = 'suspended'",
        (
            "INSERT INTO relay.objects (id, service_id, case_id, owner_id, purpose) SELECT gen_random_uuid(),"
            " service_id, case_id, owner_id, 'rendition' FROM relay.objects LIMIT 1"
        ),
    ],
)
async def test_an_author_can_set_their_own_rows_no_further_than_the_app_does(
    service: Service, pair: Pair, given: Given, change: str
) -> None:
    del given
    with acting(service, "participants", pair.victim.id) as connection:
        assert refused(connection, change) in {"RL002", "42501"}


@pytest.mark.parametrize("state", ["waiting", "later", "held", "refused"])
async def test_what_a_recipient_opened_stays_opened(
    service: Service, pair: Pair, given: Given, state: str
) -> None:
    del given
    with acting(service, "participants", pair.offender.id) as connection:
        assert refused(connection, "UPDATE relay.deliveries SET state = %s", state) == "RL002"


@pytest.mark.parametrize(
    "change",
    [
        "UPDATE relay.accounts SET roles = 'administrator' WHERE id = relay.actor()",
        "UPDATE relay.accounts SET key_version = key_version + 1 WHERE side = 'participant'",
        "UPDATE relay.accounts SET lookup = 'x' WHERE side = 'participant'",
        "UPDATE relay.items SET taken_back_at = NULL",
        "UPDATE relay.items SET ready_at = now()",
        "UPDATE relay.seats SET removed_at = NULL WHERE removed_at IS NOT NULL",
    ],
)
async def test_a_facilitator_can_set_rows_of_their_cases_no_further_than_the_desk_does(
    service: Service, pair: Pair, given: Given, change: str
) -> None:
    del given
    _, people, _ = await read_case(service.desk, pair.facilitator, pair.case_id)
    seat = next(one.seat_id for one in people if one.account_id == pair.offender.id)
    await remove_seat(service.desk, pair.facilitator, pair.case_id, seat)
    # still theirs to see, so that there is something to try it on
    await service.make_participant(pair.facilitator, pair.case_id, "offender", "Olga")
    with acting(service, "desk", pair.facilitator.id) as connection:
        assert refused(connection, change) in {"RL002", "42501"}


_APPEND = "SELECT relay.audit_append(%s, %s, %s, '{}')"


async def test_the_chain_takes_an_entry_only_from_who_does_such_a_thing_and_where_they_are(
    service: Service, pair: Pair, given: Given
) -> None:
    other = await service.make_case(pair.facilitator, "2026/2")
    subject = given.item_id
    with acting(service, "participants", pair.victim.id) as connection:
        assert refused(connection, _APPEND, pair.case_id, "item.approved", subject) == "RL003"
        assert refused(connection, _APPEND, pair.case_id, "service.created", subject) == "RL003"
        assert refused(connection, _APPEND, other, "item.started", subject) == "RL003"
        assert refused(connection, _APPEND, uuid4(), "item.started", subject) == "RL003"
        assert refused(connection, _APPEND, pair.case_id, "item.started", subject) is None
    with acting(service, "desk", pair.facilitator.id) as connection:
        assert refused(connection, _APPEND, pair.case_id, "gate.consent_recorded", subject) is None
        assert refused(connection, _APPEND, pair.case_id, "item.withdrawn", subject) == "RL003"
        assert refused(connection, _APPEND, uuid4(), "item.approved", subject) == "RL003"


async def test_what_the_apps_do_goes_on_as_before(service: Service, pair: Pair, given: Given) -> None:
    await uploads.terminate(service.participants, pair.victim, given.upload_id)
    await withdraw(service.participants, pair.victim, given.item_id)
