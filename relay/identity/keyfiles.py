"""The two keys that are kept offline, each in a file of mode 0600: the service's root and recovery key."""

import re
import tempfile
from pathlib import Path
from typing import Final
from uuid import UUID

from relay.errors import Conflict, Invalid, Unavailable
from relay.process.files import read_secret, write_secret
from relay.vault.pins import Pins
from relay.vault.suite import KeyPair, Signer

ROOT = "relay-root.key"
RECOVERY = "relay-recovery.key"

NAMES: Final = {"root": ROOT, "recovery": RECOVERY}
SIZES: Final = {"root": Signer.SIZE, "recovery": KeyPair.SIZE}
"""Bytes of each."""

_FORM = re.compile(r"relay (root|recovery) key 1\nservice ([0-9a-f-]{36})\n([0-9a-f]+)")


def refuse_unfit(folder: Path, *names: str) -> None:
    """Raise unless the keys of these names, or both, can be written into the folder.

    It is never made: in place of a stick that is not mounted, the keys would come onto this machine's disk.
    Keys that it holds already are never overwritten.
    """
    if not folder.is_dir():
        raise Unavailable(
            f"There is no folder {folder} for the offline keys. If it is on a USB stick, plug that in and"
            " mount it; otherwise make the folder yourself. Then give the same command again."
        )
    for name in names or (ROOT, RECOVERY):
        if (folder / name).exists():
            raise Conflict(
                f"There is a {name} in {folder} already. Give another folder: keys are never overwritten."
            )
    try:
        with tempfile.TemporaryFile(dir=folder):
            pass
    except OSError as error:
        raise _unwritable(folder, error) from None


def write(folder: Path, service_id: UUID, root: Signer, recovery: KeyPair) -> tuple[Path, Path]:
    """Write both files into a folder that is there. Return their paths: root, recovery."""
    refuse_unfit(folder)
    try:
        write_secret(folder / ROOT, _text("root", service_id, root.seed))
        write_secret(folder / RECOVERY, _text("recovery", service_id, recovery.seeds))
    except OSError as error:
        raise _unwritable(folder, error) from None
    return folder / ROOT, folder / RECOVERY


def write_again(folder: Path, kind: str, pins: Pins, secret: bytes) -> Path:
    """Write one of the two again, and return its path. Raises `Invalid` if it is not that of this service."""
    refuse_unfit(folder, NAMES[kind])
    if kind == "root":
        own = Signer.from_seed(secret).public == pins.root
    else:
        own = KeyPair.from_seeds(secret).public == pins.recovery
    if not own:
        raise Invalid(key=f"This is a {kind} key, but not that of {pins.name!r}. Nothing was written.")
    try:
        write_secret(folder / NAMES[kind], _text(kind, pins.service_id, secret))
    except OSError as error:
        raise _unwritable(folder, error) from None
    return folder / NAMES[kind]


def _unwritable(folder: Path, error: OSError) -> Unavailable:
    return Unavailable(f"The keys cannot be written to {folder}: {error.strerror}. Give another folder.")


def read_root(path: Path) -> Signer:
    """Read the root's file, or raise `Unavailable` with what is wrong."""
    return Signer.from_seed(_read(path, "root", Signer.SIZE))


def read_recovery(path: Path) -> KeyPair:
    """Read the recovery key's file, or raise `Unavailable` with what is wrong."""
    return KeyPair.from_seeds(_read(path, "recovery", KeyPair.SIZE))


def _text(kind: str, service_id: UUID, secret: bytes) -> str:
    return f"relay {kind} key 1\nservice {service_id}\n{secret.hex()}"


def _read(path: Path, kind: str, size: int) -> bytes:
    try:
        text = read_secret(path)
    except (OSError, UnicodeDecodeError) as error:
        raise Unavailable(
            f"{path} cannot be read ({type(error).__name__}). Give the file {kind} key's path."
        ) from None
    if text is None:
        raise Unavailable(f"There is no file {path}. Give the {kind} key that `relay init` wrote.")
    found = _FORM.fullmatch(text)
    if found is None or found[1] != kind or len(found[3]) != 2 * size:
        raise Unavailable(f"{path} is not a {kind} key as `relay init` writes it.")
    return bytes.fromhex(found[3])
