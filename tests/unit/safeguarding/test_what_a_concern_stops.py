from datetime import UTC, datetime, timedelta
from uuid import UUID, uuid4

import msgspec
import pytest

from relay.cases.gates import SOMETHING_TO_PREPARE, for_participant
from relay.errors import Conflict, Invalid
from relay.safeguarding.model import Closing, Concern, Disclosure, Note, Noticed, Open
from relay.safeguarding.rules import (
    MOST_WORDS,
    check_closer,
    checked_noticed,
    checked_said,
    closers,
    of_item,
)

NOW = datetime(2026, 11, 29, 12, tzinfo=UTC)
FATIMA, FILIP, GITA, VERA, ITEM = (uuid4() for _ in range(5))
CONCERN = Concern(
    id=uuid4(),
    case_id=uuid4(),
    reference="2026/1",
    item_id=ITEM,
    item_kind="letter",
    item_author="Vera",
    stops_case=False,
    raised_by=FATIMA,
    raised_at=NOW,
    closed_at=None,
    noticed=None,
)
TOLD = Disclosure(
    whom="B. Nowak, police",
    what="What the letter says",
    why="He means to go there",
    agreed=False,
    ground="Duty to warn",
    told_at=NOW - timedelta(hours=1),
)


def of(**but: object) -> Concern:
    return msgspec.structs.replace(CONCERN, **but)


def test_an_item_is_stopped_by_its_own_concerns_and_by_no_others() -> None:
    others = [Open(uuid4(), uuid4()), Open(uuid4(), None)]
    assert of_item(others, ITEM) == ()
    (block,) = of_item([*others, Open(uuid4(), ITEM), Open(uuid4(), ITEM)], ITEM)
    assert "stands still" in block.staff
    # nobody asks for it in their name; if somebody did, it would read as any other stop
    assert for_participant((block,), VERA) == (SOMETHING_TO_PREPARE,)


@pytest.mark.parametrize(
    ("concern", "at_work", "may"),
    [
        (of(), [FATIMA, FILIP, GITA], (FILIP, GITA)),
        (of(), [FATIMA], (FATIMA,)),
        (of(), [FILIP], (FILIP,)),
        (of(item_id=None), [FATIMA, FILIP], (FATIMA, FILIP)),
        (of(item_id=None, stops_case=True), [FATIMA, FILIP], (FILIP,)),
        (of(closed_at=NOW), [FATIMA, FILIP], ()),
    ],
)
def test_what_stops_something_is_closed_by_another_while_there_is_one(
    concern: Concern, at_work: list[UUID], may: tuple[UUID, ...]
) -> None:
    assert closers(concern, at_work) == may
    for one in (FATIMA, FILIP, GITA):
        if one in may:
            check_closer(concern, at_work, one)
        else:
            with pytest.raises(Conflict):
                check_closer(concern, at_work, one)


def test_it_is_about_somebody_who_takes_part_or_about_nobody() -> None:
    for about in (None, VERA):
        noticed = checked_noticed(Noticed(kind="threat", about=about, words=" Said so. "), {VERA})
        assert (noticed.about, noticed.words) == (about, "Said so.")
    with pytest.raises(Invalid):
        checked_noticed(Noticed(kind="threat", about=FATIMA, words="Said so."), {VERA})
    for words in (" \n", "x" * (MOST_WORDS + 1)):
        with pytest.raises(Invalid):
            checked_noticed(Noticed(kind="threat", about=None, words=words), {VERA})


def test_what_was_told_says_to_whom_what_why_when_and_on_what_ground() -> None:
    assert checked_said(TOLD, NOW) == TOLD
    with pytest.raises(Invalid) as lacking:
        checked_said(
            msgspec.structs.replace(TOLD, whom=" ", what="", why="", ground=" ", told_at=NOW + timedelta(1)),
            NOW,
        )
    assert set(lacking.value.fields) == {"whom", "what", "why", "ground", "told_at"}
    agreed = checked_said(msgspec.structs.replace(TOLD, agreed=True, ground=" "), NOW)
    assert isinstance(agreed, Disclosure)
    assert agreed.ground == ""
    for told_at in (datetime(1899, 1, 1, tzinfo=UTC), NOW.replace(tzinfo=None)):
        with pytest.raises(Invalid):
            checked_said(msgspec.structs.replace(TOLD, told_at=told_at), NOW)


def test_a_note_and_a_closing_say_something() -> None:
    for said in (Note(words=" "), Closing(outcome="handed_over", words="")):
        with pytest.raises(Invalid):
            checked_said(said, NOW)
