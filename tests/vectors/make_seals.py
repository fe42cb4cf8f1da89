"""Seals to public keys, and seals under passphrases, halves and the keyring."""

from typing import Any

import msgspec

from relay.vault import columns, grants, padding, passphrase, seal, split
from relay.vault.aead import seal_once
from relay.vault.grants import Holder
from relay.vault.keyring import FileKeyring
from relay.vault.suite import Sealed, context
from tests.unit.vault.helpers import plain_bytes
from tests.vectors import kit
from tests.vectors.making import (
    CASE,
    CASE_KEY,
    KEY,
    KEYRING,
    NOT_BEFORE,
    OBJECT,
    OTHER,
    OTHER_KEYRING,
    OTHER_PAIR,
    PAIR,
    PERSON,
    SERVICE,
    WORKER,
    Kit,
    changed,
    damage,
    without,
)


def seals(made: Kit) -> None:
    """Add HPKE seals."""
    info = context("vectors", "seal")
    inputs = {"seeds": PAIR.seeds, "info": info}
    good = b""
    for size in (0, 1, 100):
        plain = plain_bytes(size)

        def make(plain: bytes = plain) -> bytes:
            return seal.seal(PAIR.public, plain, info)

        good = made.kept(kit.SealVector, f"of {size} bytes", make, inputs, plain)
    parts = {"the ML-KEM ciphertext": 1, "the X25519 key": 1089, "the ciphertext": 1121, "the tag": -1}
    for about, content in damage(good, parts):
        made.add(kit.SealVector, about, content, inputs)
    made.add(kit.SealVector, "X25519 key of zeros", changed(good, 1089, bytes(32)), inputs)
    made.add(
        kit.SealVector,
        "encapsulated halves swapped",
        good[:1] + good[1089:1121] + good[1:1089] + good[1121:],
        inputs,
    )
    for about, other in without(inputs, seeds=OTHER_PAIR.seeds, info=context("vectors", "other")):
        made.add(kit.SealVector, about, good, other)


def kept_refused(made: Kit, folder: str, about: str, plain: bytes, info: bytes) -> bytes:
    """Return a seal that opens to something wrong: the one in the folder, if there is one."""
    path = made.folder / folder / f"refused {about}.bin".replace(" ", "-")
    return path.read_bytes() if path.exists() else seal.seal(PAIR.public, plain, info)


def data_key_grants(made: Kit) -> bytes:
    """Add grants of a data key, and return one."""
    place = {"service": SERVICE, "case": CASE, "object_id": OBJECT}
    good = b""
    for kind in ("recovery", "worker", "case", "account"):
        holder = msgspec.structs.replace(PERSON, kind=kind)
        inputs = {"seeds": PAIR.seeds, **place, "holder": holder}

        def make(holder: Holder = holder) -> bytes:
            return grants.grant(KEY, PAIR.public, **place, holder=holder)

        good = made.kept(kit.GrantVector, f"to a holder of kind {kind}", make, inputs, KEY.value)
    inputs = {"seeds": PAIR.seeds, **place, "holder": PERSON}
    for about, content in damage(good, {"the encapsulated key": 600, "the data key": 1130, "the tag": -1}):
        made.add(kit.GrantVector, about, content, inputs)
    for about, other in without(inputs, seeds=OTHER_PAIR.seeds, service=OTHER, case=OTHER, object_id=OTHER):
        made.add(kit.GrantVector, about, good, other)
    for about, other in without({}, kind="case", id=OTHER, key_version=2):
        holder = msgspec.structs.replace(PERSON, **other)
        made.add(kit.GrantVector, f"{about} of holder", good, {**inputs, "holder": holder})
    info = grants.grant_info(SERVICE, CASE, OBJECT, PERSON)
    for size in (31, 33):
        name = f"data key of {size} bytes"
        made.add(kit.GrantVector, name, kept_refused(made, "grant", name, bytes(size), info), inputs)
    return good


def scheduled_grants(made: Kit, inner: bytes) -> None:
    """Add grants that wait for their time."""
    place: dict[str, Any] = {
        "service": SERVICE,
        "case": CASE,
        "object_id": OBJECT,
        "recipient": PERSON,
        "worker": WORKER,
        "not_before": NOT_BEFORE,
    }
    inputs = {"seeds": OTHER_PAIR.seeds, **place}

    def make() -> bytes:
        return grants.seal_scheduled(Sealed(inner), OTHER_PAIR.public, **place)

    good = made.kept(kit.ScheduledVector, "to the workers", make, inputs, inner)
    for about, content in damage(good, {"the encapsulated key": 600, "the grant": 1200, "the tag": -1}):
        made.add(kit.ScheduledVector, about, content, inputs)
    others = {
        "seeds": PAIR.seeds,
        "service": OTHER,
        "case": OTHER,
        "object_id": OTHER,
        "not_before": NOT_BEFORE - 1,
        "recipient": msgspec.structs.replace(PERSON, id=OTHER),
        "worker": msgspec.structs.replace(WORKER, key_version=11),
    }
    for about, other in without(inputs, **others):
        made.add(kit.ScheduledVector, about, good, other)


def case_keys(made: Kit) -> None:
    """Add case keys."""
    place: dict[str, Any] = {"service": SERVICE, "case": CASE, "case_key_version": 2, "holder": PERSON}
    inputs = {"seeds": PAIR.seeds, **place, "fingerprint": CASE_KEY.public.fingerprint}

    def make() -> bytes:
        return grants.grant_case_key(CASE_KEY, PAIR.public, **place)

    good = made.kept(kit.CaseKeyVector, "to a facilitator", make, inputs, CASE_KEY.seeds)
    others = {
        "seeds": OTHER_PAIR.seeds,
        "service": OTHER,
        "case": OTHER,
        "case_key_version": 1,
        "holder": msgspec.structs.replace(PERSON, kind="recovery"),
        "fingerprint": OTHER_PAIR.public.fingerprint,
    }
    for about, other in without(inputs, **others):
        made.add(kit.CaseKeyVector, about, good, other)


def passphrases(made: Kit) -> None:
    """Add passphrase seals."""
    info, secret = context("vectors", "passphrase"), plain_bytes(128)
    typed, decomposed = (
        "zażółć gęślą jaźń",
        "zaz\u0307o\u0301\u0142c\u0301 ge\u0328s\u0301la\u0328 jaz\u0301n\u0301",
    )
    inputs = {"passphrase": typed, "keyring": KEYRING, "info": info}

    def pepper(message: bytes) -> bytes:
        return FileKeyring(KEYRING).mac("passphrase", message)

    good = passphrase.seal_with_passphrase(secret, typed, pepper, info)
    dearer = passphrase.Parameters(memory_kib=70_000, iterations=4, lanes=2)
    dear = passphrase.seal_with_passphrase(secret, typed, pepper, info, dearer)
    made.add(kit.PassphraseVector, "with the default parameters", good, inputs, secret)
    made.add(kit.PassphraseVector, "with dearer parameters", dear, inputs, secret)
    made.add(
        kit.PassphraseVector,
        "typed with decomposed letters",
        good,
        {**inputs, "passphrase": decomposed},
        secret,
    )
    parts = {"the Argon2 salt": 7, "the salt": 24, "the commitment": 56, "the ciphertext": 88, "the tag": -1}
    for about, content in damage(good, parts):
        made.add(kit.PassphraseVector, about, content, inputs)
    parameters = {
        "memory below the floor": (1, (65_535).to_bytes(4, "big")),
        "memory of zero": (1, bytes(4)),
        "memory above the ceiling": (1, b"\xff" * 4),
        "memory raised": (1, (65_537).to_bytes(4, "big")),
        "iterations below the floor": (5, b"\2"),
        "iterations above the ceiling": (5, b"\xff"),
        "iterations raised": (5, b"\4"),
        "no lanes": (6, b"\0"),
        "lanes above the ceiling": (6, b"\xff"),
        "version of the inner seal": (23, b"\2"),
    }
    for about, (at, to) in parameters.items():
        made.add(kit.PassphraseVector, about, changed(good, at, to), inputs)
    for about, other in without(inputs, passphrase=typed + " ", keyring=OTHER_KEYRING, info=bytes(32)):
        made.add(kit.PassphraseVector, about, good, other)


def sessions(made: Kit) -> None:
    """Add split sessions."""
    keys = plain_bytes(128)
    cookie_half, database_half, good = split.split(keys, OBJECT)
    inputs = {"cookie_half": cookie_half, "database_half": database_half, "session_id": OBJECT}
    made.add(kit.SessionVector, "of 128 bytes", good, inputs, keys)
    for about, content in damage(
        good, {"the salt": 1, "the commitment": 33, "the ciphertext": 65, "the tag": -1}
    ):
        made.add(kit.SessionVector, about, content, inputs)
    for about, other in without(inputs, cookie_half=bytes(32), database_half=bytes(32), session_id=OTHER):
        made.add(kit.SessionVector, about, good, other)
    swapped = {**inputs, "cookie_half": database_half, "database_half": cookie_half}
    made.add(kit.SessionVector, "halves swapped", good, swapped)
    moved = {**inputs, "cookie_half": cookie_half + database_half[:1], "database_half": database_half[1:]}
    made.add(kit.SessionVector, "halves of uneven size", good, moved)


def sealed_columns(made: Kit) -> None:
    """Add texts in rows."""
    place: dict[str, Any] = {"table": "people", "column": "name", "row_id": OBJECT}
    inputs = {"keyring": KEYRING, **place}
    cipher = columns.ColumnCipher(FileKeyring(KEYRING))
    texts = {"an empty text": "", "a name": "Zażółć", "a name in Urdu": "فاطمہ", "a long text": "long " * 200}
    good = b""
    for about, text in texts.items():
        good = cipher.seal(**place, text=text)
        made.add(kit.ColumnVector, about, good, inputs, text.encode())
    for about, content in damage(
        good, {"the salt": 1, "the commitment": 33, "the ciphertext": 65, "the tag": -1}
    ):
        made.add(kit.ColumnVector, about, content, inputs)
    for about, other in without(inputs, keyring=OTHER_KEYRING, table="cases", column="note", row_id=OTHER):
        made.add(kit.ColumnVector, about, good, other)
    key, info = FileKeyring(KEYRING).mac("columns", b""), context("column", "people", "name", OBJECT)
    made.add(kit.ColumnVector, "not padded", seal_once(key, b"Ania", info), inputs)
    made.add(kit.ColumnVector, "not UTF-8", seal_once(key, padding.pad(b"\xff", 64), info), inputs)


def make(made: Kit) -> None:
    """Add them all."""
    seals(made)
    scheduled_grants(made, data_key_grants(made))
    case_keys(made)
    passphrases(made)
    sessions(made)
    sealed_columns(made)
