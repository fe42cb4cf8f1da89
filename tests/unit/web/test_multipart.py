"""Forms with a file, cut into pieces at every place."""

from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from relay.errors import Invalid, WrongKind
from relay.web.shared.multipart import ClientLeft, FileForm

FILE = b"\x00\r\n--not the boundary\r\n\r\n" + bytes(range(256)) * 40


def a_form(**fields: str) -> tuple[str, bytes]:
    request = httpx.Request(
        "POST", "http://x", data=fields, files={"file": ("../../name of the owner.mp3", FILE, "audio/mpeg")}
    )
    return request.headers["content-type"], request.read()


def arriving(body: bytes, size: int, *, cut: bool = False) -> Any:
    pieces: Iterator[bytes] = iter([body[start : start + size] for start in range(0, len(body), size)])

    async def receive() -> Any:
        piece = next(pieces, None)
        if piece is None:
            return (
                {"type": "http.disconnect"}
                if cut
                else {"type": "http.request", "body": b"", "more_body": False}
            )
        return {"type": "http.request", "body": piece, "more_body": True}

    return receive


@pytest.mark.parametrize("size", [1, 7, 64, 1000, 65_536])
async def test_the_file_comes_out_as_it_was_with_its_length_known_before(size: int) -> None:
    kind, body = a_form(csrf="a token", other="żółć")
    form = FileForm(kind, str(len(body)), arriving(body, size))
    await form.open()
    assert (form.fields, form.has_file, form.length) == (
        {"csrf": "a token", "other": "żółć"},
        True,
        len(FILE),
    )
    assert b"".join([piece async for piece in form]) == FILE


async def test_a_form_without_a_file_has_none() -> None:
    request = httpx.Request("POST", "http://x", files={"csrf": (None, "a token")})
    body = request.read()
    form = FileForm(request.headers["content-type"], str(len(body)), arriving(body, 100))
    await form.open()
    assert (form.fields, form.has_file) == ({"csrf": "a token"}, False)


async def test_a_cut_says_so() -> None:
    kind, body = a_form(csrf="a token")
    form = FileForm(kind, str(len(body)), arriving(body[:-500], 1000, cut=True))
    await form.open()
    with pytest.raises(ClientLeft):
        [piece async for piece in form]


async def test_endless_fields_are_refused() -> None:
    kind, body = a_form(csrf="x" * 500_000)
    form = FileForm(kind, str(len(body)), arriving(body, 65_536))
    with pytest.raises(Invalid):
        await form.open()


async def test_what_is_no_form_is_refused() -> None:
    with pytest.raises(WrongKind):
        FileForm("text/plain", "5", arriving(b"hello", 5))
    with pytest.raises(Invalid):
        FileForm("multipart/form-data; boundary=x", "", arriving(b"hello", 5))
    form = FileForm("multipart/form-data; boundary=x", "5", arriving(b"hello", 5))
    with pytest.raises(Invalid):
        await form.open()
