import array

import pytest

from workers.media.waveform import Waveform, is_silent


def waveform(samples: list[int]) -> bytes:
    heard = Waveform()
    heard.hear(array.array("h", samples).tobytes())
    return heard.peaks()


def test_no_samples_make_no_waveform() -> None:
    assert waveform([]) == b""


def test_a_waveform_has_a_thousand_bytes_whatever_the_length() -> None:
    for length in (1, 999, 1000, 1001, 123_457):
        assert len(waveform([1000] * length)) == 1000


def test_the_loudest_moment_counts_in_either_direction() -> None:
    drawn = waveform([0] * 5000 + [-32_768] + [0] * 4999)
    assert drawn[500] == 255
    assert sum(drawn) == 255
    assert waveform([32_767] * 10)[0] == 255


@pytest.mark.parametrize(("level", "silent"), [(0, True), (15, True), (16, False), (100, False)])
def test_what_no_microphone_could_hear_is_silence(level: int, silent: bool) -> None:  # noqa: FBT001
    assert is_silent(waveform([level, -level] * 4000)) is silent
