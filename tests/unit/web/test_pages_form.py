"""Several files of a form become one upload as they arrive, whatever the pieces are."""

import tracemalloc
from collections.abc import Iterable
from random import Random
from typing import Any

import pytest

from relay.errors import Invalid, Refusal
from relay.exchange import pages
from relay.web.shared.multipart import ClientLeft
from relay.web.shared.pages_form import PagesForm
from tests.support.media import several

Field = tuple[str, bytes, bool]
ONE, TWO = b"\xff\xd8\xff" + b"one" * 100, b"%PDF-" + b"\r\n--two" * 50
TOKEN = ("csrf", b"token", False)


def page(content: bytes) -> Field:
    return ("page", content, True)


def turn(degrees: object) -> Field:
    return ("turn", str(degrees).encode(), False)


def body(fields: Iterable[Field]) -> bytes:
    written = b""
    for name, content, is_file in fields:
        more = '; filename="IMG 1.jpg"\r\nContent-Type: image/jpeg' if is_file else ""
        head = f'--x\r\nContent-Disposition: form-data; name="{name}"{more}\r\n\r\n'
        written += head.encode() + content + b"\r\n"
    return written + b"--x--\r\n"


def form_of(sent: bytes, size: int = 2**16, *, left: bool = False) -> PagesForm:
    """`left`: the other end closes the connection after this much."""
    chunks = [sent[start : start + size] for start in range(0, len(sent), size)]

    async def receive() -> Any:
        if not chunks:
            return {"type": "http.disconnect"}
        return {"type": "http.request", "body": chunks.pop(0), "more_body": left or bool(chunks)}

    return PagesForm("multipart/form-data; boundary=x", str(len(sent)), receive)


async def upload_of(sent: bytes, size: int = 2**16) -> bytes:
    form = form_of(sent, size)
    await form.open()
    assert form.has_file
    whole = b"".join([data async for data in form])
    assert len(whole) == form.length
    return whole


def filled(sent: bytes, *files: tuple[bytes, int]) -> bytes:
    return several(*files, filling=len(sent) - len(several(*files)))


@pytest.mark.parametrize("size", [1, 7, 64, 2**16])
async def test_files_come_in_order_each_with_its_turn(size: int) -> None:
    sent = body([TOKEN, page(ONE), turn(90), page(TWO), turn(0), page(ONE), turn(270)])
    assert await upload_of(sent, size) == filled(sent, (ONE, 90), (TWO, 0), (ONE, 270))


async def test_the_token_is_there_before_the_first_file() -> None:
    form = form_of(body([TOKEN, page(ONE)]), 16)
    await form.open()
    assert form.fields == {"csrf": "token"}


async def test_a_turn_that_is_not_said_is_none_and_empty_fields_are_passed_over() -> None:
    sent = body(
        [page(b""), turn(90), page(ONE), page(b""), turn(180), page(TWO), turn(180), page(b""), turn(0)]
    )
    assert await upload_of(sent) == filled(sent, (ONE, 0), (TWO, 180))


async def test_a_turn_is_for_the_file_right_before_it_and_for_no_other() -> None:
    sent = body([turn(90), page(ONE), ("page", b"", False), turn(180), page(TWO), turn(270), turn(90)])
    assert await upload_of(sent) == filled(sent, (ONE, 0), (TWO, 270))


async def test_without_a_file_there_is_nothing_to_upload() -> None:
    form = form_of(body([TOKEN, page(b""), turn(90)]))
    await form.open()
    assert not form.has_file


@pytest.mark.parametrize("wrong", [45, -90, 360, "", "left", "90.0", "٩٠"])
async def test_another_turn_is_refused_in_words(wrong: object) -> None:
    with pytest.raises(Invalid) as refused:
        await upload_of(body([page(ONE), turn(wrong)]))
    assert "0, 90, 180 or 270" in str(refused.value.fields)


async def test_sixty_files_fit_and_sixty_one_are_refused_in_words() -> None:
    sent = body([page(ONE), turn(90)] * pages.MOST)
    assert await upload_of(sent) == filled(sent, *[(ONE, 90)] * pages.MOST)
    with pytest.raises(Invalid) as refused:
        await upload_of(body([page(ONE), turn(90)] * (pages.MOST + 1)))
    assert "60 pages are the most" in str(refused.value.fields)


async def test_the_shortest_form_has_room_for_the_index() -> None:
    sent = (
        b"".join([b"--x\r\nContent-Disposition:form-data;name=p;filename=f\r\n\r\n1\r\n"] * pages.MOST)
        + b"--x--"
    )
    assert (await upload_of(sent)).startswith(pages.MARK + b"1" * pages.MOST)


async def test_a_form_that_ends_early_is_told_from_one_that_is_whole() -> None:
    sent = body([TOKEN, page(ONE), turn(90), page(TWO)])
    with pytest.raises(Invalid):
        await upload_of(sent[:-4])
    form = form_of(sent[:-40], 16, left=True)
    await form.open()
    with pytest.raises(ClientLeft):
        async for _ in form:
            pass


async def test_whatever_is_sent_is_an_upload_of_the_right_length_or_a_refusal() -> None:
    chance = Random(3)  # noqa: S311 - where to damage
    good = body([TOKEN, page(ONE), turn(90), page(b""), turn(0), page(TWO), turn(180)])
    taken = 0
    for _ in range(400):
        sent = bytearray(good)
        for _ in range(chance.choice([1, 3])):
            sent[chance.randrange(len(sent))] = chance.choice(b'\r\n-x\0;="')
        form = form_of(bytes(sent), chance.choice([5, 100, 5000]))
        try:
            await form.open()
            if form.has_file:
                assert len(b"".join([data async for data in form])) == form.length == len(sent)
                taken += 1
        except (Refusal, ClientLeft):
            continue
    assert taken > 50


async def test_large_files_pass_through_little_memory() -> None:
    chunk = b"\xff" * 2**16
    head, tail = body([page(b"!")]).split(b"!")
    left = [head] + [chunk] * 800 + [tail]
    length = sum(map(len, left))

    async def receive() -> Any:
        return {"type": "http.request", "body": left.pop(0), "more_body": bool(left)}

    form = PagesForm("multipart/form-data; boundary=x", str(length), receive)
    tracemalloc.start()
    await form.open()
    passed = 0
    async for data in form:
        passed += len(data)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert passed == form.length
    assert peak < 2**21
