"""From untrusted words to a Struct, naming everything that is wrong (msgspec stops at the first)."""

from collections.abc import Mapping
from datetime import datetime
from types import UnionType
from typing import Any, Literal, TypeVar, Union, get_args, get_origin
from uuid import UUID

import msgspec
from msgspec.structs import FieldInfo

from relay.errors import Invalid

Shape = TypeVar("Shape", bound=msgspec.Struct)


def decode(untrusted: object, shape: type[Shape]) -> Shape:
    """Return `untrusted` as `shape`, or raise `Invalid` with a sentence for each field that is wrong.

    A body that may be left out (`Shape | None`) is held against the shape that it has if it is there.
    """
    if get_origin(shape) in {Union, UnionType}:
        shape = next(part for part in get_args(shape) if part is not type(None))
    if not isinstance(untrusted, Mapping):
        raise Invalid("Send a JSON object.")
    wrong: dict[str, str] = {}
    for field in msgspec.structs.fields(shape):
        sentence = _fault(field, untrusted)
        if sentence:
            wrong[field.encode_name] = sentence
    if wrong:
        raise Invalid(" ".join(f"{name}: {sentence}" for name, sentence in wrong.items()), **wrong)
    try:
        return msgspec.convert(dict(untrusted), shape)
    except msgspec.ValidationError:
        raise Invalid("Only the fields that are described can be sent.") from None


def _fault(field: FieldInfo, untrusted: Mapping[str, Any]) -> str:
    if field.encode_name not in untrusted:
        return f"This is needed. {_wanted(field.type)}" if field.required else ""
    try:
        msgspec.convert(untrusted[field.encode_name], field.type)
    except msgspec.ValidationError:
        return _wanted(field.type)
    return ""


def _wanted(kind: Any) -> str:
    """Say in words what a field of this type takes."""
    origin, inner = get_origin(kind), get_args(kind)
    if origin is Literal:
        return f"Choose one of: {', '.join(map(str, inner))}."
    if origin in {Union, UnionType}:
        return _wanted(next(part for part in inner if part is not type(None)))
    if hasattr(kind, "__metadata__"):
        return next(
            (m.description for m in kind.__metadata__ if getattr(m, "description", None)), _wanted(inner[0])
        )
    if origin in {list, tuple, frozenset, set}:
        return f"Give a list. For each: {_wanted(inner[0])}"
    return _SENTENCES.get(kind, "Please check this.")


_SENTENCES: dict[object, str] = {
    str: "Write some text.",
    int: "Write a whole number.",
    bool: "Say true or false.",
    UUID: "Give an identifier, as in 123e4567-e89b-42d3-a456-426614174000.",
    datetime: "Give a date and time with its zone, as in 2027-01-31T12:00:00Z.",
}
