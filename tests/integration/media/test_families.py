"""Every family of input that people send comes out playing, as long as it was, and saying nothing more."""

from pathlib import Path

import pypdfium2
import pytest

from tests.integration.media.conftest import CleanFile
from tests.support import media
from tests.support.families import FAMILIES, SECONDS
from workers.media.model import Clean, Kind

pytestmark = pytest.mark.slow


@pytest.mark.parametrize("name", FAMILIES)
def test_it_comes_out_playing_and_says_nothing_more(name: str, tmp_path: Path, clean_file: CleanFile) -> None:
    family = FAMILIES[name]
    made = clean_file(family.kind, family.make(tmp_path))
    for file in made.files.values():
        assert media.traces(media.content(file)) == []
    if family.kind is Kind.DOCUMENT:
        _shows(made, family.pages)
    else:
        _plays(made)


def _shows(made: Clean, pages: int) -> None:
    with pypdfium2.PdfDocument(media.content(made.files["clean"])) as opened:
        assert len(opened) == made.facts.pages == pages
        assert not any(opened.get_metadata_dict().values())
        for page in opened:
            drawn = page.render(scale=1).to_pil().convert("L")
            assert min(drawn.tobytes()) < 120, "the writing is there"
            assert drawn.height > drawn.width, "the right way up"


def _plays(made: Clean) -> None:
    file = made.files["clean"]
    media.decode(file)
    assert made.facts.duration_ms == pytest.approx(SECONDS * 1000, abs=100)
    with media.opened(file) as opened:
        assert set(opened.metadata) <= {"major_brand", "minor_version", "compatible_brands"}
        for stream in opened.streams:
            assert {key: value for key, value in stream.metadata.items() if value != "und"} == {}
            assert float((stream.duration or 0) * (stream.time_base or 0)) == pytest.approx(SECONDS, abs=0.1)
        frames = sum(1 for _ in opened.decode(video=0)) if made.kind is Kind.VIDEO else 0
    assert made.kind is Kind.AUDIO or frames >= SECONDS * 24
