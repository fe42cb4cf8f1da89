"""What was hidden stays hidden, and its author is asked: whatever is written into the database."""

from datetime import timedelta
from typing import LiteralString

import pytest

from relay.errors import Conflict, RelayError, VaultRefused
from relay.exchange.edits import MASK, Edits, Span
from relay.exchange.items import save_draft
from relay.exchange.release import schedule
from relay.exchange.submitting import submit
from relay.review.decisions import decide
from relay.review.model import Reason
from relay.review.queue import claim
from relay.review.redaction import ground, redact, redaction
from relay.vault.statements import Changes
from tests.security.database_attacker.town import Town
from tests.support.work import look_at, work_off
from workers.tasks.make_safe import make_safe
from workers.tasks.upkeep import release_due


def test_what_its_author_agreed_to_is_released(town: Town) -> None:
    item_id = town.redacted()
    town.agree(item_id)
    town.approve(item_id, town.fatima)
    assert town.read(town.oskar, town.release(item_id)) == f"I live at {MASK}."


@pytest.mark.parametrize(
    "edit",
    [
        "edits_id = NULL, edits_commitment = NULL, edited_by = NULL",
        "edited_by = NULL",
        "edited_by = author_id",
        "edits_commitment = set_byte(edits_commitment, 3, get_byte(edits_commitment, 3) # 1)",
        (
            "(edits_id, edits_commitment) = (SELECT o.id, o.commitment FROM relay.objects o"
            " WHERE o.purpose = 'edits' AND o.id <> edits_id LIMIT 1)"
        ),
    ],
)
def test_no_worker_follows_a_list_that_was_stripped_swapped_or_renamed(town: Town, edit: str) -> None:
    town.redacted("Mine is another.", "another")
    item_id = town.ready(town.oskar, "I live at 4 Mill Lane.")
    revision_id = town.hide(item_id, "I live at 4 Mill Lane.", "4 Mill Lane")
    town.sql("UPDATE relay.revisions SET " + edit + " WHERE id = %s", revision_id)  # noqa: S608 - from above
    with pytest.raises(RelayError):
        town.do(make_safe(town.room, revision_id))
    made = town.sql("SELECT 1 FROM relay.renditions WHERE revision_id = %s", revision_id)
    assert made == []


def test_no_worker_follows_a_list_that_nobody_submitted(town: Town) -> None:
    town.redacted("Mine is another.", "another")
    item_id = town.sent(town.oskar)
    town.sql(
        "UPDATE relay.revisions SET (edits_id, edits_commitment) = (SELECT o.id, o.commitment"
        " FROM relay.objects o WHERE o.purpose = 'edits' LIMIT 1) WHERE item_id = %s",
        item_id,
    )
    [(revision_id,)] = town.sql("SELECT id FROM relay.revisions WHERE item_id = %s", item_id)
    with pytest.raises(VaultRefused):
        town.do(make_safe(town.room, revision_id))


@pytest.mark.parametrize(
    "edit", ["edited_by = NULL", "edits_id = NULL, edits_commitment = NULL, edited_by = NULL"]
)
def test_a_version_with_hidden_parts_is_not_passed_off_as_its_authors_own(town: Town, edit: str) -> None:
    """So that nobody would have to be asked."""
    item_id = town.redacted()
    rendition, sha256 = town.do(look_at(town.service, town.fatima, item_id))
    town.sql("UPDATE relay.revisions SET " + edit + " WHERE number = 2")  # noqa: S608 - from the list above
    decided = decide(
        town.service.desk, town.fatima, item_id, "approve", rendition_id=rendition, sha256=sha256
    )
    with pytest.raises(VaultRefused):
        town.do(decided)


_PLANTED = """
INSERT INTO relay.agreements (id, item_id, revision_id, rendition_id, case_id, author_id, sha256,
                              key_version, agreed_at, signature)
SELECT gen_random_uuid(), n.item_id, n.revision_id, n.id, n.case_id, n.author_id, n.sha256, 1, now(), %s
FROM relay.renditions n JOIN relay.revisions r ON r.id = n.revision_id
WHERE n.item_id = %s AND n.role = 'clean' AND r.number = 2
"""


def test_an_agreement_that_its_author_did_not_sign_is_none(town: Town) -> None:
    item_id = town.redacted()
    town.sql(_PLANTED, town.oskar.signer.sign(b"I agree."), item_id)
    with pytest.raises(Conflict, match="has not agreed"):
        town.approve(item_id, town.fatima)


def test_an_agreement_to_another_letter_is_none(town: Town) -> None:
    agreed = town.redacted("One.", "One")
    town.agree(agreed)
    town.approve(agreed, town.fatima)
    item_id = town.redacted("Two.", "Two")
    [(signature,)] = town.sql("SELECT signature FROM relay.agreements WHERE item_id = %s", agreed)
    town.sql(_PLANTED, signature, item_id)
    town.sql(
        "UPDATE relay.agreements SET agreed_at = (SELECT agreed_at FROM relay.agreements WHERE item_id = %s)"
        " WHERE item_id = %s",
        agreed,
        item_id,
    )
    with pytest.raises(Conflict, match="has not agreed"):
        town.approve(item_id, town.fatima)


def test_an_agreement_that_was_taken_away_stops_what_was_planned(town: Town) -> None:
    item_id = town.redacted()
    town.agree(item_id)
    town.approve(item_id, town.fatima)
    seat = town.case.others(town.vera)[0].seat_id
    due = town.service.clock() + timedelta(days=30)
    release_id = town.do(schedule(town.service.desk, town.fatima, item_id, seat, due))
    town.sql("DELETE FROM relay.agreements")
    before = town.grants_of(town.oskar)
    town.service.clock.go(days=31)
    town.do(release_due(town.room, release_id))
    assert town.grants_of(town.oskar) == before
    assert town.sql("SELECT state FROM relay.items WHERE id = %s", item_id) == [("approved",)]
    [(detail,)] = town.sql(
        "SELECT detail FROM relay.audit_entries WHERE subject_id = %s ORDER BY at_microseconds DESC LIMIT 1",
        item_id,
    )
    assert "not-agreed" in detail


def test_a_facilitator_is_not_shown_another_list_than_was_written(town: Town) -> None:
    item_id = town.redacted()
    town.sql("UPDATE relay.revisions SET edits_id = NULL, edits_commitment = NULL, edited_by = NULL")
    with pytest.raises(VaultRefused):
        town.do(redaction(town.service.desk, town.fatima, item_id))


def test_places_are_not_counted_in_another_text_than_they_are_hidden_in(town: Town) -> None:
    item_id = town.ready(town.vera, "First. I live at 4 Mill Lane.")
    rendition, sha256 = town.do(look_at(town.service, town.fatima, item_id))
    work = decide(
        town.service.desk,
        town.fatima,
        item_id,
        "request_changes",
        rendition_id=rendition,
        sha256=sha256,
        reasons=(Reason.UNREADABLE,),
        guidance="Please write it anew.",
    )
    town.do(work)
    town.do(save_draft(town.service.participants, town.vera, item_id, "I live at 4 Mill Lane."))
    town.do(submit(town.service.participants, town.vera, item_id))
    town.do(work_off(town.room))
    town.do(claim(town.service.desk, town.fatima, item_id))
    edits = Edits(spans=(Span(start=10, end=21),))
    work = redact(town.service.desk, town.fatima, item_id, revision=2, edits=edits, note="Hidden.")
    town.do(work)
    town.do(work_off(town.room))
    assert town.do(ground(town.service.desk, town.fatima, item_id)).text == "I live at 4 Mill Lane."
    town.sql(
        "UPDATE relay.revisions r SET (edits_id, edits_commitment, edited_by) = (SELECT edits_id,"
        " edits_commitment, edited_by FROM relay.revisions WHERE item_id = r.item_id AND number = 3)"
        " WHERE item_id = %s AND number = 2",
        item_id,
    )
    with pytest.raises(VaultRefused):
        town.do(ground(town.service.desk, town.fatima, item_id))


# what a recipient is told of it

_CHANGES = ',"changes":{"author":"agreed","what":["parts hidden"]}'
_LIES: dict[str, LiteralString] = {
    "taken away": f"replace(t, '{_CHANGES}', '')",
    "another change": "replace(t, 'parts hidden', 'voice changed')",
    "one more": 'replace(t, \'"parts hidden"\', \'"parts hidden","voice changed"\')',
    "another word of the author": "replace(t, '\"agreed\"', '\"asked\"')",
    "an unknown change": "replace(t, 'parts hidden', 'words replaced')",
    "nothing": f"replace(t, '{_CHANGES}', ',\"changes\":null')",
    "more of it": 'replace(t, \'"what"\', \'"places":3,"what"\')',
}
_REWRITE: LiteralString = (
    " SET record = convert_to(x.lie, 'UTF8') FROM (SELECT b.id AS one, b.t, {lie} AS lie FROM (SELECT id,"
    " convert_from(record, 'UTF8') AS t FROM {table}) b) x WHERE id = x.one AND x.lie <> x.t RETURNING 1"
)


def _rewritten(town: Town, table: LiteralString, lie: LiteralString) -> None:
    """Write something else into the record, and be sure that something was."""
    rewrite: LiteralString = "UPDATE " + table + _REWRITE.replace("{table}", table).replace("{lie}", lie)
    assert town.sql(rewrite) == [(1,)]


@pytest.mark.parametrize("lie", _LIES.values(), ids=_LIES)
def test_what_was_done_to_it_is_not_taken_away_or_changed(town: Town, lie: LiteralString) -> None:
    release_id = town.released_with_hidden_parts()
    assert town.told(town.oskar, release_id) == Changes(author="agreed", what=("parts hidden",))
    _rewritten(town, "relay.releases", lie)
    with pytest.raises(VaultRefused):
        town.told(town.oskar, release_id)
    with pytest.raises(VaultRefused):
        town.read(town.oskar, release_id)


def test_nothing_that_was_not_done_is_added(town: Town) -> None:
    release_id = town.released(town.vera)
    assert town.told(town.oskar, release_id) is None
    _rewritten(town, "relay.releases", f"left(t, -1) || '{_CHANGES}}}'")
    with pytest.raises(VaultRefused):
        town.told(town.oskar, release_id)
    with pytest.raises(VaultRefused):
        town.read(town.oskar, release_id)


@pytest.mark.parametrize("lie", _LIES.values(), ids=_LIES)
def test_a_plan_that_says_something_else_is_not_carried_out(town: Town, lie: LiteralString) -> None:
    item_id = town.redacted()
    town.agree(item_id)
    town.approve(item_id, town.fatima)
    seat = town.case.others(town.vera)[0].seat_id
    due = town.service.clock() + timedelta(days=30)
    release_id = town.do(schedule(town.service.desk, town.fatima, item_id, seat, due))
    _rewritten(town, "relay.scheduled_releases", lie)
    before = town.grants_of(town.oskar)
    town.service.clock.go(days=31)
    town.do(release_due(town.room, release_id))
    assert town.grants_of(town.oskar) == before


def test_an_approval_of_another_list_is_none_of_this(town: Town) -> None:
    """The list of another version of the same letter, in place of the one that was approved."""
    item_id = town.redacted()
    town.agree(item_id)
    town.approve(item_id, town.fatima)
    town.redacted("Mine is another.", "another")
    town.sql(
        "UPDATE relay.revisions SET (edits_id, edits_commitment) = (SELECT edits_id, edits_commitment"
        " FROM relay.revisions WHERE item_id <> %s AND number = 2) WHERE item_id = %s AND number = 2",
        item_id,
        item_id,
    )
    with pytest.raises(RelayError):
        town.release(item_id)
