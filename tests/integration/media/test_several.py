"""Several files as one document: order and rotation by hand, through the real sandbox."""

import io
from pathlib import Path

import pypdfium2
import pytest
from PIL import Image

from relay.exchange import pages
from tests.security.sandbox import bombs
from tests.support import media
from tests.support.media import Whole, several
from workers.media.clean import clean
from workers.media.model import Clean, Kind, MediaRefused, Reason

RED, GREEN, BLUE, GREY = (230, 20, 20), (20, 200, 20), (20, 20, 230), (120, 120, 120)
TURNED = {
    0: None,
    90: Image.Transpose.ROTATE_270,
    180: Image.Transpose.ROTATE_180,
    270: Image.Transpose.ROTATE_90,
}
STORED = {
    1: None,
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_90,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_270,
}
"""How a camera that writes this orientation (EXIF 0x0112) has stored an upright picture."""


def corners(picture: Image.Image) -> list[tuple[int, ...]]:
    across, down = picture.size
    places = [(0.1, 0.1), (0.9, 0.1), (0.9, 0.9), (0.1, 0.9)]
    return [picture.getpixel((int(across * x), int(down * y))) for x, y in places]  # type: ignore[misc]


def four_corners() -> Image.Image:
    """Another colour in each corner, clockwise from the top left; taller than wide."""
    picture = Image.new("RGB", (200, 300), (250, 250, 250))
    for colour, place in ((RED, (0, 0)), (GREEN, (100, 0)), (BLUE, (100, 150)), (GREY, (0, 150))):
        picture.paste(colour, (*place, place[0] + 100, place[1] + 150))
    return picture


def moved(picture: Image.Image, way: Image.Transpose | None) -> Image.Image:
    return picture if way is None else picture.transpose(way)


def jpeg(picture: Image.Image, orientation: int = 1) -> bytes:
    exif = Image.Exif()
    exif[0x0112] = orientation
    exif[0x010F] = f"{media.CANARY}-make"
    exif[0x013B] = f"{media.CANARY}-artist"
    exif.get_ifd(0x8825).update({1: "N", 2: (51.0, 30.0, 2.5), 3: "W", 4: (0.0, 7.0, 28.5), 29: "2024:03:05"})
    out = io.BytesIO()
    moved(picture, STORED[orientation]).save(out, "JPEG", exif=exif, quality=92)
    return out.getvalue()


def plain(colour: tuple[int, int, int], form: str = "JPEG", size: tuple[int, int] = (120, 160)) -> bytes:
    out = io.BytesIO()
    Image.new("RGB", size, colour).save(out, form)
    return out.getvalue()


def drawn(made: Clean) -> list[Image.Image]:
    with pypdfium2.PdfDocument(media.content(made.files["clean"])) as opened:
        return [page.render(scale=0.5).to_pil().convert("RGB") for page in opened]


def cleaned(content: bytes) -> list[Image.Image]:
    with clean(Kind.DOCUMENT, Whole(content)) as made:
        found = drawn(made)
        for file in made.files.values():
            assert media.traces(media.content(file)) == []
        assert made.facts.pages == len(found)
        return found


def refused(content: bytes) -> Reason:
    with pytest.raises(MediaRefused) as error:
        cleaned(content)
    return error.value.reason


def test_every_turn_comes_on_top_of_what_the_camera_says() -> None:
    wanted = [(orientation, turn) for orientation in STORED for turn in TURNED]
    files = [(jpeg(four_corners(), orientation), turn) for orientation, turn in wanted]
    assert media.traces(several(*files)), "the canaries are in the original, or this proves nothing"
    found = cleaned(several(*files))
    for (orientation, turn), page in zip(wanted, found, strict=True):
        expected = moved(four_corners(), TURNED[turn])
        assert (page.width > page.height) == (expected.width > expected.height)
        for seen, meant in zip(corners(page), corners(expected), strict=True):
            assert seen == pytest.approx(meant, abs=40), (orientation, turn)


def test_the_order_is_the_authors() -> None:
    colours = [(25 * number, 250 - 25 * number, 100) for number in (3, 1, 9, 0, 5)]
    found = cleaned(several(*[(plain(colour), 0) for colour in colours], filling=1000))
    for page, colour in zip(found, colours, strict=True):
        assert corners(page)[0] == pytest.approx(colour, abs=8)


def test_kinds_can_be_mixed_and_a_file_brings_all_of_its_pages(tmp_path: Path) -> None:
    first, *others = [Image.new("RGB", (100, 140), colour) for colour in (RED, GREEN)]
    first.save(tmp_path / "fax.tiff", save_all=True, append_images=others)
    four_corners().save(
        tmp_path / "scan.pdf", save_all=True, append_images=[Image.new("RGB", (100, 100), GREY)]
    )
    heic = media.photographed_page(tmp_path, "page.heic") if _heic() else None
    files = [
        (plain(BLUE, "PNG"), 0),
        ((tmp_path / "fax.tiff").read_bytes(), 90),
        ((tmp_path / "scan.pdf").read_bytes(), 270),
        (plain(GREEN, "WEBP"), 180),
        *([(heic.read_bytes(), 0)] if heic else []),
    ]
    found = cleaned(several(*files))
    seen = [corners(page)[0] for page in found]
    meant = [
        BLUE,
        RED,
        GREEN,
        GREEN,
        GREY,
        GREEN,
    ]  # the scan's own top right corner is on the left after a turn
    for one, other in zip(seen, meant, strict=False):
        assert one == pytest.approx(other, abs=40)
    assert len(found) == len(files) + 2
    assert found[3].width > found[3].height


def _heic() -> bool:
    import pillow_heif

    pillow_heif.register_heif_opener()
    return True


def test_sixty_pages_are_taken_and_sixty_one_refused(tmp_path: Path) -> None:
    page = (plain(RED, size=(20, 30)), 0)
    assert len(cleaned(several(*[page] * pages.MOST))) == pages.MOST
    assert refused(several(*[page] * (pages.MOST + 1))) is Reason.TOO_MANY_PAGES
    scan = (media.document(tmp_path, pages=2).read_bytes(), 0)
    assert len(cleaned(several(scan, *[page] * (pages.MOST - 2)))) == pages.MOST
    assert refused(several(*[page] * (pages.MOST - 1), scan)) is Reason.TOO_MANY_PAGES
    assert refused(several(scan, *[page] * (pages.MOST - 1))) is Reason.TOO_MANY_PAGES


GOOD = (plain(RED), 0)


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (several(GOOD, (b"this is no picture", 0), GOOD), Reason.UNSUPPORTED),
        (several(GOOD, (plain(BLUE)[:600], 0)), Reason.DAMAGED),
        (several(GOOD, (several(GOOD, GOOD), 0)), Reason.UNSUPPORTED),
        (several(GOOD, (pages.MARK, 0)), Reason.UNSUPPORTED),
        (several(GOOD, (b"\0\0\0\x20ftypisom" + bytes(100), 0)), Reason.UNSUPPORTED),
        (several(GOOD, GOOD)[:-1], Reason.DAMAGED),
        (several(GOOD, GOOD)[: len(several(GOOD))], Reason.DAMAGED),
        (several(GOOD, GOOD) + b"\0", Reason.DAMAGED),
        (several(), Reason.DAMAGED),
        (several((b"", 0)), Reason.DAMAGED),
        (several(GOOD, (b"", 0), GOOD), Reason.DAMAGED),
        (several((GOOD[0], 45)), Reason.DAMAGED),
        (several((GOOD[0], 2**32 - 90)), Reason.DAMAGED),
        (pages.MARK, Reason.DAMAGED),
        (pages.MARK + pages.END, Reason.DAMAGED),
        (pages.MARK + pages.index([pages.Part(8, 0)]), Reason.DAMAGED),
        (pages.MARK + GOOD[0] + pages.index([pages.Part(2**63, 0)]), Reason.DAMAGED),
        (pages.MARK + GOOD[0] + pages.index([pages.Part(len(GOOD[0]) + 1, 0)]), Reason.DAMAGED),
        (pages.MARK + GOOD[0] + b"\xff\xff\xff\xff" + pages.END, Reason.TOO_MANY_PAGES),
        (pages.MARK + GOOD[0] + b"\x3c\0\0\0" + pages.END, Reason.DAMAGED),
        (several(GOOD, (bombs.pixel_bomb(), 0)), Reason.TOO_MANY_PIXELS),
    ],
)
def test_one_that_cannot_be_taken_refuses_all_of_them(content: bytes, reason: Reason) -> None:
    assert refused(content) is reason


def test_a_bomb_of_nested_forms_among_them_is_stopped(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("workers.media.document._PROCESSOR_SECONDS", 2)
    monkeypatch.setattr("workers.media.document._SECONDS_PER_PAGE", 0)
    assert refused(several(GOOD, (bombs.form_bomb(), 90), GOOD)) is Reason.OUT_OF_TIME


def test_a_pdf_in_a_container_in_a_container_is_not_found(tmp_path: Path) -> None:
    scan = media.document(tmp_path).read_bytes()
    assert len(cleaned(several((scan, 0)))) == 2
    assert refused(several(GOOD, (several((scan, 0)), 0))) is Reason.UNSUPPORTED


def test_a_locked_pdf_among_them_is_said_to_be_locked(tmp_path: Path) -> None:
    assert refused(several(GOOD, (media.locked_document(tmp_path).read_bytes(), 0))) is Reason.PASSWORD


@pytest.mark.parametrize("kind", [Kind.AUDIO, Kind.VIDEO])
def test_it_is_no_recording(kind: Kind) -> None:
    with pytest.raises(MediaRefused) as error:
        clean(kind, Whole(several(GOOD)))
    assert error.value.reason is Reason.WRONG_KIND


def test_the_filling_is_not_looked_at() -> None:
    content = pages.MARK + GOOD[0] + plain(BLUE) + pages.index([pages.Part(len(GOOD[0]), 0)])
    [page] = cleaned(content)
    assert corners(page)[0] == pytest.approx(RED, abs=8)
