"""Child: binds plain pixels into a PDF of JPEG pages. It never sees the document that they came from.

Descriptors: 3 the pixels, 4 the answer, 5 the PDF, 6 the poster, 7 percents, one byte each. A child imports
nothing of ours: the layouts are written again where they are read, and tests compare.
"""

import io
import os
import struct
import sys
from collections.abc import Callable, Collection, Iterator
from itertools import accumulate
from typing import NamedTuple

if __name__ == "child":  # as the launcher names it; where tests read this, others may want that package
    # img2pdf's other engine, which takes as long to import as all else
    sys.modules["pikepdf"] = None  # type: ignore[assignment]
import img2pdf
from PIL import Image, ImageChops, ImageFilter

PIXELS, ANSWER_TO, PDF_TO, POSTER_TO, PERCENT_TO = 3, 4, 5, 6, 7
HEADER = struct.Struct("<IIIIII")
ANSWER = struct.Struct("<BI")

DONE, BROKEN = 0, 1
BYTES = 4
"""A pixel has, the last of them without a meaning: so a page is used as it lies in memory, and not copied."""
QUALITY = 85
POSTER_SIDE = 960
A4_LONG_SIDE = 842

CELLS, AROUND, SOFT = 128, 5, 2
"""The light on a page: as many cells along its longer side, each as light as most around it, blurred."""
BRIGHT, LIT, PLAIN, NEAR = 110, 0.6, 0.8, 24
"""Paper: as light as this, and as that share of the lightest; most of it as light as around, within this."""
SMALLEST_PAGE = 0.3
STEEP, FEW = 14, 0.03
HUE, MOST = 12, 0.9
"""A page has one colour, and light on it changes slowly, nearly everywhere: what has not is a photograph."""
INK_SHARE = 0.01
FAINTEST, FAINT = 12, 90
"""How much darker than the paper (of 255) writing is that may need help. Less is the paper's own grain."""
MOSTLY_FAINT = 0.25
"""More of what is on it is dark: a window in a wall, or writing that needs no help."""
HELP, ENOUGH = 2.0, 110
"""The difference is doubled at most, and not beyond this."""

EVERY = 2
"""Pixels are counted in every second row and column, as they are: shares stay, in a quarter of the time."""

NEAREST, BILINEAR = Image.Resampling.NEAREST, Image.Resampling.BILINEAR

Image.preinit()


class Page(NamedTuple):
    """A compressed page, and its size on paper in points."""

    jpeg: bytes
    across: float
    down: float


def main(most_pages: int, most_pixels: int, *hidden: int) -> None:
    """Read all pages, write the PDF, answer how many there were. `hidden`: pages with black areas, from 1."""
    pages = list(read(most_pages, most_pixels, hidden))
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


def read(most_pages: int, most_pixels: int, hidden: Collection[int]) -> Iterator[Page]:
    """Pages from the pipe. What does not end with a header of zeros is not complete, and ends this child."""
    with os.fdopen(PIXELS, "rb", closefd=False) as pixels:
        for number in range(most_pages + 1):
            width, height, across, down, _, total = HEADER.unpack(pixels.read(HEADER.size))
            if (width, height) == (0, 0):
                return
            if not 0 < width * height <= most_pixels or number == most_pages:
                raise ValueError
            content = pixels.read(width * height * BYTES)
            plain = Image.frombuffer("RGBX", (width, height), content, "raw", "RGBX", 0, 1)
            picture = helped(plain, hidden=number + 1 in hidden)
            if number == 0:
                draw(picture.copy())
            yield compress(picture, across, down)
            os.write(PERCENT_TO, bytes([min(99, (number + 1) * 100 // max(1, total))]))


def helped(picture: Image.Image, *, hidden: bool = False) -> Image.Image:
    """The picture, with more contrast if it shows a page with faint writing, such as pencil in poor light.

    What is `hidden` is black, and says nothing of paper and ink.
    """
    light = background(picture)
    grey = light.convert("L")
    paper = where_paper(grey)
    inside = paper.filter(ImageFilter.MinFilter(AROUND))
    if not is_page(light, grey, inside):
        return picture
    fewer = (max(1, picture.width // EVERY), max(1, picture.height // EVERY))
    seen = picture.resize(fewer, NEAREST).convert("L")
    counted = inside.resize(fewer, NEAREST)
    if hidden:
        counted = ImageChops.darker(counted, seen.point([0, *[255] * 255]))
    darker = ImageChops.subtract(grey.resize(fewer, BILINEAR), seen).histogram(counted)
    depth = level(darker, 1 - INK_SHARE)
    plain = sum(darker[: NEAR + 1]) / max(1, sum(darker))
    dark = sum(darker[FAINT:]) / max(1, sum(darker[FAINTEST:]))
    if plain < PLAIN or dark > MOSTLY_FAINT or not FAINTEST <= depth < FAINT:
        return picture
    picture = picture.convert("RGB")
    lightness = level(grey.histogram(inside), 0.5)
    factors = ratios(lightness - depth, lightness)
    ink = ImageChops.subtract(light.resize(picture.size, BILINEAR), picture).point(factors * 3)
    made = ImageChops.multiply(picture, ink)
    return Image.composite(made, picture, paper.resize(picture.size, BILINEAR))


def background(picture: Image.Image) -> Image.Image:
    """A small picture of the light on it: without writing, which is thin and darker than what is around."""
    scale = CELLS / max(picture.size)
    size = (max(1, round(picture.width * scale)), max(1, round(picture.height * scale)))
    small = picture.resize(size, Image.Resampling.BOX, reducing_gap=2.0).convert("RGB")
    lighter = small.filter(ImageFilter.RankFilter(AROUND, AROUND * AROUND * 4 // 5))
    return lighter.filter(ImageFilter.GaussianBlur(SOFT))


def where_paper(grey: Image.Image) -> Image.Image:
    """White where the background is as light as paper, less what it spreads over the edge."""
    least = max(BRIGHT, round(level(grey.histogram(), 0.95) * LIT))
    return grey.point([255 * (value >= least) for value in range(256)]).filter(ImageFilter.MinFilter(AROUND))


def is_page(light: Image.Image, grey: Image.Image, inside: Image.Image) -> bool:
    """Whether what is light is large, of one colour, and evenly lit."""
    cells = inside.histogram()[255]
    if cells < SMALLEST_PAGE * inside.width * inside.height:
        return False
    highest, lowest = grey.filter(ImageFilter.MaxFilter(3)), grey.filter(ImageFilter.MinFilter(3))
    if sum(ImageChops.subtract(highest, lowest).histogram(inside)[STEEP:]) > FEW * cells:
        return False
    for hue in light.convert("YCbCr").split()[1:]:
        histogram = hue.histogram(inside)
        middle = level(histogram, 0.5)
        if sum(histogram[max(0, middle - HUE) : middle + HUE + 1]) < MOST * cells:
            return False
    return True


def level(histogram: list[int], share: float) -> int:
    """The grey up to which this share of the picture is as dark, or darker."""
    wanted = sum(histogram) * share
    return next(grey for grey, so_far in enumerate(accumulate(histogram)) if so_far >= wanted)


def curve(ink: int, paper: int) -> list[int]:
    """For each of 256 greys another: writing becomes darker, paper stays, black stays black, white white.

    It rises all the way, so that nothing is lost in black or in white.
    """
    darker = max(ink // 2, round(paper - (paper - ink) * min(HELP, ENOUGH / (paper - ink))))
    below = [round(grey * darker / ink) for grey in range(ink)]
    between = [round(darker + (grey - ink) * (paper - darker) / (paper - ink)) for grey in range(ink, paper)]
    return [*below, *between, *range(paper, 256)]


def ratios(ink: int, paper: int) -> list[int]:
    """For each of 256 differences from the paper around: the light that is left, in parts of 255."""
    greys = curve(ink, paper)
    return [round(255 * greys[grey] / grey) for grey in (max(ink, paper - less) for less in range(256))]


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
