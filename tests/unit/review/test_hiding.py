"""What a facilitator writes to have parts hidden, and how it reads."""

import pytest

from relay.errors import Invalid
from relay.exchange.edits import MASK, Area, Disguise, Edits, Stretch, masked
from relay.review.hiding import find_words, in_words, parse_time, time_words

TEXT = "Anna's house: 4 Mill\nLane. Annabel, ANNA (anna). Ile kosztuje żółć? Żółć!"


@pytest.mark.parametrize(
    ("phrases", "reads"),
    [
        (["Anna"], f"{MASK}'s house: 4 Mill\nLane. Annabel, {MASK} ({MASK}). Ile kosztuje żółć? Żółć!"),
        (["4 mill lane"], f"Anna's house: {MASK}. Annabel, ANNA (anna). Ile kosztuje żółć? Żółć!"),
        (["żółć"], f"Anna's house: 4 Mill\nLane. Annabel, ANNA (anna). Ile kosztuje {MASK}? {MASK}!"),
        (["(anna).", "", "  "], f"Anna's house: 4 Mill\nLane. Annabel, ANNA {MASK} Ile kosztuje żółć? Żółć!"),
        (["?"], f"Anna's house: 4 Mill\nLane. Annabel, ANNA (anna). Ile kosztuje żółć{MASK} Żółć!"),
    ],
)
def test_words_are_hidden_wherever_they_stand_and_not_within_others(phrases: list[str], reads: str) -> None:
    assert masked(TEXT, find_words(TEXT, phrases)) == reads


def test_words_that_do_not_stand_there_are_named_and_the_others_are_not() -> None:
    with pytest.raises(Invalid) as refused:
        find_words(TEXT, ["Anna", "nn", "Bob  Smith"])
    said = refused.value.fields["words"]
    assert "“nn”, “Bob  Smith”" in said
    assert "“Anna”" not in said


@pytest.mark.parametrize(
    ("written", "milliseconds"),
    [
        ("0", 0),
        ("5", 5_000),
        ("65.25", 65_250),
        ("1:05.250", 65_250),
        (" 1:5 ", 65_000),
        ("1:05,2", 65_200),
        ("90:00", 5_400_000),
        ("1:02:03.004", 3_723_004),
    ],
)
def test_a_time_is_read_as_people_write_it(written: str, milliseconds: int) -> None:
    assert parse_time(written) == milliseconds


@pytest.mark.parametrize("written", ["", "x", "1:", ":5", "1:60", "1:60:00", "-1", "1.2345", "1:05.", "1h"])
def test_what_is_no_time_is_refused(written: str) -> None:
    with pytest.raises(ValueError, match=r".*"):
        parse_time(written)


@pytest.mark.parametrize("milliseconds", [0, 7, 59_999, 60_000, 3_723_004])
def test_a_time_that_is_shown_is_read_again(milliseconds: int) -> None:
    assert parse_time(time_words(milliseconds)) == milliseconds


def test_a_list_reads_in_words() -> None:
    edits = Edits(
        stretches=(
            Stretch(start_ms=1_000, end_ms=2_500, how="mute"),
            Stretch(start_ms=61_000, end_ms=62_000, how="mute"),
            Stretch(start_ms=3_000, end_ms=4_000, how="cut"),
        ),
        disguise=Disguise(voice=True, picture="off"),
    )
    assert in_words(edits) == (
        "2 stretches muted: 0:01.000 to 0:02.500, 1:01.000 to 1:02.000.",
        "1 stretch cut out: 0:03.000 to 0:04.000.",
        "A disguise: the voice changed and the picture switched off.",
    )
    areas = Edits(areas=tuple(Area(page=page, left=0, top=0, right=1, bottom=1) for page in (2, 1, 2)))
    assert in_words(areas) == (
        "1 area of page 1 covered in black.",
        "2 areas of page 2 covered in black.",
    )
    assert in_words(Edits(spans=find_words(TEXT, ["Anna"]))) == (
        "3 places of the letter covered by a block.",
    )
    assert in_words(Edits()) == ()
    faces = in_words(Edits(disguise=Disguise(picture="faces")))
    assert faces[0] == "A disguise: the faces covered that a machine finds."
    assert "misses faces" in faces[1]


def test_more_lines_than_a_list_may_have_are_refused_before_they_are_looked_for() -> None:
    with pytest.raises(Invalid, match="too many lines"):
        find_words(TEXT, [f"word{number}" for number in range(501)])
