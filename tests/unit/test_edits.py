"""Edit lists: what fits which kind, and what a masked letter looks like."""

import pytest

from relay.cases.model import Medium
from relay.errors import Invalid
from relay.exchange.edits import MASK, Area, Disguise, Edits, Span, Stretch, check, decode, encode, masked

PLACES: dict[str, tuple[Edits, frozenset[str]]] = {
    "words": (Edits(spans=(Span(start=0, end=3),)), frozenset({"letter"})),
    "sound": (Edits(stretches=(Stretch(start_ms=0, end_ms=9, how="mute"),)), frozenset({"audio", "video"})),
    "picture": (Edits(stretches=(Stretch(start_ms=0, end_ms=9, how="blank"),)), frozenset({"video"})),
    "page": (Edits(areas=(Area(page=1, left=0, top=0, right=10_000, bottom=1),)), frozenset({"document"})),
    "voice": (Edits(disguise=Disguise(voice=True)), frozenset({"audio", "video"})),
    "cover": (Edits(disguise=Disguise(picture="cover")), frozenset({"video"})),
    "faces": (Edits(disguise=Disguise(picture="faces")), frozenset({"video"})),
}
KINDS: tuple[Medium, ...] = ("letter", "audio", "video", "document")


@pytest.mark.parametrize("name", PLACES)
@pytest.mark.parametrize("kind", KINDS)
def test_each_kind_takes_what_fits_it_and_nothing_else(name: str, kind: Medium) -> None:
    edits, fits = PLACES[name]
    if kind in fits:
        assert decode(encode(edits), kind) == edits
    else:
        with pytest.raises(Invalid):
            decode(encode(edits), kind)


@pytest.mark.parametrize(
    ("kind", "edits"),
    [
        ("letter", Edits(spans=(Span(start=3, end=3),))),
        ("letter", Edits(spans=(Span(start=-1, end=3),))),
        ("letter", Edits(spans=tuple(Span(start=n, end=n + 1) for n in range(501)))),
        ("audio", Edits(stretches=(Stretch(start_ms=5, end_ms=5, how="cut"),))),
        ("document", Edits(areas=(Area(page=0, left=0, top=0, right=1, bottom=1),))),
        ("document", Edits(areas=(Area(page=1, left=0, top=0, right=10_001, bottom=1),))),
        ("document", Edits(areas=(Area(page=1, left=5, top=0, right=5, bottom=1),))),
    ],
)
def test_a_place_that_cannot_be_is_refused(kind: Medium, edits: Edits) -> None:
    with pytest.raises(Invalid):
        check(edits, kind)


@pytest.mark.parametrize("written", [b"", b"[]", b"{", b'{"spans":[{"start":0}]}', b'{"more":1}', b"\xff"])
def test_what_is_no_edit_list_is_refused_with_a_sentence(written: bytes) -> None:
    with pytest.raises(Invalid):
        decode(written, "letter")


def test_a_mask_tells_nothing_of_what_it_hides() -> None:
    text = "My number is 0123, call Ali."
    assert masked(text, (Span(start=13, end=17), Span(start=24, end=27))) == (
        f"My number is {MASK}, call {MASK}."
    )
    assert masked(text, (Span(start=13, end=15), Span(start=14, end=17))) == f"My number is {MASK}, call Ali."
    assert masked(text, ()) == text


def test_nothing_asked_is_false() -> None:
    assert not Edits()
    assert Edits(disguise=Disguise(voice=True))
