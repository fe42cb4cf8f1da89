"""Children import nothing of ours, so what they and we write down twice is compared here."""

import os
from types import ModuleType

import pytest

from relay.exchange import pages as several
from workers.media import answers, document, look, loudness
from workers.media.model import Limits
from workers.sandbox.children import bind, measure, pages, probe, render, verify


def test_layouts_are_the_same_on_both_sides() -> None:
    assert probe.ANSWER.format == answers.SOURCE.format
    assert verify.ANSWER.format == answers.RESULT.format
    assert {render.ANSWER.format, bind.ANSWER.format, pages.ANSWER.format} == {answers.PAGES.format}
    assert measure.ANSWER.format == answers.LOUDNESS.format
    assert render.HEADER.format == bind.HEADER.format


def test_several_files_are_written_as_they_are_read() -> None:
    assert (render.SEVERAL, render.SEVERAL_END) == (several.MARK, several.END)
    assert render.SEVERAL_FILE.format == several._FILE.format
    assert render.SEVERAL_TAIL.format == several._COUNT.format + "8s"
    assert tuple(render.TURNS) == several.TURNS
    assert Limits().pages == several.MOST


def test_fields_are_the_same_and_in_the_same_order() -> None:
    assert [name for name, _ in probe.FIELDS] == list(answers.Source.__annotations__)
    assert [name for name, _ in verify.FIELDS] == list(answers.Result.__annotations__)


def test_statuses_are_the_same() -> None:
    assert (probe.OPENED, probe.TOO_MANY_STREAMS) == (look._OPENED, look._TOO_MANY_STREAMS)
    assert (measure.HEARD, measure.HUNDREDTHS) == (loudness._HEARD, loudness._HUNDREDTHS)
    assert measure.OPTIONS["format_whitelist"] == probe.OPTIONS["format_whitelist"]
    names = {reason: name.name for reason, name in document._REASONS.items()}
    assert names == {getattr(render, name): name for name in names.values()}


@pytest.mark.parametrize("child", [bind, measure, pages, probe, render, verify])
def test_children_hold_nothing_of_ours(child: ModuleType) -> None:
    ours = [each for each in vars(child).values() if getattr(each, "__module__", "").startswith("workers.")]
    assert all(each.__module__ == child.__name__ for each in ours)


@pytest.mark.parametrize("length", [0, 1, 4, 6, 100])
def test_an_answer_of_another_length_is_garbled(length: int) -> None:
    reading, writing = os.pipe()
    os.write(writing, b"x" * length)
    os.close(writing)
    with pytest.raises(answers.Garbled):
        answers.receive(reading, answers.PAGES)
    os.close(reading)
