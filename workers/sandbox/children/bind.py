"""Child: binds plain pixels into a PDF of JPEG pages. It never sees the document that they came from.

Descriptors: 3 the pixels, 4 the answer, 5 the PDF, 6 the poster, 7 percents, one byte each. A child imports
nothing of ours: the layouts are written again where they are read, and tests compare.
"""

import io
import os
import struct
from collections.abc import Callable, Iterator
from typing import NamedTuple

import img2pdf
from PIL import Image

PIXELS, ANSWER_TO, PDF_TO, POSTER_TO, PERCENT_TO = 3, 4, 5, 6, 7
HEADER = struct.Struct("<IIIIII")
ANSWER = struct.Struct("<BI")

DONE, BROKEN = 0, 1
QUALITY = 85
POSTER_SIDE = 960
A4_LONG_SIDE = 842

Image.preinit()


class Page(NamedTuple):
    """A compressed page, and its size on paper in points."""

    jpeg: bytes
    across: float
    down: float


def main(most_pages: int, most_pixels: int) -> None:
    """Read all pages, write the PDF, answer how many there were."""
    pages = list(read(most_pages, most_pixels))
    if pages:
        sizes = iter(pages)

        def layout(*_: object) -> tuple[float, float, float, float]:
            page = next(sizes)
            return page.across, page.down, page.across, page.down

        bind([page.jpeg for page in pages], layout)
    os.write(ANSWER_TO, ANSWER.pack(DONE if pages else BROKEN, len(pages)))


def bind(jpegs: list[bytes], layout: Callable[..., tuple[float, float, float, float]]) -> None:
    """Write the PDF: no title, no dates, no name of a program."""
    with os.fdopen(PDF_TO, "wb", closefd=False) as result:
        img2pdf.convert(
            *jpegs,
            outputstream=result,
            layout_fun=layout,
            engine=img2pdf.Engine.internal,
            nodate=True,
            producer="",
        )


def read(most_pages: int, most_pixels: int) -> Iterator[Page]:
    """Pages from the pipe. What does not end with a header of zeros is not complete, and ends this child."""
    with os.fdopen(PIXELS, "rb", closefd=False) as pixels:
        for number in range(most_pages + 1):
            width, height, across, down, _, total = HEADER.unpack(pixels.read(HEADER.size))
            if (width, height) == (0, 0):
                return
            if not 0 < width * height <= most_pixels or number == most_pages:
                raise ValueError
            picture = Image.frombytes("RGB", (width, height), pixels.read(width * height * 3))
            if number == 0:
                draw(picture.copy())
            yield compress(picture, across, down)
            os.write(PERCENT_TO, bytes([min(99, (number + 1) * 100 // max(1, total))]))


def compress(picture: Image.Image, across: int, down: int) -> Page:
    """One page. A photograph has no size on paper: it gets one as long as A4."""
    written = io.BytesIO()
    picture.save(written, "JPEG", quality=QUALITY)
    if not (across and down):
        scale = A4_LONG_SIDE / max(picture.size)
        return Page(written.getvalue(), picture.width * scale, picture.height * scale)
    return Page(written.getvalue(), across, down)


def draw(picture: Image.Image) -> None:
    """Write the first page as a poster."""
    picture.thumbnail((POSTER_SIDE, POSTER_SIDE))
    with os.fdopen(POSTER_TO, "wb", closefd=False) as poster:
        picture.save(poster, "JPEG", quality=QUALITY)
