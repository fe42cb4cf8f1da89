"""Attack 7 of the threat model, nonce reuse: only where every use can be seen may a cipher be made."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[3]
CIPHERS = "cryptography.hazmat.primitives.ciphers"
HPKE = "cryptography.hazmat.primitives.hpke"
ALLOWED = {
    CIPHERS: {"relay/vault/aead.py"},
    HPKE: {"relay/vault/seal.py", "relay/vault/suite.py"},
    # Other ways to the same thing. Nobody needs them.
    "cryptography.fernet": set(),
    "cryptography.hazmat.bindings": set(),
    "nacl": set(),
    "Crypto": set(),
    "Cryptodome": set(),
}


def imported(source: str) -> Iterator[str]:
    """Give out the full name of everything that a module imports, also by `importlib`."""
    for node in ast.walk(ast.parse(source)):
        match node:
            case ast.Import(names=names):
                yield from (name.name for name in names)
            case ast.ImportFrom(module=str(module), names=names):
                yield from (f"{module}.{name.name}" for name in names)
            case ast.Call(args=[ast.Constant(value=str(name)), *_]):
                yield name


def offences(path: str, source: str) -> list[str]:
    return [
        name
        for name in imported(source)
        for forbidden, allowed in ALLOWED.items()
        if (name == forbidden or name.startswith(f"{forbidden}.")) and path not in allowed
    ]


def test_only_the_aead_module_imports_ciphers() -> None:
    modules = [path for part in ("relay", "workers") for path in (ROOT / part).rglob("*.py")]
    assert ROOT / "relay/vault/aead.py" in modules
    found = {
        str(path): bad
        for path in modules
        if (bad := offences(path.relative_to(ROOT).as_posix(), path.read_text("utf-8")))
    }
    assert found == {}


@pytest.mark.parametrize(
    "source",
    [
        "from cryptography.hazmat.primitives.ciphers.aead import AESGCM",
        "from cryptography.hazmat.primitives.ciphers import aead",
        "from cryptography.hazmat.primitives import ciphers",
        "import cryptography.hazmat.primitives.ciphers.aead as a",
        "import importlib; importlib.import_module('cryptography.hazmat.primitives.ciphers.aead')",
        "from cryptography.fernet import Fernet",
        "from cryptography.hazmat.bindings._rust import openssl",
    ],
)
def test_the_check_sees_each_way_round_it(source: str) -> None:
    assert offences("relay/vault/stream.py", source)
