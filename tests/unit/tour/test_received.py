"""What a tour says of the files that arrived."""

from pathlib import Path

from relay.tour.received import has_sound, look
from tests.support import media


def test_a_film_without_sound_is_whole_where_none_was_given(tmp_path: Path) -> None:
    silent = media.film(tmp_path, "silent.mp4", 1, "-an")
    spoken = media.film(tmp_path, "spoken.mp4", 1)
    assert (has_sound(silent), has_sound(spoken)) == (False, True)
    assert look(spoken, "video").whole
    lost = look(silent, "video")
    assert not lost.whole
    assert "NO SOUND" in lost.told
    as_given = look(silent, "video", sound=False)
    assert as_given.whole
    assert "no sound, as it was given" in as_given.told
