"""Attack 7 of the threat model: no key meets a nonce twice, whatever is cut, lost, repeated or changed."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from typing import NamedTuple

import pytest
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from hypothesis import given, settings
from hypothesis import strategies as st

from relay.errors import VaultRefused
from relay.vault import aead, segments
from relay.vault.stream import SEGMENT, ObjectReader, UploadSealer, create_header, sealed_size
from relay.vault.suite import DataKey
from tests.unit.vault.helpers import BINDING, Memory, chance, flip, plain_bytes

KEY = DataKey.generate()


class Watched:
    """AES-GCM that writes down what it sealed, and under which key and nonce."""

    uses: list[tuple[bytes, bytes, bytes]]

    def __init__(self, key: bytes) -> None:
        self._key = key
        self._aead = AESGCM(key)

    def encrypt_into(self, nonce: bytes, data: memoryview, extra: None, buffer: memoryview) -> int:
        self.uses.append((self._key, nonce, bytes(data)))
        return self._aead.encrypt_into(nonce, data, extra, buffer)

    def decrypt_into(self, nonce: bytes, data: memoryview, extra: None, buffer: memoryview) -> int:
        return self._aead.decrypt_into(nonce, data, extra, buffer)


@contextmanager
def watching() -> Iterator[list[tuple[bytes, bytes, bytes]]]:
    """Write down every sealing meanwhile."""
    with pytest.MonkeyPatch.context() as patch:
        Watched.uses = []
        patch.setattr(aead, "AESGCM", Watched)
        yield Watched.uses


class Attempt(NamedTuple):
    """One request of an upload: how much arrives, in pieces of which size, and how it ends."""

    arrives: int
    piece: int
    ending: str
    seed: int


sizes = st.one_of(
    st.integers(1, 3 * SEGMENT), st.sampled_from([1, SEGMENT - 1, SEGMENT, SEGMENT + 1, 2 * SEGMENT])
)
attempts = st.builds(
    Attempt,
    arrives=sizes,
    piece=st.sampled_from([1000, 65_536, SEGMENT, 10 * SEGMENT]),
    ending=st.sampled_from(["recorded", "recorded", "acknowledgement lost", "torn in the last write"]),
    seed=st.integers(0, 2**32),
)


class Upload:
    """A client and a server with a store and a database, of which any step may be the last."""

    def __init__(self, total: int) -> None:
        self.total = total
        self.header = create_header(KEY, BINDING)
        self.stored = bytearray(self.header)
        self.acknowledged = b""
        self.tail = b""

    @property
    def complete(self) -> bool:
        return len(self.acknowledged) == self.total

    def _write(self, at: int, sealed: bytes) -> None:
        self.stored.extend(bytes(max(0, at + len(sealed) - len(self.stored))))
        self.stored[at : at + len(sealed)] = sealed

    def attempt(self, attempt: Attempt) -> None:
        offset = len(self.acknowledged)
        sent = plain_bytes(min(attempt.arrives, self.total - offset), attempt.seed)
        sealer = UploadSealer(KEY, BINDING, self.header, total=self.total, offset=offset, tail=self.tail)
        writes = [
            (at, bytes(sealed))
            for start in range(0, len(sent), attempt.piece)
            for at, sealed in sealer.feed(sent[start : start + attempt.piece])
        ]
        tail = sealer.close()
        if attempt.ending == "torn in the last write" and writes:
            at, torn = writes.pop()
            writes.append((at, torn[: attempt.seed % len(torn)]))
        for at, content in writes:
            self._write(at, content)
        if attempt.ending == "recorded":
            self.acknowledged += sent
            self.tail = tail
            assert sealer.offset == len(self.acknowledged)
            assert sealer.complete is self.complete


@settings(max_examples=120, deadline=None)
@given(sizes, st.lists(attempts, max_size=8))
def test_an_upload_survives_every_cut_and_no_key_meets_a_nonce_twice(total: int, made: list[Attempt]) -> None:
    with watching() as uses:
        upload = Upload(total)
        for attempt in made:
            if not upload.complete:
                upload.attempt(attempt)
        while not upload.complete:
            upload.attempt(Attempt(total, 65_536, "recorded", 1))
        assert len(upload.stored) == sealed_size(total)
        assert ObjectReader(KEY, BINDING, Memory(bytes(upload.stored))).read_all(total) == upload.acknowledged
    pairs = [(key, nonce) for key, nonce, _ in uses]
    assert len(set(pairs)) == len(pairs)


def test_the_watcher_sees_a_nonce_that_is_used_twice(monkeypatch: pytest.MonkeyPatch) -> None:
    """Take the protection out, a fresh salt for each run: the check above must notice."""
    monkeypatch.setattr(os, "urandom", bytes)
    with watching() as uses:
        upload = Upload(SEGMENT)
        upload.attempt(Attempt(SEGMENT, SEGMENT, "acknowledgement lost", 1))
        upload.attempt(Attempt(SEGMENT, SEGMENT, "recorded", 2))
    (key, nonce, plain), (other_key, other_nonce, other_plain) = uses
    assert (key, nonce) == (other_key, other_nonce)
    assert plain != other_plain


def test_one_run_refuses_to_seal_a_number_again() -> None:
    run = segments.Run(bytes(32))
    run.seal(3, segments.MIDDLE, memoryview(b"one"))
    for number in (3, 2):
        with pytest.raises(RuntimeError):
            run.seal(number, segments.TAIL, memoryview(b"two"))


def test_an_upload_in_pieces_of_one_byte_arrives() -> None:
    upload = Upload(300)
    for seed in range(300):
        upload.attempt(Attempt(1, 1, "recorded", seed))
    assert ObjectReader(KEY, BINDING, Memory(bytes(upload.stored))).read_all(300) == upload.acknowledged


def test_segments_that_are_full_leave_nothing_to_record() -> None:
    sealer = UploadSealer(KEY, BINDING, create_header(KEY, BINDING), total=SEGMENT * 3)
    assert [at for at, _ in sealer.feed(bytes(2 * SEGMENT))] == [64, 64 + SEGMENT + 32]
    assert sealer.close() == b""
    assert not sealer.complete


def _cut_upload() -> tuple[bytes, bytes]:
    header = create_header(KEY, BINDING)
    sealer = UploadSealer(KEY, BINDING, header, total=5000)
    assert list(sealer.feed(bytes(1000))) == []
    return header, sealer.close()


def _resume(header: bytes, tail: bytes, *, offset: int = 1000, total: int = 5000, key: DataKey = KEY) -> None:
    UploadSealer(key, BINDING, header, total=total, offset=offset, tail=tail)


def test_a_recorded_tail_resumes_only_where_and_as_it_was_left() -> None:
    header, tail = _cut_upload()
    _resume(header, tail)
    wrong = [
        (header, tail[:-1], 1000),
        (header, tail + b"\0", 1000),
        (header, b"", 1000),
        (header, tail, 999),
        (header, tail, 1001),
        (header, tail, 0),
        (header, tail, 5000),
        (header[:-1], tail, 1000),
        (create_header(KEY, BINDING), tail, 1000),
        (_cut_upload()[0], tail, 1000),
    ]
    for other_header, other_tail, offset in wrong:
        with pytest.raises(VaultRefused):
            _resume(other_header, other_tail, offset=offset)
    with pytest.raises(VaultRefused):
        _resume(header, tail, offset=SEGMENT + 1000, total=2 * SEGMENT)
    with pytest.raises(VaultRefused):
        _resume(header, tail, key=DataKey.generate())
    for bit in chance(1).sample(range(len(tail) * 8), 200):
        with pytest.raises(VaultRefused):
            _resume(header, flip(tail, bit))


def test_a_tail_is_no_end_of_an_object() -> None:
    header, tail = _cut_upload()
    with pytest.raises(VaultRefused):
        ObjectReader(KEY, BINDING, Memory(header + tail))


def test_the_end_of_an_object_is_no_tail() -> None:
    header = create_header(KEY, BINDING)
    ((_, end),) = UploadSealer(KEY, BINDING, header, total=1000).feed(bytes(1000))
    with pytest.raises(VaultRefused):
        _resume(header, bytes(end))


@pytest.mark.parametrize(("offset", "total"), [(-1, 10), (11, 10), (0, 0), (0, -1)])
def test_an_upload_of_impossible_size_is_a_mistake_of_ours(offset: int, total: int) -> None:
    with pytest.raises(ValueError, match="announced"):
        _resume(create_header(KEY, BINDING), b"", offset=offset, total=total)


def test_more_than_announced_is_not_taken() -> None:
    sealer = UploadSealer(KEY, BINDING, create_header(KEY, BINDING), total=10)
    with pytest.raises(ValueError, match="announced"):
        next(sealer.feed(bytes(11)))
    assert sealer.offset == 0
