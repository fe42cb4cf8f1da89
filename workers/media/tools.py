"""Which ffmpeg is used, and how it takes what it is given."""

import functools
import os
import re
import subprocess
from dataclasses import dataclass
from pathlib import Path

from relay.errors import Unavailable

_VERSION = re.compile(rb"ffmpeg version n?(\d+)\.")
_FIRST_WITH_FD = 6
_FIRST_WITHOUT_A_NAME = 9


@dataclass(frozen=True)
class Tools:
    """One ffmpeg and its major version."""

    ffmpeg: Path
    version: int

    def source(self, descriptor: int) -> tuple[str, dict[str, str | int]]:
        """Name and options of an input that is a descriptor; only that protocol is allowed to it."""
        if self.version >= _FIRST_WITH_FD:
            return "fd:", {"fd": descriptor, "protocol_whitelist": "fd"}
        return f"/proc/self/fd/{descriptor}", {"protocol_whitelist": "file"}  # Landlock allows no other file

    @property
    def nobody(self) -> str:
        """What to say of who encoded a film, so that nothing is written; older ones write their own then."""
        return "encoder=" if self.version >= _FIRST_WITHOUT_A_NAME else "encoder= "


@functools.lru_cache(maxsize=4)
def find(path: str | None = None) -> Tools:
    """The ffmpeg at `path`, else that of RELAY_FFMPEG, else the one that came with the packages."""
    chosen = path or os.environ.get("RELAY_FFMPEG") or _packaged()
    try:
        said = subprocess.run(
            [chosen, "-version"], env={}, capture_output=True, check=True, timeout=30
        ).stdout
    except (OSError, subprocess.SubprocessError) as error:
        raise Unavailable(f"ffmpeg at {chosen} cannot be run. Set RELAY_FFMPEG to one that can.") from error
    version = _VERSION.match(said)
    return Tools(Path(chosen).resolve(), int(version[1]) if version else _FIRST_WITH_FD)


def _packaged() -> str:
    import imageio_ffmpeg

    return str(imageio_ffmpeg.get_ffmpeg_exe())
