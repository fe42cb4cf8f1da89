"""The waveform: the loudest moment of each thousandth of a recording."""

import numpy as np
from numpy.typing import NDArray

from workers.media.model import PEAKS

_LOUDEST = 32_768
_SILENCE = 16
"""Of 32,768, or −66 dB: quieter than any room that a microphone was in."""
_KEPT = 1 << 17
"""Moments that are kept: 2.7 s of samples one by one, an hour in moments of 27 ms."""


class Waveform:
    """Hears plain 16-bit samples as they come, and keeps the loudest of each moment.

    A moment is one sample at first. Whenever there are too many, each two become one: memory stays the same
    however long it lasts, and a thousandth of the whole is always at least 65 moments, or exact.
    """

    def __init__(self) -> None:
        self._moments = np.zeros(_KEPT, np.uint16)
        self._count = 0
        self._samples_each = 1
        self._rest = b""

    def hear(self, samples: bytes) -> None:
        """Take the next bytes, cut anywhere."""
        samples = self._rest + samples
        while len(samples) >= 2 * self._samples_each:
            if self._count == _KEPT:
                self._halve()
                continue
            each = 2 * self._samples_each
            taken = min(len(samples) // each, _KEPT - self._count)
            self._add(samples[: taken * each])
            samples = samples[taken * each :]
        self._rest = samples

    def peaks(self) -> bytes:
        """1,000 bytes, 0 (silence) to 255, once all was heard; empty if there was nothing."""
        if self._count == _KEPT:
            self._halve()
        self._add(self._rest[: len(self._rest) // 2 * 2])
        self._rest = b""
        if self._count == 0:
            return b""
        moments = self._moments[: self._count]
        borders = np.linspace(0, self._count, PEAKS + 1).astype(np.int64)[:-1]
        loudest = np.maximum.reduceat(moments, borders).astype(np.int32)
        if loudest.max() < _SILENCE:
            return bytes(PEAKS)
        return ((loudest * 255 + _LOUDEST - 1) // _LOUDEST).astype(np.uint8).tobytes()

    def _add(self, samples: bytes) -> None:
        """Moments of `_samples_each`, or what is left of the last."""
        if not samples:
            return
        heard = np.abs(np.frombuffer(samples, "<i2").astype(np.int32)).astype(np.uint16)
        borders = np.arange(0, len(heard), self._samples_each)
        loudest: NDArray[np.uint16] = np.maximum.reduceat(heard, borders)
        self._moments[self._count : self._count + len(loudest)] = loudest
        self._count += len(loudest)

    def _halve(self) -> None:
        """Two moments become one."""
        self._moments[: _KEPT // 2] = self._moments.reshape(-1, 2).max(axis=1)
        self._count, self._samples_each = _KEPT // 2, 2 * self._samples_each


def is_silent(waveform: bytes) -> bool:
    """Whether nothing can be heard in it."""
    return not any(waveform)
