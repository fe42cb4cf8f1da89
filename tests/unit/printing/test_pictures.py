"""Scanned pages on paper: the very pictures, with a margin that holds the code, and nothing lies on them."""

import ctypes
import io
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import img2pdf
import pypdfium2
import pypdfium2.raw as pdfium
import pytest
from PIL import Image

from relay.exchange.scans import scanned
from relay.printing import pictures, press
from relay.printing.model import PressBroken, Printed, ScannedPage, Size
from relay.web.shared.contents import Text
from tests.support.paper import FOLDER, body, fonts_are_there, pages, words

CODE = "Receipt 7KX3-9QFM"
PAPERS = ((595, 842), (842, 595), (298, 421), (1191, 1684), (100, 3000))
"""In points: A4, A4 turned, A6, A2, a strip of paper."""
BEHIND = "This is not what was passed on: the pages before it are."


@pytest.fixture(autouse=True)
def _fonts() -> None:
    fonts_are_there()


@pytest.fixture(scope="module")
def jpegs() -> list[bytes]:
    made = []
    for across, down in PAPERS:
        out = io.BytesIO()
        Image.effect_noise((across // 2, down // 2), 40).convert("RGB").save(out, "JPEG", quality=85)
        made.append(out.getvalue())
    return made


@pytest.fixture(scope="module")
def document(jpegs: list[bytes]) -> bytes:
    """As a worker binds it."""
    papers = iter(PAPERS)

    def layout(*_: Any) -> tuple[int, int, int, int]:
        across, down = next(papers)
        return across, down, across, down

    made = img2pdf.convert(jpegs, layout_fun=layout, engine=img2pdf.Engine.internal, nodate=True)
    assert isinstance(made, bytes)
    return made


async def printed(document: bytes, size: Size = Size.NORMAL, **more: str) -> Printed:
    @contextmanager
    def source() -> Iterator[Text]:
        yield Text(document)

    found = [*scanned(Text(document))]
    return await press.document(found, source, code=CODE, size=size, folder=FOLDER, **more)


def drawn(page: pypdfium2.PdfPage) -> pypdfium2.PdfImage:
    """The one picture on a page."""
    [picture] = [one for one in page.get_objects() if isinstance(one, pypdfium2.PdfImage)]
    return picture


def raw(picture: pypdfium2.PdfImage) -> bytes:
    size = pdfium.FPDFImageObj_GetImageDataRaw(picture, None, 0)
    room = (ctypes.c_ubyte * size)()
    pdfium.FPDFImageObj_GetImageDataRaw(picture, room, size)
    return bytes(room)


async def test_each_page_is_the_picture_that_was_reviewed_with_the_code_and_a_number(
    document: bytes, jpegs: list[bytes]
) -> None:
    done = await printed(document)
    found = pypdfium2.PdfDocument(done.pdf)
    assert done.pages == len(found) == len(PAPERS) + 1
    assert body(done.pdf, CODE) == ""
    assert [raw(drawn(page)) for page in [*found][:-1]] == jpegs


async def test_a_page_is_as_large_as_it_was_or_smaller_and_nothing_lies_on_it(document: bytes) -> None:
    found = pypdfium2.PdfDocument((await printed(document, Size.LARGE)).pdf)
    a4 = (595, 842)
    for (across, down), page in zip(PAPERS, found, strict=False):
        paper = page.get_size()
        assert tuple(map(round, paper)) == (a4 if across <= down else a4[::-1])
        left, bottom, right, top = drawn(page).get_bounds()
        shown = (right - left, top - bottom)
        assert shown[0] / shown[1] == pytest.approx(across / down, rel=0.01)
        assert shown[0] <= across + 1
        if max(across, down) < 500:
            assert shown[0] == pytest.approx(across, abs=1), "smaller ones are not made larger"
        else:
            assert shown[1] > (700 if across <= down else 500), "it fills what there is"
        assert left >= 28
        assert right <= paper[0] - 28
        text = page.get_textpage()
        boxes = [text.get_charbox(index, loose=True) for index in range(text.count_chars())]
        assert max(box[3] for box in boxes) <= bottom
        assert min(box[1] for box in boxes) >= 14


async def test_what_is_written_out_stands_behind_the_pages_as_that(document: bytes) -> None:
    text = "Dear you,\nمجھے افسوس ہے\nI was seventeen."
    alone = "".join(pages((await printed(document)).pdf))
    assert words(BEHIND) not in words(alone)
    done = await printed(document, Size.LARGE, written=text)
    *before, last = pages(done.pdf)
    assert len(before) == len(PAPERS)
    assert words(last).index(words(BEHIND)) < words(last).index(words(text))
    assert words(text) not in words("".join(before))


async def test_the_typesetter_is_told_nothing_of_what_is_on_the_pages(
    document: bytes, jpegs: list[bytes], monkeypatch: pytest.MonkeyPatch
) -> None:
    given: list[dict[str, Any]] = []
    setting = press._press

    def listen(sheet: str, folder: Any, families: Any, data: dict[str, Any]) -> Printed:
        given.append(data)
        return setting(sheet, folder, families, data)

    monkeypatch.setattr(press, "_press", listen)
    await printed(document)
    [data] = given
    marks = [bytes(one["mark"]) for one in data["pages"]]
    assert marks == [pictures.mark(number) for number in range(1, len(jpegs) + 1)]
    assert all(one.keys() == {"mark", "across", "down", "flipped"} for one in data["pages"])


async def test_nothing_is_printed_where_a_page_has_no_place_or_two(document: bytes) -> None:
    marked = [
        {"mark": [*pictures.mark(number)], "across": 100, "down": 100, "flipped": False} for number in (1, 2)
    ]
    data = {"points": 14, "fonts": ("Noto Sans",), "code": CODE, "written": (), "told": "", "pages": marked}
    sheet = press._press("document", FOLDER, ("Noto Sans",), data).pdf

    @contextmanager
    def source() -> Iterator[Text]:
        yield Text(document)

    put: list[ScannedPage] = [*scanned(Text(document))][:2]
    assert b"page 00000" not in pictures.filled(sheet, put, source)
    twice = sheet.replace(b"page 000002", b"page 000001")
    for broken, wanted in ((sheet, [*put, put[0]]), (twice, put[:1]), (sheet[:-40], put)):
        with pytest.raises(PressBroken):
            pictures.filled(broken, wanted, source)
