"""Fonts to print with, and how a printed page is read."""

import os
import re
import unicodedata
from pathlib import Path

import pypdfium2
import pytest

FOLDER = Path("/usr/share/fonts")
_NEEDED = ("NotoNaskhArabic-Regular.ttf", "NotoSansGurmukhi-Regular.ttf")
_CHINESE = ("DroidSansFallbackFull.ttf", "NotoSansCJK-Regular.ttc")


def fonts_are_there() -> None:
    """Skip the test where the fonts are not installed; in CI it fails."""
    there = {path.name for path in FOLDER.rglob("*")}
    if {*_NEEDED} <= there and {*_CHINESE} & there:
        return
    message = "Fonts are missing: apt-get install fonts-noto-core fonts-droid-fallback"
    if os.environ.get("CI"):
        pytest.fail(message)
    pytest.skip(message)


def pages(pdf: bytes) -> list[str]:
    """The text of each page, in the order in which it is read."""
    document = pypdfium2.PdfDocument(pdf)
    return [page.get_textpage().get_text_range() for page in document]


def words(text: str) -> str:
    """A text without the spaces and line ends that a layout takes and gives."""
    return unicodedata.normalize("NFC", re.sub(r"[\s\u200b\ufffe]+", "", text))


HIDDEN = "Before this was passed on, parts of it were hidden. The person who made it agreed to that."
_RECEIPT = (
    "The code at the foot of each page goes on the receipt, so that your facilitator can record on which day"
    " you were given this. Who wrote it is not told."
)


def body(pdf: bytes, code: str, *, hidden: bool = False) -> str:
    """What is printed beside page numbers, the code, and what a reader is told about it at the end."""
    found = pages(pdf)
    printed = []
    for number, page in enumerate(found, 1):
        foot = words(f"{code} {number} of {len(found)}")
        assert words(page).endswith(foot), f"page {number} has no foot"
        printed.append(words(page).removesuffix(foot))
    end = words((HIDDEN if hidden else "") + _RECEIPT)
    whole = "".join(printed)
    assert whole.endswith(end), "it does not say what the code is for"
    assert (words(HIDDEN) in whole) == hidden
    return whole.removesuffix(end)
