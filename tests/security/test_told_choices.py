"""What a smuggled query could do with choices that were told: no more than the desk itself does."""

from pathlib import Path
from uuid import UUID

import pytest

from relay.exchange.delivery import choose
from relay.exchange.release import release
from tests.support.house import Pair, Service
from tests.support.letters import approve, seat_of, send_letter
from tests.support.smuggled import acting, refused
from tests.support.work import make_room, work_off

_WRITE = (
    "SELECT relay.write_down_choice(gen_random_uuid(), r, '{seen}', (SELECT changed_at FROM relay.deliveries"
    " WHERE release_id = r) + interval '{since}', '{state}', 'by_telephone', current_date, now())"
    " FROM (VALUES (%s::uuid)) given (r)"
)


def write(state: str, *, seen: str = "waiting", since: str = "0") -> str:
    """Writing down a choice over what was seen, `since` after it was chosen."""
    return _WRITE.format(state=state, seen=seen, since=since)


_PLAIN = (
    "INSERT INTO relay.told_choices (id, release_id, case_id, recipient_id, state, manner, told_on,"
    " recorded_by, recorded_at) SELECT gen_random_uuid(), id, case_id, recipient_id, 'refused',"
    " 'in_person', current_date, relay.actor(), now() FROM relay.releases WHERE id = %s"
)
_AGAIN = (
    "INSERT INTO relay.releases (id, case_id, item_id, revision_id, rendition_id, object_id, recipient_id,"
    " kind, media_type, size, holder_key_version, sequence, record, signatures, released_at, service_id)"
    " SELECT gen_random_uuid(), case_id, item_id, revision_id, rendition_id, object_id, recipient_id, kind,"
    " media_type, size, 2, sequence + 1, record, signatures, now(), service_id FROM relay.releases"
    " WHERE id = %s"
)
_BEGIN = (
    "INSERT INTO relay.deliveries (release_id, case_id, recipient_id, state, changed_at)"
    " SELECT id, case_id, recipient_id, '{state}', now() FROM relay.releases r"
    " WHERE NOT EXISTS (SELECT FROM relay.deliveries d WHERE d.release_id = r.id)"
)


@pytest.fixture
async def waiting(service: Service, pair: Pair, tmp_path: Path) -> UUID:
    """A letter that was released and is not opened."""
    async with make_room(service, tmp_path) as room:
        item_id = await send_letter(service, pair.victim, pair.case_id, "Dear you.")
        await work_off(room)
    await approve(service, pair.facilitator, item_id)
    seat = await seat_of(service, pair.victim, pair.case_id)
    return await release(service.desk, pair.facilitator, item_id, seat)


async def test_the_desk_has_one_way_to_a_delivery_and_none_to_open_it(
    service: Service, pair: Pair, waiting: UUID
) -> None:
    stranger = await service.make_facilitator("Gita")
    with acting(service, "desk", stranger.id) as connection:
        assert refused(connection, write("refused"), waiting) == "RL002"
    with acting(service, "desk", pair.facilitator.id) as connection:
        assert refused(connection, "UPDATE relay.deliveries SET state = 'refused'") == "42501"
        assert refused(connection, _PLAIN, waiting) == "42501"
        assert refused(connection, write("opened"), waiting) == "RL002"
        assert refused(connection, write("refused"), waiting) is None
        for edit in ("UPDATE relay.told_choices SET manner = 'in_person'", "DELETE FROM relay.told_choices"):
            assert refused(connection, edit) == "42501"
        connection.commit()
    with acting(service, "participants", pair.offender.id) as connection:
        assert connection.execute("SELECT count(*) FROM relay.told_choices").fetchone() == (1,)
        assert refused(connection, "SELECT recorded_by FROM relay.told_choices") == "42501"
        assert refused(connection, write("held"), waiting) == "42501"
    with acting(service, "participants", pair.victim.id) as connection:
        assert connection.execute("SELECT count(*) FROM relay.told_choices").fetchone() == (0,)


async def test_what_was_opened_is_changed_by_nobody(service: Service, pair: Pair, waiting: UUID) -> None:
    await choose(service.participants, pair.offender, waiting, "open")
    with acting(service, "desk", pair.facilitator.id) as connection:
        written = connection.execute(write("waiting", seen="opened").encode(), [waiting]).fetchone()
        assert written == (False,)
        assert connection.execute("SELECT count(*) FROM relay.told_choices").fetchone() == (0,)
        [state] = connection.execute("SELECT state FROM relay.deliveries").fetchall()
        assert state == ("opened",)


async def test_what_was_chosen_meanwhile_is_not_written_over(
    service: Service, pair: Pair, waiting: UUID
) -> None:
    await choose(service.participants, pair.offender, waiting, "refuse")
    with acting(service, "desk", pair.facilitator.id) as connection:
        for stale in (write("later"), write("later", seen="refused", since="-1 second")):
            assert connection.execute(stale.encode(), [waiting]).fetchone() == (False,)
        assert connection.execute("SELECT state FROM relay.deliveries").fetchall() == [("refused",)]
        assert connection.execute("SELECT count(*) FROM relay.told_choices").fetchone() == (0,)
        assert connection.execute(write("later", seen="refused").encode(), [waiting]).fetchone() == (True,)


async def test_what_is_passed_on_begins_closed_unless_it_was_opened_before(
    service: Service, pair: Pair, waiting: UUID
) -> None:
    def begun(state: str) -> str | None:
        with acting(service, "desk", pair.facilitator.id) as connection:
            connection.execute(_AGAIN.encode(), [waiting])
            return refused(connection, _BEGIN.format(state=state))

    assert begun("opened") == "RL002"
    assert begun("waiting") is None
    await choose(service.participants, pair.offender, waiting, "open")
    assert begun("opened") is None
