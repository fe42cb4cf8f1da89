"""The waveform: the loudest moment of each thousandth of a recording."""

import mmap

import numpy as np

from workers.media.model import PEAKS
from workers.sandbox import memory

_LOUDEST = 32_768
_SILENCE = 16
"""Of 32,768, or −66 dB: quieter than any room that a microphone was in."""


def peaks(samples: int) -> bytes:
    """1,000 bytes, 0 (silence) to 255, of plain 16-bit samples in a memfd; empty if there are none."""
    count = memory.size(samples) // 2
    if count == 0:
        return b""
    with mmap.mmap(samples, count * 2, prot=mmap.PROT_READ) as mapped:
        heard = np.frombuffer(mapped, dtype="<i2")
        borders = np.linspace(0, count, PEAKS + 1).astype(np.int64)[:-1]
        highest = np.maximum.reduceat(heard, borders).astype(np.int32)
        lowest = np.minimum.reduceat(heard, borders).astype(np.int32)
        loudest = np.maximum(highest, -lowest)
        del heard
    if loudest.max() < _SILENCE:
        return bytes(PEAKS)
    return ((loudest * 255 + _LOUDEST - 1) // _LOUDEST).astype(np.uint8).tobytes()


def is_silent(waveform: bytes) -> bool:
    """Whether nothing can be heard in it."""
    return not any(waveform)
