"""Naming everything that is wrong."""

from datetime import datetime
from typing import Annotated, Literal
from uuid import UUID

import msgspec
import pytest

from relay.errors import Invalid
from relay.web.shared.decode import decode
from relay.web.shared.forms import parse_form


class Shape(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    name: str
    kind: Literal["a", "b"]
    id: UUID
    at: datetime | None = None
    several: tuple[UUID, ...] = ()
    words: Annotated[str, msgspec.Meta(min_length=1, description="Write something.")] = "x"


def test_every_wrong_field_is_named_with_what_to_write() -> None:
    with pytest.raises(Invalid) as raised:
        decode({"kind": "c", "id": 5, "at": "soon", "several": ["x"], "words": ""}, Shape)
    assert raised.value.fields.keys() == {"name", "kind", "id", "at", "several", "words"}
    assert raised.value.fields["name"].startswith("This is needed.")
    assert raised.value.fields["kind"] == "Choose one of: a, b."
    assert raised.value.fields["words"] == "Write something."
    assert "zone" in raised.value.fields["at"]


@pytest.mark.parametrize("untrusted", [None, 5, "x", [1]])
def test_what_is_no_object_is_refused(untrusted: object) -> None:
    with pytest.raises(Invalid, match="JSON object"):
        decode(untrusted, Shape)


def test_a_body_that_may_be_left_out_is_looked_at_like_any_other() -> None:
    with pytest.raises(Invalid) as raised:
        decode({"kind": "c"}, Shape | None)  # type: ignore[arg-type]
    assert raised.value.fields.keys() == {"name", "kind", "id"}


def test_fields_that_nobody_described_are_refused() -> None:
    good = {"name": "x", "kind": "a", "id": "123e4567-e89b-42d3-a456-426614174000"}
    assert decode(good, Shape).name == "x"
    with pytest.raises(Invalid, match="described"):
        decode(good | {"more": 1}, Shape)


def test_a_form_says_what_is_wrong_with_a_field() -> None:
    form = parse_form(b"day=2027-13-01&moment=2027-01-31T12:30&n=+7+&who=x&kind=b&t=a%0D%0Ab&t=c")
    assert form.text("t") == "a\nb"
    assert form.several("t") == ["a\r\nb", "c"]
    assert form.number("n") == 7
    assert form.moment("moment").isoformat() == "2027-01-31T12:30:00+00:00"
    assert form.choice("kind", "a", "b") == "b"
    for field, read in (
        ("day", form.day),
        ("who", form.identifier),
        ("who", form.number),
        ("none", form.moment),
        ("kind", lambda name: form.choice(name, "x", "y")),
    ):
        with pytest.raises(Invalid) as raised:
            read(field)
        assert raised.value.fields.keys() == {field}


@pytest.mark.parametrize("body", [b"\xff=1", b"a=%ff", b"&".join(b"a=1" for _ in range(3_001))])
def test_a_form_that_is_none_is_refused(body: bytes) -> None:
    with pytest.raises(Invalid):
        parse_form(body)
