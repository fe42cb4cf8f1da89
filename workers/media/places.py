"""What files may be read and written by hand, said in words before any work."""

from collections.abc import Sequence
from pathlib import Path

from relay.errors import Conflict, Invalid
from workers.media.model import Kind

SOUNDS = frozenset(
    {
        ".aac",
        ".aif",
        ".aiff",
        ".amr",
        ".caf",
        ".flac",
        ".m4a",
        ".mp3",
        ".oga",
        ".ogg",
        ".opus",
        ".wav",
    }
)
"""Endings that say that a recording is of sound."""
TEXTS = frozenset({".md", ".text", ".txt"})
"""Endings that say that there is text in a file, and nothing else."""
_MADE = {
    Kind.AUDIO: ("A recording of sound becomes M4A", ".m4a"),
    Kind.VIDEO: ("A film becomes MP4", ".mp4"),
    Kind.DOCUMENT: ("Pages become a PDF", ".pdf"),
}
_KINDS = "Sound becomes .m4a, a film .mp4, pages (a PDF or photographs) .pdf."
_ASKED = "Please give it a name that ends in "


def refuse_unreadable(path: Path) -> None:
    """Raise `Invalid` for what is no file on a disk."""
    if path.is_dir():
        raise Invalid(f"{path} is a folder. Please name the files in it one by one.")
    if not path.exists():
        raise Invalid(f"There is no file {path}. Please check how its name is written, and where it is.")
    if not path.is_file():
        raise Invalid(f"{path} is no file on a disk. Please copy it to one, and name that.")


def refuse_unknown(path: Path, output: Path) -> None:
    """Raise `Invalid` for text, and where neither the file nor any name tells which kind it is."""
    if path.suffix.lower() in TEXTS:
        raise Invalid(f"{path.name} is text, as a letter is, and has not to be made safe. {_KINDS}")
    endings = {ending for _, ending in _MADE.values()}
    if path.suffix.lower() not in SOUNDS and output.suffix.lower() not in {"", *endings}:
        raise Invalid(
            f"Nothing tells what {path.name} is. {_KINDS} Please say which it is with --kind,"
            " or give what comes out such a name."
        )


def refuse_unwritable(
    output: Path, poster: Path | None, report: Path | None, *, originals: Sequence[Path], replace: bool
) -> None:
    """Raise `Conflict` where something would be lost, or could not be written, or not all of it."""
    paths = [path for path in (output, poster, report) if path is not None]
    for path in paths:
        if not path.parent.is_dir():
            raise Conflict(f"There is no folder {path.parent} for {path.name}. Please make it first.")
        if path.is_dir():
            raise Conflict(f"{path} is a folder. Please name a file in it.")
        if path.exists() and any(each.exists() and path.samefile(each) for each in originals):
            raise Conflict(
                f"{path} is to be made safe, and would be lost. Please name another file for what comes out."
            )
        if path.is_file() and not replace:
            raise Conflict(
                f"{path} is there already, and would be lost. Please name another file for what comes out,"
                " or add --replace to write over it."
            )
    if len({path.resolve() for path in paths}) < len(paths):
        raise Conflict("OUT, --poster and --report have to be different files. Please name others.")


def refuse_ending(output: Path, kind: Kind) -> None:
    """Raise `Invalid` for a name that says it is something else than what is made. None says nothing."""
    what, ending = _MADE[kind]
    if output.suffix.lower() not in {"", ending}:
        raise Invalid(f"{what}, so {output.name} would be misnamed. {_ASKED}{ending}.")


def refuse_poster_ending(poster: Path) -> None:
    """Raise `Invalid`: likewise for a poster."""
    if poster.suffix.lower() not in {"", ".jpg", ".jpeg"}:
        raise Invalid(f"A poster is a JPEG, so {poster.name} would be misnamed. {_ASKED}.jpg.")
