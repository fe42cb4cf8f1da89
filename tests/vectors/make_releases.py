"""Release records, and what is kept beside them: the release's signature, and the approvals it rests on."""

from collections.abc import Iterator
from typing import Any
from uuid import UUID

import msgspec
from msgspec import UNSET
from msgspec.structs import replace

from relay.vault.release import ReleaseRecord, Signatures, SignedApproval, approval_of
from relay.vault.statements import Changes
from relay.vault.suite import Field, Signer, encode
from tests.unit.vault.helpers import flip
from tests.vectors.kit import RecordVector, ReleaseVector
from tests.vectors.making import (
    CHANGED,
    FIRST,
    NOT_BEFORE,
    OTHER,
    PAIR,
    PERSON,
    REVIEWED,
    SECOND,
    SECOND_SIGNER,
    SIGNER,
    Kit,
    changed,
    other_values,
)

THIRD_SIGNER = Signer.from_seed(bytes(range(32)))
SIGNERS = {FIRST: SIGNER, SECOND: SECOND_SIGNER, OTHER: THIRD_SIGNER}
VERIFIERS = {who: signer.public.encoded for who, signer in SIGNERS.items()}
DECIDED_AT = {who: NOT_BEFORE * 1_000_000 - before for before, who in enumerate(SIGNERS, start=1)}
ORDER = 2**252 + 27742317777372353535851937790883648493  # of Ed25519's group
RECORD = ReleaseRecord(
    **REVIEWED,
    recipient=PERSON.id,
    recipient_key=PAIR.public.fingerprint,
    recipient_key_version=3,
    facilitators=(FIRST, SECOND),
    sequence=1,
    released_at=NOT_BEFORE,
)


def approved(record: ReleaseRecord, who: UUID, **other: Any) -> SignedApproval:
    """Return somebody's approval of this, or of something that is `other` than this."""
    statement = replace(approval_of(record, who, DECIDED_AT[who]), **other)
    return SignedApproval(facilitator=who, decided_at=DECIDED_AT[who], signature=statement.sign(SIGNERS[who]))


def signed(record: ReleaseRecord) -> Signatures:
    """Sign a record as it should be, as far as that goes."""
    named = record.facilitators
    return Signatures(
        release=record.sign(SIGNERS[named[0] if named else FIRST]),
        approvals=tuple(approved(record, who) for who in named),
    )


def larger(signature: bytes) -> bytes:
    """Return the same signature with a scalar beyond the group's order, which RFC 8032 refuses."""
    scalar = int.from_bytes(signature[32:], "little") + ORDER
    return changed(signature, 32, scalar.to_bytes(32, "little"))


def other_signatures() -> Iterator[tuple[str, bytes]]:
    """Give out files in which the release's signature is not what it should be."""
    good = signed(RECORD)
    releases = {
        "release signed by the second approver": RECORD.sign(SECOND_SIGNER),
        "release signed by another facilitator": RECORD.sign(THIRD_SIGNER),
        "release signature missing": b"",
        "release signature cut": good.release[:-1],
        "release signature with a byte more": good.release + b"\0",
        "release signature by both": good.release + RECORD.sign(SECOND_SIGNER),
        "release signature flipped": flip(good.release, 0),
        "release signature with a larger scalar": larger(good.release),
        "release and approval swapped": good.approvals[0].signature,
        "release of the first alone": replace(RECORD, facilitators=(FIRST,)).sign(SIGNER),
    }
    for about, release in releases.items():
        yield about, msgspec.json.encode(replace(good, release=release))


def other_approvals() -> Iterator[tuple[str, bytes]]:
    """Give out files in which the approvals are not what they should be."""
    good = signed(RECORD)
    one, two = good.approvals
    foreign = approved(RECORD, OTHER)
    swapped = replace(one, signature=two.signature), replace(two, signature=one.signature)
    approvals = {
        "no approval": (),
        "first approval missing": (two,),
        "second approval missing": (one,),
        "first approval twice": (one, one),
        "first approval twice and the second": (one, one, two),
        "second approval repeated": (one, two, two),
        "approvals in the other order": (two, one),
        "approval signatures swapped": swapped,
        "first approval under both names": (one, replace(one, facilitator=SECOND)),
        "foreign approval for the second": (one, foreign),
        "foreign approval under the name of the second": (one, replace(foreign, facilitator=SECOND)),
        "foreign approval as well": (one, two, foreign),
        "second approval cut": (one, replace(two, signature=two.signature[:-1])),
        "second approval flipped": (one, replace(two, signature=flip(two.signature, 511))),
        "second approval with a larger scalar": (one, replace(two, signature=larger(two.signature))),
        "signatures of the record for approvals": tuple(
            replace(each, signature=RECORD.sign(SIGNERS[each.facilitator])) for each in (one, two)
        ),
    }
    for who, at in ((FIRST, 0), (SECOND, 1)):
        nth = ("first", "second")[at]
        for about, other in other_values(approval_of(RECORD, who, DECIDED_AT[who])):
            values = msgspec.structs.asdict(other)
            named = about.removeprefix("another ").replace(" ", "_")
            wrong = approved(RECORD, who, **{named: values[named]})
            approvals[f"{nth} approval of {about}"] = (*good.approvals[:at], wrong, *good.approvals[at + 1 :])
    times = {
        "a microsecond later": DECIDED_AT[SECOND] + 1,
        "in seconds": DECIDED_AT[SECOND] // 1_000_000,
        "before 1970": -1,
        "beyond 64 bits": 2**64,
    }
    for about, decided_at in times.items():
        approvals[f"second approval decided {about}"] = (one, replace(two, decided_at=decided_at))
    for about, each in approvals.items():
        yield about, msgspec.json.encode(replace(good, approvals=each))


def other_spelling() -> Iterator[tuple[str, bytes]]:
    """Give out files that are no JSON of this kind."""
    good = signed(RECORD)
    content = msgspec.json.encode(good)
    values = msgspec.to_builtins(good)
    first, second = values["approvals"]
    by_name = {each["facilitator"]: each for each in (first, second)}
    yield "nothing at all", b""
    yield "cut in half", content[: len(content) // 2]
    yield "last byte missing", content[:-1]
    yield "one byte too many", content + b"\0"
    yield "signatures without JSON", good.release + b"".join(each.signature for each in good.approvals)
    others = {
        "a list": [values["release"], values["approvals"]],
        "no release": {"approvals": values["approvals"]},
        "no approvals": {"release": values["release"]},
        "an unknown name": values | {"note": "approved"},
        "approvals by name": values | {"approvals": by_name},
        "approval without its time": values | {"approvals": [first | {"decided_at": None}, second]},
        "time as text": values | {"approvals": [first | {"decided_at": str(first["decided_at"])}, second]},
        "signature in hexadecimal": values | {"release": good.release.hex()},
    }
    for about, other in others.items():
        yield f"JSON with {about}", msgspec.json.encode(other)


def other_records() -> Iterator[tuple[str, ReleaseRecord]]:
    """Give out records that no release may have, however well signed."""
    yield "no facilitator", replace(RECORD, facilitators=())
    yield "one facilitator twice", replace(RECORD, facilitators=(FIRST, FIRST))
    yield "three facilitators", replace(RECORD, facilitators=(FIRST, SECOND, OTHER))
    yield "version 0", replace(RECORD, version=0)
    yield "version 2", replace(RECORD, version=2)


TOLD = replace(RECORD, changes=CHANGED)
ASKED = replace(RECORD, changes=Changes(author="asked", what=("picture covered",)))
_FEWER = Changes(author="agreed", what=("parts hidden",))
_MORE = Changes(author="agreed", what=("parts hidden", "voice changed", "picture covered"))


def other_changes() -> Iterator[tuple[str, ReleaseRecord, Signatures]]:
    """Give out records and signatures that do not say the same of what was done to something."""
    told, untold = signed(TOLD), signed(RECORD)
    yield "changes taken away", RECORD, told
    yield "changes added", TOLD, untold
    yield "a change taken away", replace(TOLD, changes=_FEWER), told
    yield "a change added", replace(TOLD, changes=_MORE), told
    yield "another change", replace(TOLD, changes=Changes(author="agreed", what=("picture covered",))), told
    yield "another word of the author", replace(TOLD, changes=replace(CHANGED, author="asked")), told
    yield "changes in the release alone", TOLD, replace(told, approvals=untold.approvals)
    one, two = told.approvals[0], untold.approvals[1]
    yield "changes in the first approval alone", TOLD, replace(told, approvals=(one, two))
    yield "changes in the approvals alone", TOLD, replace(told, release=untold.release)
    yield "changes in the approvals and not in the record", RECORD, replace(told, release=untold.release)


def _frames(changes: Any) -> Field:
    """What somebody signs who encodes whatever stands there."""
    match changes:
        case dict():
            return tuple(map(_frames, changes.values()))
        case list():
            return tuple(map(_frames, changes))
        case _:
            return b"" if changes is None else changes


def _signed_as(changes: Any) -> Signatures:
    """Sign a record, and its approvals, of changes that no record may have."""

    def values(statement: msgspec.Struct) -> list[Field]:
        said = [field for field in msgspec.structs.astuple(statement) if field is not UNSET]
        return [*said, _frames(changes)]

    def sign(purpose: str, statement: msgspec.Struct, who: UUID) -> bytes:
        return SIGNERS[who].sign(encode(f"statement/{purpose}", *values(statement)))

    approvals = tuple(
        SignedApproval(
            facilitator=who,
            decided_at=DECIDED_AT[who],
            signature=sign("approval", approval_of(RECORD, who, DECIDED_AT[who]), who),
        )
        for who in RECORD.facilitators
    )
    return Signatures(release=sign("release", RECORD, FIRST), approvals=approvals)


def other_records_kept() -> Iterator[tuple[str, bytes, Signatures]]:
    """Give out the JSON of records whose changes are none that there are, however well signed."""
    good = msgspec.to_builtins(CHANGED)
    malformed: dict[str, Any] = {
        "an unknown change": good | {"what": ["parts hidden", "words replaced"]},
        "only an unknown change": good | {"what": ["words replaced"]},
        "no change": good | {"what": []},
        "a change twice": good | {"what": ["parts hidden", "parts hidden"]},
        "changes in another order": good | {"what": ["voice changed", "parts hidden"]},
        "a change in capitals": good | {"what": ["Parts hidden"]},
        "a change as text": good | {"what": "parts hidden"},
        "an unknown word of the author": good | {"author": "knows"},
        "no word of the author": {"what": good["what"]},
        "no list of changes": {"author": "agreed"},
        "changes that say more": good | {"places": 3},
        "changes as a list": [good["author"], good["what"]],
        "changes as text": "parts hidden",
        "changes that are null": None,
        "changes that are empty": {},
    }
    for about, changes in malformed.items():
        record = msgspec.to_builtins(RECORD) | {"changes": changes}
        yield about, msgspec.json.encode(record), _signed_as(changes)
    values = msgspec.to_builtins(TOLD)
    yield (
        "changes under another name",
        msgspec.json.encode(
            {"hidden" if name == "changes" else name: value for name, value in values.items()}
        ),
        signed(TOLD),
    )
    text = msgspec.json.encode(TOLD)
    yield "changes cut off", text[: text.index(b',"changes"')], signed(TOLD)


def make_kept(made: Kit) -> None:
    """Add records as they are kept."""
    for about, record in {"by two": RECORD, "with changes": TOLD, "with an authors own": ASKED}.items():
        inputs: dict[str, Any] = {"signatures": signed(record), "verifiers": VERIFIERS}
        made.add(RecordVector, about, msgspec.json.encode(record), inputs, b"")
    spelt = dict(reversed(msgspec.to_builtins(TOLD).items()))
    inputs = {"signatures": signed(TOLD), "verifiers": VERIFIERS}
    made.add(RecordVector, "spelt otherwise", msgspec.json.format(msgspec.json.encode(spelt)), inputs, b"")
    for about, record, signatures in other_changes():
        inputs = {"signatures": signatures, "verifiers": VERIFIERS}
        made.add(RecordVector, about, msgspec.json.encode(record), inputs)
    for about, content, signatures in other_records_kept():
        made.add(RecordVector, about, content, {"signatures": signatures, "verifiers": VERIFIERS})


def make(made: Kit) -> None:
    """Add them all."""
    good = msgspec.json.encode(signed(RECORD))
    inputs: dict[str, Any] = {"record": RECORD, "verifiers": VERIFIERS}
    alone = replace(RECORD, facilitators=(FIRST,))
    made.add(ReleaseVector, "by one", msgspec.json.encode(signed(alone)), {**inputs, "record": alone}, b"")
    made.add(ReleaseVector, "by two", good, inputs, b"")
    backwards = replace(RECORD, facilitators=(SECOND, FIRST))
    content = msgspec.json.encode(signed(backwards))
    made.add(ReleaseVector, "by the second", content, {**inputs, "record": backwards}, b"")
    values = dict(reversed(msgspec.to_builtins(signed(RECORD)).items()))
    made.add(ReleaseVector, "spelt otherwise", msgspec.json.format(msgspec.json.encode(values)), inputs, b"")
    for about, record in other_values(RECORD):
        made.add(ReleaseVector, about, good, {**inputs, "record": record})
    reversed_record = {**inputs, "record": backwards}
    made.add(ReleaseVector, "facilitators in the other order", good, reversed_record)
    for about, record in other_records():
        content = msgspec.json.encode(signed(record))
        made.add(ReleaseVector, f"record with {about}", content, {**inputs, "record": record})
    for other in (other_signatures(), other_approvals(), other_spelling()):
        for about, content in other:
            made.add(ReleaseVector, about, content, inputs)
    first, second, third = VERIFIERS.items()
    rosters: dict[str, dict[UUID, bytes]] = {
        "first approver not on the roster": dict((second, third)),
        "second approver not on the roster": dict((first, third)),
        "keys on the roster swapped": {FIRST: second[1], SECOND: first[1]},
        "another key for the first": {**VERIFIERS, FIRST: third[1]},
        "another key for the second": {**VERIFIERS, SECOND: third[1]},
    }
    for about, verifiers in rosters.items():
        made.add(ReleaseVector, about, good, {**inputs, "verifiers": verifiers})
    for about, record in {"with changes": TOLD, "with an authors own changes": ASKED}.items():
        content = msgspec.json.encode(signed(record))
        made.add(ReleaseVector, about, content, {"record": record, "verifiers": VERIFIERS}, b"")
    make_kept(made)
