"""Bytes sealed to one public key: HPKE base mode (RFC 9180), one message per encapsulation.

It names no sender. Who sealed, and what, is proved by statements (`statements`, `release`); what the seal may
be used for is bound by `info`. It carries no commitment of its own: what is sealed here is a key, and each
key is checked against one the reader already has (an object's commitment, a public key's fingerprint).
"""

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.hpke import AEAD, KDF, KEM, Suite

from relay.errors import VaultRefused
from relay.vault.suite import VERSION, KeyPair, PublicKey, Sealed

_HPKE = Suite(KEM.MLKEM768_X25519, KDF.HKDF_SHA256, AEAD.AES_256_GCM)

OVERHEAD = 1 + 1120 + 16
"""Bytes that a seal adds: version, encapsulated key, tag."""


def seal(to: PublicKey, plain: bytes, info: bytes) -> Sealed:
    """Seal `plain` so that only `to` opens it, and only with the same `info` (a `suite.context`)."""
    try:
        return Sealed(VERSION + _HPKE.encrypt(plain, to.hpke, info))
    except ValueError:
        # A public key with an all-zero (or other small-order) X25519 part gets this far.
        raise VaultRefused from None


def open_sealed(key: KeyPair, sealed: bytes, info: bytes) -> bytes:
    """Undo `seal`, or raise `VaultRefused`. `info` is built from the reader's own values."""
    if sealed[:1] != VERSION:
        raise VaultRefused
    try:
        return _HPKE.decrypt(sealed[1:], key.hpke, info)
    except (InvalidTag, ValueError):
        raise VaultRefused from None
