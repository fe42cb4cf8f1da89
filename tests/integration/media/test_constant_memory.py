"""A result of any length takes the same memory while it is made, and nothing of it is left behind."""

import os
import subprocess
import sys
import time
import zlib
from contextlib import suppress
from functools import partial
from pathlib import Path

import pytest

from relay.vault.segments import ADDED, HEADER, SEGMENT
from relay.vault.spool import Spool
from tests.support import media
from workers.media import packed
from workers.media.clean import clean
from workers.media.model import Kind, MediaRefused, Reason
from workers.media.packed import Packed
from workers.sandbox.window import File

MIB = 1 << 20


@pytest.fixture(scope="module")
def noisy_film(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """One that cannot be made small: 6 Mbit a second come out, as much as ever."""
    path = tmp_path_factory.mktemp("noisy") / "noise.mp4"
    noise = ["-f", "lavfi", "-i", "testsrc2=s=640x360:r=30:d=2,noise=alls=100:allf=t+u"]
    seed = path.with_name("seed.mp4")
    media.ffmpeg(*noise, "-pix_fmt", "yuv420p", "-preset", "ultrafast", "-b:v", "12M", seed)
    media.ffmpeg("-stream_loop", "11", "-i", seed, "-c", "copy", path)
    return path


def test_a_result_is_not_in_memory_while_it_is_made(
    noisy_film: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    most = [0]
    drain = Packed.drain

    def watched(self: Packed) -> None:
        drain(self)
        most.append(os.fstat(self.file).st_blocks * 512)

    monkeypatch.setattr(Packed, "drain", watched)
    with (
        noisy_film.open("rb") as file,
        clean(Kind.VIDEO, File(file.fileno()), spool=partial(Spool, tmp_path)) as made,
    ):
        assert made.files["clean"].size > 12 * MIB
        assert max(most) < 4 * MIB
        assert len(most) > 50
        assert list(tmp_path.iterdir()) == []
        media.decode(made.files["clean"])


def test_a_packer_that_fills_memory_ends_the_job(
    noisy_film: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(packed, "MOST_WAITING", 1)
    before = set(os.listdir("/proc/self/fd"))  # noqa: PTH208 - numbers, not paths
    with noisy_film.open("rb") as file, pytest.raises(MediaRefused) as refused:
        clean(Kind.VIDEO, File(file.fileno()), spool=partial(Spool, tmp_path))
    assert refused.value.reason is Reason.NOT_VERIFIED
    assert set(os.listdir("/proc/self/fd")) == before  # noqa: PTH208 - as above


def spooled(process: int, folder: Path) -> bytes:
    """What a process has set aside in a folder by now."""
    for descriptor in Path(f"/proc/{process}/fd").iterdir():
        with suppress(OSError):
            if str(descriptor.readlink()).startswith(str(folder)):
                return descriptor.read_bytes()
    return b""


def test_whoever_kills_a_worker_finds_nothing_that_can_be_read(noisy_film: Path, tmp_path: Path) -> None:
    folder, output = tmp_path, tmp_path / "clean.mp4"
    command = [sys.executable, "-m", "workers", "clean", str(noisy_film), str(output)]
    with subprocess.Popen(command, stderr=subprocess.DEVNULL) as run:
        deadline = time.monotonic() + 60
        while len(there := spooled(run.pid, folder)) < 2 * MIB and time.monotonic() < deadline:
            assert list(folder.iterdir()) == [], "it never has a name"
            time.sleep(0.05)
        run.kill()
    assert len(there) >= 2 * MIB
    sealed = there[HEADER + SEGMENT + ADDED :]  # the first segment comes last
    assert len(zlib.compress(sealed)) > len(sealed), "it is noise to everybody else"
    assert list(folder.iterdir()) == []
    assert not output.exists()
