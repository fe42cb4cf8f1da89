import io
from pathlib import Path

import pypdfium2
import pytest
from PIL import Image, ImageDraw

from tests.integration.media.conftest import CleanFile
from tests.support import media
from workers.media.model import Clean, Kind, Limits, MediaRefused, Reason, Role


def look(made: Clean, page: int = 0) -> Image.Image:
    with pypdfium2.PdfDocument(media.content(made.files["clean"])) as opened:
        drawn: Image.Image = opened[page].render(scale=1).to_pil().convert("RGB")
        return drawn


def test_a_scan_becomes_a_pdf_of_pictures(clean_document: Clean) -> None:
    assert clean_document.facts.pages == 2
    assert clean_document.media_type(Role.CLEAN) == "application/pdf"
    content = media.content(clean_document.files["clean"])
    assert content.startswith(b"%PDF-")
    assert media.traces(content) == []
    with pypdfium2.PdfDocument(content) as opened:
        assert opened[0].get_textpage().count_chars() == 0
        assert opened[0].get_size() == pytest.approx((1240, 1754), abs=1), "as large on paper as it was"


@pytest.mark.parametrize("name", ["page.jpg", "page.png", "page.webp", "page.tiff", "page.heic"])
def test_a_photographed_page_is_the_right_way_up_and_says_nothing_more(
    name: str, samples: Path, clean_file: CleanFile
) -> None:
    if name.endswith("heic"):
        import pillow_heif

        pillow_heif.register_heif_opener()
    path = media.photographed_page(samples, name)
    assert media.traces(path.read_bytes()), "the canaries are in the original, or this proves nothing"
    made = clean_file(Kind.DOCUMENT, path)
    assert made.facts.pages == 1
    for file in made.files.values():
        assert media.traces(media.content(file)) == []
    page = look(made)
    assert page.size == pytest.approx((595, 842), abs=2), "the size of A4"
    red, green, _ = page.getpixel((10, 6))  # type: ignore[misc]
    assert red > 150 > green, "the red mark is in the top left corner"


def test_the_poster_shows_the_first_page(clean_document: Clean) -> None:
    poster = Image.open(io.BytesIO(media.content(clean_document.files["poster"])))
    assert (poster.format, max(poster.size)) == ("JPEG", 960)


def test_see_through_parts_are_white_and_grey_stays_grey(samples: Path, clean_file: CleanFile) -> None:
    Image.new("RGBA", (300, 300), (255, 0, 0, 0)).save(samples / "clear.png")
    assert look(clean_file(Kind.DOCUMENT, samples / "clear.png")).getpixel((100, 100)) == (255, 255, 255)
    Image.new("I;16", (300, 300), 32_768).save(samples / "grey.png")
    red, green, blue = look(clean_file(Kind.DOCUMENT, samples / "grey.png")).getpixel((100, 100))  # type: ignore[misc]
    assert red == green == blue
    assert red == pytest.approx(128, abs=3)


def test_pages_of_a_tiff_stay_in_order(samples: Path, clean_file: CleanFile) -> None:
    colours = [(255, 0, 0), (0, 255, 0), (0, 0, 255)]
    first, *others = [Image.new("RGB", (200, 300), colour) for colour in colours]
    first.save(samples / "fax.tiff", save_all=True, append_images=others)
    made = clean_file(Kind.DOCUMENT, samples / "fax.tiff")
    assert made.facts.pages == 3
    for page, colour in enumerate(colours):
        assert look(made, page).getpixel((200, 400)) == pytest.approx(colour, abs=4)


def test_too_many_pages_and_passwords_are_refused(samples: Path, clean_file: CleanFile) -> None:
    with pytest.raises(MediaRefused) as refused:
        clean_file(Kind.DOCUMENT, media.document(samples, "long.pdf", 3), limits=Limits(pages=2))
    assert refused.value.reason is Reason.TOO_MANY_PAGES
    with pytest.raises(MediaRefused) as refused:
        clean_file(Kind.DOCUMENT, media.locked_document(samples))
    assert refused.value.reason is Reason.PASSWORD


def test_pencil_on_a_scan_becomes_readable(samples: Path, clean_file: CleanFile) -> None:
    page = Image.new("RGB", (1240, 1754), (222, 220, 214))
    draw = ImageDraw.Draw(page)
    for top in range(100, 1600, 60):
        draw.line((120, top, 1120, top + 4), fill=(190, 190, 192), width=5)
    page.save(samples / "pencil.png")
    page.save(samples / "pencil.pdf")
    for name in ("pencil.png", "pencil.pdf"):
        seen = look(clean_file(Kind.DOCUMENT, samples / name)).convert("L").tobytes()
        assert 45 < max(seen) - min(seen) < 90
        assert max(seen) < 235, "the paper is not burnt out"


@pytest.mark.parametrize(
    "content",
    [b"PK\x03\x04" + b"\0" * 26 + b"[Content_Types].xml" + b"\0" * 500, b"{\\rtf1\\ansi A letter.}"],
)
def test_a_word_processors_file_is_refused_with_what_to_do(
    content: bytes, samples: Path, clean_file: CleanFile
) -> None:
    (samples / "letter.docx").write_bytes(content)
    with pytest.raises(MediaRefused) as refused:
        clean_file(Kind.DOCUMENT, samples / "letter.docx")
    assert refused.value.reason is Reason.OFFICE
    assert "save it as PDF" in refused.value.public
