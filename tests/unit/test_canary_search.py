"""The search that the canary test relies on finds what it should, in every form, and nothing else."""

import base64
import gzip
import io
import os
import zipfile
import zlib

import pytest

from tests.support.canaries import Searcher, Secret, forms
from tests.support.places import without_page_heads

SECRET = Secret("a name", "Żaneta Łąkowska-7f3a".encode())


def test_a_secret_is_found_in_every_form_wherever_it_lies() -> None:
    searcher = Searcher([SECRET])
    for form, pattern in forms(SECRET.value):
        for before in (b"", b"x", os.urandom(70_001)):
            found = searcher.in_bytes(before + pattern + b"after", "here")
            assert found, form
            assert {one.name for one in found} == {"a name"}


@pytest.mark.parametrize("before", [b"", b"a", b"ab", b"abc"])
@pytest.mark.parametrize("after", [b"", b"z", b"zz"])
def test_base64_is_found_whatever_stands_around_it(before: bytes, after: bytes) -> None:
    searcher = Searcher([SECRET])
    for encode in (base64.b64encode, base64.urlsafe_b64encode):
        assert searcher.in_bytes(encode(before + SECRET.value + after), "here")


def test_what_is_packed_is_unpacked() -> None:
    searcher = Searcher([SECRET])
    text = b"some text before " * 40 + SECRET.value + b" and after" * 40
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w", zipfile.ZIP_DEFLATED) as opened:
        opened.writestr("list.txt", text)
    for packed in (zlib.compress(text), zlib.compress(text, 9), gzip.compress(text), archive.getvalue()):
        assert SECRET.value not in packed
        found = searcher.in_bytes(os.urandom(999) + packed + os.urandom(999), "here")
        assert [one.form for one in found] == ["compressed plain"]


def test_what_is_packed_and_then_written_as_text_is_unpacked() -> None:
    searcher = Searcher([SECRET])
    for packed in (zlib.compress(SECRET.value), gzip.compress(SECRET.value)):
        for written in (base64.b64encode(packed), base64.urlsafe_b64encode(packed), packed.hex().encode()):
            assert searcher.in_bytes(b'{"id": "' + written + b'"}', "here")


def test_nothing_is_found_where_nothing_is() -> None:
    assert Searcher([SECRET]).in_bytes(os.urandom(2_000_000) + bytes(2_000_000), "here") == []


def test_a_secret_across_the_border_of_two_chunks_is_found() -> None:
    border = 16 * 2**20
    content = bytearray(border + 100)
    content[border - 5 : border - 5 + len(SECRET.value)] = SECRET.value
    assert Searcher([SECRET]).in_bytes(bytes(content), "here")


@pytest.mark.parametrize("page", [1, 2])
def test_a_secret_that_goes_on_behind_the_head_of_a_page_of_the_log_is_found(page: int) -> None:
    head = b"h" * 24
    first = b"H" * 40 + bytes(8192 - 40)
    begun = bytes(8192 - 5) + SECRET.value[:5] if page == 1 else head + bytes(8192 - 29) + SECRET.value[:5]
    log = (begun if page == 1 else first + begun) + head + SECRET.value[5:] + bytes(100)
    searcher = Searcher([SECRET])
    assert not searcher.in_bytes(log, "here")
    assert searcher.in_bytes(without_page_heads(log), "here")
