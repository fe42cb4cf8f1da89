"""What must stay as it was while hostile files are worked on: the network, and names in folders."""

import ctypes
import fcntl
import os
import socket
import struct
import tempfile
from collections.abc import Iterator
from pathlib import Path

_NEW_NETWORK = 0x40000000  # CLONE_NEWNET
_GET_FLAGS, _SET_FLAGS, _ADD_ROUTE = 0x8913, 0x8914, 0x890B  # linux/sockios.h
_UP = 1
_ELSEWHERE = ("192.0.2.1", 9)  # RFC 5737: nobody's address
_SHARED = ("/tmp", "/var/tmp", "/dev/shm")


class NotCounted(Exception):
    """A packet was sent and not counted: "no packet left" would say nothing."""


class Network:
    """A network of our own, of which every address is reached through a device that counts."""

    def __init__(self) -> None:
        """Move this process into it. Raise `OSError` if that is not allowed, and `NotCounted`."""
        if ctypes.CDLL(None, use_errno=True).unshare(_NEW_NETWORK) != 0:
            raise OSError(ctypes.get_errno(), "no network of our own")
        _open_ways()
        before = _packets()
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sender:
            sender.sendto(b"one that must be counted", _ELSEWHERE)
        self._begun = _packets()
        if self._begun != before + 1:
            raise NotCounted

    @property
    def sent(self) -> int:
        """How many packets were sent since."""
        return _packets() - self._begun


def counted_network() -> Network | None:
    """The network, or None where packets cannot be counted: in CI, root has to be able to."""
    if os.geteuid() != 0:
        return None
    try:
        return Network()
    except (OSError, NotCounted):
        if os.environ.get("CI"):
            raise
        return None


def _open_ways() -> None:
    """Without a route nothing is ever sent, whoever tries: all ways lead to the loopback device."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as asking:
        answer = fcntl.ioctl(asking, _GET_FLAGS, struct.pack("16sh22x", b"lo", 0))
        _, flags = struct.unpack_from("16sh", answer)
        fcntl.ioctl(asking, _SET_FLAGS, struct.pack("16sh22x", b"lo", flags | _UP))
        device = ctypes.create_string_buffer(b"lo")
        anywhere = struct.pack("=H14x", socket.AF_INET)
        # struct rtentry: padding, destination, gateway, mask, flags, ..., metric, device, ...
        route = struct.pack(
            "8x16s16s16sH30xP24x", anywhere, anywhere, anywhere, _UP, ctypes.addressof(device)
        )
        fcntl.ioctl(asking, _ADD_ROUTE, route)
    try:
        with socket.socket(socket.AF_INET6, socket.SOCK_DGRAM) as asking:
            # struct in6_rtmsg: three addresses, type, lengths, metric, info, flags, number of the device
            index = socket.if_nametoindex("lo")
            fcntl.ioctl(asking, _ADD_ROUTE, struct.pack("48xIHHILIi", 0, 0, 0, 1, 0, _UP, index))
    except OSError:
        return  # a machine without IPv6 sends nothing by it


def _packets() -> int:
    """Packets sent on any device of this network."""
    lines = Path("/proc/net/dev").read_text().splitlines()[2:]
    return sum(int(line.partition(":")[2].split()[9]) for line in lines)


class Surroundings:
    """Two empty folders, for what is temporary and to stand in, and those that a machine shares.

    Other processes make names in the shared ones meanwhile. There only those count that belong to one of the
    users that a sandboxed child becomes where this runs as root, and by whom nobody else works.
    """

    def __init__(self, folder: Path, strangers: range) -> None:
        """Stand in `folder`, which is empty, from now on."""
        self._own = (folder / "temporary", folder / "here")
        for each in self._own:
            each.mkdir()
        os.environ["TMPDIR"] = tempfile.tempdir = str(self._own[0])
        os.chdir(self._own[1])
        self._strangers = strangers
        self._there = frozenset(self._names())

    def new(self) -> list[str]:
        """Names that were not there."""
        return sorted(frozenset(self._names()) - self._there)

    def _names(self) -> Iterator[str]:
        for folder in self._own:
            yield from map(str, folder.iterdir())
        for shared in _SHARED:
            with os.scandir(shared) as listed:
                yield from (entry.path for entry in listed if _owner(entry) in self._strangers)


def _owner(entry: os.DirEntry[str]) -> int:
    try:
        return entry.stat(follow_symlinks=False).st_uid
    except FileNotFoundError:  # somebody else's, and gone again
        return -1
