"""Child: turns the pages of a PDF, or of photographs, into plain pixels. It alone sees the hostile document.

Descriptors: 3 the document, 4 the pixels, 5 the answer. Each page goes out as HEADER and four bytes a
pixel, the fourth without a meaning; HEADER of zeros ends them. A child imports nothing of ours: the layouts
are written again where they are read, and tests compare.
"""

import contextlib
import ctypes
import io
import mmap
import os
import struct
import warnings
from collections.abc import Iterator
from typing import BinaryIO, NamedTuple

import pillow_heif
import pypdfium2
from PIL import (
    Image,
    ImageOps,
    UnidentifiedImageError,
)

FILE, PIXELS_TO, ANSWER_TO = 3, 4, 5
HEADER = struct.Struct("<IIIIII")
"""Width, height in pixels; the same on paper in points (0: unknown); number of this page, of all."""
ANSWER = struct.Struct("<BI")
"""Status; how many pages there are, or which one it is because of (0: none by itself)."""

SEVERAL, SEVERAL_END = b"\xabPAGES1\n", b"\n1SEGAP\xab"
"""Several files as one document: docs/pages-format.md."""
SEVERAL_FILE = struct.Struct("<QI")
SEVERAL_TAIL = struct.Struct("<I8s")

DONE, DAMAGED, PASSWORD, TOO_MANY_PAGES, TOO_MANY_PIXELS, NO_PAGES, UNSUPPORTED, NO_SUCH_PAGE = range(8)
FORMATS = ("JPEG", "PNG", "TIFF", "WEBP", "HEIF")
SUBFILE = 254
NO_PAGE = 1 | 4
"""Of a TIFF's picture, in that tag: a smaller copy of another, or what of another can be seen through."""
LONGEST_SIDE = 3508
"""A4 at 300 dots an inch: a photograph larger than that shows the table, not the writing."""
GOES_OUT = "RGBX"
POINTS = 72
LARGEST_PAPER = 14_400
WHITE = (255, 255, 255)
BLACK = (0, 0, 0)
PARTS = 10_000
SIXTEEN_BITS_TO_EIGHT = 255 / 65_535
TURNS = {
    0: None,
    90: Image.Transpose.ROTATE_270,  # which counts against the clock
    180: Image.Transpose.ROTATE_180,
    270: Image.Transpose.ROTATE_90,
}
"""By degrees with the clock."""

pillow_heif.register_heif_opener(thumbnails=False)
Image.init()


UNREADABLE = (
    pypdfium2.PdfiumError,
    OSError,
    ValueError,
    ArithmeticError,
    SyntaxError,
    MemoryError,
    EOFError,
    Image.DecompressionBombError,
    Image.DecompressionBombWarning,
)
"""What the readers raise; an unidentified picture is an OSError."""


class Refused(Exception):
    """Carries a status, and which page or file it is because of (0: none by itself)."""

    def __init__(self, status: int, place: int = 0) -> None:
        super().__init__()
        self.status = status
        self.place = place


class Page(NamedTuple):
    """One page, and its size on paper in points (0: unknown). `total`: how many the document has, about.

    `pixels` is what `picture` lies in, where that is as it goes out.
    """

    picture: Image.Image
    across: int
    down: int
    total: int
    pixels: "ctypes.Array[ctypes.c_ubyte] | None" = None


class Area(NamedTuple):
    """What of which page, from 1, is to be black: edges in ten-thousandths of it as it is shown."""

    page: int
    left: int
    top: int
    right: int
    bottom: int


class Place(NamedTuple):
    """Where one of several files lies, and by how many degrees its pages are turned."""

    start: int
    size: int
    turn: int


def main(most_pages: int, most_pixels: int, dots_per_inch: int, *places: int) -> None:
    """Write all pages, or answer why not. `places`: five numbers for each area that is to be black."""
    areas = [Area(*five) for five in zip(*[iter(places)] * 5, strict=True)]
    Image.MAX_IMAGE_PIXELS = most_pixels
    warnings.simplefilter("error", Image.DecompressionBombWarning)
    pages = place = 0
    try:
        for page in read(most_pages, most_pixels, dots_per_inch):
            pages += 1
            hide(page.picture, [area for area in areas if area.page == pages])
            send(HEADER.pack(*page.picture.size, page.across, page.down, pages, page.total))
            send(page.pixels or page.picture.tobytes("raw", GOES_OUT))
        status = ending(pages, areas)
        send(HEADER.pack(*(0,) * 6))
    except Refused as refused:
        status, place = refused.status, refused.place
    except BrokenPipeError:
        status = DAMAGED  # whoever takes the pixels has ended, and says why
    except UNREADABLE as error:
        # the first page that cannot be read may be all of the file; a later one is that page
        status, place = status_of(error), pages + 1 if pages else 0
    os.write(ANSWER_TO, ANSWER.pack(status, pages if status == DONE else place))


def status_of(error: Exception) -> int:
    """What to answer for something that a reader raised."""
    if isinstance(error, Refused):
        return error.status
    if isinstance(error, Image.DecompressionBombError | Image.DecompressionBombWarning):
        return TOO_MANY_PIXELS
    return UNSUPPORTED if isinstance(error, UnidentifiedImageError) else DAMAGED


def ending(pages: int, areas: list[Area]) -> int:
    """What there is to say after the last page."""
    if any(area.page > pages for area in areas):
        return NO_SUCH_PAGE
    return DONE if pages else NO_PAGES


def hide(picture: Image.Image, areas: list[Area]) -> None:
    """Make areas of a page solid black. A pixel of which any part lies in one is in it."""
    for area in areas:
        left, top = area.left * picture.width // PARTS, area.top * picture.height // PARTS
        right, bottom = -(-area.right * picture.width // PARTS), -(-area.bottom * picture.height // PARTS)
        picture.paste(BLACK, (left, top, right, bottom))


def send(data: "bytes | ctypes.Array[ctypes.c_ubyte]") -> None:
    """Write all of it into the pipe."""
    view = memoryview(data).cast("B")
    while view:
        view = view[os.write(PIXELS_TO, view) :]


def read(most_pages: int, most_pixels: int, dots_per_inch: int) -> Iterator[Page]:
    """The pages, in order, the right way up."""
    beginning = os.pread(FILE, 1024, 0)
    if beginning.startswith(SEVERAL):
        yield from read_several(most_pages, most_pixels, dots_per_inch)
    elif b"%PDF-" in beginning:
        mapped = mmap.mmap(FILE, 0, access=mmap.ACCESS_COPY)
        yield from read_pdf((ctypes.c_ubyte * len(mapped)).from_buffer(mapped), most_pages, dots_per_inch)
    else:
        with os.fdopen(FILE, "rb", closefd=False) as file:
            yield from read_pictures(file, most_pages, most_pixels)


def read_several(most_pages: int, most_pixels: int, dots_per_inch: int) -> Iterator[Page]:
    """The pages of every file in it, one file after the other, each turned as its author wished."""
    files = places(most_pages)
    left = most_pages
    for number, place in enumerate(files, 1):
        before = left
        try:
            for page in read_one(place, left, most_pixels, dots_per_inch):
                left -= 1
                yield turned(page, place.turn)._replace(total=len(files))
        except (Refused, *UNREADABLE) as error:
            status = status_of(error)
            raise Refused(status, number if status != TOO_MANY_PAGES else 0) from error
        if left == before:
            raise Refused(NO_PAGES, number)


def read_one(place: Place, most_pages: int, most_pixels: int, dots_per_inch: int) -> Iterator[Page]:
    """The pages of one of several files."""
    untrusted = os.pread(FILE, place.size, place.start)
    if len(untrusted) != place.size:
        raise Refused(DAMAGED)
    if untrusted.startswith(SEVERAL):
        raise Refused(UNSUPPORTED)
    if b"%PDF-" in untrusted[:1024]:
        yield from read_pdf(untrusted, most_pages, dots_per_inch)
    else:
        yield from read_pictures(io.BytesIO(untrusted), most_pages, most_pixels)


def places(most: int) -> list[Place]:
    """Read the index at the end of several files."""
    end = os.fstat(FILE).st_size - SEVERAL_TAIL.size
    if end < len(SEVERAL):
        raise Refused(DAMAGED)
    count, mark = SEVERAL_TAIL.unpack(os.pread(FILE, SEVERAL_TAIL.size, end))
    if mark != SEVERAL_END or not count:
        raise Refused(DAMAGED)
    if count > most:
        raise Refused(TOO_MANY_PAGES)
    index = end - count * SEVERAL_FILE.size
    found, start = [], len(SEVERAL)
    if index < start:
        raise Refused(DAMAGED)
    for size, turn in SEVERAL_FILE.iter_unpack(os.pread(FILE, end - index, index)):
        if not 0 < size <= index - start or turn not in TURNS:
            raise Refused(DAMAGED)
        found.append(Place(start, size, turn))
        start += size
    return found


def turned(page: Page, turn: int) -> Page:
    """The page, turned by so many degrees with the clock."""
    way = TURNS[turn]
    if way is None:
        return page
    across, down = (page.across, page.down) if turn == 180 else (page.down, page.across)
    return Page(page.picture.transpose(way), across, down, page.total)


def read_pdf(
    untrusted: "bytes | ctypes.Array[ctypes.c_ubyte]", most_pages: int, dots_per_inch: int
) -> Iterator[Page]:
    """Every page on white, with what was filled in, as large as it says, up to the longest side."""
    try:
        document = pypdfium2.PdfDocument(untrusted)
    except pypdfium2.PdfiumError as error:
        locked = pypdfium2.raw.FPDF_GetLastError() == pypdfium2.raw.FPDF_ERR_PASSWORD
        raise Refused(PASSWORD if locked else DAMAGED) from error
    if document.get_formtype() == pypdfium2.raw.FORMTYPE_XFA_FULL:
        raise Refused(UNSUPPORTED)  # what was filled in is drawn by a program in it, and nowhere else
    # without a platform for scripts none runs, and XFA is off, in builds too that could
    document.init_forms(pypdfium2.raw.FPDF_FORMFILLINFO(version=2, xfa_disabled=True))
    total = len(document)
    if total > most_pages:
        raise Refused(TOO_MANY_PAGES)
    for number in range(total):
        page = document[number]
        across, down = page.get_size()
        if not (0 < across < LARGEST_PAPER and 0 < down < LARGEST_PAPER):
            raise Refused(DAMAGED)
        scale = min(dots_per_inch / POINTS, LONGEST_SIDE / max(across, down))
        bitmap = page.render(scale=scale, rev_byteorder=True, prefer_bgrx=True)
        yield Page(bitmap.to_pil(), round(across), round(down), total, bitmap.buffer)
        bitmap.close()
        page.close()
    document.close()


def read_pictures(file: BinaryIO, most_pages: int, most_pixels: int) -> Iterator[Page]:
    """Every page of the file (a TIFF may hold many), the right way up, on white."""
    with Image.open(file, formats=FORMATS) as opened:
        numbers = pages_of(opened)
        if len(numbers) > most_pages:
            raise Refused(TOO_MANY_PAGES)
        for number in numbers:
            opened.seek(number)
            if opened.width * opened.height > most_pixels:
                raise Refused(TOO_MANY_PIXELS)
            picture = flatten(ImageOps.exif_transpose(opened))
            picture.thumbnail((LONGEST_SIDE, LONGEST_SIDE), Image.Resampling.LANCZOS)
            yield Page(picture, 0, 0, len(numbers))


def pages_of(opened: Image.Image) -> list[int]:
    """Which pictures of the file are pages.

    Where pictures move, come in a burst or with a preview, it is the one that opens, which the author saw.
    """
    if opened.format != "TIFF":
        return [opened.tell()]
    every = range(getattr(opened, "n_frames", 1))
    return [number for number in every if is_page(opened, number)] or [*every]


def is_page(opened: Image.Image, number: int) -> bool:
    """Whether a picture of a TIFF is one by itself. What cannot be read is: it is refused in its turn."""
    try:
        opened.seek(number)
        use = opened.tag_v2.get(SUBFILE, 0)  # type: ignore[attr-defined]
    except UNREADABLE:
        return True
    return not (isinstance(use, int) and use & NO_PAGE)


def flatten(picture: Image.Image) -> Image.Image:
    """Three bytes a pixel, see-through parts on white."""
    if picture.mode.startswith("I"):  # a scanner's 16 bits of grey
        picture = picture.convert("I").point(lambda value: value * SIXTEEN_BITS_TO_EIGHT).convert("L")
    if picture.has_transparency_data:
        with contextlib.suppress(ValueError):
            seen = picture.convert("RGBA")
            ground = Image.new("RGBA", seen.size, (*WHITE, 255))
            picture = Image.alpha_composite(ground, seen)
    return picture.convert("RGB")
