"""Child: turns the pages of a PDF or of a photograph into plain pixels. It alone sees the hostile document.

Descriptors: 3 the document, 4 the pixels, 5 the answer. Each page goes out as HEADER and three bytes a
pixel; HEADER of zeros ends them. A child imports nothing of ours: the layouts are written again where they
are read, and tests compare.
"""

import contextlib
import ctypes
import mmap
import os
import struct
import warnings
from collections.abc import Iterator

import pillow_heif
import pypdfium2
from PIL import (
    Image,
    ImageOps,
    ImageSequence,
    UnidentifiedImageError,
)

FILE, PIXELS_TO, ANSWER_TO = 3, 4, 5
HEADER = struct.Struct("<IIIIII")
"""Width, height in pixels; the same on paper in points (0: unknown); number of this page, of all."""
ANSWER = struct.Struct("<BI")

DONE, DAMAGED, PASSWORD, TOO_MANY_PAGES, TOO_MANY_PIXELS, NO_PAGES, UNSUPPORTED = range(7)
FORMATS = ("JPEG", "PNG", "TIFF", "WEBP", "HEIF")
LONGEST_SIDE = 3508
"""A4 at 300 dots an inch: a photograph larger than that shows the table, not the writing."""
POINTS = 72
LARGEST_PAPER = 14_400
WHITE = (255, 255, 255)
SIXTEEN_BITS_TO_EIGHT = 255 / 65_535

pillow_heif.register_heif_opener(thumbnails=False)
Image.init()


class Refused(Exception):
    """Carries a status."""

    def __init__(self, status: int) -> None:
        super().__init__()
        self.status = status


def main(most_pages: int, most_pixels: int, dots_per_inch: int) -> None:
    """Write all pages, or answer why not."""
    Image.MAX_IMAGE_PIXELS = most_pixels
    warnings.simplefilter("error", Image.DecompressionBombWarning)
    pages = 0
    try:
        for page in read(most_pages, most_pixels, dots_per_inch):
            send(page)
            pages += 1
        status = DONE if pages else NO_PAGES
        send(HEADER.pack(*(0,) * 6))
    except Refused as refused:
        status = refused.status
    except (Image.DecompressionBombError, Image.DecompressionBombWarning):
        status = TOO_MANY_PIXELS
    except UnidentifiedImageError:
        status = UNSUPPORTED
    except (pypdfium2.PdfiumError, OSError, ValueError, ArithmeticError, SyntaxError, MemoryError, EOFError):
        status = DAMAGED
    os.write(ANSWER_TO, ANSWER.pack(status, pages))


def send(data: bytes) -> None:
    """Write all of it into the pipe."""
    view = memoryview(data)
    while view:
        view = view[os.write(PIXELS_TO, view) :]


def read(most_pages: int, most_pixels: int, dots_per_inch: int) -> Iterator[bytes]:
    """The pages, each a header and its pixels."""
    if b"%PDF-" in os.pread(FILE, 1024, 0):
        yield from read_pdf(most_pages, dots_per_inch)
    else:
        yield from read_pictures(most_pages, most_pixels)


def read_pdf(most_pages: int, dots_per_inch: int) -> Iterator[bytes]:
    """Every page on white, as large as it says, up to the longest side."""
    mapped = mmap.mmap(FILE, 0, access=mmap.ACCESS_COPY)
    untrusted = (ctypes.c_ubyte * len(mapped)).from_buffer(mapped)
    try:
        document = pypdfium2.PdfDocument(untrusted)
    except pypdfium2.PdfiumError as error:
        locked = pypdfium2.raw.FPDF_GetLastError() == pypdfium2.raw.FPDF_ERR_PASSWORD
        raise Refused(PASSWORD if locked else DAMAGED) from error
    total = len(document)
    if total > most_pages:
        raise Refused(TOO_MANY_PAGES)
    for number in range(total):
        page = document[number]
        across, down = page.get_size()
        if not (0 < across < LARGEST_PAPER and 0 < down < LARGEST_PAPER):
            raise Refused(DAMAGED)
        scale = min(dots_per_inch / POINTS, LONGEST_SIDE / max(across, down))
        bitmap = page.render(scale=scale, may_draw_forms=False, rev_byteorder=True)
        picture = bitmap.to_pil().convert("RGB")
        yield HEADER.pack(*picture.size, round(across), round(down), number + 1, total) + picture.tobytes()
        bitmap.close()
        page.close()


def read_pictures(most_pages: int, most_pixels: int) -> Iterator[bytes]:
    """Every picture of the file (a TIFF may hold many), the right way up, on white."""
    with Image.open(os.fdopen(FILE, "rb", closefd=False), formats=FORMATS) as opened:
        total = getattr(opened, "n_frames", 1)
        if opened.format in {"PNG", "WEBP", "HEIF"}:
            total = 1  # pictures that move, or a burst: the first is what the author saw
        if total > most_pages:
            raise Refused(TOO_MANY_PAGES)
        for number, frame in enumerate(ImageSequence.Iterator(opened), 1):
            if frame.width * frame.height > most_pixels:
                raise Refused(TOO_MANY_PIXELS)
            picture = flatten(ImageOps.exif_transpose(frame))
            picture.thumbnail((LONGEST_SIDE, LONGEST_SIDE), Image.Resampling.LANCZOS)
            yield HEADER.pack(*picture.size, 0, 0, number, total) + picture.tobytes()
            if number == total:
                return


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
