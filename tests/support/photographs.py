"""Photographs of pages that tell their number, and what number each page of a document tells."""

import io

import pypdfium2
from PIL import Image

from tests.support.media import CANARY
from tests.support.web import Exchange

_STEP = 20


def photograph(number: int, orientation: int = 1, size: tuple[int, int] = (160, 120)) -> bytes:
    """Grey that tells its number (up to 12), wider than tall as the sensor sees it, a name in its EXIF."""
    exif = Image.Exif()
    exif[0x0112] = orientation
    exif[0x013B] = f"{CANARY}-{number}"
    out = io.BytesIO()
    Image.new("RGB", size, (_STEP * number,) * 3).save(out, "JPEG", exif=exif)
    return out.getvalue()


async def pages_of(exchange: Exchange, item_id: str) -> list[tuple[int, bool]]:
    """The pages that a reviewer gets: the number that each tells, and whether it stands upright."""
    clean = await exchange.desk.api("GET", f"/items/{item_id}/rendition")
    assert clean.status_code == 200, await exchange.victim.ask(f"/items/{item_id}")
    assert CANARY.encode() not in clean.content
    return pages_in(clean.content)


def pages_in(document: bytes) -> list[tuple[int, bool]]:
    """The pages of a PDF: the number that each tells, and whether it stands upright."""
    with pypdfium2.PdfDocument(document) as opened:
        drawn = [page.render(scale=0.2).to_pil().convert("L") for page in opened]
    return [(round(one.getpixel((50, 50)) / _STEP), one.height > one.width) for one in drawn]
