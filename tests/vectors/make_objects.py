"""Objects, tails of uploads, and padding."""

from typing import Any

from relay.vault import padding
from relay.vault.segments import FINAL, HEADER, MIDDLE, SEGMENT, TAIL, Run, open_header, position
from relay.vault.stream import UploadSealer, create_header, object_binding
from relay.vault.suite import context, derive, expand
from tests.unit.vault.helpers import flip, plain_bytes, sealed_object
from tests.unit.vault.test_commitment import opens_under_both
from tests.vectors import kit
from tests.vectors.making import (
    BINDING,
    KEY,
    OBJECT,
    OTHER,
    OTHER_KEY,
    SERVICE,
    Kit,
    changed,
    without,
)


def segments_by_hand(*parts: tuple[int, int, bytes]) -> bytes:
    """Return an object of the segments given as number, kind and plain bytes, whatever sense they make."""
    header = create_header(KEY, BINDING)
    secret = open_header(header, KEY, BINDING)
    return header + b"".join(
        bytes(Run(secret).seal(number, kind, memoryview(plain))) for number, kind, plain in parts
    )


def uploaded(plain: bytes, cuts: list[int]) -> bytes:
    """Return the object that an upload cut at these offsets makes: several runs in one object."""
    header = create_header(KEY, BINDING)
    stored, tail = bytearray(header), b""
    for start, stop in zip([0, *cuts], [*cuts, len(plain)], strict=True):
        sealer = UploadSealer(KEY, BINDING, header, total=len(plain), offset=start, tail=tail)
        for _, sealed in sealer.feed(plain[start:stop]):
            stored += sealed
        tail = sealer.close()
    return bytes(stored)


def good_objects(made: Kit, inputs: dict[str, Any]) -> None:
    """Add objects that open."""
    sizes = {"empty": 0, "of one byte": 1, "of 40 bytes": 40, "of one full segment": SEGMENT}
    for about, size in {**sizes, "of one segment and one byte": SEGMENT + 1}.items():
        made.add(
            kit.ObjectVector, about, sealed_object(plain_bytes(size), KEY, BINDING), inputs, plain_bytes(size)
        )
    letter = padding.pad("Szanowna Pani, عزیز, dear".encode())
    made.add(kit.ObjectVector, "padded letter", sealed_object(letter, KEY, BINDING), inputs, letter)
    film = plain_bytes(SEGMENT + 500)
    made.add(kit.ObjectVector, "uploaded in three runs", uploaded(film, [700, SEGMENT + 10]), inputs, film)


def refused_small_objects(made: Kit, inputs: dict[str, Any]) -> None:
    """Add objects of one short segment that are refused."""
    good = sealed_object(plain_bytes(40), KEY, BINDING)
    again = sealed_object(plain_bytes(40), KEY, BINDING)
    for about, size in {
        "nothing at all": 0,
        "header cut": 63,
        "header alone": 64,
        "no room for a tag": 95,
    }.items():
        made.add(kit.ObjectVector, about, good[:size], inputs)
    header = {
        "another magic": (0, b"RELAYOBK"),
        "suite 0": (8, b"\0"),
        "suite 2": (8, b"\2"),
        "first reserved byte set": (9, b"\1"),
        "last reserved byte set": (11, b"\1"),
        "segment size of 65536": (12, (65_536).to_bytes(4, "big")),
        "segment size little-endian": (12, SEGMENT.to_bytes(4, "little")),
        "salt of another": (16, again[16:32]),
        "commitment of another": (32, again[32:64]),
        "commitment of zeros": (32, bytes(32)),
        "run salt of another": (64, again[64:80]),
        "tag of another": (len(good) - 16, again[-16:]),
        "tag of zeros": (len(good) - 16, bytes(16)),
    }
    for about, (at, to) in header.items():
        made.add(kit.ObjectVector, about, changed(good, at, to), inputs)
    for name, at in {"commitment": 63, "run salt": 79, "ciphertext": 80, "tag": len(good) - 1}.items():
        made.add(kit.ObjectVector, f"bit flipped in {name}", flip(good, at * 8), inputs)
    made.add(kit.ObjectVector, "last byte missing", good[:-1], inputs)
    made.add(kit.ObjectVector, "one byte too many", good + b"\0", inputs)
    made.add(
        kit.ObjectVector,
        "empty segment after a short one",
        good + segments_by_hand((1, FINAL, b""))[64:],
        inputs,
    )
    places = {"data_key": OTHER_KEY.value, "service": OTHER, "object_id": OTHER, "commitment": bytes(32)}
    for about, other in without(inputs, **places):
        made.add(kit.ObjectVector, about, good, other)
    forged = {
        "last segment marked as middle": (0, MIDDLE),
        "last segment marked as tail": (0, TAIL),
        "first segment numbered 1": (1, FINAL),
        "kind 3": (0, 3),
    }
    for about, (number, kind) in forged.items():
        made.add(kit.ObjectVector, about, segments_by_hand((number, kind, b"x" * 40)), inputs)
    made.add(kit.ObjectVector, "opens under two keys without the commitment", *two_keys(inputs))


def two_keys(inputs: dict[str, Any]) -> tuple[bytes, dict[str, Any]]:
    """Return an object of `KEY` whose ciphertext AES-GCM opens under `OTHER_KEY`, and that as its key."""
    salt, run_salt, kind = bytes(range(16)), bytes(range(16, 32)), bytes(8) + b"\1\0\0\0"
    schedules = [derive(key.value, salt, BINDING, 64) for key in (KEY, OTHER_KEY)]
    run_keys = [expand(schedule[:32], context("segments") + run_salt, 32) for schedule in schedules]
    prefix = create_header(KEY, BINDING)[:16]
    ciphertext = opens_under_both(run_keys[0], run_keys[1], kind)
    return prefix + salt + schedules[0][32:] + run_salt + ciphertext, {**inputs, "data_key": OTHER_KEY.value}


def refused_large_objects(made: Kit, inputs: dict[str, Any]) -> None:
    """Add objects of more than one segment that are refused."""
    plain = plain_bytes(SEGMENT + 10)
    good, again = (sealed_object(plain, KEY, BINDING) for _ in range(2))
    other = sealed_object(plain, KEY, object_binding(SERVICE, OTHER))
    header, first, last = good[:HEADER], good[HEADER : position(1)], good[position(1) :]
    full = plain_bytes(SEGMENT)
    three = sealed_object(plain_bytes(2 * SEGMENT + 10), KEY, BINDING)
    spliced = {
        "last segment missing": header + first,
        "first segment missing": header + last,
        "first segment of another object": header + other[HEADER : position(1)] + last,
        "first segment of the same bytes sealed again": header + again[HEADER : position(1)] + last,
        "cut inside the last segment": good[:-5],
        "bit flipped in the first segment": flip(good, (HEADER + 100_000) * 8),
        "first segment marked as final": segments_by_hand((0, FINAL, full), (1, FINAL, b"x" * 10)),
        "full last segment marked as middle": segments_by_hand((0, MIDDLE, full)),
        "empty last segment after a full one": segments_by_hand((0, MIDDLE, full), (1, FINAL, b"")),
        "two segments swapped": three[:HEADER]
        + three[position(1) : position(2)]
        + three[HEADER : position(1)]
        + three[position(2) :],
    }
    for about, content in spliced.items():
        made.add(kit.ObjectVector, about, content, inputs)


def tails(made: Kit) -> None:
    """Add tails of uploads."""
    header = create_header(KEY, BINDING)
    sealer = UploadSealer(KEY, BINDING, header, total=5000)
    list(sealer.feed(plain_bytes(100)))
    tail = sealer.close()
    inputs = {
        "data_key": KEY.value,
        "service": SERVICE,
        "object_id": OBJECT,
        "header": header,
        "total": 5000,
        "offset": 100,
    }
    made.add(kit.TailVector, "after 100 bytes", tail, inputs, b"")
    final = UploadSealer(KEY, BINDING, header, total=100).feed(plain_bytes(100))
    made.add(kit.TailVector, "final segment", bytes(next(final)[1]), inputs)
    made.add(kit.TailVector, "last byte missing", tail[:-1], inputs)
    made.add(kit.TailVector, "bit flipped", flip(tail, 400), inputs)
    others = {
        "offset": 101,
        "header": create_header(KEY, BINDING),
        "object_id": OTHER,
        "data_key": OTHER_KEY.value,
    }
    for about, other in without(inputs, **others):
        made.add(kit.TailVector, about, tail, other)


def paddings(made: Kit) -> None:
    """Add padded bytes."""
    inputs = {"smallest": 64}
    for size in (0, 60, 61):
        made.add(kit.PaddingVector, f"of {size} bytes", padding.pad(bytes(size), 64), inputs, bytes(size))
    refused = {
        "nothing at all": b"",
        "not a bucket": bytes(65),
        "larger bucket than needed": bytes(128),
        "length beyond the end": (61).to_bytes(4, "big") + bytes(60),
        "something behind the end": bytes(63) + b"\1",
    }
    for about, content in refused.items():
        made.add(kit.PaddingVector, about, content, inputs)


def make(made: Kit) -> None:
    """Add them all."""
    inputs = {"data_key": KEY.value, "service": SERVICE, "object_id": OBJECT}
    good_objects(made, inputs)
    refused_small_objects(made, inputs)
    refused_large_objects(made, inputs)
    tails(made)
    paddings(made)
