"""What the launcher and its parent say to each other, as the launcher sees it.

The launcher runs before every child, so whatever it imports is waited for with every file: nothing here, nor
in what else it imports, may need a module that takes long (`json`, `typing`, `contextlib` …). A test tells.
"""

import marshal
import struct
from enum import IntEnum

TYPE_CHECKING = False
if TYPE_CHECKING:
    from workers.sandbox.protocol import Order

FIRST_DESCRIPTOR = 3
"""A child finds what it was given at 3, 4, 5, … in the order of `Order.descriptors`."""

STATUS = struct.Struct("<BI")
"""The launcher's messages: a `Stage`, and the errno of what failed there (0 when `Stage.READY`)."""


class Stage(IntEnum):
    """How far the launcher came. Anything but READY means that nothing hostile was run."""

    READY = 1
    ORDER = 2
    DESCRIPTORS = 3
    PROGRAM = 4
    LIMITS = 5
    IDENTITY = 6
    PARENT = 7
    THREADS = 8
    LANDLOCK = 9
    SECCOMP = 10
    SERVED = 11
    """Not the end yet: with this message comes the listener of the child's reads (`notify`)."""


class _Fields:
    """Named values, without what a NamedTuple needs."""

    def __init__(self, values: "dict[str, object]") -> None:
        self.__dict__.update(values)


def decode(text: str) -> "Order":
    """Read what `protocol.encode` wrote: it comes from our own parent."""
    values = marshal.loads(bytes.fromhex(text))  # noqa: S302 - as said above
    return _Fields(values | {"caps": _Fields(values["caps"])})  # type: ignore[return-value]  # has all its fields
