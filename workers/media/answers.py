"""What children answer, and how much of it is believed.

An answer is a fixed number of bytes, read as numbers and held against what is possible at all. `untrusted_`
values become a `Source` or a `Result` here and nowhere else.
"""

import os
import struct
from dataclasses import dataclass
from typing import TypeVar


@dataclass(frozen=True)
class Source:
    """What a probe said about an original."""

    status: int
    films: int
    sounds: int
    others: int
    film_index: int
    sound_index: int
    channels: int
    width: int
    height: int
    turn: int
    shape_numerator: int
    shape_denominator: int
    rate_numerator: int
    rate_denominator: int
    primaries: int
    transfer: int
    matrix: int
    interlaced: int
    claimed_ms: int
    claim_exact: int
    complete: int
    film_decodes: int
    sound_decodes: int

    @property
    def made_channels(self) -> int:
        """One stays one, all others become two."""
        return min(2, self.channels)

    @property
    def exact_ms(self) -> int:
        """The length that the file claims, where its format can say one; else 0."""
        return self.claimed_ms if self.claim_exact else 0


@dataclass(frozen=True)
class Result:
    """What a verification said about a result."""

    status: int
    films: int
    sounds: int
    others: int
    h264_high: int
    aac: int
    width: int
    height: int
    turn: int
    channels: int
    sample_rate: int
    claimed_ms: int
    pictures: int
    tags: int
    poster_bytes: int


SOURCE = struct.Struct("<BHHHHHHIIiIIIIHHHBQBBBB")
RESULT = struct.Struct("<BHHHBBIIiHIQIII")


PAGES = struct.Struct("<BI")

LOUDNESS = struct.Struct("<Bii")
"""Status, hundredths of a LUFS, hundredths of a dBTP."""

Answer = TypeVar("Answer")


class Garbled(Exception):
    """The child did not answer in its fixed form: it crashed, or it is no longer ours."""


def receive(pipe: int, layout: struct.Struct) -> tuple[int, ...]:
    """The numbers that a child wrote before it ended. One byte too few or too many is `Garbled`."""
    untrusted_answer = os.read(pipe, layout.size + 1)
    if len(untrusted_answer) != layout.size:
        raise Garbled
    return layout.unpack(untrusted_answer)
