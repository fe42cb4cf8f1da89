"""A facilitator's note: what something is about, told to who receives it before they choose.

It is the word of who releases it and no part of what the author sent. The release record, which they sign,
commits to it; so one that somebody planted, took away or took from elsewhere is refused before a word of it
is shown (SAFETY 1, 2). It is sealed to the recipient with the release, and to the case, whose facilitators
can read what was written. Of a planned release the recipient's is sealed once more to the workers, who take
that off at its time and can read nothing.
"""

from typing import Final
from uuid import UUID

import msgspec
from msgspec import UNSET

from relay.cases.keys import case_text, open_text, put_case_text, seal_text
from relay.db.transaction import Acting, Reading
from relay.errors import Invalid, VaultRefused
from relay.exchange import letters
from relay.house import House
from relay.identity.model import Person
from relay.identity.trust import TrustedKey, past_verifier_of, roster
from relay.vault.grants import Holder
from relay.vault.notes import Note, read
from relay.vault.release import ReleaseRecord, Signatures, decode, verify
from relay.vault.seal import open_sealed, seal
from relay.vault.suite import KeyPair, PublicKey, Sealed, context

PURPOSE: Final = "release_note"
MOST: Final = 2_000
"""Characters."""


class Written(msgspec.Struct, frozen=True, kw_only=True):
    """What was written to a recipient, and who signed that."""

    text: str
    written_by: UUID


def checked(text: str) -> str:
    """Return a note as it is read, empty if it says nothing, or raise `Invalid`: it is plain text.

    Characters that nobody can see are taken out, as they are of letters.
    """
    text = letters.normal(text)
    if names := letters.controls(text):
        raise Invalid(
            note=f"The note contains control characters ({names})."
            " Type that place again, or paste it as plain text."
        )
    text = letters.visible(text).strip()
    if len(text) > MOST:
        raise Invalid(note=f"The note has {len(text):,} characters; {MOST:,} is the most. Shorten it.")
    return text


def drawn(text: str) -> Note | None:
    """Return what goes with a release, or None for an empty text. Raise `Invalid` as `checked` does."""
    text = checked(text)
    return Note.draw(text) if text else None


async def keep(
    act: Acting, house: House, to: TrustedKey, case_id: UUID, release_id: UUID, note: Note | None
) -> Sealed | None:
    """Seal a note to its recipient, which goes into the row of the release; keep it for the case."""
    if note is None:
        return None
    await put_case_text(act, house, case_id, PURPOSE, release_id, note.encode())
    return seal_text(house, to, case_id, PURPOSE, release_id, note.encode())


class Planned(msgspec.Struct, frozen=True, kw_only=True):
    """Which planned release a note waits with; `not_before` is in seconds since 1970."""

    service: UUID
    case: UUID
    release: UUID
    recipient: Holder
    worker: Holder
    not_before: int

    @property
    def info(self) -> bytes:
        """What the workers' layer is bound to."""
        to, by = self.recipient, self.worker
        return context(
            "planned note",
            *(self.service, self.case, self.release),
            *(to.kind, to.id, to.key_version),
            *(by.kind, by.id, by.key_version),
            self.not_before,
        )


def wrap(sealed: bytes | None, worker: PublicKey, planned: Planned) -> Sealed | None:
    """Seal a recipient's note once more, to the workers, until its release is due."""
    return None if sealed is None else seal(worker, sealed, planned.info)


def unwrap(sealed: bytes | None, worker: KeyPair, planned: Planned) -> Sealed | None:
    """Take off the workers' layer, or raise `VaultRefused`."""
    return None if sealed is None else Sealed(open_sealed(worker, sealed, planned.info))


def own(
    house: House, person: Person, release_id: UUID, record: ReleaseRecord, sealed: bytes | None
) -> str | None:
    """Open what was written to this person, or return None: `record`, which was verified, says of no note.

    Raise `VaultRefused` for any other than the one that it names.
    """
    if record.note is UNSET:
        return None
    if sealed is None:
        raise VaultRefused  # somebody took it away
    opened = open_text(house, person.keys, person.holder, record.case, PURPOSE, release_id, sealed)
    return read(opened, record.note).text


class _Row(msgspec.Struct, frozen=True):
    id: UUID
    recipient_id: UUID
    record: bytes
    signatures: bytes


# a plan that was carried out is a release of the same id
_NEWEST = """
SELECT DISTINCT ON (w.recipient_id) w.id, w.recipient_id, w.record, w.signatures FROM (
    SELECT id, recipient_id, sequence, record, signatures FROM relay.releases WHERE item_id = %(item)s
    UNION ALL
    SELECT id, recipient_id, sequence, record, signatures FROM relay.scheduled_releases
    WHERE item_id = %(item)s AND state <> 'done') w
ORDER BY w.recipient_id, w.sequence DESC
"""


async def of_case(
    tx: Reading, house: House, person: Person, case_id: UUID, item_id: UUID
) -> dict[UUID, Written]:
    """Return what was written to each recipient of an item when it was last released to them or planned.

    By account, for a facilitator of the case; also of a plan that was taken back. Raise `VaultRefused` for
    what nobody signed.
    """
    rows = await tx.all(_Row, _NEWEST, {"item": item_id})
    found = [(row, decode(row.record, ReleaseRecord)) for row in rows]
    return {
        row.recipient_id: await _signed(tx, house, person, row, stored, case=case_id, item=item_id)
        for row, stored in found
        if stored.note is not UNSET
    }


async def _signed(
    tx: Reading, house: House, person: Person, row: _Row, stored: ReleaseRecord, *, case: UUID, item: UUID
) -> Written:
    service = house.pins.service_id
    record = msgspec.structs.replace(
        stored, service=service, case=case, item=item, recipient=row.recipient_id
    )
    signed = await roster(tx, house)
    verify(record, decode(row.signatures, Signatures), lambda one: past_verifier_of(signed, one))
    opened = await case_text(tx, house, person, case, PURPOSE, row.id)
    if opened is None or record.note is UNSET:
        raise VaultRefused
    return Written(text=read(opened, record.note).text, written_by=record.facilitators[0])
