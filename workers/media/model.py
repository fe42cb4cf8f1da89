"""Words of the media room: kinds, limits, refusals, and what comes out."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from types import TracebackType
from typing import Self

from relay.errors import RelayError
from relay.exchange import failures
from workers.media.kept import Kept

MEBIBYTE = 1 << 20
GIBIBYTE = 1 << 30
PEAKS = 1000
"""Bytes of a waveform: the loudest moment of each thousandth, 0 to 255."""


class Kind(StrEnum):
    """What an author sends, apart from letters."""

    AUDIO = "audio"
    VIDEO = "video"
    DOCUMENT = "document"


class Role(StrEnum):
    """What a file of the result is for."""

    CLEAN = "clean"
    POSTER = "poster"


MEDIA_TYPES: Mapping[tuple[Kind, Role], str] = {
    (Kind.AUDIO, Role.CLEAN): "audio/mp4",
    (Kind.VIDEO, Role.CLEAN): "video/mp4",
    (Kind.VIDEO, Role.POSTER): "image/jpeg",
    (Kind.DOCUMENT, Role.CLEAN): "application/pdf",
    (Kind.DOCUMENT, Role.POSTER): "image/jpeg",
}


class Reason(StrEnum):
    """Why a file was not taken. `sentence` is for its author and says what to do."""

    EMPTY = "empty"
    TOO_LARGE = "too-large"
    TOO_LONG = "too-long"
    TOO_SHORT = "too-short"
    WRONG_KIND = "wrong-kind"
    UNSUPPORTED = "unsupported"
    OFFICE = "office"
    DAMAGED = "damaged"
    NO_SOUND = "no-sound"
    SILENT = "silent"
    NO_PICTURE = "no-picture"
    TOO_MANY_PIXELS = "too-many-pixels"
    TOO_MANY_STREAMS = "too-many-streams"
    TOO_MANY_PAGES = "too-many-pages"
    NO_PAGES = "no-pages"
    PASSWORD = "password"  # noqa: S105 - a reason, not a secret
    OUT_OF_TIME = "out-of-time"
    RESULT_TOO_LARGE = "result-too-large"
    NOT_VERIFIED = "not-verified"
    NOTHING_LEFT = "nothing-left"
    BEYOND_THE_END = "beyond-the-end"
    NO_SUCH_PAGE = "no-such-page"
    NO_FACES = "no-faces"
    FACES_NOT_HERE = "faces-not-here"

    @property
    def sentence(self) -> str:
        """What happened and what to do, in words for the author."""
        return failures.sentence(self.value)


class MediaRefused(RelayError):
    """The file is not taken. `reason` tells why; `public` tells the author what to do.

    `page` is the one of a document, or the one of several files, that it is because of, where that is known.
    """

    code = "media-refused"

    def __init__(self, reason: Reason, page: int | None = None) -> None:
        self.reason = reason
        self.page = page
        super().__init__(f"Page {page}: {reason.sentence}" if page else reason.sentence)


class Cancelled(RelayError):
    """Whoever asked for it does not want it any more. Nothing was kept."""

    code = "media-cancelled"
    public = "This was stopped before it was finished."


@dataclass(frozen=True, kw_only=True)
class Limits:
    """What is taken. Sizes in bytes, times in seconds."""

    input_bytes: int = GIBIBYTE
    output_bytes: int = 2 * GIBIBYTE
    audio_seconds: int = failures.LONGEST["audio"]
    video_seconds: int = failures.LONGEST["video"]
    pages: int = 60
    page_pixels: int = 40_000_000
    film_pixels: int = 36_000_000
    """8K film (7680 × 4320) is just within."""
    film_rate: int = 1000
    """What a film may claim: with the clock of a browser's WebM it seems to have a picture a millisecond."""
    streams: int = 16
    page_dots_per_inch: int = 200
    memory_bytes: int = 3 * GIBIBYTE
    """Address space of one child; the input and the output are not counted."""
    slowness: int = 12
    """Seconds of work allowed for each second of film or sound, on top of `least_seconds`."""
    least_seconds: int = 120

    def __post_init__(self) -> None:
        """The whole house has been tried with 4 GiB and no more."""
        if not 0 < self.input_bytes <= 4 * GIBIBYTE:
            raise ValueError("input_bytes must be between 1 and 4 GiB")

    def seconds(self, kind: Kind) -> int:
        """The longest that a recording of this kind may be."""
        return self.audio_seconds if kind is Kind.AUDIO else self.video_seconds


@dataclass(frozen=True, kw_only=True)
class Facts:
    """What is true of the clean file. Zero or empty where the kind has no such thing."""

    duration_ms: int = 0
    width: int = 0
    height: int = 0
    pages: int = 0
    peaks: bytes = b""
    loudness: float | None = None
    """Of the original, in LUFS; None where there is no sound."""


@dataclass(frozen=True)
class Clean:
    """The result. `files` can be read until whoever holds this closes it; leaving the context does."""

    kind: Kind
    files: Mapping[str, Kept]
    facts: Facts = field(default_factory=Facts)

    def media_type(self, role: str) -> str:
        """The media type of one of the files."""
        return MEDIA_TYPES[self.kind, Role(role)]

    def close(self) -> None:
        """Give memory and disk back. Once only."""
        for file in self.files.values():
            file.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()
