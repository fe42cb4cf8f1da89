"""Each rule of `07_narrowing.sql` on what a row may become, by itself: whoever has the right to the column.

The superuser has every right, and these rules bind them as everybody else; those on one app are tried as it.
"""

from datetime import timedelta
from pathlib import Path
from uuid import UUID

import psycopg
import pytest

from relay.cases.service import read_case, remove_seat
from relay.exchange import uploads
from relay.exchange.delivery import choose
from relay.exchange.items import start_item, withdraw
from relay.exchange.release import release, schedule, unschedule
from tests.support.house import Pair, Service
from tests.support.letters import approve, seat_of, send_letter
from tests.support.smuggled import acting, refused
from tests.support.work import make_room, work_off


@pytest.fixture
async def rows(service: Service, pair: Pair, tmp_path: Path) -> UUID:
    """One of each kind that a rule is about. Return an upload whose file is complete."""
    house, desk, facilitator, victim = service.participants, service.desk, pair.facilitator, pair.victim
    seat = await seat_of(service, victim, pair.case_id)
    async with make_room(service, tmp_path) as room:
        letters = []
        for _ in range(2):
            letters.append(await send_letter(service, victim, pair.case_id))
            await work_off(room)
            await approve(service, facilitator, letters[-1])
    released, planned = letters
    await choose(house, pair.offender, await release(desk, facilitator, released, seat), "open")
    await withdraw(house, victim, released)
    due = service.clock() + timedelta(days=9)
    await schedule(desk, facilitator, planned, seat, due)
    await unschedule(desk, facilitator, planned)
    await schedule(desk, facilitator, planned, seat, due)
    film = await start_item(house, victim, pair.case_id, "video", (seat,))
    ended = await uploads.create(house, victim, film, 10)
    await uploads.terminate(house, victim, ended.id)
    upload = await uploads.create(house, victim, film, 10)
    async with uploads.append(house, victim, upload.id, 0) as sink:
        await sink.write(bytes(10))
    olga = await service.make_participant(facilitator, pair.case_id, "offender", "Olga")
    _, people, _ = await read_case(desk, facilitator, pair.case_id)
    theirs = next(one.seat_id for one in people if one.account_id == olga.id)
    await remove_seat(desk, facilitator, pair.case_id, theirs)
    return upload.id


@pytest.mark.usefixtures("rows")
@pytest.mark.parametrize(
    ("change", "why"),
    [
        ("items SET revision = revision + 1", "a version begins when it is submitted"),
        ("items SET revision = 0 WHERE revision > 0", "a version begins when it is submitted"),
        ("items SET ready_at = now() WHERE ready_at IS NOT NULL", "comes into the queue"),
        ("items SET ready_at = NULL WHERE ready_at IS NOT NULL", "comes into the queue"),
        ("items SET taken_back_at = NULL WHERE taken_back_at IS NOT NULL", "what was taken back stays so"),
        ("items SET taken_back_at = now() WHERE taken_back_at IS NOT NULL", "what was taken back stays so"),
        ("objects SET state = 'ready' WHERE state = 'gone'", "what is gone stays gone"),
        ("objects SET plaintext_size = plaintext_size + 1 WHERE state = 'gone'", "what is gone stays gone"),
        ("objects SET state = 'writing' WHERE state = 'ready'", "an object is written once"),
        ("objects SET plaintext_size = 0 WHERE state = 'ready'", "an object is written once"),
        ("objects SET commitment = 'x' WHERE state = 'ready'", "an object is written once"),
        ("uploads SET received = received - 1 WHERE received > 0", "what was acknowledged stays"),
        ("uploads SET state = 'open' WHERE state = 'ended'", "an upload does not begin again"),
        ("uploads SET state = 'open' WHERE state = 'complete'", "an upload does not begin again"),
        ("uploads SET state = 'complete' WHERE state = 'ended'", "an upload does not begin again"),
        ("deliveries SET state = 'waiting' WHERE state = 'opened'", "what was opened stays opened"),
        ("scheduled_releases SET state = 'waiting' WHERE state = 'cancelled'", "a plan ends once"),
        ("scheduled_releases SET state = 'done' WHERE state = 'cancelled'", "a plan ends once"),
        ("seats SET removed_at = NULL WHERE removed_at IS NOT NULL", "given a seat anew"),
        ("seats SET removed_at = now() WHERE removed_at IS NOT NULL", "given a seat anew"),
    ],
)
async def test_a_rule_binds_whoever_has_the_right_to_the_column(
    service: Service, change: str, why: str
) -> None:
    with psycopg.connect(service.dsns.superuser.url) as connection:
        with pytest.raises(psycopg.Error, match=why) as found:
            connection.execute(f"UPDATE relay.{change}".encode())
        assert found.value.sqlstate == "RL002"


async def test_a_worker_removes_only_what_was_never_finished(service: Service, rows: UUID) -> None:
    with psycopg.connect(service.dsns.worker.url) as connection:
        connection.execute("SELECT set_config('role', 'relay_worker', true)")
        connection.execute("SELECT relay.enter_worker('object', %s)", [rows])
        gone = "UPDATE relay.objects SET state = 'gone' WHERE state = 'ready'"
        assert refused(connection, gone) == "RL002"
        connection.rollback()


@pytest.mark.usefixtures("rows")
async def test_nobody_but_a_worker_says_that_a_plan_was_carried_out(service: Service, pair: Pair) -> None:
    done = "UPDATE relay.scheduled_releases SET state = '{}' WHERE state = 'waiting'"
    with acting(service, "desk", pair.facilitator.id) as connection:
        assert refused(connection, done.format("done")) == "RL002"
        assert refused(connection, done.format("cancelled")) is None


@pytest.mark.usefixtures("rows")
async def test_an_author_lets_go_of_what_they_uploaded_and_took_back_or_never_sent(
    service: Service, pair: Pair
) -> None:
    gone = "UPDATE relay.objects SET state = 'gone' WHERE state = 'ready' AND {}"
    sent = "id IN (SELECT r.object_id FROM relay.revisions r JOIN relay.items i ON i.id = r.item_id WHERE {})"
    with acting(service, "participants", pair.victim.id) as connection:
        assert refused(connection, gone.format("purpose = 'rendition'")) == "RL002"
        assert refused(connection, gone.format(sent.format("i.taken_back_at IS NULL"))) == "RL002"
        assert refused(connection, gone.format("id IN (SELECT object_id FROM relay.uploads)")) is None


async def test_of_an_item_one_file_waits_to_be_sent(service: Service, pair: Pair, rows: UUID) -> None:
    async with service.participants.database.reading(pair.victim.id) as tx:
        film = await tx.value("SELECT item_id FROM relay.uploads WHERE object_id = %s", [rows])
    other = await uploads.create(service.participants, pair.victim, film, 10)
    to = "UPDATE relay.uploads SET state = '{}' WHERE object_id = %s"
    with acting(service, "participants", pair.victim.id) as connection:
        assert refused(connection, to.format("complete"), other.id) == "RL002"
        assert refused(connection, to.format("ended"), rows) is None
        assert refused(connection, to.format("complete"), other.id) is None


_ACCOUNT = "UPDATE relay.accounts SET {} WHERE {}"


@pytest.mark.usefixtures("rows")
async def test_keys_and_accounts_are_their_owners(service: Service, pair: Pair) -> None:
    keys = ("key_version = key_version + 1", "key_version = 0", "lookup = 'x'")
    with acting(service, "participants", pair.victim.id) as connection:
        for change in (*keys, "state = 'suspended'", "state = 'invited'"):
            assert refused(connection, _ACCOUNT.format(change, "true")) == "RL002"
    participants = "side = 'participant'"
    with acting(service, "desk", pair.facilitator.id) as connection:
        for change in (*keys, "state = 'invited'"):
            assert refused(connection, _ACCOUNT.format(change, participants)) == "RL002"
        assert refused(connection, _ACCOUNT.format("state = 'suspended'", participants)) is None
        # and let in again as they were: tests/security/test_suspension_rules.py
        assert refused(connection, _ACCOUNT.format("state = 'invited'", participants)) == "RL002"
