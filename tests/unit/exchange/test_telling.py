"""What a recipient is told of a list: the kind of thing that was done, and nothing of how much or where."""

from typing import Any

import pytest

from relay.cases.model import Medium
from relay.exchange.edits import Area, Disguise, Edits, Span, Stretch
from relay.exchange.telling import changes_of, in_words
from relay.vault.statements import CHANGES, Change, Changes

SPAN = Span(start=1, end=4)
AREA = Area(page=1, left=0, top=0, right=10, bottom=10)
ALL = Changes(author="agreed", what=CHANGES)


def stretch(how: Any) -> Stretch:
    return Stretch(start_ms=100, end_ms=900, how=how)


@pytest.mark.parametrize(
    ("edits", "what"),
    [
        (Edits(spans=(SPAN,)), ("parts hidden",)),
        (Edits(areas=(AREA,)), ("parts hidden",)),
        *[(Edits(stretches=(stretch(how),)), ("parts hidden",)) for how in ("mute", "bleep", "blank", "cut")],
        (Edits(disguise=Disguise(voice=True)), ("voice changed",)),
        *[(Edits(disguise=Disguise(picture=how)), ("picture covered",)) for how in ("off", "cover", "faces")],
        (Edits(stretches=(stretch("mute"),), disguise=Disguise(voice=True, picture="off")), CHANGES),
    ],
)
def test_each_thing_that_a_list_can_do_is_told(edits: Edits, what: tuple[Change, ...]) -> None:
    for author in ("asked", "agreed"):
        assert changes_of(edits, author) == Changes(author=author, what=what)


def test_of_a_list_that_does_nothing_nothing_is_told() -> None:
    assert changes_of(Edits(), "agreed") is None
    assert in_words(None, "letter") == ""


def test_how_much_is_hidden_and_where_makes_no_difference() -> None:
    few, many = (Edits(spans=tuple(Span(start=9 * n, end=9 * n + 5) for n in range(to))) for to in (1, 400))
    assert changes_of(few, "agreed") == changes_of(many, "agreed")


@pytest.mark.parametrize(
    ("changes", "kind", "sentence"),
    [
        (
            Changes(author="agreed", what=("parts hidden",)),
            "letter",
            "Before this was passed on, parts of it were hidden. The person who made it agreed to that.",
        ),
        (
            Changes(author="agreed", what=("parts hidden",)),
            "audio",
            (
                "Before this was passed on, parts of it were hidden or left out."
                " The person who made it agreed to that."
            ),
        ),
        (
            Changes(author="asked", what=("voice changed",)),
            "audio",
            "Before this was passed on, the voice was changed. The person who made it asked for that.",
        ),
        (
            ALL,
            "video",
            (
                "Before this was passed on, parts of it were hidden or left out, the voice was changed, and"
                " the picture was covered, all of it or where a machine found faces. The person who made it"
                " agreed to that."
            ),
        ),
    ],
)
def test_it_is_told_in_a_sentence(changes: Changes, kind: Medium, sentence: str) -> None:
    assert in_words(changes, kind) == sentence
