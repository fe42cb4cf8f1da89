"""A person's public keys as a few words that two people can compare over the telephone."""

from relay.identity.passphrases import word_list
from relay.vault.suite import PublicKey, Verifier, context

_WORDS = 8


def digest(public: PublicKey, verifier: Verifier) -> bytes:
    """Return 32 bytes that stand for both public keys."""
    return context("key fingerprint", public.fingerprint, verifier.encoded)


def words(public: PublicKey, verifier: Verifier) -> str:
    """Return eight words (103 bits) of `digest`."""
    number = int.from_bytes(digest(public, verifier), "big")
    found = []
    for _ in range(_WORDS):
        number, index = divmod(number, len(word_list()))
        found.append(word_list()[index])
    return " ".join(found)


def groups(public: PublicKey, verifier: Verifier) -> str:
    """Return the first 16 bytes of `digest` in hexadecimal, in groups of four."""
    text = digest(public, verifier)[:16].hex()
    return " ".join(text[start : start + 4] for start in range(0, len(text), 4))
