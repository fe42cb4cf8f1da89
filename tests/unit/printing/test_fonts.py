"""A text is checked before it is printed: what no font has is named."""

from pathlib import Path

import pytest

from relay.printing import fonts
from relay.printing.model import Unprintable
from tests.support.paper import FOLDER, fonts_are_there


@pytest.fixture(autouse=True)
def _fonts() -> None:
    fonts_are_there()


def test_every_character_without_a_font_is_named() -> None:
    with pytest.raises(Unprintable) as refused:
        fonts.families_for("Dear you \U0001f9ff and \U000e0fff\U000e0ffe", FOLDER)
    assert "U+1F9FF nazar amulet" in refused.value.public
    assert "U+E0FFF" in refused.value.public
    assert "fonts-noto-core" in refused.value.public


def test_only_fonts_that_are_needed_are_taken_the_plainest_first() -> None:
    assert fonts.families_for("Dear you, żółć", FOLDER) == ("Noto Sans",)
    assert fonts.families_for("Dear you, سلام", FOLDER) == ("Noto Sans", "Noto Naskh Arabic")


def test_a_mark_must_be_in_the_font_of_its_letter() -> None:
    assert [*fonts.clusters("e\u0301\u0331 \u200dx\n")] == ["e\u0301\u0331", " ", "x"]


def test_a_pile_of_marks_on_one_letter_is_refused() -> None:
    assert fonts.families_for("e" + "\u0301" * 8, FOLDER)
    with pytest.raises(Unprintable, match="more marks than paper has room for"):
        fonts.families_for("e" + "\u0301" * 500, FOLDER)


def test_a_font_that_draws_half_of_a_cluster_is_not_enough() -> None:
    latin = next(face for face in fonts.faces(FOLDER) if face.family == "Noto Sans")
    gurmukhi = next(face for face in fonts.faces(FOLDER) if face.family == "Noto Sans Gurmukhi")
    letter, mark = "ж", "\N{GURMUKHI VOWEL SIGN UU}"
    assert latin.has({letter})
    assert gurmukhi.has({mark})
    with pytest.raises(Unprintable):
        fonts._chosen(letter + mark, (latin, gurmukhi))


def test_a_folder_without_fonts_says_what_to_install(tmp_path: Path) -> None:
    with pytest.raises(Unprintable, match=r"no fonts on this server.*fonts-noto-core"):
        fonts.families_for("Dear you", tmp_path)


def test_a_font_that_was_just_installed_is_found(tmp_path: Path) -> None:
    with pytest.raises(Unprintable):
        fonts.families_for("Dear you", tmp_path)
    found = next(face for face in fonts.faces(FOLDER) if face.family == "Noto Sans")
    (tmp_path / found.path.name).symlink_to(found.path)
    assert fonts.families_for("Dear you", tmp_path) == ("Noto Sans",)
