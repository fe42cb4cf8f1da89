"""An operator is told of swap that keeps what was in memory."""

from pathlib import Path

import pytest

from relay.process import swap

HEAD = "Filename\t\t\t\tType\t\tSize\t\tUsed\t\tPriority\n"


def found(folder: Path, *devices: str, **uuids: str) -> list[str]:
    swaps = folder / "swaps"
    swaps.write_text(HEAD + "".join(f"{name}  partition\t8388604\t\t0\t\t-2\n" for name in devices))
    for name, uuid in uuids.items():
        (folder / name.replace("_", "-") / "dm").mkdir(parents=True)
        (folder / name.replace("_", "-") / "dm" / "uuid").write_text(uuid)
    return swap.in_the_open(swaps, folder)


@pytest.mark.parametrize("name", ["/dev/sda9", "/swapfile", "/dev/dm-9", "/home/zram0"])
def test_swap_in_the_open_is_named(tmp_path: Path, name: str) -> None:
    assert found(tmp_path, name) == [name]
    assert name in swap.warning([name])
    assert "swapoff" in swap.warning([name])


def test_what_is_encrypted_or_memory_itself_is_not(tmp_path: Path) -> None:
    uuids = {"dm_7": "CRYPT-PLAIN-swap\n", "dm_8": "LVM-abc\n"}
    assert found(tmp_path, "/dev/zram0", "/dev/dm-7", "/dev/dm-8", **uuids) == ["/dev/dm-8"]


def test_a_machine_without_swap_is_told_nothing(tmp_path: Path) -> None:
    assert found(tmp_path) == swap.in_the_open(tmp_path / "none") == []
    assert swap.warning([]) == ""
