"""What others take for the same work. Runs in .bench-venv, where nothing of Relay is installed:

    python vault_peers.py SOURCE FOLDER ROUNDS

prints JSON: for each peer, seconds of each round of writing and of reading. Every peer encrypts the file
SOURCE into a file and decrypts that into another. `bare` is AES-256-GCM in 256 KiB pieces on one reused
buffer, the limit for all.
"""

import json
import os
import shutil
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import aws_encryption_sdk  # type: ignore[import-not-found]
import pyrage  # type: ignore[import-not-found]
import tink  # type: ignore[import-not-found]
from aws_encryption_sdk.identifiers import Algorithm, EncryptionKeyType, WrappingAlgorithm  # type: ignore[import-not-found]
from aws_encryption_sdk.internal.crypto.wrapping_keys import WrappingKey  # type: ignore[import-not-found]
from aws_encryption_sdk.key_providers.raw import RawMasterKeyProvider  # type: ignore[import-not-found]
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from tink import streaming_aead

PIECE = 262_144
MIB = 1_048_576


def bare(source: Path, sealed: Path, plain: Path) -> tuple[Callable[[], None], Callable[[], None]]:
    """AES-256-GCM and nothing else."""
    aead = AESGCM(os.urandom(32))

    def write() -> None:
        clear, secret, number = bytearray(PIECE), bytearray(PIECE + 16), 0
        with source.open("rb", buffering=0) as file, sealed.open("wb", buffering=0) as out:
            while file.readinto(clear):
                aead.encrypt_into(number.to_bytes(12, "big"), clear, None, secret)
                out.write(secret)
                number += 1

    def read() -> None:
        clear, secret, number = bytearray(PIECE), bytearray(PIECE + 16), 0
        with sealed.open("rb", buffering=0) as file, plain.open("wb", buffering=0) as out:
            while file.readinto(secret):
                aead.decrypt_into(number.to_bytes(12, "big"), secret, None, clear)
                out.write(clear)
                number += 1

    return write, read


class OneKey(RawMasterKeyProvider):  # type: ignore[misc]
    """A wrapping key in memory."""

    provider_id = "bench"
    _key = os.urandom(32)

    def _get_raw_key(self, _: Any) -> WrappingKey:
        return WrappingKey(
            wrapping_algorithm=WrappingAlgorithm.AES_256_GCM_IV12_TAG16_NO_PADDING,
            wrapping_key=self._key,
            wrapping_key_type=EncryptionKeyType.SYMMETRIC,
        )


def aws(source: Path, sealed: Path, plain: Path) -> tuple[Callable[[], None], Callable[[], None]]:
    """aws-encryption-sdk with frames of 1 MiB, committing, without the signature."""
    client = aws_encryption_sdk.EncryptionSDKClient(
        commitment_policy=aws_encryption_sdk.CommitmentPolicy.REQUIRE_ENCRYPT_REQUIRE_DECRYPT
    )
    provider = OneKey()
    provider.add_master_key("one")

    def write() -> None:
        with source.open("rb") as file, sealed.open("wb") as out:
            stream = client.stream(
                mode="e",
                source=file,
                key_provider=provider,
                frame_length=MIB,
                algorithm=Algorithm.AES_256_GCM_HKDF_SHA512_COMMIT_KEY,
            )
            with stream:
                while piece := stream.read(MIB):
                    out.write(piece)

    def read() -> None:
        with (
            sealed.open("rb") as file,
            plain.open("wb") as out,
            client.stream(mode="d", source=file, key_provider=provider) as stream,
        ):
            while piece := stream.read(MIB):
                out.write(piece)

    return write, read


def tink_(source: Path, sealed: Path, plain: Path) -> tuple[Callable[[], None], Callable[[], None]]:
    """Tink's streaming AEAD with segments of 1 MiB."""
    streaming_aead.register()
    template = streaming_aead.streaming_aead_key_templates.AES256_GCM_HKDF_1MB
    primitive = tink.new_keyset_handle(template).primitive(streaming_aead.StreamingAead)

    def write() -> None:
        with (
            source.open("rb") as file,
            sealed.open("wb") as out,
            primitive.new_encrypting_stream(out, b"bench") as stream,
        ):
            shutil.copyfileobj(file, stream, MIB)

    def read() -> None:
        with (
            sealed.open("rb") as file,
            plain.open("wb") as out,
            primitive.new_decrypting_stream(file, b"bench") as stream,
        ):
            shutil.copyfileobj(stream, out, MIB)

    return write, read


def age(source: Path, sealed: Path, plain: Path) -> tuple[Callable[[], None], Callable[[], None]]:
    """Age, in Rust, as pyrage has it."""
    identity = pyrage.x25519.Identity.generate()

    def write() -> None:
        pyrage.encrypt_file(str(source), str(sealed), [identity.to_public()])

    def read() -> None:
        pyrage.decrypt_file(str(sealed), str(plain), [identity])

    return write, read


PEERS = {"bare": bare, "aws-encryption-sdk": aws, "tink": tink_, "pyrage": age}


def main(source: Path, folder: Path, rounds: int) -> None:
    """Take turns, so that a slow moment of the machine meets everyone."""
    ways = {
        name: make(source, folder / f"{name}.sealed", folder / f"{name}.plain")
        for name, make in PEERS.items()
    }
    seconds: dict[str, dict[str, list[float]]] = {name: {"write": [], "read": []} for name in ways}
    for turn in range(rounds + 1):
        for name, (write, read) in ways.items():
            for what, work in (("write", write), ("read", read)):
                start = time.perf_counter()
                work()
                # The first turn warms up.
                if turn:
                    seconds[name][what].append(time.perf_counter() - start)
    for name in ways:
        if (folder / f"{name}.plain").stat().st_size != source.stat().st_size:
            sys.exit(f"{name} did not give back what it was given")
    sys.stdout.write(json.dumps(seconds))


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]), int(sys.argv[3]))
