from itertools import pairwise

import pytest

from workers.media.loudness import CEILING, Loudness, level


@pytest.mark.parametrize(
    ("integrated", "gain"),
    [
        (-23, 0),
        (-40, 17),
        (-43, 20),
        (-50, 20),
        (-55, 10),
        (-60, 0),
        (-70, 0),
        (-5, -18),
        (0, -23),
        (12, -35),
    ],
)
def test_speech_is_brought_to_its_level_and_a_room_without_speech_is_not_raised(
    integrated: float, gain: float
) -> None:
    assert level(Loudness(integrated, -30)).gain == gain


def test_the_limiter_is_there_only_where_a_peak_would_pass_the_ceiling() -> None:
    assert not level(Loudness(-33, CEILING - 10)).limited
    assert level(Loudness(-33, CEILING - 9.9)).limited
    assert not level(Loudness(-5, 1)).limited


def test_louder_in_is_never_quieter_out() -> None:
    outcomes = [one / 10 + level(Loudness(one / 10, -70)).gain for one in range(-700, 200)]
    assert all(later >= earlier - 1e-6 for earlier, later in pairwise(outcomes))
