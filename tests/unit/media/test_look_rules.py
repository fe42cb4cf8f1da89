from typing import Any

import pytest

from workers.media.answers import Source
from workers.media.look import refusal
from workers.media.model import Kind, Limits, Reason

FILM: dict[str, Any] = {
    **dict.fromkeys(Source.__annotations__, 0),
    "films": 1,
    "sounds": 1,
    "channels": 2,
    "width": 1920,
    "height": 1080,
    "rate_numerator": 30,
    "rate_denominator": 1,
    "claimed_ms": 60_000,
    "claim_exact": 1,
    "complete": 1,
    "film_decodes": 1,
    "sound_decodes": 1,
}
SOUND: dict[str, Any] = FILM | {"films": 0, "width": 0, "height": 0, "film_decodes": 0, "rate_numerator": 0}


def test_ordinary_recordings_are_taken() -> None:
    assert refusal(Kind.VIDEO, Source(**FILM), Limits()) is None
    assert refusal(Kind.AUDIO, Source(**SOUND), Limits()) is None


def test_a_film_without_sound_is_taken() -> None:
    assert (
        refusal(Kind.VIDEO, Source(**FILM | {"sounds": 0, "channels": 0, "sound_decodes": 0}), Limits())
        is None
    )


@pytest.mark.parametrize(
    ("kind", "change", "expected"),
    [
        (Kind.AUDIO, {}, Reason.WRONG_KIND),
        (Kind.AUDIO, {"films": 0, "sounds": 0}, Reason.NO_SOUND),
        (Kind.VIDEO, {"films": 0}, Reason.NO_PICTURE),
        (Kind.VIDEO, {"claimed_ms": 1_800_001}, Reason.TOO_LONG),
        (Kind.VIDEO, {"complete": 0}, Reason.DAMAGED),
        (Kind.VIDEO, {"claimed_ms": 1_800_001, "claim_exact": 0}, None),
        (Kind.VIDEO, {"others": 15}, Reason.TOO_MANY_STREAMS),
        (Kind.VIDEO, {"width": 65_536, "height": 65_536}, Reason.TOO_MANY_PIXELS),
        (Kind.VIDEO, {"rate_numerator": 4_000_000_000}, Reason.UNSUPPORTED),
        (Kind.VIDEO, {"rate_numerator": 1000}, None),
        (Kind.VIDEO, {"rate_numerator": 1001}, Reason.UNSUPPORTED),
        (Kind.VIDEO, {"rate_numerator": 1_001_000, "rate_denominator": 1001}, None),
        (Kind.VIDEO, {"rate_numerator": 1_001_001, "rate_denominator": 1001}, Reason.UNSUPPORTED),
        (Kind.VIDEO, {"film_decodes": 0}, Reason.DAMAGED),
        (Kind.VIDEO, {"width": 0}, Reason.DAMAGED),
        (Kind.VIDEO, {"sound_decodes": 0}, Reason.DAMAGED),
        (Kind.VIDEO, {"channels": 0}, Reason.DAMAGED),
    ],
)
def test_a_look_is_enough_to_refuse(kind: Kind, change: dict[str, Any], expected: Reason | None) -> None:
    assert refusal(kind, Source(**FILM | change), Limits()) is expected
