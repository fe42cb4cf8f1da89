"""Small secret files: written whole or not at all, readable by their owner only."""

import os
from pathlib import Path

from relay.errors import Unavailable


def private_folder(path: Path) -> None:
    """Make `path` for its owner only. One that is there is left as the operator made it."""
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True)
        path.mkdir(mode=0o700, exist_ok=True)


def keep_out_of_git(folder: Path) -> None:
    """Let git pass the folder over, whatever it is called and wherever it lies."""
    ours = folder / ".gitignore"
    if not ours.exists():
        ours.write_text("*\n")


def write_secret(path: Path, text: str) -> None:
    """Write `text` with mode 0600, durably: after a power cut there is the old file or the new one."""
    private_folder(path.parent)
    unfinished = path.with_name(f".{path.name}.unfinished")
    unfinished.unlink(missing_ok=True)
    handle = os.open(unfinished, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(handle, "w") as file:
        file.write(f"{text}\n")
        file.flush()
        os.fsync(file.fileno())
    unfinished.replace(path)
    folder = os.open(path.parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)


def read_secret(path: Path) -> str | None:
    """The text without its line end, or None where there is no such file. Refuses what others can read."""
    try:
        with path.open() as file:
            mode = os.fstat(file.fileno()).st_mode
            text = file.read()
    except FileNotFoundError:
        return None
    if mode & 0o077:
        raise Unavailable(f"{path} can be read by others on this machine. Run: chmod 600 {path}")
    return text.rstrip("\n")
