"""The participants' app with one thing left out of uploads, to see what that costs. Never used but here.

`python -m tests.benchmarks.upload_variants plain`, as `relay.web.serve`. The rest is the real app: the same
handlers, session, database and threads.
"""

import os
import sys
from collections.abc import Iterator

from relay.exchange import uploads
from relay.vault.stream import HEADER, Plain
from relay.vault.suite import DataKey, Sealed
from relay.web import serve
from relay.web.participants import app
from relay.web.shared.endings import Endings
from relay.web.shared.headers import Shell


class _Clear:
    """Stands where `UploadSealer` does, and lets every byte through as it is."""

    def __init__(
        self, key: DataKey, binding: bytes, header: bytes, *, total: int, offset: int = 0, tail: bytes = b""
    ) -> None:
        del key, binding, header, tail
        self.total = total
        self.offset = offset

    def feed(self, data: Plain) -> Iterator[tuple[int, memoryview]]:
        yield HEADER + self.offset, memoryview(data)
        self.offset += len(data)

    def close(self) -> Sealed:
        return Sealed(b"")


def unsynced(endings: Endings) -> Shell:
    """Sealed, but a byte is acknowledged when the operating system has it, and so is a row."""
    os.environ["PGOPTIONS"] = "-c synchronous_commit=off"
    os.fdatasync = os.fsync = lambda fd: None  # noqa: ARG005 - the parameter is called so
    return app.create(endings=endings)


def plain(endings: Endings) -> Shell:
    """As `unsynced`, and not sealed."""
    vars(uploads)["UploadSealer"] = _Clear
    return unsynced(endings)


if __name__ == "__main__":
    serve.main(sys.argv[1:], {"plain": plain, "unsynced": unsynced})
