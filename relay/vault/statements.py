"""What people sign.

A statement has one canonical form: `suite.encode` of its fields, in order, under a purpose of its own.
Whoever verifies builds the statement from values they hold themselves and checks the signature against that.
A statement is never parsed out of a signed message, so a field that was moved or changed can only make the
check fail.
"""

from itertools import takewhile
from typing import ClassVar, Final, Literal, get_args
from uuid import UUID

import msgspec
from msgspec import UNSET, UnsetType

from relay.errors import VaultRefused
from relay.vault.suite import Field, Signer, Verifier, encode


def _field(value: object) -> Field:
    match value:
        case bytes() | str() | int() | UUID():
            return value
        case tuple():
            return tuple(map(_field, value))
        case msgspec.Struct():
            return tuple(map(_field, msgspec.structs.astuple(value)))
        case _:
            raise TypeError("a statement holds bytes, text, integers, UUIDs, and tuples and structs of these")


def _optional(kind: type[msgspec.Struct]) -> int:
    """Return how many of the last fields may be unset."""
    return len([*takewhile(lambda default: default is UNSET, reversed(kind.__struct_defaults__))])


class Statement(msgspec.Struct, frozen=True, kw_only=True):
    """The root. A subclass sets `purpose` and lists its fields; their order is part of the format.

    The last ones may be unset, where that is their default: the statement then says nothing of them, and has
    no frame for them. No two such fields of a statement are framed alike, so those that are there say which.
    """

    purpose: ClassVar[str]

    def canonical(self) -> bytes:
        """Return the bytes that are signed."""
        fields = msgspec.structs.astuple(self)
        needed = len(fields) - _optional(type(self))
        # fewer frames are other bytes than any with one more: nothing can be put there, or taken away
        said = (*fields[:needed], *(field for field in fields[needed:] if field is not UNSET))
        return encode(f"statement/{self.purpose}", *map(_field, said))

    def sign(self, signer: Signer) -> bytes:
        """Sign (Ed25519, 64 bytes)."""
        return signer.sign(self.canonical())

    def verify(self, signature: bytes, verifier: Verifier) -> None:
        """Raise `VaultRefused` unless the holder of `verifier`'s key signed exactly this."""
        try:
            message = self.canonical()
        except (OverflowError, UnicodeEncodeError):  # a planted field that has no form: nobody signed it
            raise VaultRefused from None
        verifier.verify(signature, message)


Change = Literal["parts hidden", "voice changed", "picture covered"]
CHANGES: Final[tuple[Change, ...]] = get_args(Change)
Word = Literal["asked", "agreed"]


class Changes(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What a recipient is told of a rendition that is not all that its author sent, or not as they sent it.

    `author`: they asked for it themselves when they sent it, or agreed, by signature, to what a facilitator
    did. `what`: each kind of change once, in the order of `CHANGES`.
    """

    author: Word
    what: tuple[Change, ...]

    def __post_init__(self) -> None:
        """Raise `ValueError` unless there is something, in order, each once: it has one form."""
        if not self.what or self.what != tuple(one for one in CHANGES if one in self.what):
            raise ValueError("changes are named in order, each once, and only if there are any")


class OfRendition(Statement, frozen=True, kw_only=True):
    """What a statement on a rendition names: where it belongs, and which bytes it is.

    `sha256` is of its plain bytes, `commitment` is in the object's header.
    """

    service: UUID
    case: UUID
    item: UUID
    revision: UUID
    rendition: UUID
    sha256: bytes
    object: UUID
    commitment: bytes


class Approval(OfRendition, frozen=True, kw_only=True):
    """A facilitator looked at all of this rendition and approves it. It makes nothing readable.

    `decided_at` is in microseconds since 1970, as PostgreSQL keeps the decision's time. `changes` is what its
    recipient is to be told; unset for what is as its author sent it.
    """

    purpose: ClassVar[str] = "approval"

    facilitator: UUID
    decided_at: int
    changes: Changes | UnsetType = UNSET


class Agreement(OfRendition, frozen=True, kw_only=True):
    """An author has seen this rendition, in which a facilitator hid parts, and agrees that it is passed on.

    `agreed_at` is in microseconds since 1970, as PostgreSQL keeps its time.
    """

    purpose: ClassVar[str] = "agreement"

    author: UUID
    agreed_at: int


class InvitationStatement(Statement, frozen=True, kw_only=True):
    """A facilitator of the case invited this participant, with a secret of this hash.

    It lies sealed to the case beside the secret. Anyone can seal to a case; this says that a facilitator did.
    """

    purpose: ClassVar[str] = "invitation"

    service: UUID
    case: UUID
    account: UUID
    invitation: UUID
    secret_hash: bytes
    facilitator: UUID


class Vouch(Statement, frozen=True, kw_only=True):
    """A facilitator of the case says that these public keys are this participant's."""

    purpose: ClassVar[str] = "vouch"

    service: UUID
    case: UUID
    account: UUID
    key_version: int
    fingerprint: bytes
    signing_key: bytes
    facilitator: UUID
    vouched_at: int


class CaseKeyStatement(Statement, frozen=True, kw_only=True):
    """A facilitator of the case says that this is its public key. Nothing is sealed to a case without it."""

    purpose: ClassVar[str] = "case key"

    service: UUID
    case: UUID
    key_version: int
    fingerprint: bytes
    facilitator: UUID


class RosterEntry(msgspec.Struct, frozen=True, kw_only=True):
    """One member of staff: what they may be, and their public keys."""

    account: UUID
    roles: tuple[str, ...]
    key_version: int
    fingerprint: bytes
    signing_key: bytes


class Roster(Statement, frozen=True, kw_only=True):
    """All staff of a service, signed offline by its root. No staff key is sealed to that it does not carry.

    `version` only rises: a reader remembers the highest it has seen and takes no lower one.
    """

    purpose: ClassVar[str] = "roster"

    service: UUID
    version: int
    entries: tuple[RosterEntry, ...]

    def __post_init__(self) -> None:
        """Raise `ValueError` unless the accounts are in order, each once: one roster has one form."""
        accounts = [entry.account.bytes for entry in self.entries]
        if accounts != sorted(set(accounts)):
            raise ValueError("a roster lists each account once, in order of its identifier")

    def entry(self, account: UUID) -> RosterEntry | None:
        """Return the entry of an account, if it is on the roster."""
        return next((entry for entry in self.entries if entry.account == account), None)
