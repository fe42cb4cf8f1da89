"""What someone who can write to the database and the store can do: nothing."""

from collections.abc import Callable, Iterator
from random import Random
from typing import TypeAlias
from uuid import UUID

import pytest

from relay.errors import VaultRefused
from relay.vault import columns, grants, split
from relay.vault.keyring import FileKeyring
from relay.vault.release import Signatures, SignedApproval, approval_of, verify
from relay.vault.seal import open_sealed, seal
from relay.vault.stream import SEGMENT, ObjectReader
from relay.vault.suite import DataKey, KeyPair, Signer, context
from tests.unit.vault.helpers import (
    BINDING,
    CASE,
    OBJECT,
    SERVICE,
    Memory,
    chance,
    flip,
    plain_bytes,
    sealed_object,
)
from tests.unit.vault.test_statements import DECIDED_AT, FIRST, RECORD, SECOND

Opener: TypeAlias = Callable[[bytes], object]
KINDS = ["grant", "scheduled grant", "seal", "release", "column", "session", "letter", "object"]
MUTATIONS = 10_000
HOLDER, WORKER = grants.Holder("account", UUID(int=1), 1), grants.Holder("worker", UUID(int=2), 1)


def _targets() -> Iterator[tuple[str, bytes, Opener]]:
    """Give out each kind of sealed bytes with what opens them."""
    pair, key, info = KeyPair.generate(), DataKey.generate(), context("test", "mutations")
    place = {"service": SERVICE, "case": CASE, "object_id": OBJECT}
    sealed = grants.grant(key, pair.public, **place, holder=HOLDER)
    yield "grant", sealed, lambda data: grants.open_grant(pair, data, **place, holder=HOLDER)

    worker = KeyPair.generate()
    yield (
        "scheduled grant",
        grants.seal_scheduled(sealed, worker.public, **place, recipient=HOLDER, worker=WORKER, not_before=1),
        lambda data: grants.unwrap_scheduled(
            worker, data, **place, recipient=HOLDER, worker=WORKER, not_before=1
        ),
    )
    yield "seal", seal(pair.public, b"secret", info), lambda data: open_sealed(pair, data, info)

    yield "release", *_release()
    cipher = columns.ColumnCipher(FileKeyring(bytes(32)))
    yield (
        "column",
        cipher.seal("people", "name", OBJECT, "Ania"),
        lambda data: cipher.open("people", "name", OBJECT, data),
    )
    halves = split.split(b"keys", OBJECT)
    yield (
        "session",
        halves.sealed,
        lambda data: split.join(halves.cookie_half, halves.database_half, data, OBJECT),
    )
    for name, size in (("letter", 4096), ("object", SEGMENT + 5000)):
        yield (
            name,
            sealed_object(plain_bytes(size), key),
            lambda data: ObjectReader(key, BINDING, Memory(data)).read_all(SEGMENT * 3),
        )


def _release() -> tuple[bytes, Opener]:
    """Return what stands beside a record, packed: as JSON the same values can be spelt in several ways."""
    signers = {FIRST: Signer.generate(), SECOND: Signer.generate()}
    packed = RECORD.sign(signers[FIRST])
    for who, signer in signers.items():
        packed += DECIDED_AT.to_bytes(8, "big") + approval_of(RECORD, who, DECIDED_AT).sign(signer)

    def opener(data: bytes) -> None:
        approvals = [
            SignedApproval(facilitator=who, decided_at=int.from_bytes(part[:8], "big"), signature=part[8:])
            for who, part in ((FIRST, data[64:136]), (SECOND, data[136:]))
        ]
        signatures = Signatures(release=data[:64], approvals=tuple(approvals))
        verify(RECORD, signatures, lambda who: signers[who].public)

    return packed, opener


@pytest.fixture(scope="module")
def targets() -> dict[str, tuple[bytes, Opener]]:
    return {name: (sealed, opener) for name, sealed, opener in _targets()}


@pytest.mark.parametrize("kind", KINDS)
def test_each_opens_as_it_was_sealed(targets: dict[str, tuple[bytes, Opener]], kind: str) -> None:
    sealed, opener = targets[kind]
    opener(sealed)


@pytest.mark.parametrize("kind", ["grant", "scheduled grant", "release", "column", "session"])
def test_every_flipped_bit_is_refused(targets: dict[str, tuple[bytes, Opener]], kind: str) -> None:
    sealed, opener = targets[kind]
    for bit in range(len(sealed) * 8):
        with pytest.raises(VaultRefused):
            opener(flip(sealed, bit))


def mutated(sealed: bytes, others: list[bytes], drawn: Random) -> bytes:
    """Flip, cut, grow, swap, repeat, zero, or splice with something else that was sealed."""
    one, other = sorted(drawn.sample(range(len(sealed) + 1), 2))
    foreign = drawn.choice(others)
    ways: list[Callable[[], bytes]] = [
        lambda: flip(sealed, drawn.randrange(len(sealed) * 8)),
        lambda: sealed[:one],
        lambda: sealed[:one] + sealed[other:],
        lambda: sealed + drawn.randbytes(drawn.randint(1, 64)),
        lambda: sealed[:one] + sealed[one:other][::-1] + sealed[other:],
        lambda: sealed[:one] + sealed[one:other] * 2 + sealed[other:],
        lambda: sealed[:one] + bytes(other - one) + sealed[other:],
        lambda: sealed[:one] + drawn.randbytes(other - one) + sealed[other:],
        lambda: sealed[:one] + foreign[one:other].ljust(other - one, b"\0") + sealed[other:],
        lambda: foreign[:one] + sealed[one:],
    ]
    return drawn.choice(ways)()


def test_ten_thousand_mutations_are_all_refused_with_one_error(
    targets: dict[str, tuple[bytes, Opener]],
) -> None:
    drawn = chance(2)
    again = {name: sealed for name, sealed, _ in _targets()}
    tried = 0
    while tried < MUTATIONS:
        # The two-segment object costs the most by far and has its own tests.
        kind = drawn.choices(KINDS, weights=[16, 8, 16, 16, 16, 16, 16, 1])[0]
        sealed, opener = targets[kind]
        mutation = mutated(sealed, list(again.values()), drawn)
        if mutation == sealed:
            continue
        with pytest.raises(VaultRefused) as refusal:
            opener(mutation)
        assert type(refusal.value) is VaultRefused
        assert refusal.value.__cause__ is None
        assert refusal.value.public == VaultRefused.public
        tried += 1
