"""The tour's judgement: whatever is not the expected refusal is a failure, and says so to the end."""

import io

import httpx
import pytest
from rich.console import Console

from relay.tour import report
from relay.tour.client import Unexpected
from relay.tour.journal import Journal, NotAsExpected, told_size, told_time


@pytest.fixture
def shown() -> io.StringIO:
    return io.StringIO()


@pytest.fixture
def journal(shown: io.StringIO) -> Journal:
    return Journal(Console(file=shown, width=80))


def problem(status: int, code: str, detail: str = "No.") -> httpx.Response:
    return httpx.Response(
        status, json={"code": code, "detail": detail}, headers={"content-type": "application/problem+json"}
    )


def test_a_refusal_as_expected_is_kept_with_its_sentence(journal: Journal, shown: io.StringIO) -> None:
    journal.act("Act")
    journal.refused(
        "victim", "peeks", lambda: problem(404, "missing", "There is nothing here."), 404, "missing"
    )
    assert report.report_of(journal, []).held
    assert journal.steps[0].answer == "404 There is nothing here."
    assert "404 There is nothing here." in shown.getvalue()


@pytest.mark.parametrize(
    "answer",
    [
        httpx.Response(200, text="the letter"),
        httpx.Response(404, text="not a problem document"),
        problem(404, "gone"),
        problem(403, "missing"),
        problem(500, "error"),
    ],
)
def test_anything_but_the_expected_refusal_is_a_failure(journal: Journal, answer: httpx.Response) -> None:
    with pytest.raises(NotAsExpected, match="victim peeks: this should have been refused with 404 missing"):
        journal.refused("victim", "peeks", lambda: answer, 404, "missing")
    assert journal.steps[0].kind == "failed"
    assert not report.report_of(journal, []).held


def test_what_must_be_so_and_is_not_is_a_failure(journal: Journal) -> None:
    with pytest.raises(NotAsExpected, match="victim: has the very file"):
        journal.holds("victim", "has the very file", held=False)
    assert not report.report_of(journal, []).held


def test_a_step_that_breaks_is_a_failure_with_its_reason(journal: Journal) -> None:
    with pytest.raises(Unexpected), journal.step("victim", "writes"):
        raise Unexpected("The answer was 500.")
    assert (journal.steps[0].kind, journal.steps[0].answer) == ("failed", "The answer was 500.")
    assert not report.report_of(journal, []).held


def test_the_end_names_the_expectation_that_failed(journal: Journal, shown: io.StringIO) -> None:
    journal.failure = "This did not hold: victim: has the very file."
    found = report.report_of(journal, [])
    report.show(found, journal.console)
    assert not found.held
    assert "Not every expectation held" in shown.getvalue()
    assert "This did not hold: victim: has the very file." in shown.getvalue()


def test_a_long_refusal_is_read_once(journal: Journal, shown: io.StringIO) -> None:
    sentence = "There is nothing here, and there never was, whoever asks."
    for _ in range(3):
        journal.refused("victim", "peeks", lambda: problem(404, "missing", sentence), 404, "missing")
    assert " ".join(shown.getvalue().split()).count(sentence) == 1
    assert all(step.answer == f"404 {sentence}" for step in journal.steps), (
        "the report has all of it each time"
    )


def test_sizes_and_times_read_as_people_write_them() -> None:
    assert [told_size(size) for size in (None, 0, 786, 1024, 20 * 2**20, 3 * 2**40)] == [
        "",
        "0 B",
        "786 B",
        "1.0 KiB",
        "20.0 MiB",
        "3,072.0 GiB",
    ]
    assert [told_time(seconds) for seconds in (0.004, 59.5, 61)] == ["0.00 s", "59.50 s", "1 min 01 s"]
