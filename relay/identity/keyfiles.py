"""The two keys that are kept offline, each in a file of mode 0600: the service's root and recovery key."""

import re
import tempfile
from pathlib import Path
from uuid import UUID

from relay.errors import Conflict, Unavailable
from relay.process.files import read_secret, write_secret
from relay.vault.suite import KeyPair, Signer

ROOT = "relay-root.key"
RECOVERY = "relay-recovery.key"

_FORM = re.compile(r"relay (root|recovery) key 1\nservice ([0-9a-f-]{36})\n([0-9a-f]+)")


def refuse_unfit(folder: Path) -> None:
    """Raise unless the keys can be written into the folder.

    It is never made: in place of a stick that is not mounted, the keys would come onto this machine's disk.
    Keys that it holds already are never overwritten.
    """
    if not folder.is_dir():
        raise Unavailable(
            f"There is no folder {folder} for the offline keys. If it is on a USB stick, plug that in and"
            " mount it; otherwise make the folder yourself. Then give the same command again."
        )
    for name in (ROOT, RECOVERY):
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


def _unwritable(folder: Path, error: OSError) -> Unavailable:
    return Unavailable(
        f"The keys cannot be written to {folder}: {error.strerror}. Give another folder with --keys-to."
    )


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
