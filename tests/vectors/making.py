"""What the parts of the generator share: whom the examples are about, and how a file joins the kit."""

import hashlib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from uuid import UUID

import msgspec
from msgspec import UNSET

from relay.vault.grants import Holder
from relay.vault.notes import Note
from relay.vault.statements import Changes
from relay.vault.stream import object_binding
from relay.vault.suite import DataKey, KeyPair, Signer
from tests.unit.vault.helpers import chance, flip
from tests.vectors import kit

CHANCE = chance("relay vectors")
SERVICE, CASE, OBJECT, OTHER = (UUID(int=CHANCE.getrandbits(128), version=4) for _ in range(4))
PERSON = Holder("account", UUID(int=CHANCE.getrandbits(128), version=4), 3)
WORKER = Holder("worker", UUID(int=CHANCE.getrandbits(128), version=4), 12)
PAIR, OTHER_PAIR, CASE_KEY = (KeyPair.from_seeds(CHANCE.randbytes(96)) for _ in range(3))
KEY, OTHER_KEY = DataKey(CHANCE.randbytes(32)), DataKey(CHANCE.randbytes(32))
SIGNER, SECOND_SIGNER = Signer.from_seed(CHANCE.randbytes(32)), Signer.from_seed(CHANCE.randbytes(32))
FIRST, SECOND = UUID(int=CHANCE.getrandbits(128), version=4), UUID(int=CHANCE.getrandbits(128), version=4)
KEYRING, OTHER_KEYRING = CHANCE.randbytes(32), CHANCE.randbytes(32)
BINDING = object_binding(SERVICE, OBJECT)
NOT_BEFORE = 1_800_000_000
CHANGED = Changes(author="agreed", what=("parts hidden", "voice changed"))
NOTE = Note(salt=bytes(range(32, 64)), text="It is an apology.\nCall me: Fatima, 9 to 5.")
REVIEWED: dict[str, Any] = {
    "service": SERVICE,
    "case": CASE,
    "item": UUID(int=1, version=4),
    "revision": UUID(int=2, version=4),
    "rendition": UUID(int=3, version=4),
    "sha256": hashlib.sha256(b"rendition").digest(),
    "object": OBJECT,
    "commitment": bytes(range(32)),
}


class Kit:
    """Collects the files and their manifest."""

    def __init__(self, folder: Path) -> None:
        """`folder` gets a folder for each kind, and the manifest."""
        self.folder = folder
        self.files: dict[str, bytes] = {}
        self.vectors: list[kit.AnyVector] = []

    def add(
        self,
        vector: type[kit.AnyVector],
        about: str,
        content: bytes,
        inputs: dict[str, Any],
        opens_to: bytes | None = None,
    ) -> None:
        """Add a file named after what it is about. Without `opens_to`, it has to be refused."""
        kind = str(vector.__struct_config__.tag)
        outcome = "refused" if opens_to is None else "good"
        file = f"{kind.replace(' ', '-')}/{outcome} {about}".replace(" ", "-").replace(",", "") + ".bin"
        if file in self.files:
            raise ValueError(file)
        digest = None if opens_to is None else hashlib.sha256(opens_to).hexdigest()
        self.files[file] = content
        self.vectors.append(vector(file=file, about=about, sha256=digest, **inputs))

    def kept(
        self, vector: type[kit.AnyVector], about: str, make: Callable[[], bytes], inputs: Any, plain: bytes
    ) -> bytes:
        """Add a good HPKE seal: the one that is in the folder, if it still opens."""
        self.add(vector, about, b"", inputs, plain)
        path = self.folder / self.vectors[-1].file
        content = path.read_bytes() if path.exists() else make()
        self.files[self.vectors[-1].file] = content if self.vectors[-1].holds(content) else make()
        return self.files[self.vectors[-1].file]

    def write(self) -> None:
        """Check every vector, then write all."""
        for vector in self.vectors:
            if not vector.holds(self.files[vector.file]):
                raise ValueError(vector.file)
        for file, content in self.files.items():
            path = self.folder / file
            path.parent.mkdir(exist_ok=True)
            path.write_bytes(content)
        manifest = msgspec.json.encode(self.vectors)
        (self.folder / "manifest.json").write_bytes(msgspec.json.format(manifest, indent=1) + b"\n")


def changed(data: bytes, at: int, to: bytes) -> bytes:
    """Return `data` with `to` written over it at `at`."""
    return data[:at] + to + data[at + len(to) :]


def without(inputs: dict[str, Any], **other: Any) -> Iterator[tuple[str, dict[str, Any]]]:
    """Give out, for each keyword, its name in words and `inputs` with that one value changed."""
    for name, value in other.items():
        yield f"another {name.replace('_', ' ')}", {**inputs, name: value}


def damage(sealed: bytes, parts: dict[str, int]) -> Iterator[tuple[str, bytes]]:
    """Give out damage that anything sealed has to notice; `parts` names the bytes to flip a bit of."""
    yield "nothing at all", b""
    yield "only its version", sealed[:1]
    yield "version 0", b"\0" + sealed[1:]
    yield "version 2", b"\2" + sealed[1:]
    yield "last byte missing", sealed[:-1]
    yield "one byte too many", sealed + b"\0"
    yield "cut in half", sealed[: len(sealed) // 2]
    for name, at in parts.items():
        yield f"bit flipped in {name}", flip(sealed, (at % len(sealed)) * 8)


def other_values(statement: msgspec.Struct) -> Iterator[tuple[str, Any]]:
    """Give out statements with one field changed each."""
    for name, value in msgspec.structs.asdict(statement).items():
        match value:
            case UUID():
                other: Any = OTHER
            case bytes():
                other = flip(value, 0)
            case int():
                other = value + 1
            case Changes():
                other = UNSET
            case msgspec.UnsetType():
                other = NOTE.digest if name == "note" else CHANGED
            case _:
                other = value[:-1]
        yield f"another {name.replace('_', ' ')}", msgspec.structs.replace(statement, **{name: other})
