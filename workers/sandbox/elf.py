"""Which files a program needs to start: its ELF loader and its libraries; it is allowed just those."""

import functools
import re
import struct
import subprocess
from pathlib import Path

_INTERPRETER = 3  # PT_INTERP
_LIBRARY = re.compile(rb"(?:=> )?(/\S+) \(0x[0-9a-f]+\)")
_CACHE = "/etc/ld.so.cache"


@functools.lru_cache(maxsize=8)
def needs(program: Path) -> tuple[str, tuple[str, ...]]:
    """The loader ("" for a static program) and the libraries. `OSError` if it cannot be run here."""
    loader = _loader(program)
    if not loader:
        return "", ()
    listed = subprocess.run([loader, "--list", program], env={}, capture_output=True, check=False, timeout=30)
    if listed.returncode:
        raise OSError(f"{program.name} lacks a library that it needs")
    libraries = {match.decode() for match in _LIBRARY.findall(listed.stdout)}
    return loader, (*sorted(libraries), _CACHE)


def _loader(program: Path) -> str:
    with program.open("rb") as file:
        header = file.read(64)
        if header[:5] != b"\x7fELF\x02":
            raise OSError(f"{program.name} is no 64-bit Linux program")
        (offset,) = struct.unpack_from("<Q", header, 32)
        size, count = struct.unpack_from("<HH", header, 54)
        for index in range(count):
            file.seek(offset + index * size)
            kind, _, start, _, _, length = struct.unpack_from("<IIQQQQ", file.read(size))
            if kind == _INTERPRETER:
                file.seek(start)
                return file.read(length).rstrip(b"\0").decode()
    return ""
