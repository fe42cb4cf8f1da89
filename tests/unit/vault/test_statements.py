from collections.abc import Iterator
from typing import Any
from uuid import UUID, uuid4

import msgspec
import pytest
from msgspec import UNSET

from relay.errors import VaultRefused
from relay.vault.release import ReleaseRecord
from relay.vault.statements import (
    Approval,
    CaseKeyStatement,
    Change,
    Changes,
    InvitationStatement,
    Roster,
    RosterEntry,
    Statement,
    Vouch,
)
from relay.vault.suite import Signer, encode

ENTRY = RosterEntry(
    account=UUID(int=1), roles=("facilitator",), key_version=1, fingerprint=b"f" * 32, signing_key=b"s" * 32
)
FIRST, SECOND = UUID(int=21), UUID(int=22)
DECIDED_AT = 1_799_999_999_123_456
VALUES: dict[str, Any] = {
    "service": UUID(int=10),
    "case": UUID(int=11),
    "item": UUID(int=12),
    "revision": UUID(int=13),
    "rendition": UUID(int=14),
    "sha256": b"h" * 32,
    "object": UUID(int=15),
    "commitment": b"c" * 32,
}
NOTE = b"n" * 32
TOLD = Changes(author="agreed", what=("parts hidden", "voice changed"))
RECORD = ReleaseRecord(
    **VALUES,
    recipient=UUID(int=16),
    recipient_key=b"k" * 32,
    recipient_key_version=2,
    facilitators=(FIRST, SECOND),
    sequence=5,
    released_at=1_800_000_000,
)
STATEMENTS: list[Statement] = [
    RECORD,
    Approval(**VALUES, facilitator=FIRST, decided_at=DECIDED_AT),
    Approval(**VALUES, facilitator=FIRST, decided_at=DECIDED_AT, changes=TOLD),
    msgspec.structs.replace(RECORD, changes=TOLD),
    msgspec.structs.replace(RECORD, note=NOTE),
    msgspec.structs.replace(RECORD, changes=TOLD, note=NOTE),
    InvitationStatement(
        service=UUID(int=10),
        case=UUID(int=11),
        account=UUID(int=16),
        invitation=UUID(int=17),
        secret_hash=b"h" * 32,
        facilitator=FIRST,
    ),
    Vouch(
        service=UUID(int=10),
        case=UUID(int=11),
        account=UUID(int=16),
        key_version=2,
        fingerprint=b"k" * 32,
        signing_key=b"s" * 32,
        facilitator=FIRST,
        vouched_at=1_800_000_000,
    ),
    CaseKeyStatement(
        service=UUID(int=10), case=UUID(int=11), key_version=1, fingerprint=b"k" * 32, facilitator=FIRST
    ),
    Roster(service=UUID(int=10), version=7, entries=(ENTRY,)),
]


def _named(statement: Statement) -> str:
    said = [name for name in ("changes", "note") if getattr(statement, name, UNSET) is not UNSET]
    return "-".join([statement.purpose, *said])


def changed(statement: msgspec.Struct) -> Iterator[Any]:
    """Give out statements that differ from this one in one field each."""
    for name, value in msgspec.structs.asdict(statement).items():
        match value:
            case UUID():
                other: Any = uuid4()
            case bytes():
                other = value[:-1] + b"\0"
            case int():
                other = value + 1
            case msgspec.UnsetType():
                other = NOTE if name == "note" else TOLD
            case Changes():
                asked = msgspec.structs.replace(value, author="asked")
                fewer = msgspec.structs.replace(value, what=value.what[:-1])
                yield from (msgspec.structs.replace(statement, **{name: each}) for each in (asked, fewer))
                other = UNSET
            case (RosterEntry() as entry,):
                yield from (msgspec.structs.replace(statement, entries=(each,)) for each in changed(entry))
                other = ()
            case tuple():
                other = value[:-1]
            case _:
                raise AssertionError(name)
        yield msgspec.structs.replace(statement, **{name: other})


@pytest.mark.parametrize("statement", STATEMENTS, ids=_named)
def test_a_statement_verifies_as_it_was_signed(statement: Statement) -> None:
    signer = Signer.generate()
    statement.verify(statement.sign(signer), signer.public)


@pytest.mark.parametrize("statement", STATEMENTS, ids=_named)
def test_no_field_of_a_statement_can_be_changed(statement: Statement) -> None:
    signer = Signer.generate()
    signature = statement.sign(signer)
    others = list(changed(statement))
    assert len(others) >= len(statement.__struct_fields__)
    for other in others:
        with pytest.raises(VaultRefused):
            other.verify(signature, signer.public)


@pytest.mark.parametrize("statement", STATEMENTS, ids=_named)
def test_another_signer_does_not_do(statement: Statement) -> None:
    with pytest.raises(VaultRefused):
        statement.verify(statement.sign(Signer.generate()), Signer.generate().public)


def test_a_signature_under_one_kind_of_statement_is_none_under_another() -> None:
    canonical = {statement.canonical()[: 5 + 32] for statement in STATEMENTS}
    assert len(canonical) == len({statement.purpose for statement in STATEMENTS})


def test_what_is_told_is_one_more_field_at_the_end_and_without_it_all_is_as_before() -> None:
    for untold in (RECORD, Approval(**VALUES, facilitator=FIRST, decided_at=DECIDED_AT)):
        told = msgspec.structs.replace(untold, changes=TOLD)
        before = untold.canonical()
        assert told.canonical().startswith(before)
        assert told.canonical().removeprefix(before) == encode(
            "nothing", ("agreed", ("parts hidden", "voice changed"))
        ).removeprefix(encode("nothing"))
    assert b"changes" not in msgspec.json.encode(RECORD)


def test_a_note_is_one_more_field_after_that_and_without_it_all_is_as_before() -> None:
    framed = encode("nothing", NOTE).removeprefix(encode("nothing"))
    for before in (RECORD, msgspec.structs.replace(RECORD, changes=TOLD)):
        noted = msgspec.structs.replace(before, note=NOTE)
        assert noted.canonical() == before.canonical() + framed
    assert b"note" not in msgspec.json.encode(RECORD)


@pytest.mark.parametrize(
    "what",
    [
        (),
        ("parts hidden", "parts hidden"),
        ("voice changed", "parts hidden"),
        ("words replaced",),
        ("parts hidden", "words replaced"),
    ],
)
def test_changes_have_one_form(what: tuple[Change, ...]) -> None:
    with pytest.raises(ValueError, match="in order, each once"):
        Changes(author="agreed", what=what)


def test_only_a_field_that_is_unset_by_default_may_be_unset() -> None:
    class Wrong(Statement, frozen=True, kw_only=True):
        purpose = "wrong"
        value: int | msgspec.UnsetType
        last: int

    with pytest.raises(TypeError):
        Wrong(value=UNSET, last=1).canonical()


def test_a_roster_lists_each_account_once_and_in_order() -> None:
    later = msgspec.structs.replace(ENTRY, account=UUID(int=2))
    roster = Roster(service=UUID(int=10), version=1, entries=(ENTRY, later))
    assert roster.entry(UUID(int=2)) == later
    assert roster.entry(UUID(int=3)) is None
    for entries in [(later, ENTRY), (ENTRY, ENTRY)]:
        with pytest.raises(ValueError, match="order"):
            Roster(service=UUID(int=10), version=1, entries=entries)


def test_a_roster_survives_the_way_to_the_root_and_back() -> None:
    roster = Roster(service=UUID(int=10), version=7, entries=(ENTRY,))
    carried = msgspec.json.decode(msgspec.json.encode(roster), type=Roster)
    assert carried.canonical() == roster.canonical()


def test_a_statement_takes_only_what_has_one_form() -> None:
    class Wrong(Statement, frozen=True, kw_only=True):
        purpose = "wrong"
        value: float

    with pytest.raises(TypeError):
        Wrong(value=1.5).canonical()


@pytest.mark.parametrize("value", [-1, 2**64])
def test_a_planted_number_that_has_no_form_is_refused_like_anything_else(value: int) -> None:
    signer = Signer.generate()
    with pytest.raises(VaultRefused):
        msgspec.structs.replace(RECORD, sequence=value).verify(RECORD.sign(signer), signer.public)
