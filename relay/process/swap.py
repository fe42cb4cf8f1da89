"""Whether the kernel may write what is in memory to a disk that anybody can read later.

Originals, results and keys are open in memory only. A swap device keeps pages of it for as long as it likes.
"""

from pathlib import Path
from typing import Final

_ENCRYPTED: Final = "CRYPT-"
"""How the device mapper marks what dm-crypt stands behind (`/sys/class/block/dm-0/dm/uuid`)."""


def in_the_open(swaps: Path = Path("/proc/swaps"), blocks: Path = Path("/sys/class/block")) -> list[str]:
    """Return the swap devices and files of this machine that are not known to be encrypted.

    Compressed memory (zram) is no disk. A file counts as open: what lies under it cannot be told from here.
    """
    try:
        lines = swaps.read_text().splitlines()[1:]
    except OSError:
        return []  # no such list: a system without swap, or a container that may not see it
    names = [line.split()[0] for line in lines if line.strip()]
    return [name for name in names if not _harmless(Path(name), blocks)]


def _harmless(device: Path, blocks: Path) -> bool:
    if device.parent == Path("/dev") and device.name.startswith("zram"):
        return True
    try:
        uuid = (blocks / device.resolve().name / "dm" / "uuid").read_text()
    except OSError:
        return False
    return uuid.startswith(_ENCRYPTED)


def warning(found: list[str]) -> str:
    """Say what it means and what to do; empty for none."""
    if not found:
        return ""
    return (
        f"This machine swaps to {', '.join(found)}, which is not known to be encrypted. What people send"
        " could be written there in the open, and stay. Turn it off (swapoff -a), or encrypt it."
    )
