"""Where stretches lie once they are padded and widened, and how long is what is left."""

import json
import shlex

import ffmpeg
import pytest
from hypothesis import given
from hypothesis import strategies as st

from relay.exchange.edits import Stretch
from workers.media import hiding
from workers.media.hiding import RATE, hidden

MOST = 30 * 60 * 1000
LONGEST_ARGUMENT = 131_072
"""Of one argument, in Linux (MAX_ARG_STRLEN); the launcher is told everything in one."""

times = st.tuples(st.integers(0, MOST + 5000), st.integers(1, 60_000))


def cuts(*stretches: tuple[int, int]) -> hiding.Hidden:
    return hidden([Stretch(start_ms=start, end_ms=end, how="cut") for start, end in stretches], MOST)


@given(st.lists(times, max_size=20), st.integers(0, MOST))
def test_stretches_are_padded_ordered_and_apart(found: list[tuple[int, int]], length: int) -> None:
    hide = cuts(*((start, start + long) for start, long in found))
    places = [edge for stretch in hide.cut for edge in stretch]
    assert places == sorted(set(places))
    assert all(place % (RATE // 200) == 0 for place in places)
    for start, long in found:
        if start <= MOST:
            first, last = max(0, start - 50), min(MOST, start + long + 50)
            assert any(begin <= first * 48 and last * 48 <= end for begin, end in hide.cut)
    assert 0 <= hide.kept_ms(length) <= hide.kept_ms(length + 1) <= length + 1


def test_padding_reaches_fifty_milliseconds_and_at_most_ten_more() -> None:
    for start in range(1000, 1011):
        ((begin, end),) = cuts((start, start + 333)).cut
        assert 50 <= start - begin / 48 <= 60
        assert 50 <= end / 48 - (start + 333) <= 55


def test_what_is_kept() -> None:
    hide = cuts((1000, 2000), (3000, 3100))
    assert hide.kept_ms(500) == 500
    assert hide.kept_ms(1500) == 945
    assert hide.kept_ms(10_000) == 10_000 - 1105 - 205
    assert cuts((0, 10_000)).kept_ms(10_000) == 0


def test_what_nobody_hears_does_not_count_pictures() -> None:
    stretches = [
        Stretch(start_ms=1000, end_ms=1500, how="mute"),
        Stretch(start_ms=1400, end_ms=2000, how="cut"),
        Stretch(start_ms=5000, end_ms=6000, how="blank"),
    ]
    assert hidden(stretches, MOST).unheard_ms() == [(945, 2050)]


@pytest.mark.parametrize("how", ["cut", "mute", "bleep", "blank"])
def test_five_hundred_stretches_fit_into_one_argument(how: str) -> None:
    many = [Stretch(start_ms=n * 3600 + 7, end_ms=n * 3600 + 1900, how=how) for n in range(500)]  # type: ignore[arg-type]
    hide, source = hidden(many, MOST), ffmpeg.input("x")
    filtered = (hiding.sound(source["a:0"], hide), hiding.film(source["v:0"], hide, "30000/1001"))
    words = ffmpeg.compile(ffmpeg.output(*filtered, "y"))
    assert len(json.dumps(shlex.join(words))) < LONGEST_ARGUMENT * 0.75
