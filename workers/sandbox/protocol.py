"""What the parent tells the launcher."""

import marshal
from typing import NamedTuple


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
    """Write an order as one argument, for `wire.decode`."""
    return marshal.dumps(order._asdict() | {"caps": order.caps._asdict()}).hex()
