"""How fast the vault is, file to file: `python -m tests.benchmarks.vault`.

The limit is `bare`: AES-256-GCM in pieces of 256 KiB on one reused buffer. Ratios come from one run, in which
all take turns; each figure is the median of its rounds.
"""

import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from statistics import median
from uuid import UUID

from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from relay.blobs.folder import FolderReader
from relay.vault.stream import SEGMENT, ObjectReader, object_binding, seal_stream
from relay.vault.suite import DataKey
from tests.benchmarks.rows import Row, at_least, at_most, show

MIB = 1_048_576
SIZE = 256 * MIB
ROUNDS = 9
PEERS = Path(__file__).with_name("vault_peers.py")
PEERS_PYTHON = Path(__file__).parents[2] / ".bench-venv" / "bin" / "python"
KEY = DataKey(bytes(range(32)))
BINDING = object_binding(UUID(int=1), UUID(int=2))


@contextmanager
def _folder() -> Iterator[Path]:
    """Give a folder in memory where there is one: the vault is measured here, not the disk."""
    memory = Path("/dev/shm")
    with tempfile.TemporaryDirectory(prefix="relay-bench-", dir=memory if memory.is_dir() else None) as name:
        yield Path(name)


def _fill(path: Path, size: int) -> None:
    with path.open("wb", buffering=0) as file:
        for _ in range(size // MIB):
            file.write(os.urandom(MIB))


def _opened(path: Path) -> FolderReader:
    return FolderReader(os.open(path, os.O_RDONLY))


def _seal(source: Path, sealed: Path, *, digest: bool = False) -> None:
    with source.open("rb", buffering=0) as file, sealed.open("wb", buffering=0) as out:
        seal_stream(file.readinto, out.write, KEY, BINDING, digest=digest)


def _open(sealed: Path, plain: Path) -> None:
    with _opened(sealed) as source, plain.open("wb", buffering=0) as out:
        for piece in ObjectReader(KEY, BINDING, source).ranges():
            out.write(piece)


def _bare_seal(source: Path, sealed: Path) -> None:
    aead, clear, secret, number = AESGCM(bytes(32)), bytearray(SEGMENT), bytearray(SEGMENT + 16), 0
    with source.open("rb", buffering=0) as file, sealed.open("wb", buffering=0) as out:
        while file.readinto(clear):
            aead.encrypt_into(number.to_bytes(12, "big"), clear, None, secret)
            out.write(secret)
            number += 1


def _bare_open(sealed: Path, plain: Path) -> None:
    aead, clear, secret, number = AESGCM(bytes(32)), bytearray(SEGMENT), bytearray(SEGMENT + 16), 0
    with sealed.open("rb", buffering=0) as file, plain.open("wb", buffering=0) as out:
        while file.readinto(secret):
            aead.decrypt_into(number.to_bytes(12, "big"), secret, None, clear)
            out.write(clear)
            number += 1


class Turns:
    """Takes turns between several ways, so that a slow moment of the machine meets all of them."""

    def __init__(self, works: dict[str, Callable[[], object]], rounds: int) -> None:
        """Run each once to warm up, then `rounds` times."""
        self._seconds: dict[str, list[float]] = {name: [] for name in works}
        for turn in range(rounds + 1):
            for name, work in works.items():
                start = time.perf_counter()
                work()
                if turn:
                    self._seconds[name].append(time.perf_counter() - start)

    def seconds(self, name: str) -> float:
        """Return the median of one."""
        return median(self._seconds[name])

    def ratio(self, name: str, other: str) -> float:
        """Return how long one took as a part of what the other took: the median over the rounds."""
        return median(one / two for one, two in zip(self._seconds[name], self._seconds[other], strict=True))


def _rate(seconds: float) -> str:
    return f"{SIZE / seconds / 1e9:.2f} GB/s"


def file_to_file(folder: Path) -> Iterator[Row]:
    """Measure writing and reading 256 MiB."""
    source, plain = folder / "source", folder / "plain"
    _fill(source, SIZE)
    turns = Turns(
        {
            "bare write": lambda: _bare_seal(source, folder / "bare"),
            "write": lambda: _seal(source, folder / "sealed"),
            "write with SHA-256": lambda: _seal(source, folder / "sealed", digest=True),
            "bare read": lambda: _bare_open(folder / "bare", plain),
            "read": lambda: _open(folder / "sealed", plain),
        },
        ROUNDS,
    )
    for what in ("write", "read"):
        bare = f"bare {what}"
        yield Row(f"bare loop, {what} 256 MiB", _rate(turns.seconds(bare)))
        yield at_least(f"vault, {what} 256 MiB", _rate(turns.seconds(what)), turns.ratio(bare, what), 0.92)
    digest = "write with SHA-256"
    yield Row(f"vault, {digest}", _rate(turns.seconds(digest)), turns.ratio("bare write", digest))


def peers(folder: Path) -> Iterator[Row]:
    """Measure what others take, in a virtual environment of their own, against a bare loop among them."""
    if not PEERS_PYTHON.exists():
        yield Row("peers", "not installed: make bench")
        return
    command = [str(PEERS_PYTHON), str(PEERS), str(folder / "source"), str(folder), "5"]
    answer = subprocess.run(command, check=True, capture_output=True)
    taken = json.loads(answer.stdout)
    bare = taken.pop("bare")
    for what in ("write", "read"):
        for name, seconds in taken.items():
            middle = median(seconds[what])
            yield Row(f"{name}, {what} 256 MiB", _rate(middle), median(bare[what]) / middle)


def memory(folder: Path) -> Iterator[Row]:
    """Measure in a process of its own how far its memory grows over 256 MiB."""
    for what in ("seal", "open"):
        command = [
            sys.executable,
            "-m",
            "tests.benchmarks.vault",
            what,
            *map(str, (folder / "source", folder / "sealed")),
        ]
        grown = int(subprocess.run(command, check=True, capture_output=True).stdout) / 1024
        yield Row(f"memory growth, {what} 256 MiB", f"{grown:.1f} MiB", None, "≤ 4 MiB", grown <= 4)


def _peak() -> int:
    """Return the most memory this process has held, in KiB."""
    return next(
        int(line.split()[1])
        for line in Path("/proc/self/status").read_text().splitlines()
        if line.startswith("VmHWM")
    )


def _grow(what: str, source: Path, sealed: Path) -> None:
    null = Path(os.devnull)
    before = _peak()
    if what == "seal":
        _seal(source, null)
    else:
        _open(sealed, null)
    print(_peak() - before)  # noqa: T201 - the parent reads it


def end_of_a_large_object(folder: Path) -> Iterator[Row]:
    """Measure the last 64 KiB of 1 GiB, against reading and opening that one bare segment."""
    source, sealed = folder / "large", folder / "large-sealed"
    with source.open("wb") as file:
        file.truncate(1024 * MIB)
    _seal(source, sealed)
    source.unlink()
    key, nonce = bytes(32), bytes(12)
    segment = AESGCM(key).encrypt(nonce, bytes(SEGMENT), None)
    alone = folder / "large-bare"
    with alone.open("wb") as file:
        file.seek(1024 * MIB)
        file.write(segment)

    def bare() -> bytes:
        with _opened(alone) as reader:
            secret, clear = bytearray(len(segment)), bytearray(SEGMENT)
            reader.read_into(reader.size - len(segment), memoryview(secret))
            AESGCM(key).decrypt_into(nonce, secret, None, clear)
            return bytes(memoryview(clear)[-65_536:])

    def vault() -> bytes:
        with _opened(sealed) as reader:
            opened = ObjectReader(KEY, BINDING, reader)
            return b"".join(map(bytes, opened.ranges(opened.plaintext_size - 65_536)))

    turns = Turns({"bare": bare, "vault": vault}, 1000)
    yield Row("bare segment, the last of 1 GiB", f"{turns.seconds('bare') * 1e6:.0f} µs")
    figure = f"{turns.seconds('vault') * 1e6:.0f} µs"
    yield at_most("vault, last 64 KiB of 1 GiB", figure, turns.ratio("vault", "bare"), 1.3)


def run() -> list[Row]:
    """Measure all."""
    with _folder() as folder:
        return [
            *file_to_file(folder),
            *peers(folder),
            *memory(folder),
            *end_of_a_large_object(folder),
        ]


if __name__ == "__main__":
    if len(sys.argv) > 1:
        _grow(sys.argv[1], Path(sys.argv[2]), Path(sys.argv[3]))
    else:
        show(run())
