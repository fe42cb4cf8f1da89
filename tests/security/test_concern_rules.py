"""What a smuggled query can do about a concern: no more than the desk itself does, and elsewhere nothing."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from uuid import UUID

import psycopg
import pytest

from relay.cases.service import add_facilitator
from relay.identity.model import Person
from relay.safeguarding.model import Closing, Note, Noticed
from relay.safeguarding.raising import raise_about_case, raise_about_item
from relay.safeguarding.writing import write
from tests.support.house import Pair, Service
from tests.support.letters import approve, send_letter
from tests.support.smuggled import acting, refused
from tests.support.work import make_room, work_off

_REVIEW = (
    "INSERT INTO relay.reviews (id, item_id, revision_id, rendition_id, case_id, author_id, reviewer_id,"
    " decision, sha256, decided_at) SELECT gen_random_uuid(), item_id, revision_id, rendition_id, case_id,"
    " author_id, relay.actor(), '{}', sha256, now() FROM relay.reviews WHERE item_id = %s LIMIT 1"
)
_RELEASE = (
    "INSERT INTO relay.releases (id, case_id, item_id, revision_id, rendition_id, object_id, recipient_id,"
    " kind, media_type, size, holder_key_version, sequence, record, signatures, released_at, service_id)"
    " SELECT gen_random_uuid(), n.case_id, n.item_id, n.revision_id, n.id, n.object_id, s.account_id,"
    " 'letter', n.media_type, n.size, 1, 1, 'x', 'x', now(), relay.service() FROM relay.renditions n"
    " JOIN relay.seats s ON s.case_id = n.case_id AND s.part = 'offender'"
    " WHERE n.role = 'clean' AND n.item_id = %s"
)
_PLAN = (
    "INSERT INTO relay.scheduled_releases (id, case_id, item_id, revision_id, rendition_id, object_id,"
    " recipient_id, kind, media_type, size, holder_key_version, sequence, record, signatures, due_at,"
    " scheduled_by, worker_epoch, double_sealed)"
    " SELECT gen_random_uuid(), n.case_id, n.item_id, n.revision_id, n.id, n.object_id, s.account_id,"
    " 'letter', n.media_type, n.size, 1, 1, 'x', 'x', now(), relay.actor(),"
    " (SELECT max(epoch) FROM relay.worker_keys), 'x' FROM relay.renditions n"
    " JOIN relay.seats s ON s.case_id = n.case_id AND s.part = 'offender'"
    " WHERE n.role = 'clean' AND n.item_id = %s"
)
MOVES = {
    "approve": _REVIEW.format("approve"),
    "decline": _REVIEW.format("decline"),
    "put back": "UPDATE relay.items SET state = 'in_review' WHERE id = %s",
}
PASSES = {"release": _RELEASE, "plan": _PLAN}


class Case:
    """An approved letter in a case with two facilitators."""

    def __init__(self, service: Service, pair: Pair, filip: Person, item_id: UUID) -> None:
        self.service, self.pair, self.filip, self.item_id = service, pair, filip, item_id

    def tried(self, statements: dict[str, str]) -> dict[str, str | None]:
        """What PostgreSQL answers to each, as a facilitator of the case. Nothing is kept."""
        found = {}
        for name, statement in statements.items():
            with acting(self.service, "desk", self.filip.id) as connection:
                found[name] = refused(connection, statement, self.item_id)
        return found


@pytest.fixture
async def case(service: Service, pair: Pair, tmp_path: Path) -> Case:
    filip = await service.make_facilitator("Filip")
    await add_facilitator(service.desk, pair.facilitator, pair.case_id, filip.id)
    async with make_room(service, tmp_path) as room:
        item_id = await send_letter(service, pair.victim, pair.case_id, "Dear you.")
        await work_off(room)
    await approve(service, pair.facilitator, item_id)
    return Case(service, pair, filip, item_id)


NOTICED = Noticed(kind="threat", about=None, words="The last line.")
CLOSING = Closing(outcome="nothing_further", words="A song.")


async def test_an_item_stands_still_and_a_case_passes_nothing_by_no_statement(case: Case) -> None:
    desk, pair = case.service.desk, case.pair
    everything = MOVES | PASSES
    assert set(case.tried(everything).values()) == {None}
    whole = await raise_about_case(desk, pair.facilitator, pair.case_id, NOTICED, stops_case=True)
    assert case.tried(everything) == dict.fromkeys(MOVES) | dict.fromkeys(PASSES, "RL002")
    await write(desk, case.filip, whole, CLOSING)
    about = await raise_about_item(desk, pair.facilitator, case.item_id, NOTICED)
    assert set(case.tried(everything).values()) == {"RL002"}
    await write(desk, case.filip, about, CLOSING)
    assert set(case.tried(everything).values()) == {None}


@contextmanager
def waiting_for(service: Service, case_id: UUID) -> Iterator[None]:
    """Hold the lock that raising a concern takes."""
    with psycopg.connect(service.dsns.superuser.url) as connection:
        connection.execute("SELECT pg_advisory_xact_lock(hashtextextended(%s, 1))", [str(case_id)])
        yield


async def test_what_passes_waits_for_a_concern_that_is_being_raised(case: Case) -> None:
    with (
        waiting_for(case.service, case.pair.case_id),
        acting(case.service, "desk", case.filip.id) as connection,
    ):
        connection.execute("SET LOCAL lock_timeout = '50ms'")
        assert refused(connection, _RELEASE, case.item_id) == "55P03"


_EDITS = (
    "UPDATE relay.concerns SET sealed = 'y'",
    "UPDATE relay.concern_entries SET sealed = 'y'",
    "DELETE FROM relay.concern_entries",
    "DELETE FROM relay.concerns",
)


async def test_nobody_writes_in_the_name_of_another_edits_or_closes_what_they_raised(case: Case) -> None:
    desk, pair, fatima = case.service.desk, case.pair, case.pair.facilitator
    concern = await raise_about_item(desk, fatima, case.item_id, NOTICED)
    await write(desk, fatima, concern, Note(words="Asked a colleague."))
    other = await case.service.make_case(fatima, "2026/2")
    entry = (
        "INSERT INTO relay.concern_entries (id, concern_id, case_id, kind, written_by, written_at,"
        " case_key_version, sealed) VALUES (gen_random_uuid(), %s, %s, %s, %s, now(), 1, 'x')"
    )
    raising = (
        "INSERT INTO relay.concerns (id, case_id, item_id, stops_case, raised_by, raised_at,"
        " case_key_version, sealed) VALUES (gen_random_uuid(), %s, %s, false, %s, now(), 1, 'x')"
    )
    with acting(case.service, "desk", fatima.id) as connection:
        assert [refused(connection, change) for change in _EDITS] == ["42501"] * 4
        assert refused(connection, entry, concern, pair.case_id, "closed", fatima.id) == "RL002"
        assert refused(connection, entry, concern, pair.case_id, "closed", case.filip.id) == "42501"
        assert refused(connection, entry, concern, other, "note", fatima.id) == "42501"
        assert refused(connection, entry, concern, pair.case_id, "note", fatima.id) is None
        assert refused(connection, raising, pair.case_id, case.item_id, case.filip.id) == "42501"
        assert refused(connection, raising, other, case.item_id, fatima.id) == "42501"
        assert refused(connection, raising, pair.case_id, case.item_id, fatima.id) is None
    with psycopg.connect(case.service.dsns.superuser.url) as connection:
        assert [refused(connection, change) for change in _EDITS] == ["RL002"] * 4


@pytest.mark.parametrize("surface", ["participants", "worker"])
async def test_participants_cannot_even_ask_and_workers_only_what_stands_still(
    case: Case, surface: str
) -> None:
    service, pair = case.service, case.pair
    await raise_about_item(service.desk, pair.facilitator, case.item_id, NOTICED, stops_case=True)
    ask = "SELECT * FROM relay.open_concerns(%s)"
    with psycopg.connect(getattr(service.dsns, surface).url) as connection:
        connection.execute("SELECT set_config('role', %s, true)", [f"relay_{surface}"])
        connection.execute("SELECT set_config('relay.cases', %s, true)", [f"{{{pair.case_id}}}"])
        for table in ("concerns", "concern_entries"):
            assert refused(connection, f"SELECT FROM relay.{table}") == "42501"
        if surface == "participants":
            assert refused(connection, ask, pair.case_id) == "42501"
        else:
            [(_, item_id, stops)] = connection.execute(ask, [pair.case_id]).fetchall()
            assert (item_id, stops) == (case.item_id, True)
            connection.execute("SELECT set_config('relay.cases', '{}', true)")
            assert connection.execute(ask, [pair.case_id]).fetchall() == []
