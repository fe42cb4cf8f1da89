"""Films made in a wider range of light (HDR) or with stronger colours, brought to what every screen shows.

The result is BT.709 in the ordinary range. The curve leaves everything up to ordinary white nearly as it was
and bends only what is brighter, so that no cloud and no face burns out.
"""

from enum import Enum
from typing import Any

from workers.media.answers import Source

_PQ, _HLG = 16, 18
_BT2020 = 9
_WIDE_MATRICES = {9, 10}
_UNKNOWN = {0, 2}
_BT709 = 1
_PRIMARIES = {1, 4, 5, 6, 7, 8, 10, 11, 12, 22}
_TRANSFERS = {1, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 17}
_MATRICES = {1, 4, 5, 6, 7}
"""What an ordinary film may say. Red, green and blue themselves (0) become BT.709 where they are scaled."""
"""Numbers as in ITU-T H.273, which films, FFmpeg and PyAV share."""

_WHITE_NITS = 203
"""Where white paper lies in both ranges. Source: ITU-R BT.2408."""
_KNEE = 0.3
"""Up to here (linear light, 1 is white) the curve is straight."""


class Colours(Enum):
    """In which range and with which colours a film was made; the brightest that it can say, in nits."""

    ORDINARY = 0
    WIDE = 1
    PQ = 10_000
    HLG = 1_000


def of(source: Source) -> Colours:
    """By what the film says of itself. Pure."""
    if source.transfer == _PQ:
        return Colours.PQ
    if source.transfer == _HLG:
        return Colours.HLG
    wide = source.primaries == _BT2020 or source.matrix in _WIDE_MATRICES
    return Colours.WIDE if wide else Colours.ORDINARY


def result(source: Source) -> dict[str, int]:
    """What a result says of its colours, as `setparams` takes it: what the original said. Pure.

    Only numbers of ITU-T H.273 that are in use; one that is not is left out.
    """
    if of(source) is not Colours.ORDINARY:
        return dict.fromkeys(("color_primaries", "color_trc", "colorspace"), _BT709)
    said = (
        ("color_primaries", source.primaries, _PRIMARIES),
        ("color_trc", source.transfer, _TRANSFERS),
        ("colorspace", source.matrix, _MATRICES),
    )
    return {name: value for name, value, known in said if value in known}


def to_ordinary(film: Any, source: Source) -> Any:
    """Add the filters to a film of ffmpeg-python; none where it is ordinary already."""
    colours = of(source)
    if colours is Colours.ORDINARY:
        return film
    film = film.filter("setparams", **_meant(source))
    if colours is Colours.WIDE:
        return film.filter("zscale", primaries="bt709", transfer="bt709", matrix="bt709", range="tv")
    film = film.filter("zscale", transfer="linear", npl=_WHITE_NITS).filter("format", "gbrpf32le")
    film = film.filter("zscale", primaries="bt709")
    film = film.filter("tonemap", "mobius", param=_KNEE, desat=0, peak=colours.value / _WHITE_NITS)
    return film.filter("zscale", transfer="bt709", matrix="bt709", range="tv")


def _meant(source: Source) -> dict[str, str | int]:
    """What such a film means where it does not say it: some recorders write a part only."""
    meant = (
        ("color_primaries", source.primaries, "bt2020"),
        ("color_trc", source.transfer, "bt709"),
        ("colorspace", source.matrix, "bt2020nc"),
    )
    return {name: usual if said in _UNKNOWN else said for name, said, usual in meant}
