from collections.abc import Iterator
from uuid import UUID

import msgspec
import pytest
from msgspec.structs import replace

from relay.errors import VaultRefused
from relay.vault.release import ReleaseRecord, Signatures, SignedApproval, approval_of, decode, verify
from relay.vault.suite import Signer, Verifier
from tests.unit.vault.test_statements import DECIDED_AT, FIRST, NOTE, RECORD, SECOND, TOLD, changed

THIRD = UUID(int=23)
SIGNERS = {who: Signer.generate() for who in (FIRST, SECOND, THIRD)}


def verifier_of(facilitator: UUID) -> Verifier:
    """Answer as the roster does."""
    if facilitator not in SIGNERS:
        raise VaultRefused
    return SIGNERS[facilitator].public


def approved(record: ReleaseRecord, who: UUID) -> SignedApproval:
    """Return somebody's approval of what this record releases."""
    signature = approval_of(record, who, DECIDED_AT).sign(SIGNERS[who])
    return SignedApproval(facilitator=who, decided_at=DECIDED_AT, signature=signature)


def signed(record: ReleaseRecord) -> Signatures:
    """Return what stands beside a record, everybody it names having signed."""
    named = record.facilitators
    return Signatures(
        release=record.sign(SIGNERS[named[0] if named else FIRST]),
        approvals=tuple(approved(record, who) for who in named),
    )


GOOD = signed(RECORD)


@pytest.mark.parametrize("facilitators", [(FIRST,), (FIRST, SECOND), (SECOND, FIRST)])
def test_a_release_stands_on_one_or_two_approvals(facilitators: tuple[UUID, ...]) -> None:
    record = replace(RECORD, facilitators=facilitators)
    verify(record, signed(record), verifier_of)


def wrong() -> Iterator[tuple[str, Signatures]]:
    """Give out signatures that are not enough, or not the right ones."""
    one, two = GOOD.approvals
    yield "released by who did not approve", replace(GOOD, release=RECORD.sign(SIGNERS[THIRD]))
    yield "released by the second", replace(GOOD, release=RECORD.sign(SIGNERS[SECOND]))
    yield "the approval for the release", replace(GOOD, release=one.signature)
    foreign = approved(RECORD, THIRD)
    approvals = {
        "none": (),
        "first alone": (one,),
        "second alone": (two,),
        "first twice": (one, one),
        "a third": (one, two, foreign),
        "another's": (one, foreign),
        "another order": (two, one),
        "swapped": (replace(one, signature=two.signature), replace(two, signature=one.signature)),
        "another time": (one, replace(two, decided_at=DECIDED_AT + 1)),
        "no time that there is": (one, replace(two, decided_at=-1)),
        "of another rendition": (one, approved(replace(RECORD, rendition=UUID(int=9)), SECOND)),
        "of other content": (approved(replace(RECORD, sha256=b"o" * 32), FIRST), two),
    }
    for about, each in approvals.items():
        yield about, replace(GOOD, approvals=each)


@pytest.mark.parametrize("signatures", [pytest.param(each, id=about) for about, each in wrong()])
def test_a_release_needs_the_approval_of_everybody_it_names_and_the_hand_of_the_first(
    signatures: Signatures,
) -> None:
    with pytest.raises(VaultRefused):
        verify(RECORD, signatures, verifier_of)


@pytest.mark.parametrize("record", list(changed(RECORD)))
def test_no_field_of_a_record_can_be_changed_beside_its_signatures(record: ReleaseRecord) -> None:
    with pytest.raises(VaultRefused):
        verify(record, GOOD, verifier_of)


CHANGED = replace(RECORD, changes=TOLD)


def test_what_a_recipient_is_told_stands_if_everybody_signed_it() -> None:
    verify(CHANGED, signed(CHANGED), verifier_of)
    assert CHANGED.told == TOLD
    assert RECORD.told is None


@pytest.mark.parametrize("record", list(changed(CHANGED)))
def test_what_a_recipient_is_told_is_not_taken_away_or_changed_beside_the_signatures(
    record: ReleaseRecord,
) -> None:
    with pytest.raises(VaultRefused):
        verify(record, signed(CHANGED), verifier_of)


def test_what_a_recipient_is_told_is_what_each_approver_signed_and_not_only_who_releases() -> None:
    told, untold = signed(CHANGED), GOOD
    for approvals in (untold.approvals, (told.approvals[0], untold.approvals[1])):
        with pytest.raises(VaultRefused):
            verify(CHANGED, replace(told, approvals=approvals), verifier_of)
    with pytest.raises(VaultRefused):
        verify(RECORD, replace(told, release=untold.release), verifier_of)


NOTED = replace(CHANGED, note=NOTE)


def test_a_note_stands_by_the_hand_of_who_releases_and_no_approval_says_it() -> None:
    verify(NOTED, signed(NOTED), verifier_of)
    verify(NOTED, replace(signed(CHANGED), release=signed(NOTED).release), verifier_of)
    with pytest.raises(VaultRefused):
        verify(NOTED, replace(signed(NOTED), release=signed(CHANGED).release), verifier_of)


@pytest.mark.parametrize("record", list(changed(NOTED)))
def test_a_note_is_not_taken_away_added_or_changed_beside_the_signatures(record: ReleaseRecord) -> None:
    with pytest.raises(VaultRefused):
        verify(record, signed(NOTED), verifier_of)


@pytest.mark.parametrize("note", [b"", NOTE[:-1], NOTE + b"n"])
def test_what_is_no_digest_of_a_note_is_refused_however_well_signed(note: bytes) -> None:
    record = replace(RECORD, note=note)
    with pytest.raises(VaultRefused):
        verify(record, signed(record), verifier_of)


@pytest.mark.parametrize(
    "record",
    [
        replace(RECORD, version=2),
        *(replace(RECORD, facilitators=names) for names in [(), (FIRST, FIRST), (FIRST, SECOND, THIRD)]),
    ],
)
def test_a_record_of_another_version_or_number_of_approvers_is_refused_however_well_signed(
    record: ReleaseRecord,
) -> None:
    with pytest.raises(VaultRefused):
        verify(record, signed(record), verifier_of)


def test_an_approver_who_is_not_on_the_roster_is_refused() -> None:
    def without_second(facilitator: UUID) -> Verifier:
        if facilitator == SECOND:
            raise VaultRefused
        return verifier_of(facilitator)

    with pytest.raises(VaultRefused):
        verify(RECORD, GOOD, without_second)


def test_record_and_signatures_survive_the_way_to_the_database_and_back() -> None:
    for record in (RECORD, CHANGED, NOTED):
        assert decode(msgspec.json.encode(record), ReleaseRecord) == record
    assert decode(msgspec.json.encode(GOOD), Signatures) == GOOD


@pytest.mark.parametrize("stored", [b"", b"{}", b"\xff", b"null", msgspec.json.encode(GOOD)[:-1]])
def test_what_is_no_such_json_is_refused_with_the_one_error(stored: bytes) -> None:
    for kind in (ReleaseRecord, Signatures):
        with pytest.raises(VaultRefused) as refusal:
            decode(stored, kind)
        assert refusal.value.__cause__ is None


def test_names_that_nobody_knows_are_refused() -> None:
    with pytest.raises(VaultRefused):
        decode(msgspec.json.encode(msgspec.to_builtins(GOOD) | {"note": "approved"}), Signatures)


@pytest.mark.parametrize(
    "changes",
    [
        b"null",
        b"{}",
        b'{"author":"agreed","what":[]}',
        b'{"author":"knows","what":["parts hidden"]}',
        b'{"author":"agreed","what":["words replaced"]}',
        b'{"author":"agreed","what":["parts hidden"],"places":3}',
    ],
)
def test_changes_that_nobody_knows_are_refused(changes: bytes) -> None:
    good = msgspec.json.encode(CHANGED)
    with pytest.raises(VaultRefused):
        decode(good.replace(msgspec.json.encode(TOLD), changes), ReleaseRecord)
