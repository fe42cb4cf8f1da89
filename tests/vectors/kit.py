"""The test kit's manifest: for each file, what opens it and what must come of it."""

import hashlib
from pathlib import Path
from typing import TypeAlias
from uuid import UUID

import msgspec

from relay.errors import VaultRefused
from relay.vault import grants, notes, padding, passphrase, release, seal, split, statements
from relay.vault.columns import ColumnCipher
from relay.vault.grants import Holder
from relay.vault.keyring import FileKeyring
from relay.vault.stream import ObjectReader, UploadSealer, object_binding
from relay.vault.suite import DataKey, KeyPair, Verifier
from tests.unit.vault.helpers import Memory

FOLDER = Path(__file__).parent


class Vector(msgspec.Struct, frozen=True, kw_only=True, tag_field="kind"):
    """One file. `sha256` (hexadecimal) is of what it opens to; without it, the file has to be refused."""

    file: str
    about: str
    sha256: str | None = None

    def open(self, content: bytes) -> bytes:
        """Open the file's content, or raise `VaultRefused`."""
        raise NotImplementedError

    def holds(self, content: bytes) -> bool:
        """Tell whether the content opens to what it should, or is refused if it should be."""
        try:
            return hashlib.sha256(self.open(content)).hexdigest() == self.sha256
        except VaultRefused:
            return self.sha256 is None


class ObjectVector(Vector, frozen=True, kw_only=True, tag="object"):
    """An object."""

    data_key: bytes
    service: UUID
    object_id: UUID
    commitment: bytes | None = None

    def open(self, content: bytes) -> bytes:
        """Return all plain bytes."""
        binding = object_binding(self.service, self.object_id)
        key = DataKey(self.data_key)
        return ObjectReader(key, binding, Memory(content), commitment=self.commitment).read_all(len(content))


class TailVector(Vector, frozen=True, kw_only=True, tag="tail"):
    """The tail of an unfinished upload. It opens to nothing that leaves, so a good one counts as empty."""

    data_key: bytes
    service: UUID
    object_id: UUID
    header: bytes
    total: int
    offset: int

    def open(self, content: bytes) -> bytes:
        """Resume the upload."""
        binding = object_binding(self.service, self.object_id)
        UploadSealer(
            DataKey(self.data_key), binding, self.header, total=self.total, offset=self.offset, tail=content
        )
        return b""


class PaddingVector(Vector, frozen=True, kw_only=True, tag="padding"):
    """Padded bytes."""

    smallest: int

    def open(self, content: bytes) -> bytes:
        """Return what was padded."""
        return padding.unpad(content, self.smallest)


class SealVector(Vector, frozen=True, kw_only=True, tag="seal"):
    """Bytes sealed to a public key, of which `seeds` is the private half."""

    seeds: bytes
    info: bytes

    def open(self, content: bytes) -> bytes:
        """Return what was sealed."""
        return seal.open_sealed(KeyPair.from_seeds(self.seeds), content, self.info)


class GrantVector(Vector, frozen=True, kw_only=True, tag="grant"):
    """A data key sealed to a holder."""

    seeds: bytes
    service: UUID
    case: UUID
    object_id: UUID
    holder: Holder

    def open(self, content: bytes) -> bytes:
        """Return the data key."""
        return grants.open_grant(
            KeyPair.from_seeds(self.seeds),
            content,
            service=self.service,
            case=self.case,
            object_id=self.object_id,
            holder=self.holder,
        ).value


class ScheduledVector(Vector, frozen=True, kw_only=True, tag="scheduled grant"):
    """A grant that waits with the workers, of whom `seeds` is the private half."""

    seeds: bytes
    service: UUID
    case: UUID
    object_id: UUID
    recipient: Holder
    worker: Holder
    not_before: int

    def open(self, content: bytes) -> bytes:
        """Return the recipient's grant."""
        return grants.unwrap_scheduled(
            KeyPair.from_seeds(self.seeds),
            content,
            service=self.service,
            case=self.case,
            object_id=self.object_id,
            recipient=self.recipient,
            worker=self.worker,
            not_before=self.not_before,
        )


class CaseKeyVector(Vector, frozen=True, kw_only=True, tag="case key"):
    """A case's private key sealed to a holder."""

    seeds: bytes
    service: UUID
    case: UUID
    case_key_version: int
    holder: Holder
    fingerprint: bytes

    def open(self, content: bytes) -> bytes:
        """Return the seeds of the case's key pair."""
        return grants.open_case_key(
            KeyPair.from_seeds(self.seeds),
            content,
            service=self.service,
            case=self.case,
            case_key_version=self.case_key_version,
            holder=self.holder,
            fingerprint=self.fingerprint,
        ).seeds


class PassphraseVector(Vector, frozen=True, kw_only=True, tag="passphrase"):
    """A secret under a passphrase and a keyring's pepper."""

    passphrase: str
    keyring: bytes
    info: bytes

    def open(self, content: bytes) -> bytes:
        """Return the secret."""
        keyring = FileKeyring(self.keyring)
        return passphrase.open_with_passphrase(
            content, self.passphrase, lambda message: keyring.mac("passphrase", message), self.info
        )


class SessionVector(Vector, frozen=True, kw_only=True, tag="session"):
    """A session's keys under two halves."""

    cookie_half: bytes
    database_half: bytes
    session_id: UUID

    def open(self, content: bytes) -> bytes:
        """Return the keys."""
        return split.join(self.cookie_half, self.database_half, content, self.session_id)


class ColumnVector(Vector, frozen=True, kw_only=True, tag="column"):
    """A text in a row."""

    keyring: bytes
    table: str
    column: str
    row_id: UUID

    def open(self, content: bytes) -> bytes:
        """Return the text in UTF-8."""
        cipher = ColumnCipher(FileKeyring(self.keyring))
        return cipher.open(self.table, self.column, self.row_id, content).encode()


class ReleaseVector(Vector, frozen=True, kw_only=True, tag="release"):
    """What is kept beside a release record: its signature and the approvals. A good one counts as empty.

    `record` is the one that the reader rebuilt, `verifiers` are the roster's facilitators.
    """

    record: release.ReleaseRecord
    verifiers: dict[UUID, bytes]

    def open(self, content: bytes) -> bytes:
        """Check all signatures."""
        release.verify(self.record, release.decode(content, release.Signatures), self._verifier_of)
        return b""

    def _verifier_of(self, facilitator: UUID) -> Verifier:
        if facilitator not in self.verifiers:
            raise VaultRefused
        return Verifier(self.verifiers[facilitator])


class RecordVector(Vector, frozen=True, kw_only=True, tag="record"):
    """A release record as it is kept. A good one counts as empty.

    `signatures` are what is kept beside it, `verifiers` the roster's facilitators. The reader has nothing to
    write over: it is theirs, as far as they know.
    """

    signatures: release.Signatures
    verifiers: dict[UUID, bytes]

    def open(self, content: bytes) -> bytes:
        """Read it and check all signatures."""
        record = release.decode(content, release.ReleaseRecord)
        reading = ReleaseVector(file=self.file, about=self.about, record=record, verifiers=self.verifiers)
        return reading.open(msgspec.json.encode(self.signatures))


class NoteVector(Vector, frozen=True, kw_only=True, tag="note"):
    """What is sealed of a note, without its padding. `digest` is in the record; it opens to the words."""

    digest: bytes

    def open(self, content: bytes) -> bytes:
        """Return the words, if they are those of the record."""
        return notes.read(content, self.digest).text.encode()


class Statements(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One of the statements."""

    approval: statements.Approval | None = None
    agreement: statements.Agreement | None = None
    invitation: statements.InvitationStatement | None = None
    vouch: statements.Vouch | None = None
    case_key: statements.CaseKeyStatement | None = None
    roster: statements.Roster | None = None

    def only(self) -> statements.Statement:
        """Return the one that is there."""
        (statement,) = (each for each in msgspec.structs.astuple(self) if each is not None)
        return statement  # type: ignore[no-any-return]


class StatementVector(Vector, frozen=True, kw_only=True, tag="statement"):
    """The signature under another statement. A good one counts as empty."""

    statement: Statements
    verifier: bytes

    def open(self, content: bytes) -> bytes:
        """Check the signature."""
        self.statement.only().verify(content, Verifier(self.verifier))
        return b""


AnyVector: TypeAlias = (
    ObjectVector
    | TailVector
    | PaddingVector
    | SealVector
    | GrantVector
    | ScheduledVector
    | CaseKeyVector
    | PassphraseVector
    | SessionVector
    | ColumnVector
    | ReleaseVector
    | RecordVector
    | NoteVector
    | StatementVector
)


def read_manifest(folder: Path = FOLDER) -> list[AnyVector]:
    """Read `manifest.json`. Bytes in it are base64."""
    return msgspec.json.decode((folder / "manifest.json").read_bytes(), type=list[AnyVector])
