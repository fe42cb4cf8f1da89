"""The one suite (version 1): what a seal is bound to, and the keys.

HPKE (RFC 9180) with ML-KEM-768 + X25519, HKDF-SHA256 and AES-256-GCM; Ed25519 (RFC 8032); HKDF-SHA512 (RFC
5869). There are no options: another suite would be another version byte.
"""

import hashlib
import hmac
import os
from functools import cached_property
from typing import ClassVar, NewType, Self, TypeAlias
from uuid import UUID

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.asymmetric.mlkem import MLKEM768PrivateKey, MLKEM768PublicKey
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey
from cryptography.hazmat.primitives.hashes import SHA512
from cryptography.hazmat.primitives.hpke import MLKEM768X25519PrivateKey, MLKEM768X25519PublicKey
from cryptography.hazmat.primitives.kdf.hkdf import HKDF, HKDFExpand

from relay.errors import VaultRefused

SUITE = 1
VERSION = bytes([SUITE])
_SHA512 = SHA512()

Sealed = NewType("Sealed", bytes)
"""Ciphertext. What stores or sends sealed bytes asks for this type, so that plain ones do not fit."""

Field: TypeAlias = bytes | str | int | UUID | tuple["Field", ...]


def _frame(tag: bytes, body: bytes) -> bytes:
    return tag + len(body).to_bytes(4, "big") + body


def _encode_field(field: Field) -> bytes:
    match field:
        case bytes():
            return _frame(b"b", field)
        case str():
            return _frame(b"s", field.encode())
        case bool():
            raise TypeError("a context holds no booleans: write a word")
        case int():
            return _frame(b"i", field.to_bytes(8, "big"))
        case UUID():
            return _frame(b"u", field.bytes)
        case tuple():
            return _frame(b"l", b"".join(map(_encode_field, field)))
        case _:
            raise TypeError("a context holds bytes, text, integers, UUIDs and tuples of these")


def encode(purpose: str, *fields: Field) -> bytes:
    """Say what something is for, in bytes that no other purpose or list of fields shares.

    Each field carries a tag of its type and its length, so no two lists run into each other. Integers are
    unsigned 64-bit. Raises `TypeError`, `OverflowError` or `UnicodeEncodeError` for a field that has no such
    form.
    """
    return _frame(b"p", f"relay/{SUITE}/{purpose}".encode()) + b"".join(map(_encode_field, fields))


def context(purpose: str, *fields: Field) -> bytes:
    """SHA-256 of `encode`: 32 bytes that a seal is bound to, which its opener makes from their own values."""
    return hashlib.sha256(encode(purpose, *fields)).digest()


def derive(secret: bytes, salt: bytes, info: bytes, length: int) -> bytes:
    """HKDF-SHA512, for a secret of any kind."""
    return HKDF(_SHA512, length, salt, info).derive(secret)


def expand(secret: bytes, info: bytes, length: int) -> bytes:
    """HKDF-SHA512 without its first half, for a secret that came out of `derive`."""
    return HKDFExpand(_SHA512, length, info).derive(secret)


class Secret:
    """Bytes of a fixed size that must not be shown: no repr, no pickle, compared in constant time."""

    SIZE: ClassVar[int] = 32

    def __init__(self, value: bytes) -> None:
        """Raise `VaultRefused` if `value` has the wrong size: it usually comes out of something sealed."""
        if len(value) != self.SIZE:
            raise VaultRefused
        self._value = bytes(value)

    @classmethod
    def generate(cls) -> Self:
        """Make one from the system's randomness."""
        return cls(os.urandom(cls.SIZE))

    def __repr__(self) -> str:
        return f"<{type(self).__name__}>"

    def __eq__(self, other: object) -> bool:
        return type(other) is type(self) and hmac.compare_digest(self._value, other._value)

    def __hash__(self) -> int:
        return hash((type(self), self._value))

    def __reduce__(self) -> str:
        raise TypeError("secrets are not pickled or copied")


class DataKey(Secret):
    """The 256-bit key of one object."""

    @property
    def value(self) -> bytes:
        """The key itself, to be sealed."""
        return self._value


class PublicKey:
    """The public half of a `KeyPair`: ML-KEM-768 (1,184 bytes), then X25519 (32 bytes)."""

    SIZE: ClassVar[int] = 1184 + 32

    def __init__(self, encoded: bytes) -> None:
        """Raise `VaultRefused` if these bytes are no public key."""
        if len(encoded) != self.SIZE:
            raise VaultRefused
        self.encoded = bytes(encoded)
        try:
            self.hpke = MLKEM768X25519PublicKey(
                MLKEM768PublicKey.from_public_bytes(self.encoded[:1184]),
                X25519PublicKey.from_public_bytes(self.encoded[1184:]),
            )
        except ValueError:
            raise VaultRefused from None

    @cached_property
    def fingerprint(self) -> bytes:
        """32 bytes that stand for this key in statements."""
        return context("public key", self.encoded)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, PublicKey) and self.encoded == other.encoded

    def __hash__(self) -> int:
        return hash(self.encoded)


class KeyPair(Secret):
    """An HPKE key pair. It keeps both seeds, because the library cannot write the hybrid private key out."""

    SIZE: ClassVar[int] = 64 + 32

    @classmethod
    def from_seeds(cls, seeds: bytes) -> Self:
        """Rebuild from `.seeds`: 64 bytes for ML-KEM-768 (d and z of FIPS 203), 32 for X25519."""
        return cls(seeds)

    @property
    def seeds(self) -> bytes:
        """The private half, to be sealed."""
        return self._value

    @cached_property
    def _halves(self) -> tuple[MLKEM768PrivateKey, X25519PrivateKey]:
        return (
            MLKEM768PrivateKey.from_seed_bytes(self._value[:64]),
            X25519PrivateKey.from_private_bytes(self._value[64:]),
        )

    @cached_property
    def hpke(self) -> MLKEM768X25519PrivateKey:
        """The private key as the library takes it."""
        return MLKEM768X25519PrivateKey(*self._halves)

    @cached_property
    def public(self) -> PublicKey:
        """The public half."""
        mlkem, x25519 = self._halves
        return PublicKey(mlkem.public_key().public_bytes_raw() + x25519.public_key().public_bytes_raw())


class Verifier:
    """The public half of a `Signer` (32 bytes)."""

    def __init__(self, encoded: bytes) -> None:
        """Raise `VaultRefused` if these bytes are no Ed25519 public key."""
        try:
            self._key = Ed25519PublicKey.from_public_bytes(encoded)
        except ValueError:
            raise VaultRefused from None
        self.encoded = bytes(encoded)

    def verify(self, signature: bytes, message: bytes) -> None:
        """Raise `VaultRefused` unless the signer signed exactly `message`."""
        try:
            self._key.verify(signature, message)
        except InvalidSignature:
            raise VaultRefused from None

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Verifier) and self.encoded == other.encoded

    def __hash__(self) -> int:
        return hash(self.encoded)


class Signer(Secret):
    """An Ed25519 signing key."""

    @classmethod
    def from_seed(cls, seed: bytes) -> Self:
        """Rebuild from `.seed` (32 bytes)."""
        return cls(seed)

    @property
    def seed(self) -> bytes:
        """The private half, to be sealed."""
        return self._value

    @cached_property
    def _key(self) -> Ed25519PrivateKey:
        return Ed25519PrivateKey.from_private_bytes(self._value)

    @cached_property
    def public(self) -> Verifier:
        """The public half."""
        return Verifier(self._key.public_key().public_bytes_raw())

    def sign(self, message: bytes) -> bytes:
        """Sign (64 bytes). Statements make the message: see `statements`."""
        return self._key.sign(message)
