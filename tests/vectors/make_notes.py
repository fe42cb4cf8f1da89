"""Notes that go with a release: what a record says of them, and what is sealed of them."""

from collections.abc import Iterator
from typing import Any

import msgspec
from msgspec.structs import astuple, replace

from relay.vault.notes import Note
from relay.vault.release import Signatures, approval_of
from relay.vault.suite import Field, encode
from tests.vectors.kit import NoteVector, RecordVector
from tests.vectors.make_releases import DECIDED_AT, RECORD, SIGNERS, TOLD, VERIFIERS, approved, signed
from tests.vectors.making import CHANGED, FIRST, NOTE, SECOND, SIGNER, Kit

NOTED = replace(RECORD, note=NOTE.digest)
BOTH = replace(TOLD, note=NOTE.digest)
OTHERS = {
    "of the same words": Note(salt=bytes(32), text=NOTE.text),
    "of other words": Note(salt=NOTE.salt, text="It is a threat."),
}
_CHANGES: tuple[Field, ...] = (CHANGED.author, CHANGED.what)


def _signed_as(*more: Field) -> Signatures:
    """Sign the record as it should be, but with these fields at its end."""
    fields = [field for field in astuple(RECORD) if field is not msgspec.UNSET]
    release = SIGNER.sign(encode("statement/release", *fields, *more))
    return replace(signed(RECORD), release=release)


def _approved_as_well() -> Signatures:
    """Let both sign an approval that says the note too."""
    good = signed(NOTED)
    approvals = []
    for who in (FIRST, SECOND):
        fields = [*astuple(approval_of(RECORD, who, DECIDED_AT[who]))[:-1], NOTE.digest]
        signature = SIGNERS[who].sign(encode("statement/approval", *fields))
        approvals.append(replace(approved(RECORD, who), signature=signature))
    return replace(good, approvals=tuple(approvals))


def other_notes() -> Iterator[tuple[str, bytes, Signatures]]:
    """Give out records and signatures that do not say the same of a note, or say it in no form there is."""
    noted, both = signed(NOTED), signed(BOTH)
    yield "note taken away", msgspec.json.encode(RECORD), noted
    yield "note added", msgspec.json.encode(NOTED), signed(RECORD)
    for about, other in OTHERS.items():
        yield f"note {about}", msgspec.json.encode(replace(NOTED, note=other.digest)), noted
    yield "note taken away beside changes", msgspec.json.encode(TOLD), both
    yield "note added beside changes", msgspec.json.encode(BOTH), signed(TOLD)
    yield "changes taken away beside a note", msgspec.json.encode(NOTED), both
    yield "note in the approvals as well", msgspec.json.encode(NOTED), _approved_as_well()
    yield (
        "note before the changes",
        msgspec.json.encode(BOTH),
        replace(both, release=_signed_as(NOTE.digest, _CHANGES).release),
    )
    yield "note as a list", msgspec.json.encode(NOTED), _signed_as((NOTE.digest,))
    yield "note as text", msgspec.json.encode(NOTED), _signed_as(NOTE.text)
    values = msgspec.to_builtins(NOTED)
    for about, note in {"short": NOTE.digest[:-1], "long": NOTE.digest + b"\0", "empty": b""}.items():
        yield f"note too {about}", msgspec.json.encode(replace(NOTED, note=note)), _signed_as(note)
    malformed: dict[str, Any] = {
        "that is null": None,
        "in hexadecimal": NOTE.digest.hex(),
        "in its own words": NOTE.text,
        "as a list": [values["note"]],
        "as a number": 1,
    }
    for about, note in malformed.items():
        yield f"note {about} in JSON", msgspec.json.encode(values | {"note": note}), noted


def other_sealed() -> Iterator[tuple[str, bytes]]:
    """Give out what is no note, or another than the record names."""
    text = NOTE.encode().encode()
    for about, other in OTHERS.items():
        yield f"another {about}", other.encode().encode()
    values = msgspec.to_builtins(NOTE)
    malformed: dict[str, Any] = {
        "without random bytes": {"text": NOTE.text},
        "without words": {"salt": values["salt"]},
        "with a name more": values | {"from": "your facilitator"},
        "with null for words": values | {"text": None},
        "as a list": [values["salt"], values["text"]],
    }
    for about, other in malformed.items():
        yield about, msgspec.json.encode(other)
    yield "nothing at all", b""
    yield "the words alone", NOTE.text.encode()
    yield "last byte missing", text[:-1]
    yield "one byte too many", text + b"\0"
    yield "no UTF-8", text.replace(b"apology", b"apolog\xff")


def make(made: Kit) -> None:
    """Add them all."""
    for about, record in {"with a note": NOTED, "with changes and a note": BOTH}.items():
        inputs: dict[str, Any] = {"signatures": signed(record), "verifiers": VERIFIERS}
        made.add(RecordVector, about, msgspec.json.encode(record), inputs, b"")
    for about, content, signatures in other_notes():
        made.add(RecordVector, about, content, {"signatures": signatures, "verifiers": VERIFIERS})
    named = {"digest": NOTE.digest}
    made.add(NoteVector, "as it was sealed", NOTE.encode().encode(), named, NOTE.text.encode())
    spelt = dict(reversed(msgspec.to_builtins(NOTE).items()))
    content = msgspec.json.format(msgspec.json.encode(spelt))
    made.add(NoteVector, "spelt otherwise", content, named, NOTE.text.encode())
    for about, content in other_sealed():
        made.add(NoteVector, about, content, named)
