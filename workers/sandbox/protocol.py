"""What the parent tells the launcher, and what the launcher says before it hands over to the child.

Only the standard library: the launcher runs in a bare interpreter, as long as it still has rights.
"""

import json
import struct
from enum import IntEnum
from typing import NamedTuple

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


class Caps(NamedTuple):
    """What one child may use."""

    cpu_seconds: int
    memory_bytes: int
    output_bytes: int
    threads: int = 256
    descriptors: int = 64


class Order(NamedTuple):
    """Everything that the launcher has to know. It travels as an argument and holds no content."""

    descriptors: tuple[int, ...]
    """Inherited descriptors, renumbered from 3 on."""
    read_only: tuple[bool, ...]
    """For each: open it anew for reading only, so that its offset is the child's own."""
    status: int
    """Where the launcher reports its stage; closed before the child begins."""
    parent: int
    """The process that must still be alive; the child dies with it."""
    stranger: int
    """The user that the child becomes, where the launcher may choose."""
    caps: Caps
    program: str
    """An executable file, or a child's Python file."""
    arguments: tuple[str, ...]
    """The executable's argv; numbers for a Python child."""
    python: bool
    paths: tuple[str, ...] = ()
    """Python: where packages are. Executable: the files it may read (its libraries)."""
    loader: str = ""
    """The executable's ELF loader, which has to be executable too."""
    makes_code: bool = False
    """Python: whether it may make machine code as it runs, which an executable always may."""
    served: bool = False
    """Whether its reads wait for the parent (`window`)."""
    walls: bool = True
    """False only from the unsafe runner, which refuses to exist outside development."""


def encode(order: Order) -> str:
    """Write an order as one argument."""
    return json.dumps(order)


def decode(text: str) -> Order:
    """Read what `encode` wrote."""
    fields = json.loads(text)
    order = Order(*fields)
    return order._replace(
        descriptors=tuple(order.descriptors),
        read_only=tuple(order.read_only),
        caps=Caps(*order.caps),
        arguments=tuple(order.arguments),
        paths=tuple(order.paths),
    )
