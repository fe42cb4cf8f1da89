"""Signatures under release records and the other statements."""

import hashlib
from collections.abc import Iterator
from typing import Any
from uuid import UUID

import msgspec

from relay.vault import release, statements
from tests.unit.vault.helpers import flip
from tests.vectors import kit
from tests.vectors.making import (
    CASE,
    CASE_KEY,
    FIRST,
    NOT_BEFORE,
    OBJECT,
    OTHER,
    PAIR,
    PERSON,
    SECOND,
    SECOND_SIGNER,
    SERVICE,
    SIGNER,
    Kit,
    without,
)

VALUES: dict[str, Any] = {
    "service": SERVICE,
    "case": CASE,
    "item": UUID(int=1, version=4),
    "revision": UUID(int=2, version=4),
    "rendition": UUID(int=3, version=4),
    "sha256": hashlib.sha256(b"rendition").digest(),
    "object": OBJECT,
    "commitment": bytes(range(32)),
}
RECORD = release.ReleaseRecord(
    **VALUES,
    recipient=PERSON.id,
    recipient_key=PAIR.public.fingerprint,
    recipient_key_version=3,
    facilitators=(FIRST, SECOND),
    sequence=1,
    released_at=NOT_BEFORE,
)


def other_values(statement: msgspec.Struct) -> Iterator[tuple[str, Any]]:
    """Give out statements with one field changed each."""
    for name, value in msgspec.structs.asdict(statement).items():
        match value:
            case UUID():
                other: Any = OTHER
            case bytes():
                other = flip(value, 0)
            case int():
                other = value + 1
            case _:
                other = value[:-1]
        yield f"another {name.replace('_', ' ')}", msgspec.structs.replace(statement, **{name: other})


def releases(made: Kit) -> None:
    """Add signatures under release records."""
    verifiers = {FIRST: SIGNER.public.encoded, SECOND: SECOND_SIGNER.public.encoded}
    inputs: dict[str, Any] = {"record": RECORD, "signers": (FIRST, SECOND), "verifiers": verifiers}
    one, two = RECORD.sign(SIGNER), RECORD.sign(SECOND_SIGNER)
    alone = msgspec.structs.replace(RECORD, facilitators=(FIRST,))
    alone_inputs = {**inputs, "record": alone, "signers": (FIRST,)}
    made.add(kit.ReleaseVector, "by one", alone.sign(SIGNER), alone_inputs, b"")
    made.add(kit.ReleaseVector, "by two", one + two, inputs, b"")
    for about, record in other_values(RECORD):
        made.add(kit.ReleaseVector, about, one + two, {**inputs, "record": record})
    order = 2**252 + 27742317777372353535851937790883648493
    scalar = int.from_bytes(one[32:], "little") + order
    refused = {
        "signatures swapped": two + one,
        "one signature twice": one + one,
        "second signature missing": one,
        "bit flipped in the first": flip(one, 0) + two,
        "bit flipped in the second": one + flip(two, 511),
        "first signature with a larger scalar": one[:32] + scalar.to_bytes(32, "little") + two,
        "signatures of an approval": statements.Approval(**VALUES, facilitator=FIRST, decided_at=1).sign(
            SIGNER
        )
        + two,
    }
    for about, content in refused.items():
        made.add(kit.ReleaseVector, about, content, inputs)
    for about, other in without(inputs, signers=(FIRST,), verifiers={FIRST: SIGNER.public.encoded}):
        made.add(kit.ReleaseVector, about, one + two, other)


def other_statements(made: Kit) -> None:
    """Add signatures under the other statements."""
    entry = statements.RosterEntry(
        account=FIRST,
        roles=("facilitator", "supervisor"),
        key_version=1,
        fingerprint=PAIR.public.fingerprint,
        signing_key=SECOND_SIGNER.public.encoded,
    )
    all_of_them: dict[str, Any] = {
        "approval": statements.Approval(**VALUES, facilitator=FIRST, decided_at=NOT_BEFORE),
        "invitation": statements.InvitationStatement(
            service=SERVICE,
            case=CASE,
            account=PERSON.id,
            invitation=UUID(int=4, version=4),
            secret_hash=hashlib.sha256(b"secret").digest(),
            facilitator=FIRST,
        ),
        "vouch": statements.Vouch(
            service=SERVICE,
            case=CASE,
            account=PERSON.id,
            key_version=3,
            fingerprint=PAIR.public.fingerprint,
            signing_key=SECOND_SIGNER.public.encoded,
            facilitator=FIRST,
            vouched_at=NOT_BEFORE,
        ),
        "case_key": statements.CaseKeyStatement(
            service=SERVICE,
            case=CASE,
            key_version=2,
            fingerprint=CASE_KEY.public.fingerprint,
            facilitator=FIRST,
        ),
        "roster": statements.Roster(service=SERVICE, version=7, entries=(entry,)),
    }
    for kind, statement in all_of_them.items():
        name, signature = kind.replace("_", " "), statement.sign(SIGNER)
        inputs = {"statement": kit.Statements(**{kind: statement}), "verifier": SIGNER.public.encoded}
        made.add(kit.StatementVector, name, signature, inputs, b"")
        made.add(kit.StatementVector, f"{name}, bit flipped", flip(signature, 5), inputs)
        made.add(kit.StatementVector, f"{name}, cut", signature[:-1], inputs)
        other_signer = {**inputs, "verifier": SECOND_SIGNER.public.encoded}
        made.add(kit.StatementVector, f"{name}, another signer", signature, other_signer)
        for about, other in other_values(statement):
            changed_inputs = {**inputs, "statement": kit.Statements(**{kind: other})}
            made.add(kit.StatementVector, f"{name}, {about}", signature, changed_inputs)


def make(made: Kit) -> None:
    """Add them all."""
    releases(made)
    other_statements(made)
