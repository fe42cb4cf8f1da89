import hashlib
import io
import tracemalloc
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from relay.errors import VaultRefused
from relay.vault.segments import ADDED, position
from relay.vault.stream import (
    HEADER,
    SEGMENT,
    ObjectReader,
    header_commitment,
    object_binding,
    seal_stream,
    sealed_size,
)
from relay.vault.suite import DataKey
from tests.unit.vault.helpers import BINDING, OBJECT, SERVICE, Memory, flip, plain_bytes, sealed_object

KEY = DataKey.generate()
PLAIN = plain_bytes(3 * SEGMENT + 1000)
OBJECT_BYTES = sealed_object(PLAIN, KEY)
LAST = 3
EDGES = [0, 1, SEGMENT - 1, SEGMENT, SEGMENT + 1, 2 * SEGMENT, 2 * SEGMENT + 17]


def opened(sealed: bytes, key: DataKey = KEY, binding: bytes = BINDING) -> bytes:
    return ObjectReader(key, binding, Memory(sealed)).read_all(len(sealed))


def segment(number: int, sealed: bytes = OBJECT_BYTES) -> bytes:
    return sealed[position(number) : position(number + 1)]


def rebuilt(*parts: bytes, header: bytes = OBJECT_BYTES[:HEADER]) -> bytes:
    return header + b"".join(parts)


@pytest.mark.parametrize("size", EDGES)
def test_what_is_sealed_opens(size: int) -> None:
    plain = plain_bytes(size)
    sealed = io.BytesIO()
    summary = seal_stream(io.BytesIO(plain).readinto, sealed.write, KEY, BINDING, digest=True)
    assert opened(sealed.getvalue()) == plain
    assert summary.plaintext_size == size
    assert summary.sealed_size == sealed_size(size) == len(sealed.getvalue())
    assert summary.sha256 == hashlib.sha256(plain).digest()
    assert summary.commitment == header_commitment(sealed.getvalue())


def test_a_digest_is_made_only_where_it_is_asked_for() -> None:
    assert seal_stream(io.BytesIO(b"x").readinto, io.BytesIO().write, KEY, BINDING).sha256 is None


@pytest.mark.parametrize("size", EDGES)
def test_a_source_that_gives_little_at_a_time_makes_the_same_object(size: int) -> None:
    plain = io.BytesIO(plain_bytes(size))

    def drip(buffer: memoryview) -> int:
        return plain.readinto(buffer[:50_000])

    sealed = io.BytesIO()
    assert seal_stream(drip, sealed.write, KEY, BINDING).sealed_size == sealed_size(size)
    assert opened(sealed.getvalue()) == plain.getvalue()


def test_a_store_that_gives_little_at_a_time_opens_all_the_same() -> None:
    class Slow(Memory):
        def read_into(self, offset: int, buffer: memoryview) -> int:
            return super().read_into(offset, buffer[:70_000])

    assert ObjectReader(KEY, BINDING, Slow(OBJECT_BYTES)).read_all(len(PLAIN)) == PLAIN


@given(st.integers(0, len(PLAIN)), st.integers(0, len(PLAIN)))
def test_any_range_opens_on_its_own(one: int, other: int) -> None:
    start, stop = sorted((one, other))
    reader = ObjectReader(KEY, BINDING, Memory(OBJECT_BYTES))
    assert b"".join(map(bytes, reader.ranges(start, stop))) == PLAIN[start:stop]


def test_ranges_follow_each_other_on_one_reader() -> None:
    reader = ObjectReader(KEY, BINDING, Memory(OBJECT_BYTES))
    for start in (len(PLAIN) - 10, 0, SEGMENT - 5, SEGMENT - 5, 2 * SEGMENT):
        assert b"".join(map(bytes, reader.ranges(start, start + 10))) == PLAIN[start : start + 10]
    assert list(reader.ranges(5, 5)) == []


def test_readers_of_two_objects_do_not_get_into_each_others_way() -> None:
    other_plain = plain_bytes(3 * SEGMENT, seed=1)
    other = Memory(sealed_object(other_plain, KEY))

    def pieces(source: Memory) -> Iterator[bytes]:
        return map(bytes, ObjectReader(KEY, BINDING, source).ranges(0, 3 * SEGMENT))

    taken = list(zip(pieces(Memory(OBJECT_BYTES)), pieces(other), strict=True))
    assert b"".join(one for one, _ in taken) == PLAIN[: 3 * SEGMENT]
    assert b"".join(two for _, two in taken) == other_plain
    with ThreadPoolExecutor(4) as threads:
        results = list(
            threads.map(lambda turn: b"".join(pieces([Memory(OBJECT_BYTES), other][turn % 2])), range(40))
        )
    assert results == [PLAIN[: 3 * SEGMENT], other_plain] * 20


@pytest.mark.parametrize(("start", "stop"), [(-1, 5), (5, 4), (0, len(PLAIN) + 1), (len(PLAIN) + 1, None)])
def test_a_range_outside_the_object_is_a_mistake_of_ours(start: int, stop: int | None) -> None:
    with pytest.raises(ValueError, match="inside"):
        next(ObjectReader(KEY, BINDING, Memory(OBJECT_BYTES)).ranges(start, stop))


def test_what_leaves_cannot_be_written_to() -> None:
    assert next(ObjectReader(KEY, BINDING, Memory(OBJECT_BYTES)).ranges()).readonly


def test_more_than_the_limit_is_refused() -> None:
    reader = ObjectReader(KEY, BINDING, Memory(OBJECT_BYTES))
    assert reader.read_all(len(PLAIN)) == PLAIN
    with pytest.raises(VaultRefused):
        reader.read_all(len(PLAIN) - 1)


def test_only_the_key_service_and_object_it_was_made_for_open() -> None:
    for key, binding in [
        (DataKey.generate(), BINDING),
        (KEY, object_binding(SERVICE, SERVICE)),
        (KEY, object_binding(OBJECT, OBJECT)),
        (KEY, object_binding(OBJECT, SERVICE)),
    ]:
        with pytest.raises(VaultRefused):
            ObjectReader(key, binding, Memory(OBJECT_BYTES))


def test_a_reader_that_expects_a_commitment_takes_no_other() -> None:
    expected = header_commitment(OBJECT_BYTES)
    assert ObjectReader(KEY, BINDING, Memory(OBJECT_BYTES), commitment=expected).commitment == expected
    again = sealed_object(PLAIN, KEY)
    with pytest.raises(VaultRefused):
        ObjectReader(KEY, BINDING, Memory(again), commitment=expected)


def test_every_bit_of_the_header_counts() -> None:
    for bit in range(HEADER * 8):
        with pytest.raises(VaultRefused):
            ObjectReader(KEY, BINDING, Memory(flip(OBJECT_BYTES, bit)))


@pytest.mark.parametrize("size", [0, 1, 40])
def test_every_bit_of_a_small_object_counts(size: int) -> None:
    sealed = sealed_object(plain_bytes(size), KEY)
    for bit in range(len(sealed) * 8):
        with pytest.raises(VaultRefused):
            ObjectReader(KEY, BINDING, Memory(flip(sealed, bit)))


def test_every_cut_of_a_small_object_is_refused() -> None:
    sealed = sealed_object(plain_bytes(40), KEY)
    for size in range(len(sealed)):
        with pytest.raises(VaultRefused):
            ObjectReader(KEY, BINDING, Memory(sealed[:size]))


@settings(max_examples=150)
@given(st.integers(HEADER * 8, len(OBJECT_BYTES) * 8 - 1))
def test_before_a_flipped_bit_all_leaves_and_nothing_from_its_segment_on(bit: int) -> None:
    number = (bit // 8 - HEADER) // (SEGMENT + ADDED)
    received = bytearray()

    def receive() -> None:
        for piece in ObjectReader(KEY, BINDING, Memory(flip(OBJECT_BYTES, bit))).ranges():
            received.extend(piece)

    with pytest.raises(VaultRefused):
        receive()
    assert received == (b"" if number == LAST else PLAIN[: number * SEGMENT])


@given(st.integers(0, len(OBJECT_BYTES) - 1))
def test_an_object_cut_at_any_byte_is_refused_at_once(size: int) -> None:
    with pytest.raises(VaultRefused):
        ObjectReader(KEY, BINDING, Memory(OBJECT_BYTES[:size]))


def test_an_object_with_something_added_is_refused_at_once() -> None:
    for added in (b"\0", bytes(ADDED), bytes(ADDED + 1), segment(LAST), bytes(SEGMENT)):
        with pytest.raises(VaultRefused):
            ObjectReader(KEY, BINDING, Memory(OBJECT_BYTES + added))


def _splices() -> dict[str, bytes]:
    other_object = sealed_object(PLAIN, KEY, object_binding(SERVICE, SERVICE))
    same_again = sealed_object(PLAIN, KEY)
    zero, one, two, last = map(segment, range(4))
    return {
        "two segments swapped": rebuilt(one, zero, two, last),
        "a segment twice": rebuilt(zero, one, one, last),
        "a segment left out": rebuilt(zero, two, last),
        "the first segment left out": rebuilt(one, two, last),
        "the last segment left out": rebuilt(zero, one, two),
        "the last segment first": rebuilt(last, zero, one, two),
        "the last segment twice": rebuilt(zero, one, two, last, last),
        "a segment of another object": rebuilt(zero, segment(1, other_object), two, last),
        "a segment of the same bytes sealed again": rebuilt(zero, segment(1, same_again), two, last),
        "the end of another object": rebuilt(zero, one, two, segment(LAST, other_object)),
        "the end of the same bytes sealed again": rebuilt(zero, one, two, segment(LAST, same_again)),
        "the header of another object": rebuilt(zero, one, two, last, header=other_object[:HEADER]),
        "the header of the same bytes sealed again": rebuilt(
            zero, one, two, last, header=same_again[:HEADER]
        ),
        "a run salt taken from elsewhere": rebuilt(zero, segment(1, same_again)[:16] + one[16:], two, last),
        "an empty last segment added": OBJECT_BYTES[: position(LAST)] + sealed_object(b"", KEY)[HEADER:],
    }


@pytest.mark.parametrize("name", _splices())
def test_a_spliced_object_is_refused(name: str) -> None:
    with pytest.raises(VaultRefused):
        opened(_splices()[name])


def test_after_a_refusal_nothing_unverified_is_left_in_the_buffer() -> None:
    reader = ObjectReader(KEY, BINDING, Memory(flip(OBJECT_BYTES, (position(2) + 5000) * 8)))
    pieces = reader.ranges()
    kept = [next(pieces), next(pieces)]
    with pytest.raises(VaultRefused):
        next(pieces)
    assert not any(bytes(kept[1]))
    for start in (SEGMENT, 0):
        assert list(reader.ranges(start, start + 10)) == [PLAIN[start : start + 10]]
    with pytest.raises(VaultRefused):
        list(reader.ranges(2 * SEGMENT, 2 * SEGMENT + 10))


def test_a_source_that_shrinks_while_it_is_read_is_refused() -> None:
    source = Memory(OBJECT_BYTES)
    pieces = ObjectReader(KEY, BINDING, source).ranges()
    next(pieces)
    source.content = OBJECT_BYTES[: position(1) + 100]
    with pytest.raises(VaultRefused):
        next(pieces)


def test_memory_does_not_grow_with_the_object() -> None:
    def peak(work: Callable[[], object]) -> int:
        tracemalloc.start()
        work()
        grown = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        return grown

    class Zeros:
        left = 64 * 1024 * 1024

        def read(self, buffer: memoryview) -> int:
            taken = min(len(buffer), self.left)
            self.left -= taken
            return taken

    assert peak(lambda: seal_stream(Zeros().read, lambda _: None, KEY, BINDING)) < 2 * 1024 * 1024

    source = Memory(OBJECT_BYTES)
    assert peak(lambda: [None for _ in ObjectReader(KEY, BINDING, source).ranges()]) < 1024 * 1024
