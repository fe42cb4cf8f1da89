"""Whatever is written into the database: nobody reads a word as their facilitator's that was not."""

from datetime import timedelta
from typing import LiteralString
from uuid import UUID

import pytest

from relay.cases.keys import seal_text
from relay.errors import VaultRefused
from relay.exchange.delivery import choose, delivery
from relay.exchange.notes import PURPOSE
from relay.exchange.release import schedule
from relay.identity.trust import TrustedKey
from relay.review.reading import item_on_desk
from relay.vault.grants import Holder
from relay.vault.notes import Note
from relay.vault.suite import PublicKey, Sealed
from tests.security.database_attacker.town import Town
from workers.tasks.upkeep import release_due

SAID = "It is an apology."
LIE = "He says that he will come."


def _given(town: Town, note: str = SAID) -> UUID:
    """A letter that was passed on to Oskar, with a note or without."""
    return town.released(town.vera, note=note)


def _planned(town: Town, note: str = SAID) -> UUID:
    item_id = town.approved(town.vera)
    due = town.service.clock() + timedelta(days=1)
    seat = town.case.others(town.vera)[0].seat_id
    made: UUID = town.do(schedule(town.service.desk, town.fatima, item_id, seat, due, note))
    return made


def _read(town: Town, release_id: UUID) -> str | None:
    found: str | None = town.do(delivery(town.service.participants, town.oskar, release_id)).note
    return found


def _sealed(town: Town, release_id: UUID, note: Note) -> Sealed:
    """Anybody who has the database can do this: the recipient's public key stands in it."""
    to = TrustedKey(town.oskar.holder, town.oskar.keys.public)
    return seal_text(town.service.desk, to, town.case.id, PURPOSE, release_id, note.encode())


def test_what_was_written_is_read(town: Town) -> None:
    assert _read(town, _given(town)) == SAID


def test_a_note_that_was_planted_is_none(town: Town) -> None:
    release_id = _given(town, "")
    planted = _sealed(town, release_id, Note.draw(LIE))
    town.sql("UPDATE relay.releases SET note = %s", planted)
    assert _read(town, release_id) is None


def test_a_note_that_is_named_in_a_record_by_nobody_is_refused_with_it(town: Town) -> None:
    release_id, note = _given(town, ""), Note.draw(LIE)
    town.sql(
        "UPDATE relay.releases SET note = %s, record = convert_to(left(convert_from(record, 'UTF8'), -1)"
        " || ',\"note\":\"' || encode(%s, 'base64') || '\"}', 'UTF8')",
        _sealed(town, release_id, note),
        note.digest,
    )
    with pytest.raises(VaultRefused):
        _read(town, release_id)


@pytest.mark.parametrize(
    "edit",
    [
        "note = NULL",
        "note = ''",
        "note = set_byte(note, 1200, get_byte(note, 1200) # 1)",
        (
            "record = convert_to(regexp_replace(convert_from(record, 'UTF8'), ',\"note\":\"[^\"]*\"', ''),"
            " 'UTF8')"
        ),
    ],
)
def test_a_note_that_was_taken_away_or_damaged_is_missed(town: Town, edit: LiteralString) -> None:
    release_id = _given(town)
    assert _read(town, release_id) == SAID
    town.sql("UPDATE relay.releases SET " + edit)  # noqa: S608 - from the list above
    with pytest.raises(VaultRefused):
        _read(town, release_id)
    town.do(choose(town.service.participants, town.oskar, release_id, "refuse"))


@pytest.mark.parametrize("words", [SAID, LIE])
def test_another_note_in_its_place_is_refused(town: Town, words: str) -> None:
    release_id = _given(town)
    town.sql("UPDATE relay.releases SET note = %s", _sealed(town, release_id, Note.draw(words)))
    with pytest.raises(VaultRefused):
        _read(town, release_id)


def test_the_notes_of_two_releases_are_not_swapped(town: Town) -> None:
    first, second = _given(town), _given(town, "It is another letter.")
    town.sql(
        "UPDATE relay.releases r SET note = o.note FROM relay.releases o"
        " WHERE o.item_id <> r.item_id AND r.recipient_id = o.recipient_id"
    )
    for release_id in (first, second):
        with pytest.raises(VaultRefused):
            _read(town, release_id)


def test_what_facilitators_read_of_it_is_held_against_the_record_too(town: Town) -> None:
    release_id = _given(town)
    [(item_id,)] = town.sql("SELECT item_id FROM relay.releases WHERE id = %s", release_id)
    work = item_on_desk(town.service.desk, town.filip, item_id)
    assert town.do(work).recipients[0].note.text == SAID
    [(key, version)] = town.sql(
        "SELECT public, version FROM relay.case_keys WHERE case_id = %s", town.case.id
    )
    to = TrustedKey(Holder(kind="case", id=town.case.id, key_version=version), PublicKey(key))
    lie = Note.draw(LIE)
    planted = seal_text(town.service.desk, to, town.case.id, PURPOSE, release_id, lie.encode())
    town.sql("UPDATE relay.sealed_texts SET sealed = %s WHERE purpose = 'release_note'", planted)
    with pytest.raises(VaultRefused):
        town.do(item_on_desk(town.service.desk, town.filip, item_id))
    town.sql(
        "UPDATE relay.releases SET record = convert_to(regexp_replace(convert_from(record, 'UTF8'),"
        " '\"note\":\"[^\"]*\"', '\"note\":\"' || encode(%s, 'base64') || '\"'), 'UTF8')",
        lie.digest,
    )
    with pytest.raises(VaultRefused):
        town.do(item_on_desk(town.service.desk, town.filip, item_id))


# of a planned release


def test_nobody_reads_a_planned_note_before_its_time(town: Town) -> None:
    release_id = _planned(town)
    [(waiting,)] = town.sql("SELECT note FROM relay.scheduled_releases WHERE id = %s", release_id)
    town.service.clock.go(days=2)
    town.do(release_due(town.room, release_id))
    assert _read(town, release_id) == SAID
    town.sql("UPDATE relay.releases SET note = %s", waiting)
    with pytest.raises(VaultRefused):
        _read(town, release_id)


@pytest.mark.parametrize(
    ("note", "edit"),
    [
        (SAID, "note = NULL"),
        (SAID, "note = set_byte(note, 1200, get_byte(note, 1200) # 1)"),
        ("", "note = double_sealed"),
    ],
)
def test_a_plan_whose_note_was_taken_away_damaged_or_planted_is_not_carried_out(
    town: Town, note: str, edit: LiteralString
) -> None:
    release_id = _planned(town, note)
    town.sql("UPDATE relay.scheduled_releases SET " + edit)  # noqa: S608 - from the list above
    town.service.clock.go(days=2)
    town.do(release_due(town.room, release_id))
    assert town.sql("SELECT 1 FROM relay.releases WHERE id = %s", release_id) == []


def test_the_notes_of_two_plans_are_not_swapped(town: Town) -> None:
    planned = [_planned(town), _planned(town, "It is another letter.")]
    town.sql(
        "UPDATE relay.scheduled_releases r SET note = o.note FROM relay.scheduled_releases o"
        " WHERE o.item_id <> r.item_id"
    )
    town.service.clock.go(days=2)
    for release_id in planned:
        town.do(release_due(town.room, release_id))
    assert town.sql("SELECT 1 FROM relay.releases WHERE id = ANY(%s)", planned) == []
