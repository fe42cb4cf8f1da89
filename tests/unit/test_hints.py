"""Hints point somewhere; they are told apart by what they are."""

import pytest

from relay.review.hints import Hint, hints, hints_in_lines
from relay.web.desk.pointed import _pieces


@pytest.mark.parametrize(
    ("text", "kind", "words"),
    [
        ("My number is +44 20 7946 0123, call me.", "number", "+44 20 7946 0123"),
        ("it's oh seven seven double zero nine", "number", "oh seven seven double zero nine"),
        ("write to oskar.m+x@example.org please", "address", "oskar.m+x@example.org"),
        ("look at www.example.org/me", "address", "www.example.org/me"),
        ("I am @oskar_m there", "address", "@oskar_m"),
        ("find me on Instagram", "address", "Instagram"),
        ("We live at 12 Elm Street now", "place", "12 Elm Street"),
        ("post it to SW1A 2AA", "place", "SW1A 2AA"),
        ("I know where you go", "threat", "know where you"),
        ("You will regret it", "threat", "regret"),
        ("ask zaneta about it", "name", "zaneta"),
        ("Żaneta was there", "name", "Żaneta"),
        ("and my son Daniel saw it", "name", "my son Daniel"),
        ("My little sister, Ruth, cried", "name", "My little sister, Ruth"),
        ("my boss is called Eve-Marie", "name", "my boss is called Eve-Marie"),
    ],
)
def test_what_a_reviewer_should_look_at_twice_is_pointed_at(text: str, kind: str, words: str) -> None:
    found = [(hint.kind, hint.words) for hint in hints(text, ["Żaneta Nowak", "Al"])]
    assert (kind, words) in found
    for hint in hints(text, ["Żaneta Nowak"]):
        assert text[hint.start : hint.end] == hint.words


@pytest.mark.parametrize(
    ("text", "marked"),
    [
        ("I met Vera Nowak there", ["Vera Nowak"]),
        ("It was Vera-Maria  O’Neill-Nowak, my aunt", ["Vera-Maria  O’Neill-Nowak"]),
        ("Про Вера Новак я не знаю", ["Вера Новак"]),
        ("my son Daniel Nowak saw it", ["my son Daniel Nowak"]),
        ("Vera Maria and Oskar Malik’s car", ["Vera Maria", "Oskar Malik"]),
        ("I met Vera. Nowhere else", ["Vera"]),
        ("I met Vera! Then, Vera? Maybe… Vera", ["Vera", "Vera", "Vera"]),
        ("I met Vera\nThen I left", ["Vera"]),
        ("I told Vera I’m sorry, Vera I am", ["Vera", "Vera"]),
        ("Vera went to Spain", ["Vera"]),
        ("我见过 Vera 诺瓦克", ["Vera"]),
        ("Vera A B C D", ["Vera A B C"]),
    ],
)
def test_a_name_is_marked_with_the_capitalised_words_that_follow_it(text: str, marked: list[str]) -> None:
    found = hints(text, ["Vera", "Вера", "Oskar Malik"])
    assert [hint.words for hint in found] == marked
    for hint in found:
        assert text[hint.start : hint.end] == hint.words


def test_a_name_that_goes_over_two_lines_is_marked_in_both() -> None:
    found = hints_in_lines(["I met Vera", "Nowak there.", "Vera.", "Then I left."], ["Vera"])
    assert [[hint.words for hint in of_line] for of_line in found] == [["Vera"], ["Nowak"], ["Vera"], []]


@pytest.mark.parametrize(
    ("text", "kind", "words"),
    [
        ("Anna Four one seven two nine six", "number", "Four one seven two nine six"),
        ("my friend Ed Zero seven seven zero zero nine", "number", "Zero seven seven zero zero nine"),
        ("Anna LS1 4AB", "place", "LS1 4AB"),
        ("Anna Annak77@web.de", "address", "Annak77@web.de"),
        ("Anna WATCH YOU BURN", "threat", "WATCH YOU"),
        ("Anna Kill You", "threat", "Kill"),
        ("Anna Or Else", "threat", "Or Else"),
    ],
)
def test_a_name_ends_where_something_else_begins_that_is_pointed_at(text: str, kind: str, words: str) -> None:
    found = hints(text, ["Anna Schmidt"])
    [other] = [hint for hint in found if (hint.kind, hint.words) == (kind, words)]
    assert [hint.end <= other.start for hint in found if hint.kind == "name"] == [True]


def test_what_is_left_of_a_hint_that_another_overlaps_is_marked_too() -> None:
    over = [
        Hint(kind="name", start=0, end=6, words="my Eve"),
        Hint(kind="address", start=3, end=12, words="Eve@a.org"),
    ]
    pieces = [(piece.text, piece.kind) for piece in _pieces("my Eve@a.org, no?", over)]
    assert pieces == [("my Eve", "name"), ("@a.org", "address"), (", no?", None)]


@pytest.mark.parametrize(
    "text",
    [
        "I am sorry for what I did to you that night.",
        "It was in 2019, I was 17, and one of three.",
        "All I wanted was to end the argument.",
        "Żal mi tego, co zrobiłem.",
        "My son was there, and my sister is afraid now.",
        "",
    ],
)
def test_ordinary_words_are_left_alone(text: str) -> None:
    assert hints(text, ["Al", "Żaneta Nowak"]) == []


def test_they_come_in_the_order_of_the_text() -> None:
    found = hints("Call 0123 456789, Oskar, or I kill time at www.example.org", ["Oskar Malik"])
    assert [hint.kind for hint in found] == ["number", "name", "threat", "address"]


@pytest.mark.parametrize(
    ("lines", "kind", "marked"),
    [
        (["Call me.", "Oh seven seven", "double nine.", "three, one."], "number", 3),
        (["077.", "99. 31.", "28. 44."], "number", 3),
        (["oh 7. 7 double", "nine; 31"], "number", 2),
        (["We live at 12 Elm", "Street now."], "place", 2),
        (["We live at 12.", "Elm.", "Street."], "place", 3),
        (["I will find", "you there"], "threat", 2),
    ],
)
def test_what_is_said_with_pauses_is_marked_in_each_of_its_lines(
    lines: list[str], kind: str, marked: int
) -> None:
    found = hints_in_lines(lines)
    assert sum(any(hint.kind == kind for hint in of_line) for of_line in found) == marked
    for line, of_line in zip(lines, found, strict=True):
        for hint in of_line:
            assert line[hint.start : hint.end] == hint.words


def test_a_number_in_lines_is_marked_to_its_last_digit() -> None:
    found = hints_in_lines(["It is 077.", "99. 31. 28.", "44. Bye."])
    assert [[hint.words for hint in of_line] for of_line in found] == [["077."], ["99. 31. 28."], ["44"]]


def test_what_is_heard_is_marked_as_what_is_written_is() -> None:
    lines = ["Ask Zaneta at www.example.org.", "", "You will regret it."]
    found = hints_in_lines(lines, ["Żaneta Nowak"])
    assert [[hint.kind for hint in of_line] for of_line in found] == [["name", "address"], [], ["threat"]]
    assert hints_in_lines([]) == []
    assert hints_in_lines(["I was 17. In 2019 it was one of three.", "So that was it."]) == [[], []]
