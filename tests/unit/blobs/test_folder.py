"""What only the folder store promises."""

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from uuid import UUID, uuid4

import pytest

from relay.blobs.folder import FolderBlobs

NAME = UUID("abcdef00-0000-4000-8000-000000000001")


@pytest.fixture
def root(tmp_path: Path) -> Path:
    return tmp_path / "blobs"


def _finish(root: Path) -> None:
    with FolderBlobs(root).create(NAME) as writer:
        writer.write(b"content")
        writer.commit()


def test_files_and_folders_are_for_their_owner_alone_whatever_the_umask(root: Path) -> None:
    before = os.umask(0)
    try:
        _finish(root)
        FolderBlobs(root).create(uuid4()).close()
    finally:
        os.umask(before)
    for path in (root, *root.rglob("*")):
        assert path.stat().st_mode & 0o777 == (0o700 if path.is_dir() else 0o600)


def test_finished_blobs_are_spread_over_folders_and_unfinished_ones_live_apart(root: Path) -> None:
    _finish(root)
    assert (root / "ab" / "cd" / str(NAME)).read_bytes() == b"content"
    other = uuid4()
    FolderBlobs(root).create(other).close()
    assert [path.name for path in (root / "unfinished").iterdir()] == [str(other)]


def test_files_and_folders_are_on_the_disk_before_a_commit_returns(
    root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    synced: list[str] = []

    def watch(call: Callable[[int], None]) -> Callable[[int], None]:
        def watched(descriptor: int) -> None:
            synced.append(Path(f"/proc/self/fd/{descriptor}").readlink().relative_to(root.parent).as_posix())
            call(descriptor)

        return watched

    monkeypatch.setattr(os, "fsync", watch(os.fsync))
    _finish(root)
    assert synced == [
        ".",
        "blobs",
        "blobs/unfinished",
        f"blobs/unfinished/{NAME}",
        "blobs",
        "blobs/ab",
        "blobs/ab/cd",
        "blobs/unfinished",
    ]


def test_what_is_not_a_blob_is_not_listed(root: Path) -> None:
    _finish(root)
    (root / "ab" / "cd" / "notes.txt").touch()
    (root / "unfinished" / "core").touch()
    assert list(FolderBlobs(root).names()) == [NAME]
    assert list(FolderBlobs(root).unfinished()) == []


def test_a_link_is_not_followed(root: Path, tmp_path: Path) -> None:
    blobs = FolderBlobs(root)
    (tmp_path / "secret").write_bytes(b"secret")
    (root / "unfinished" / str(NAME)).symlink_to(tmp_path / "secret")
    with pytest.raises(OSError, match="symbolic"):
        blobs.resume(NAME)


def test_a_writer_that_was_killed_leaves_a_blob_that_can_be_resumed(root: Path) -> None:
    script = (
        "import os, sys; from pathlib import Path; from uuid import UUID;"
        "from relay.blobs.folder import FolderBlobs;"
        "writer = FolderBlobs(Path(sys.argv[1])).create(UUID(sys.argv[2]));"
        "writer.write(b'before'); writer.sync(); os.kill(os.getpid(), 9)"
    )
    killed = subprocess.run([sys.executable, "-c", script, str(root), str(NAME)], check=False)
    assert killed.returncode == -9
    with FolderBlobs(root).resume(NAME) as writer:
        assert writer.read_at(0, 100) == b"before"
        writer.commit()
    assert FolderBlobs(root).size(NAME) == 6
