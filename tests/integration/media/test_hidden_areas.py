"""Areas of a page are black in the pixels of the result, and nothing else of the page has changed."""

import io
from pathlib import Path

import numpy as np
import pikepdf
import pypdfium2
import pytest
from PIL import Image, ImageDraw

from relay.exchange.edits import Area, Edits
from tests.integration.media.conftest import CleanFile
from tests.support import media
from workers.media.model import Clean, Kind, MediaRefused, Reason

PARTS = 10_000


def area(page: int, left: int, top: int, right: int, bottom: int) -> Edits:
    return Edits(areas=(Area(page=page, left=left, top=top, right=right, bottom=bottom),))


def pixels(made: Clean, page: int) -> np.ndarray:
    """The picture that is the page, decoded, in grey."""
    with pypdfium2.PdfDocument(media.content(made.files["clean"])) as opened:
        (picture,) = opened[page].get_objects()
        drawn = picture.get_bitmap().to_pil().convert("L")
    return np.asarray(drawn, np.int16)


def inside(shape: tuple[int, ...], edits: Edits) -> np.ndarray:
    """Which pixels of a page lie in an area."""
    (each,) = edits.areas
    marked = np.zeros(shape, bool)
    rows = slice(each.top * shape[0] // PARTS, -(-each.bottom * shape[0] // PARTS))
    marked[rows, each.left * shape[1] // PARTS : -(-each.right * shape[1] // PARTS)] = True
    return marked


@pytest.mark.parametrize("name", ["hidden.pdf", "hidden.jpg", "hidden.png", "hidden.tiff", "hidden.webp"])
def test_an_area_is_black_and_the_rest_is_as_it_was(name: str, samples: Path, clean_file: CleanFile) -> None:
    path = media.document(samples, name) if name == "hidden.pdf" else media.photographed_page(samples, name)
    edits = area(1, 1234, 2345, 5678, 3456)
    before, after = clean_file(Kind.DOCUMENT, path), clean_file(Kind.DOCUMENT, path, edits=edits)
    was, is_now = pixels(before, 0), pixels(after, 0)
    hidden = inside(is_now.shape, edits)
    assert was[hidden].mean() > 150, "something was there"
    deep = inside(is_now.shape, area(1, 1350, 2450, 5550, 3350))
    assert is_now[deep].max() == 0
    assert is_now[hidden].mean() < 1, "at the edge is what JPEG spreads of the page beside it"
    near = inside(is_now.shape, area(1, 900, 2100, 6000, 3700))
    assert np.array_equal(was[~near], is_now[~near]), "not a pixel of the rest has changed"
    # JPEG adds a little in the blocks that the edge goes through
    assert np.abs(was[near & ~hidden] - is_now[near & ~hidden]).mean() < 12


def test_only_the_page_that_was_named_is_touched(samples: Path, clean_file: CleanFile) -> None:
    path = media.document(samples, "three.pdf", 3)
    before = clean_file(Kind.DOCUMENT, path)
    after = clean_file(Kind.DOCUMENT, path, edits=area(2, 0, 0, PARTS, PARTS))
    assert pixels(after, 1).max() == 0
    assert all(np.array_equal(pixels(before, page), pixels(after, page)) for page in (0, 2))


def test_the_poster_shows_the_page_with_its_black_area(samples: Path, clean_file: CleanFile) -> None:
    made = clean_file(Kind.DOCUMENT, media.document(samples), edits=area(1, 0, 0, PARTS, PARTS))
    assert np.asarray(Image.open(io.BytesIO(media.content(made.files["poster"])))).max() == 0


def test_no_text_and_no_small_picture_is_left_under_it(samples: Path, clean_file: CleanFile) -> None:
    path = samples / "layers.pdf"
    with pikepdf.open(media.document(samples, "scanned.pdf", 1)) as pdf:
        page = pdf.pages[0]
        page["/Thumb"] = pdf.make_stream(b"\xff" * 300, Width=10, Height=10, BitsPerComponent=8)
        words = b"BT /F1 40 Tf 3 Tr 200 1200 Td (canary-7Qx9-under) Tj ET"
        font = pikepdf.Dictionary(Type=pikepdf.Name.Font, Subtype=pikepdf.Name.Type1)
        font["/BaseFont"] = pikepdf.Name.Helvetica
        page.contents_add(words)
        page.Resources["/Font"] = pikepdf.Dictionary(F1=pdf.make_indirect(font))
        pdf.save(path)
    with pypdfium2.PdfDocument(path) as opened:
        assert "canary-7Qx9-under" in opened[0].get_textpage().get_text_range(), "or this proves nothing"
    made = clean_file(Kind.DOCUMENT, path, edits=area(1, 0, 0, PARTS, PARTS))
    content = media.content(made.files["clean"])
    assert media.traces(content) == []
    with pikepdf.open(io.BytesIO(content)) as pdf:
        assert "/Thumb" not in pdf.pages[0]
        assert len(pdf.pages[0].get_images()) == 1
    with pypdfium2.PdfDocument(content) as opened:
        assert opened[0].get_textpage().count_chars() == 0


def test_a_page_that_is_not_there_is_refused(samples: Path, clean_file: CleanFile) -> None:
    with pytest.raises(MediaRefused) as refused:
        clean_file(Kind.DOCUMENT, media.document(samples), edits=area(3, 0, 0, PARTS, PARTS))
    assert refused.value.reason is Reason.NO_SUCH_PAGE
    assert "Please check the numbers" in refused.value.public


def test_an_area_does_not_take_the_help_from_faint_writing(samples: Path, clean_file: CleanFile) -> None:
    page = Image.new("RGB", (1240, 1754), (222, 220, 214))
    draw = ImageDraw.Draw(page)
    for top in range(100, 1600, 60):
        draw.line((120, top, 1120, top + 4), fill=(190, 190, 192), width=5)
    page.save(samples / "faint.png")
    edits = area(1, 0, 9000, PARTS, PARTS)
    plain = pixels(clean_file(Kind.DOCUMENT, samples / "faint.png"), 0)[:1500]
    hidden = pixels(clean_file(Kind.DOCUMENT, samples / "faint.png", edits=edits), 0)[:1500]
    assert np.array_equal(plain, hidden)


def test_five_hundred_areas_down_to_a_single_pixel(samples: Path, clean_file: CleanFile) -> None:
    thin = tuple(
        Area(page=1, left=20 * n, top=20 * n, right=20 * n + 1, bottom=20 * n + 1) for n in range(500)
    )
    made = pixels(clean_file(Kind.DOCUMENT, media.document(samples), edits=Edits(areas=thin)), 0)
    assert all(
        made[20 * n * made.shape[0] // PARTS, 20 * n * made.shape[1] // PARTS] < 60 for n in range(500)
    )
