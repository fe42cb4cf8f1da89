"""Hundreds of files with a mark in one field each: what is accepted has it nowhere, in no form.

SAFETY, "Figures to hold": no metadata left in what is accepted. Colour profiles and the like are told by
their names in `tests/support/tagged/`.
"""

import os
from collections.abc import Callable, Iterator
from itertools import islice
from pathlib import Path

import pytest

from tests.support import media
from tests.support.canaries import Searcher, Secret
from tests.support.media import Whole
from tests.support.tagged import base, films, id3, papers, pictures, riff, streams
from tests.support.tagged.base import BYTES, Bases, Tagged
from workers.media.clean import clean
from workers.media.model import Limits, MediaRefused

SETS: dict[str, Callable[[Bases, Path], Iterator[Tagged]]] = {
    "m4a": lambda bases, _: films.sounds(bases),
    "mov": lambda bases, _: films.films(bases),
    "id3": lambda bases, _: id3.files(bases),
    "wav": lambda bases, _: riff.files(bases),
    "avi": lambda bases, _: riff.films(bases),
    "ogg-flac-mkv": streams.files,
    "cameras": lambda _, folder: streams.cameras(folder),
    "jpeg": lambda *_: pictures.jpegs(),
    "thumbnail": lambda *_: pictures.thumbnails(),
    "png": lambda *_: pictures.pngs(),
    "tiff": lambda *_: pictures.tiffs(),
    "webp-heic": lambda *_: pictures.others(),
    "pdf": lambda *_: papers.files(),
}
MOST_REFUSED = 0.2
"""A test in which most is refused would say little about what is accepted."""
EVERY = 1 if "RELAY_ALL_TAGGED" in os.environ else 2
"""Half of them (300 and more) take four minutes; `RELAY_ALL_TAGGED=1` tries each."""
ALL_OF = {"cameras"}
"""Few, and each another thing."""
SEARCHER = Searcher([Secret("mark", BYTES[:12])])


@pytest.fixture(scope="module")
def bases(tmp_path_factory: pytest.TempPathFactory) -> Bases:
    return base.make(tmp_path_factory.mktemp("bases"))


def chosen(name: str, bases: Bases, folder: Path) -> Iterator[Tagged]:
    return islice(SETS[name](bases, folder), 0, None, 1 if name in ALL_OF else EVERY)


@pytest.mark.slow
@pytest.mark.parametrize("name", SETS)
def test_nothing_that_was_written_about_it_is_left(name: str, bases: Bases, tmp_path: Path) -> None:
    unmarked, left, refused, count = [], {}, {}, 0
    for count, tagged in enumerate(chosen(name, bases, tmp_path), 1):  # noqa: B007 - how many there were
        if not SEARCHER.in_bytes(tagged.content, tagged.name):
            unmarked.append(tagged.name)
        try:
            with clean(tagged.kind, Whole(tagged.content), Limits()) as made:
                everything = [media.content(file) for file in made.files.values()] + [made.facts.peaks]
                found = [one for content in everything for one in SEARCHER.in_bytes(content, tagged.name)]
                found_programs = [trace for content in everything for trace in media.traces(content)]
        except MediaRefused as refusal:
            refused[tagged.name] = refusal.reason.value
            continue
        if found or found_programs:
            left[tagged.name] = [*map(str, found), *found_programs]
    assert unmarked == [], "the mark is in each original, or this proves nothing"
    assert left == {}
    assert len(refused) <= count * MOST_REFUSED, refused


def test_there_are_more_than_three_hundred(bases: Bases, tmp_path: Path) -> None:
    names = [tagged.name for kind in SETS for tagged in chosen(kind, bases, tmp_path)]
    assert len(names) == len(set(names)) >= 300
