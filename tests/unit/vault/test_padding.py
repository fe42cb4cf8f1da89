import pytest
from hypothesis import given
from hypothesis import strategies as st

from relay.errors import VaultRefused
from relay.vault.padding import pad, unpad


@given(st.binary(max_size=20_000), st.sampled_from([64, 4096]))
def test_what_is_padded_comes_back(data: bytes, smallest: int) -> None:
    padded = pad(data, smallest)
    assert unpad(padded, smallest) == data
    assert len(padded) in {smallest << doubled for doubled in range(10)}


@pytest.mark.parametrize(
    ("size", "padded"), [(0, 4096), (4092, 4096), (4093, 8192), (8188, 8192), (8189, 16384)]
)
def test_sizes_fall_into_coarse_buckets(size: int, padded: int) -> None:
    assert len(pad(bytes(size))) == padded


@pytest.mark.parametrize(
    "padded",
    [
        b"",
        b"\0\0\0",
        bytes(63),
        bytes(65),
        bytes(128),
        (61).to_bytes(4, "big") + bytes(60),
        b"\xff\xff\xff\xff" + bytes(60),
        bytes(63) + b"\1",
    ],
)
def test_anything_else_than_pad_writes_is_refused(padded: bytes) -> None:
    with pytest.raises(VaultRefused):
        unpad(padded, 64)
