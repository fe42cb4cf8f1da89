"""A program behind the walls (ffmpeg's place) reads, writes, starts and signals nothing but its own."""

import os
import subprocess
from pathlib import Path

import pytest

from tests.security.sandbox.conftest import CAPS
from tests.support import media
from workers.media.tools import find
from workers.sandbox import elf, memory
from workers.sandbox.protocol import Caps
from workers.sandbox.runner import Ffmpeg, Task, Walled
from workers.sandbox.running import Ending, watch

SHELL = Path("/bin/sh").resolve()
LOADER = elf.needs(SHELL)[0]


@pytest.fixture
def secret(tmp_path: Path) -> Path:
    path = tmp_path / "secret.key"
    path.write_text("the service's key")
    for folder in (tmp_path, *tmp_path.parents[:2]):
        folder.chmod(0o755)  # readable by any user, so that it is not the user that protects it
    return path


def inside(
    sandbox: Walled, program: Path, *arguments: str, caps: Caps = CAPS, output: int | None = None
) -> Ending:
    given = () if output is None else (output,)
    with sandbox.start(Task(Ffmpeg(program, arguments), (), given, caps)) as running:
        return watch([running], seconds=120, stopped=lambda: False)[0]


def outside(program: Path, *arguments: str) -> int:
    return subprocess.run(
        [program, *arguments], stdin=subprocess.DEVNULL, capture_output=True, check=False
    ).returncode


def shell_lines(secret: Path) -> dict[str, str]:
    return {
        "read a file": f'read line < {secret} || test -n "$line"',
        "write a file": f": > {secret}.written",
        "start a program": "exec /bin/true",
        "start it through the loader": f"exec {LOADER} /bin/true",
        "fork": "(exit 0)",
        "signal its parent": f"kill -0 {os.getpid()}",
        "see who else is there": f"read line < /proc/{os.getpid()}/status",
    }


@pytest.mark.parametrize("what", list(shell_lines(Path())))
def test_even_a_shell_could_do_nothing(sandbox: Walled, what: str, secret: Path) -> None:
    line = shell_lines(secret)[what]
    assert outside(SHELL, "-c", line) == 0, "outside it works, or this proves nothing"
    Path(f"{secret}.written").unlink(missing_ok=True)
    assert inside(sandbox, SHELL, "-c", line).code != 0
    assert not Path(f"{secret}.written").exists()
    assert inside(sandbox, SHELL, "-c", "exit 0").good, "the shell itself does run"


def test_ffmpeg_reads_no_file_even_when_it_is_told_to(sandbox: Walled, tmp_path: Path) -> None:
    film = media.film(tmp_path, "film.ts", 1)
    for folder in (tmp_path, *tmp_path.parents[:2]):
        folder.chmod(0o755)
    playlist = tmp_path / "list.m3u8"
    playlist.write_text(f"#EXTM3U\n#EXT-X-TARGETDURATION:2\n#EXTINF:1,\nfile://{film}\n#EXT-X-ENDLIST\n")
    anything = ["-nostdin", "-protocol_whitelist", "file,fd,crypto", "-allowed_extensions", "ALL"]
    for arguments in (
        ["-nostdin", "-i", str(film)],
        [*anything, "-extension_picky", "0", "-i", str(playlist)],
        ["-nostdin", "-f", "lavfi", "-i", f"movie={film}"],
    ):
        assert outside(find().ffmpeg, *arguments, "-f", "null", "-") == 0
        assert inside(sandbox, find().ffmpeg, *arguments, "-f", "null", "-").code != 0


def test_output_time_and_processor_are_limited(sandbox: Walled) -> None:
    ffmpeg = find().ffmpeg
    endless = ["-nostdin", "-f", "lavfi", "-i", "testsrc2"]
    file = memory.create("output")
    pour = [*endless, "-f", "rawvideo", "-y", "/proc/self/fd/3"]
    assert not inside(sandbox, ffmpeg, *pour, output=file).good
    assert memory.size(file) <= CAPS.output_bytes
    os.close(file)
    busy = inside(sandbox, ffmpeg, *endless, "-f", "null", "-", caps=CAPS._replace(cpu_seconds=5))
    assert busy.out_of_time
    assert busy.stop is None, "the kernel ended it, not we"
