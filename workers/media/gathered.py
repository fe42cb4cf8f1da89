"""Several files on a disk as one document (docs/pages-format.md), read where and when they are wanted."""

from collections.abc import Sequence

from relay.exchange.pages import MARK, TURNS, Part, index
from workers.sandbox.window import Source


class Gathered:
    """A `Source` of several: the mark, the files, the index."""

    def __init__(self, files: Sequence[Source], turns: Sequence[int]) -> None:
        """`turns` says how far the pages of each file are turned; of those it does not reach, not at all."""
        parts = [
            Part(file.size, turn) for file, turn in zip(files, [*turns, *[0] * len(files)], strict=False)
        ]
        self._pieces: list[bytes | Source] = [MARK, *files, index(parts)]
        self._sizes = [len(piece) if isinstance(piece, bytes) else piece.size for piece in self._pieces]
        self.size = sum(self._sizes)

    def read_into(self, offset: int, buffer: memoryview) -> int:
        """See `Source.read_into`: at most up to the end of one piece."""
        for piece, size in zip(self._pieces, self._sizes, strict=True):
            if offset < size:
                there = buffer[: size - offset]
                if not isinstance(piece, bytes):
                    return piece.read_into(offset, there)
                there[:] = piece[offset : offset + len(there)]
                return len(there)
            offset -= size
        return 0


def turns(words: str) -> list[int]:
    """Read `0,90,0`: degrees with the clock. Raise `ValueError` for others than quarters."""
    found = [int(word) for word in words.split(",")]
    if not set(found) <= set(TURNS):
        raise ValueError
    return found
