"""Signatures under statements; those of a release are in `make_releases`."""

import hashlib
from typing import Any
from uuid import UUID

from relay.vault import statements
from tests.unit.vault.helpers import flip
from tests.vectors import kit
from tests.vectors.making import (
    CASE,
    CASE_KEY,
    CHANGED,
    FIRST,
    NOT_BEFORE,
    PAIR,
    PERSON,
    REVIEWED,
    SECOND_SIGNER,
    SERVICE,
    SIGNER,
    Kit,
    other_values,
)


def make(made: Kit) -> None:
    """Add a good signature under each, and refused ones."""
    entry = statements.RosterEntry(
        account=FIRST,
        roles=("facilitator", "supervisor"),
        key_version=1,
        fingerprint=PAIR.public.fingerprint,
        signing_key=SECOND_SIGNER.public.encoded,
    )
    all_of_them: dict[str, Any] = {
        "approval": statements.Approval(**REVIEWED, facilitator=FIRST, decided_at=NOT_BEFORE),
        "changed approval": statements.Approval(
            **REVIEWED, facilitator=FIRST, decided_at=NOT_BEFORE, changes=CHANGED
        ),
        "agreement": statements.Agreement(**REVIEWED, author=PERSON.id, agreed_at=NOT_BEFORE),
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
        field = kind.removeprefix("changed ")
        inputs = {"statement": kit.Statements(**{field: statement}), "verifier": SIGNER.public.encoded}
        made.add(kit.StatementVector, name, signature, inputs, b"")
        made.add(kit.StatementVector, f"{name}, bit flipped", flip(signature, 5), inputs)
        made.add(kit.StatementVector, f"{name}, cut", signature[:-1], inputs)
        other_signer = {**inputs, "verifier": SECOND_SIGNER.public.encoded}
        made.add(kit.StatementVector, f"{name}, another signer", signature, other_signer)
        for about, other in other_values(statement):
            changed_inputs = {**inputs, "statement": kit.Statements(**{field: other})}
            made.add(kit.StatementVector, f"{name}, {about}", signature, changed_inputs)
