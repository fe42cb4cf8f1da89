"""One photograph is one page: the one that its author saw, the way up that they saw it."""

import io
import struct
from pathlib import Path

import pillow_heif
import pypdfium2
import pytest
from PIL import Image, TiffImagePlugin

from tests.integration.media.conftest import CleanFile
from tests.support import media
from workers.media.model import Kind

RED, GREEN, BLUE = (255, 0, 0), (0, 255, 0), (0, 0, 255)
SIZE = (200, 300)
SUBFILE, SMALLER_COPY, SEEN_THROUGH = 254, 1, 4


def plain(colour: tuple[int, int, int], size: tuple[int, int] = SIZE) -> Image.Image:
    return Image.new("RGB", size, colour)


def pages(content: bytes, samples: Path, clean_file: CleanFile) -> list[Image.Image]:
    """Each page of what becomes of it, as it is drawn."""
    path = samples / "photograph"
    path.write_bytes(content)
    made = clean_file(Kind.DOCUMENT, path)
    with pypdfium2.PdfDocument(media.content(made.files["clean"])) as opened:
        assert made.facts.pages == len(opened)
        return [page.render(scale=1).to_pil().convert("RGB") for page in opened]


def colours(content: bytes, samples: Path, clean_file: CleanFile) -> list[tuple[int, ...]]:
    """The colour in the middle of each page, of those that have but one of red, green and blue."""
    middles = [
        page.getpixel((page.width // 2, page.height // 2)) for page in pages(content, samples, clean_file)
    ]
    return [tuple(255 if part > 128 else 0 for part in middle) for middle in middles]  # type: ignore[union-attr]


def heif(*pictures: Image.Image, primary: int = 0) -> bytes:
    written = io.BytesIO()
    made = pillow_heif.HeifFile()  # type: ignore[no-untyped-call]
    for picture in pictures:
        made.add_from_pillow(picture)
    made.save(written, primary_index=primary)
    return written.getvalue()


def mpo(*pictures: Image.Image) -> bytes:
    """A photograph with previews behind it, as cameras and phones write it."""
    written = io.BytesIO()
    pictures[0].save(written, "MPO", save_all=True, append_images=pictures[1:])
    return written.getvalue()


def tiff(*pictures: tuple[Image.Image, int]) -> bytes:
    """Pictures, each with what it says that it is for."""
    written = io.BytesIO()
    with TiffImagePlugin.AppendingTiffWriter(written) as made:
        for picture, use in pictures:
            picture.save(made, "TIFF", tiffinfo={SUBFILE: use})
            made.newFrame()
    return written.getvalue()


def turned_heif(picture: Image.Image, turn: int) -> bytes:
    """A HEIC whose own property says by how many degrees with the clock it is to be turned.

    pillow-heif writes none, so it is put in behind the others: ISO/IEC 23008-12, 6.5.10.
    """
    content, added = heif(picture), struct.pack(">I4sB", 9, b"irot", (360 - turn) // 90 % 4)
    uses = content.index(b"ipma") + 4 + 4 + 4 + 2
    count = content[uses]
    properties = content[uses + 1 : uses + 1 + count] + bytes([0x80 | (count + 1)])
    after = content[uses + 1 + count :]
    grown = bytearray(content[: uses - 18] + added + content[uses - 18 : uses])
    grown += bytes([count + 1]) + properties + after
    for box, more in ((b"meta", 10), (b"iprp", 10), (b"ipco", 9), (b"ipma", 1)):
        place = grown.index(box) - 4
        grown[place : place + 4] = struct.pack(">I", struct.unpack_from(">I", grown, place)[0] + more)
    picture_at = grown.index(b"iloc") + 4 + 4 + 2 + 2 + 2 + 2  # of the one item that there is
    grown[picture_at : picture_at + 4] = struct.pack(
        ">I", struct.unpack_from(">I", grown, picture_at)[0] + 10
    )
    return bytes(grown)


def test_of_several_pictures_in_a_heic_it_is_the_one_that_opens(samples: Path, clean_file: CleanFile) -> None:
    content = heif(plain(RED), plain(GREEN), plain(BLUE), primary=1)
    assert colours(content, samples, clean_file) == [GREEN]


def test_previews_in_a_jpeg_are_no_pages(samples: Path, clean_file: CleanFile) -> None:
    content = mpo(plain(RED), plain(GREEN, (100, 150)))
    with Image.open(io.BytesIO(content)) as opened:
        assert opened.format == "MPO", "it has several, or this proves nothing"
    assert colours(content, samples, clean_file) == [RED]


@pytest.mark.parametrize("use", [SMALLER_COPY, SEEN_THROUGH])
@pytest.mark.parametrize("first", [True, False])
def test_a_smaller_copy_in_a_tiff_is_no_page(
    use: int, samples: Path, clean_file: CleanFile, *, first: bool
) -> None:
    page, copy = (plain(RED), 0), (plain(GREEN, (50, 75)), use)
    content = tiff(copy, page) if first else tiff(page, copy)
    assert colours(content, samples, clean_file) == [RED]


def test_pages_of_a_tiff_are_all_there(samples: Path, clean_file: CleanFile) -> None:
    one_of_several = 2
    every = tiff((plain(RED), 0), (plain(GREEN), one_of_several), (plain(BLUE), one_of_several))
    assert colours(every, samples, clean_file) == [RED, GREEN, BLUE]
    alone = tiff((plain(BLUE), SMALLER_COPY))
    assert colours(alone, samples, clean_file) == [BLUE], "a copy of nothing is what there is"


@pytest.mark.parametrize(
    ("turn", "corner"), [(0, "top left"), (90, "top right"), (180, "bottom right"), (270, "bottom left")]
)
def test_a_heic_that_is_to_be_turned_is_turned(
    turn: int, corner: str, samples: Path, clean_file: CleanFile
) -> None:
    drawn = plain((250, 250, 250), (300, 200))
    drawn.paste(RED, (0, 0, 60, 60))
    (page,) = pages(turned_heif(drawn, turn), samples, clean_file)
    assert (page.width > page.height) is (turn % 180 == 0)
    right, bottom = page.width - 20, page.height - 20
    places = {
        "top left": (20, 20),
        "top right": (right, 20),
        "bottom right": (right, bottom),
        "bottom left": (20, bottom),
    }
    red = [name for name, place in places.items() if page.getpixel(place)[1] < 128]  # type: ignore[index]
    assert red == [corner]
