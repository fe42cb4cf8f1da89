"""Planned releases that were edited, or whose version another took the place of."""

from datetime import timedelta
from typing import LiteralString
from uuid import UUID

import pytest

from relay.errors import RelayError
from relay.exchange.edits import MASK
from relay.exchange.release import schedule, unschedule
from relay.review.decisions import reopen
from tests.security.database_attacker.town import Town
from tests.support.work import work_off
from workers.tasks.upkeep import release_due

# what is planned


def _planned(town: Town) -> tuple[UUID, UUID]:
    item_id = town.approved(town.vera)
    seat = town.case.others(town.vera)[0].seat_id
    due = town.service.clock() + timedelta(days=30)
    release_id: UUID = town.do(schedule(town.service.desk, town.fatima, item_id, seat, due))
    return item_id, release_id


@pytest.mark.parametrize(
    "edit",
    [
        "due_at = due_at - interval '40 days'",
        "record = replace(convert_from(record, 'UTF8'), '\"sequence\":1', '\"sequence\":2')::bytea",
        "signatures = record",
        "object_id = (SELECT object_id FROM relay.revisions LIMIT 1)",
        "rendition_id = gen_random_uuid()",
        "double_sealed = set_byte(double_sealed, 1200, get_byte(double_sealed, 1200) # 1)",
    ],
)
def test_a_planned_release_that_was_edited_gives_nobody_a_key(town: Town, edit: str) -> None:
    item_id, release_id = _planned(town)
    before = town.grants_of(town.oskar)
    town.sql("UPDATE relay.scheduled_releases SET " + edit)  # noqa: S608 - from the list above
    town.service.clock.go(days=0 if "due_at" in edit else 31)
    town.do(release_due(town.room, release_id))
    assert town.grants_of(town.oskar) == before
    assert town.sql("SELECT state FROM relay.items WHERE id = %s", item_id) == [("approved",)]


def test_an_untouched_planned_release_is_carried_out(town: Town) -> None:
    _, release_id = _planned(town)
    town.service.clock.go(days=31)
    town.do(release_due(town.room, release_id))
    assert town.read(town.oskar, release_id) == "A letter."


# a version that another took the place of

_SECRET = "I live at 4 Mill Lane."


def _replaced(town: Town) -> tuple[UUID, UUID, UUID]:
    """A letter that was planned as it was sent, put back, and planned with a part hidden."""
    item_id = town.approved(town.vera, _SECRET)
    seat = town.case.others(town.vera)[0].seat_id
    due = town.service.clock() + timedelta(days=30)
    old = town.do(schedule(town.service.desk, town.fatima, item_id, seat, due))
    town.do(unschedule(town.service.desk, town.fatima, item_id))
    town.do(reopen(town.service.desk, town.fatima, item_id))
    town.hide(item_id, _SECRET, "4 Mill Lane")
    town.do(work_off(town.room))
    town.agree(item_id)
    town.approve(item_id, town.fatima)
    new = town.do(schedule(town.service.desk, town.fatima, item_id, seat, due))
    return item_id, old, new


@pytest.mark.parametrize(
    "edits",
    [
        [],
        ["UPDATE relay.items SET ready_at = NULL"],
        ["UPDATE relay.items SET revision = 1, ready_at = now() - interval '1 year'"],
        [  # the old plan's seal and signatures under the new one's names
            (
                "UPDATE relay.scheduled_releases s SET (revision_id, rendition_id) ="
                " (SELECT n.revision_id, n.rendition_id FROM relay.scheduled_releases n"
                " WHERE n.item_id = s.item_id AND n.id <> s.id)"
            )
        ],
        [
            (
                "UPDATE relay.scheduled_releases s SET (revision_id, rendition_id, object_id) ="
                " (SELECT n.revision_id, n.rendition_id, n.object_id FROM relay.scheduled_releases n"
                " WHERE n.item_id = s.item_id AND n.id <> s.id)"
            )
        ],
    ],
)
def test_a_plan_of_a_version_that_was_replaced_is_not_carried_out(
    town: Town, edits: list[LiteralString]
) -> None:
    item_id, old, new = _replaced(town)
    town.sql("UPDATE relay.scheduled_releases SET state = 'cancelled' WHERE id = %s", new)
    town.sql("UPDATE relay.scheduled_releases SET state = 'waiting' WHERE id = %s", old)
    for edit in edits:
        town.sql(edit)
    town.service.clock.go(days=32)
    before = town.grants_of(town.oskar)
    town.do(release_due(town.room, old))
    assert town.sql("SELECT 1 FROM relay.releases WHERE item_id = %s", item_id) == []
    assert town.grants_of(town.oskar) == before


def test_what_took_its_place_is_carried_out(town: Town) -> None:
    _, _, new = _replaced(town)
    town.service.clock.go(days=32)
    town.do(release_due(town.room, new))
    assert town.read(town.oskar, new) == f"I live at {MASK}."


def test_an_approval_of_before_it_came_back_into_review_is_none(town: Town) -> None:
    """The version stayed, what it rests on did not: it is planned by an approval that was taken back."""
    item_id, release_id = _planned(town)
    town.sql("UPDATE relay.scheduled_releases SET state = 'cancelled'")
    town.sql("UPDATE relay.items SET state = 'approved' WHERE id = %s", item_id)
    town.do(reopen(town.service.desk, town.fatima, item_id))
    town.sql("UPDATE relay.scheduled_releases SET state = 'waiting'")
    town.sql("UPDATE relay.items SET state = 'scheduled' WHERE id = %s", item_id)
    town.service.clock.go(days=31)
    town.do(release_due(town.room, release_id))
    assert town.sql("SELECT 1 FROM relay.releases WHERE item_id = %s", item_id) == []


def test_a_version_that_was_replaced_is_not_released_in_place_of_the_newest(town: Town) -> None:
    item_id, _, _ = _replaced(town)
    town.do(unschedule(town.service.desk, town.fatima, item_id))
    town.sql("UPDATE relay.items SET revision = 1, ready_at = now() - interval '1 year'")
    with pytest.raises(RelayError):
        town.release(item_id)
    assert town.sql("SELECT 1 FROM relay.releases WHERE item_id = %s", item_id) == []
