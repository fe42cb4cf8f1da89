"""A reader of objects, seals and releases, written from docs/vault-format.md alone. It shares no code
with Relay.

python independent_reader.py OBJECT DATA_KEY_IN_HEX SERVICE OBJECT_ID > PLAIN
"""

import hashlib
import hmac
import json
import sys
from base64 import b64decode
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any
from uuid import UUID

from cryptography.exceptions import InvalidSignature, InvalidTag
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cryptography.hazmat.primitives.asymmetric.mlkem import MLKEM768PrivateKey
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

HEADER = 64
PLAIN = 262_144
STRIDE = PLAIN + 32


class Refused(Exception):
    """The one error."""


def hkdf(secret: bytes, salt: bytes, info: bytes, length: int) -> bytes:
    """RFC 5869 with SHA-512, for at most one block."""
    return expand(hmac.digest(salt, secret, "sha512"), info, length)


def expand(secret: bytes, info: bytes, length: int) -> bytes:
    """Return the second half of that."""
    return hmac.digest(secret, info + b"\x01", "sha512")[:length]


def frame(tag: bytes, body: bytes) -> bytes:
    """Section 2."""
    return tag + len(body).to_bytes(4, "big") + body


def open_segment(sealed: bytes, secret: bytes, number: int, kind: int) -> bytes:
    """Section 6: a segment is its run's salt, then what AES-256-GCM made."""
    info = hashlib.sha256(frame(b"p", b"relay/1/segments")).digest()
    run_key = expand(secret, info + sealed[:16], 32)
    nonce = number.to_bytes(8, "big") + bytes([kind]) + bytes(3)
    try:
        return AESGCM(run_key).decrypt(nonce, sealed[16:], None)
    except InvalidTag:
        raise Refused from None


def read_object(
    sealed: bytes, data_key: bytes, service: bytes, object_id: bytes, expected: bytes | None = None
) -> bytes:
    """Open a whole object. `expected` is the commitment that a release record names, if there is one."""
    body = len(sealed) - HEADER
    if body < 32:
        raise Refused
    count = -(-body // STRIDE)
    last_size = body - (count - 1) * STRIDE
    if last_size < (32 if count == 1 else 33):
        raise Refused
    header = sealed[:HEADER]
    if header[:16] != b"RELAYOBJ\x01\x00\x00\x00\x00\x04\x00\x00":
        raise Refused
    binding = frame(b"p", b"relay/1/object") + frame(b"u", service) + frame(b"u", object_id)
    both = hkdf(data_key, header[16:32], hashlib.sha256(binding).digest(), 64)
    secret, commitment = both[:32], both[32:]
    for other in (header[32:], expected):
        if other is not None and not hmac.compare_digest(commitment, other):
            raise Refused
    segments = [sealed[HEADER + n * STRIDE : HEADER + (n + 1) * STRIDE] for n in range(count)]
    last = open_segment(segments[-1], secret, count - 1, 1)
    return b"".join(open_segment(each, secret, n, 0) for n, each in enumerate(segments[:-1])) + last


def decapsulate(enc: bytes, seeds: bytes) -> bytes:
    """Section 1: the KEM, X-Wing."""
    x25519 = X25519PrivateKey.from_private_bytes(seeds[64:])
    both = MLKEM768PrivateKey.from_seed_bytes(seeds[:64]).decapsulate(enc[:1088])
    both += x25519.exchange(X25519PublicKey.from_public_bytes(enc[1088:]))
    return hashlib.sha3_256(both + enc[1088:] + x25519.public_key().public_bytes_raw() + b"\\.//^\\").digest()


def read_seal(sealed: bytes, seeds: bytes, info: bytes) -> bytes:
    """Section 4: open what was sealed to a public key. HPKE base mode is in RFC 9180, sections 4 and 5."""
    suite = b"HPKE-v1HPKE" + bytes.fromhex("647a00010002")

    def extract(salt: bytes, label: bytes, secret: bytes) -> bytes:
        return hmac.digest(salt, suite + label + secret, "sha256")

    def expand(secret: bytes, label: bytes, length: int) -> bytes:
        message = length.to_bytes(2, "big") + suite + label + schedule + b"\x01"
        return hmac.digest(secret, message, "sha256")[:length]

    if len(sealed) < 1137 or sealed[:1] != b"\x01":
        raise Refused
    schedule = b"\x00" + extract(b"", b"psk_id_hash", b"") + extract(b"", b"info_hash", info)
    try:
        secret = extract(decapsulate(sealed[1:1121], seeds), b"secret", b"")
        key, nonce = expand(secret, b"key", 32), expand(secret, b"base_nonce", 12)
        return AESGCM(key).decrypt(nonce, sealed[1121:], None)
    except (InvalidTag, ValueError):
        raise Refused from None


RENDITION = "service:u case:u item:u revision:u rendition:u sha256:b object:u commitment:b"
RECIPIENT = "recipient:u recipient_key:b recipient_key_version:i facilitators:l sequence:i released_at:i"
NAMES = {field.partition(":")[0] for field in f"version {RENDITION} {RECIPIENT}".split()}
CHANGES = ["parts hidden", "voice changed", "picture covered"]


def changes_of(record: Mapping[str, Any]) -> bytes:
    """Section 12: what a record says was done to it, as the last frame of what is signed; or nothing."""
    if "changes" not in record:
        return b""
    changes = record["changes"]
    author, what = changes["author"], changes["what"]
    in_order = [each for each in CHANGES if each in what]
    if set(changes) != {"author", "what"} or author not in {"asked", "agreed"}:
        raise Refused
    if not what or what != in_order:
        raise Refused
    listed = b"".join(frame(b"s", each.encode()) for each in what)
    return frame(b"l", frame(b"s", author.encode()) + frame(b"l", listed))


def note_of(record: Mapping[str, Any]) -> bytes:
    """Section 12: what a release says of its note, as the last frame of what is signed; or nothing."""
    if "note" not in record:
        return b""
    digest = b64decode(record["note"], validate=True)
    if len(digest) != 32:
        raise Refused
    return frame(b"b", digest)


def read_note(opened: bytes, digest: bytes) -> str:
    """Section 13: read what was sealed of a note that a record names."""
    try:
        note = json.loads(opened.decode())
        if set(note) != {"salt", "text"}:
            raise Refused
        framed = frame(b"b", b64decode(note["salt"], validate=True)) + frame(b"s", note["text"].encode())
    except (ValueError, TypeError, AttributeError):
        raise Refused from None
    found = hashlib.sha256(frame(b"p", b"relay/1/note") + framed).digest()
    if not hmac.compare_digest(found, digest):
        raise Refused
    return str(note["text"])


def statement(purpose: str, fields: str, values: Mapping[str, Any]) -> bytes:
    """Section 12: what is signed, from values as they stand in JSON."""
    encoders: dict[str, Callable[[Any], bytes]] = {
        "u": lambda value: UUID(value).bytes,
        "b": lambda value: b64decode(value, validate=True),
        "i": lambda value: value.to_bytes(8, "big"),
        "l": lambda value: b"".join(frame(b"u", UUID(each).bytes) for each in value),
    }
    framed = [frame(b"p", f"relay/1/statement/{purpose}".encode())]
    for field in fields.split():
        name, _, tag = field.partition(":")
        framed.append(frame(tag.encode(), encoders[tag](values[name])))
    return b"".join(framed) + changes_of(values)


def read_record(kept: bytes) -> dict[str, Any]:
    """Section 12: read a record. Nothing of it is to be believed yet."""
    try:
        found: dict[str, Any] = json.loads(kept)
    except ValueError:
        raise Refused from None
    return found


def check_release(kept: bytes, record: Mapping[str, Any], keys: Mapping[str, bytes]) -> None:
    """Section 12: check what is kept beside a record. `keys` are the roster's, by facilitator."""
    try:
        signatures, named = json.loads(kept), record["facilitators"]
        approvals = signatures["approvals"]
        if set(signatures) != {"release", "approvals"} or set(record) - {"changes", "note"} != NAMES:
            raise Refused
        if record["version"] != 1 or len(named) not in (1, 2):
            raise Refused
        if len(set(named)) != len(named) or [each["facilitator"] for each in approvals] != named:
            raise Refused
        release = statement("release", f"version:i {RENDITION} {RECIPIENT}", record) + note_of(record)
        signed = [(named[0], signatures["release"], release)]
        for each in approvals:
            if set(each) != {"facilitator", "decided_at", "signature"}:
                raise Refused
            message = statement("approval", f"{RENDITION} facilitator:u decided_at:i", {**record, **each})
            signed.append((each["facilitator"], each["signature"], message))
        for who, signature, message in signed:
            Ed25519PublicKey.from_public_bytes(keys[who]).verify(b64decode(signature, validate=True), message)
    except (InvalidSignature, ValueError, KeyError, TypeError, AttributeError, OverflowError):
        raise Refused from None


if __name__ == "__main__":
    path, key, *place = sys.argv[1:]
    service_id, object_name = (UUID(each).bytes for each in place)
    sys.stdout.buffer.write(read_object(Path(path).read_bytes(), bytes.fromhex(key), service_id, object_name))
