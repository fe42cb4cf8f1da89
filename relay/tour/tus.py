"""An upload by tus 1.0 (https://tus.io/protocols/resumable-upload), as a client does it, cuts included."""

import base64
import hashlib
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import httpx

from relay.tour.client import Api, Unexpected

PORTION = 8 * 2**20
_PIECE = 65_521
"""Bytes handed to the connection at once: a prime, so that no cut falls on a round number."""
_VERSION = {"tus-resumable": "1.0.0"}
_OFFSETS = _VERSION | {"content-type": "application/offset+octet-stream"}


class _Cut(Exception):
    """The connection is to end here."""


class TusUpload:
    """A file on its way into an item."""

    def __init__(self, api: Api, item_id: str, file: Path) -> None:
        self._api = api
        self._file = file
        self.size = file.stat().st_size
        # clients send the file's name along; nobody has asked for it
        metadata = ",".join(
            f"{name} {base64.b64encode(value.encode()).decode()}"
            for name, value in (("filename", file.name), ("item_id", item_id))
        )
        created = api.call(
            "POST",
            "/uploads",
            headers=_VERSION | {"upload-length": str(self.size), "upload-metadata": metadata},
        )
        if created.status_code != 201:
            raise Unexpected(f"The upload was not started: {created.status_code}")
        self.path = created.headers["location"].removeprefix("/api/v1")

    def where(self) -> int:
        """Ask where it stands."""
        answer = self._api.call("HEAD", self.path, headers=_VERSION)
        if answer.status_code != 200:
            raise Unexpected(f"The upload's offset was not told: {answer.status_code}")
        return int(answer.headers["upload-offset"])

    def append(self, offset: int, length: int, *, wrong_checksum: bool = False) -> httpx.Response:
        """Send one portion, with its checksum. Return what is answered."""
        data = self._read(offset, length)
        digest = hashlib.sha256(data + (b"!" if wrong_checksum else b"")).digest()
        checksum = f"sha256 {base64.b64encode(digest).decode()}"
        headers = _OFFSETS | {"upload-offset": str(offset), "upload-checksum": checksum}
        return self._api.call("PATCH", self.path, content=data, headers=headers)

    def cut(self, offset: int, announced: int, after: int) -> None:
        """Announce a portion, and end the connection after that many bytes of it."""

        def pieces() -> Iterator[bytes]:
            for start in range(0, after, _PIECE):
                yield self._read(offset + start, min(_PIECE, after - start))
            raise _Cut

        headers = _OFFSETS | {"upload-offset": str(offset), "content-length": str(announced)}
        try:
            self._api.send_pieces("PATCH", self.path, pieces(), headers)
        except _Cut:
            return
        raise Unexpected("A connection that was cut was answered.")

    def finish(self, advance: Callable[[int], object]) -> None:
        """Send all that is missing. `advance` is told how many bytes came to stand."""
        offset = self.where()
        advance(offset)
        while offset < self.size:
            answer = self.append(offset, PORTION)
            if answer.status_code == 409:  # what came before the cut is still being written down
                time.sleep(0.1)
                stands = self.where()
            elif answer.status_code == 204:
                stands = int(answer.headers["upload-offset"])
            else:
                raise Unexpected(f"A portion was not taken: {answer.status_code}")
            advance(stands - offset)
            offset = stands

    def _read(self, offset: int, length: int) -> bytes:
        with self._file.open("rb") as file:
            file.seek(offset)
            return file.read(length)
