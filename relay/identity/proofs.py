"""What an invitation's secret and code prove, and in which form they count."""

import hashlib
import hmac
import re
import unicodedata
from uuid import UUID

from relay.vault.keyring import Keyring
from relay.vault.suite import context

_LOOKALIKES = str.maketrans("ILOU", "110V")
_LIKE_A_SECRET = re.compile(rb"(?=.*[G-Z])[0-9A-Z]{16,}")
"""Most of a secret at least, and no identifier, which has no letter beyond F."""


def clean_secret(untrusted_secret: str) -> bytes:
    """Return a secret as it counts, whatever its spaces, dashes, case and lookalike letters."""
    kept = re.sub(r"[\s-]", "", untrusted_secret).upper().translate(_LOOKALIKES)
    return kept.encode(errors="replace")


def looks_like_a_secret(untrusted_text: str) -> bool:
    """Tell whether somebody typed the secret, or most of it, where something else was asked for."""
    return _LIKE_A_SECRET.fullmatch(clean_secret(untrusted_text)) is not None


def clean_code(untrusted_code: str) -> bytes:
    """Return a spoken code as it counts: its digits, whichever script they were typed in."""
    return "".join(str(unicodedata.decimal(sign)) for sign in untrusted_code if sign.isdecimal()).encode()


def secret_hash(secret: str) -> bytes:
    """Return what is stored of a secret."""
    return hashlib.sha256(context("invitation secret", clean_secret(secret))).digest()


def code_mac(keyring: Keyring, invitation_id: UUID, code: str) -> bytes:
    """Return what is stored of a code: 8 digits can be guessed, so the keyring is in it."""
    return keyring.mac("invitation code", invitation_id.bytes + clean_code(code))


def enrolment_mac(
    secret: str,
    *,
    service_id: UUID,
    invitation_id: UUID,
    account_id: UUID,
    key_version: int,
    hpke_public: bytes,
    signing_public: bytes,
) -> bytes:
    """Return the proof that these public keys were enrolled by whoever held the invitation's secret."""
    key = context("enrolment key", clean_secret(secret))
    message = context(
        "enrolment", service_id, invitation_id, account_id, key_version, hpke_public, signing_public
    )
    return hmac.digest(key, message, "sha256")
