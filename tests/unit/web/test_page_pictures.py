"""A page of a document is a stretch of the file that is a JPEG; nothing else is ever served as one."""

import io
from collections.abc import Iterator
from itertools import pairwise
from random import Random
from typing import cast
from uuid import uuid4

import img2pdf
import pytest
from PIL import Image

from relay.errors import Missing
from relay.exchange.model import RELEASED_TYPES, Content
from relay.house import House
from relay.vault.suite import DataKey
from relay.web.shared.contents import Text, page_answer
from relay.web.shared.page_pictures import Picture

WIDTHS = (120, 80, 160, 100)


def jpeg(width: int) -> bytes:
    out = io.BytesIO()
    Image.effect_noise((width, 50), 60).convert("RGB").save(out, "JPEG")
    return out.getvalue()


@pytest.fixture(scope="module")
def pages() -> list[bytes]:
    return [jpeg(width) for width in WIDTHS]


@pytest.fixture(scope="module")
def document(pages: list[bytes]) -> bytes:
    """As a worker binds it."""
    bound = img2pdf.convert(pages, engine=img2pdf.Engine.internal, nodate=True)
    assert isinstance(bound, bytes)
    return bound


def test_each_page_is_its_jpeg_in_order(document: bytes, pages: list[bytes]) -> None:
    for number, page in enumerate(pages, 1):
        picture = Picture(Text(document), number)
        assert picture.plaintext_size == len(page)
        assert b"".join(map(bytes, picture.ranges())) == page
        assert b"".join(map(bytes, picture.ranges(10, 20))) == page[10:20]


@pytest.mark.parametrize("number", [-1, 0, 5, 2**31, 10**30])
def test_there_are_no_other_pages(document: bytes, number: int) -> None:
    with pytest.raises(Missing):
        Picture(Text(document), number)


@pytest.mark.parametrize("media_type", sorted(RELEASED_TYPES - {"application/pdf"}))
def test_nothing_but_a_document_has_pages(media_type: str) -> None:
    """Whatever is in it: it is not even opened."""
    content = Content(
        object_id=uuid4(), key=DataKey.generate(), commitment=bytes(32), media_type=media_type, size=9
    )
    with pytest.raises(Missing):
        page_answer(cast("House", None), content, 1)


def test_the_stretches_of_all_pages_are_the_whole_document_and_nothing_twice(document: bytes) -> None:
    pictures = [Picture(Text(document), number) for number in range(1, len(WIDTHS) + 1)]
    stretches = [picture.stretch(0, picture.plaintext_size) for picture in pictures]
    assert (stretches[0].start, stretches[-1].stop) == (0, len(document))
    assert all(one.stop == after.start for one, after in pairwise(stretches))


def test_a_part_of_a_picture_counts_for_that_part(document: bytes, pages: list[bytes]) -> None:
    for number, page in enumerate(pages, 1):
        picture = Picture(Text(document), number)
        start, stop = picture.stretch(10, 20)
        assert document[start:stop] == page[10:20]
        begin, end = picture.stretch(0, 20), picture.stretch(20, len(page))
        assert (begin.start, end.stop) == picture.stretch(0, len(page))
        assert document[begin.start : begin.stop].endswith(page[:20])
        assert begin.stop == end.start


def test_pictures_that_lie_over_one_another_are_none(document: bytes) -> None:
    first = Picture(Text(document), 1).plaintext_size
    longer = document.replace(b"/Length %d" % first, b"/Length %d" % (first + 2000), 1)
    assert longer != document
    with pytest.raises(Missing):
        Picture(Text(longer), 2)
    with pytest.raises(Missing):
        Picture(Text(longer), 1)


def damages(document: bytes) -> Iterator[bytes]:
    chance = Random(5)  # noqa: S311 - where to damage
    for _ in range(300):
        new = bytearray(document)
        for _ in range(8):
            new[-1 - chance.randrange(1500)] = chance.randrange(256)
        yield bytes(new)
    for cut in range(0, len(document), 211):
        yield document[:cut]


def test_a_damaged_table_gives_a_stretch_of_the_file_or_nothing(document: bytes) -> None:
    given = 0
    for damaged in damages(document):
        try:
            picture = Picture(Text(damaged), 1)
        except Missing:
            continue
        given += 1
        assert len(b"".join(map(bytes, picture.ranges()))) == picture.plaintext_size <= len(damaged)
    assert given
