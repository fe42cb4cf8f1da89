"""Looking for secrets in any form they could lie around in: plain, UTF-16, base64, hex, JSON, compressed."""

import base64
import json
import re
import zlib
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import NamedTuple

import numpy as np

_CHUNK = 16 * 2**20
_PACKED = re.compile(rb"\x78[\x01\x5e\x9c\xda]|\x1f\x8b\x08|PK\x03\x04")
"""Where a zlib, gzip or ZIP stream may begin."""
_PACKED_IN_TEXT = re.compile(
    rb"(?P<base64>(?:eJ|eN|eA|H4sI)[A-Za-z0-9+/_-]{14,})|(?P<hex>(?:78(?:01|5e|9c|da)|1f8b08)(?:[0-9a-f]{2}){14,})"
)
"""The same, written as base64 or hex."""
_MOST_PACKED = 2**19
_MOST_UNPACKED = 4 * 2**20
_SHORTEST = 6


class Secret(NamedTuple):
    """Something that must lie nowhere. `name` says what it is, in a failing test's words."""

    name: str
    value: bytes


class Found(NamedTuple):
    """A secret that lay somewhere, and in which form."""

    name: str
    form: str
    where: str


def forms(value: bytes) -> Iterator[tuple[str, bytes]]:
    """Every form of a secret that is looked for, but for compression, which is undone instead."""
    yield from _written(value, "")
    try:
        text = value.decode()
    except UnicodeDecodeError:
        return
    for encoding in ("utf-16-le", "utf-16-be"):
        yield from _written(text.encode(encoding), f"{encoding} ")
    yield "JSON", json.dumps(text).strip('"').encode()


def _written(value: bytes, prefix: str) -> Iterator[tuple[str, bytes]]:
    yield f"{prefix}plain", value
    yield f"{prefix}hex", value.hex().encode()
    yield f"{prefix}HEX", value.hex().upper().encode()
    for shift in range(3):
        # what stands before and after shares characters with the first and the last bytes: these are left out
        encoded = base64.b64encode(b"\0" * shift + value)
        core = encoded[(shift * 4 + 2) // 3 : len(encoded) - 4 if encoded.endswith(b"=") else None]
        yield f"{prefix}base64 at {shift}", core
        yield f"{prefix}base64url at {shift}", core.translate(bytes.maketrans(b"+/", b"-_"))


class Searcher:
    """Looks for many secrets at once: first by two bytes, then by four, then whole."""

    def __init__(self, secrets: Iterable[Secret]) -> None:
        self._patterns: dict[bytes, tuple[str, str]] = {}
        for secret in secrets:
            for form, pattern in forms(secret.value):
                if len(pattern) >= _SHORTEST:
                    self._patterns.setdefault(pattern, (secret.name, form))
        self._first_two = np.zeros(65536, dtype=bool)
        self._by_four: dict[int, list[bytes]] = {}
        for pattern in self._patterns:
            self._first_two[int.from_bytes(pattern[:2], "little")] = True
            self._by_four.setdefault(int.from_bytes(pattern[:4], "little"), []).append(pattern)
        self._fours = np.array(sorted(self._by_four), dtype=np.uint32)
        self._longest = max(map(len, self._patterns), default=0)

    @property
    def count(self) -> int:
        """How many patterns there are."""
        return len(self._patterns)

    def in_files(self, paths: Iterable[Path]) -> list[Found]:
        """Search files; one that has gone meanwhile is passed over."""
        found = []
        for path in paths:
            try:
                content = path.read_bytes()
            except (FileNotFoundError, PermissionError, OSError):
                continue
            found += self.in_bytes(content, str(path))
        return found

    def in_bytes(self, content: bytes, where: str) -> list[Found]:
        """Search bytes, and whatever in them can be unpacked."""
        found = self._plain(content)
        for unpacked in _unpacked(content):
            found |= {(name, f"compressed {form}") for name, form in self._plain(unpacked)}
        return [Found(name, form, where) for name, form in sorted(found)]

    def _plain(self, content: bytes) -> set[tuple[str, str]]:
        found = set()
        for start in range(0, len(content), _CHUNK):
            chunk = content[start : start + _CHUNK + self._longest]
            found |= {self._patterns[pattern] for pattern in self._in_chunk(chunk)}
        return found

    def _in_chunk(self, chunk: bytes) -> Iterator[bytes]:
        if len(chunk) < 4:
            return
        octets = np.frombuffer(chunk, dtype=np.uint8)
        twos = octets[:-3].astype(np.uint16) | (octets[1:-2].astype(np.uint16) << 8)
        places = np.flatnonzero(self._first_two[twos])
        fours = sum(octets[places + n].astype(np.uint32) << (8 * n) for n in range(4))
        hits = np.isin(fours, self._fours)
        for place, four in zip(places[hits].tolist(), np.asarray(fours)[hits].tolist(), strict=True):
            for pattern in self._by_four[four]:
                if chunk.startswith(pattern, place):
                    yield pattern


def _unpacked(content: bytes) -> Iterator[bytes]:
    yield from _inflated(content)
    for match in _PACKED_IN_TEXT.finditer(content):
        if match["hex"]:
            yield from _inflated(bytes.fromhex(match["hex"].decode()))
        else:
            text = match["base64"].translate(bytes.maketrans(b"-_", b"+/"))
            yield from _inflated(base64.b64decode(text[: len(text) // 4 * 4]))


def _inflated(content: bytes) -> Iterator[bytes]:
    view = memoryview(content)
    for match in _PACKED.finditer(content):
        start, window = match.start(), 47  # zlib or gzip, whichever it says
        if match[0] == b"PK\x03\x04":
            if len(content) < start + 30:
                continue
            start += 30 + int.from_bytes(content[start + 26 : start + 28], "little")
            start += int.from_bytes(content[match.start() + 28 : match.start() + 30], "little")
            window = -15
        try:
            unpacked = zlib.decompressobj(window).decompress(
                view[start : start + _MOST_PACKED], _MOST_UNPACKED
            )
        except zlib.error:
            continue
        if len(unpacked) >= _SHORTEST:
            yield unpacked


def files_under(*folders: Path) -> list[Path]:
    """Every plain file below these folders, or the file itself."""
    return [path for folder in folders for path in ([folder] if folder.is_file() else _walk(folder))]


def _walk(folder: Path) -> Iterator[Path]:
    for path in folder.rglob("*"):
        try:
            if path.is_file() and not path.is_symlink():
                yield path
        except OSError:
            continue
