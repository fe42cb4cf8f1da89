from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from workers.media.answers import Source
from workers.media.shape import Picture, plan


def source(**known: Any) -> Source:
    nothing = dict.fromkeys(Source.__annotations__, 0)
    return Source(**nothing | {"rate_numerator": 30, "rate_denominator": 1} | known)


@pytest.mark.parametrize(
    ("width", "height", "turn", "expected"),
    [
        (1920, 1080, 0, (1920, 1080)),
        (3840, 2160, 0, (1920, 1080)),
        (1920, 1080, 90, (1080, 1920)),
        (1920, 1080, -90, (1080, 1920)),
        (1920, 1080, 180, (1920, 1080)),
        (640, 360, 0, (640, 360)),
        (641, 361, 0, (640, 360)),
        (4000, 3000, 0, (1440, 1080)),
    ],
)
def test_a_film_fits_into_1080_lines_and_is_never_enlarged(
    width: int, height: int, turn: int, expected: tuple[int, int]
) -> None:
    planned = plan(source(width=width, height=height, turn=turn))
    assert (planned.width, planned.height) == expected


def test_pixels_that_are_not_square_become_square() -> None:
    planned = plan(source(width=720, height=576, shape_numerator=16, shape_denominator=15))
    assert (planned.width, planned.height) == (768, 576)


@pytest.mark.parametrize(
    ("numerator", "denominator", "expected"),
    [
        (25, 1, "25"),
        (30000, 1001, "30000/1001"),
        (60, 1, "30"),
        (1_000_000, 1, "30"),
        (1, 100, "30"),
        (0, 0, "30"),
        (30, 0, "30"),
        (3039, 100, "3039/100"),
    ],
)
def test_at_most_thirty_pictures_a_second(numerator: int, denominator: int, expected: str) -> None:
    planned = plan(source(width=640, height=360, rate_numerator=numerator, rate_denominator=denominator))
    assert planned.rate == expected


number = st.integers(0, 2**32 - 1)


@given(
    width=st.integers(1, 10_000),
    height=st.integers(1, 10_000),
    turn=st.integers(-360, 360),
    a=number,
    b=number,
)
def test_whatever_a_file_says_the_result_is_even_and_small(
    width: int, height: int, turn: int, a: int, b: int
) -> None:
    planned = plan(
        source(
            width=width,
            height=height,
            turn=turn,
            shape_numerator=a,
            shape_denominator=b,
            rate_numerator=b,
            rate_denominator=a,
        )
    )
    assert isinstance(planned, Picture)
    assert planned.width % 2 == planned.height % 2 == 0
    assert 16 <= planned.width <= 1920
    assert 16 <= planned.height <= 1920
