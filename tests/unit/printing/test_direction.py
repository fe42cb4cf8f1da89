"""Which way a line runs, and where a long word may break."""

import pytest

from relay.printing.direction import breakable, paragraphs


@pytest.mark.parametrize(
    ("text", "rtl"),
    [
        ("Dear you", False),
        ("مجھے افسوس ہے", True),
        ("مینوں افسوس اے", True),
        ("שלום", True),
        ("ਮੈਨੂੰ ਅਫ਼ਸੋਸ ਹੈ", False),
        ("我很抱歉。", False),
        ("12. مجھے", True),
        ("“(1) Yes, سلام”", False),
    ],
)
def test_a_line_runs_as_its_first_letter_does(text: str, *, rtl: bool) -> None:
    [line] = paragraphs(text)
    assert line.rtl is rtl


def test_lines_of_one_letter_each_run_their_own_way_and_signs_alone_as_the_whole() -> None:
    assert [one.rtl for one in paragraphs("سلام\n\nHello\n***\n١٢٣")] == [True, True, False, True, True]
    assert [one.rtl for one in paragraphs("***\nHello")] == [False, False]


def test_no_line_is_lost() -> None:
    text = "\n  a\n\n\tb  c\n\n"
    assert "\n".join(one.text for one in paragraphs(text)) == text


def test_urdu_gets_its_own_digits_and_arabic_its_own() -> None:
    assert [one.language for one in paragraphs("میں نے ۴\nكتبت ٤\nHello\n你好")] == ["ur", "ar", "en", "zh"]


def test_a_word_longer_than_a_line_may_break_and_nothing_else() -> None:
    assert breakable("as it was written, żółć") == "as it was written, żółć"
    broken = breakable("w" * 100)
    assert broken.replace("\u200b", "") == "w" * 100
    assert max(map(len, broken.split("\u200b"))) <= 24


def test_a_word_never_breaks_between_a_letter_and_its_marks() -> None:
    broken = breakable("e\u0301" * 40)
    assert not any(piece.startswith("\u0301") for piece in broken.split("\u200b"))


def test_chinese_is_left_alone() -> None:
    assert breakable("我" * 100) == "我" * 100
