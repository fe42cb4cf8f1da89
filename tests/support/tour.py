"""The real `relay tour`, played once for all tests that look at it, in however many processes."""

import fcntl
import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

import msgspec

from tests.support import media

ROOT = Path(__file__).parents[2]
SPOKEN = Path("/usr/share/sounds/alsa/Front_Center.wav")
LETTER = """\
Szanowny Panie, żółta łódź i gęś – tak pamiętam tamten dzień. Ździebło ciszy, i koniec.

یہ خط میں نے اپنی زبان میں لکھا ہے۔ مجھے نہیں معلوم کہ آپ اسے پڑھ سکیں گے یا نہیں؛ ۱۲۳۔

And in English, so that nothing gets lost: “why us?” – 3 children, 1 dog, £40, <b>& no anger</b>.
"""


class Toured(msgspec.Struct, frozen=True, kw_only=True):
    """What a tour left: its exit code, what it printed, its report, and what was received."""

    code: int
    printed: str
    folder: str
    left: tuple[str, ...]

    @property
    def out(self) -> Path:
        return Path(self.folder) / "out"

    @property
    def report(self) -> dict[str, Any]:
        return dict(json.loads((Path(self.folder) / "report.json").read_text()))


def relay(*words: str | Path, tmp: Path, **environ: str) -> subprocess.CompletedProcess[str]:
    """Run one command to its end, with an empty environment and home, and a temporary folder of its own."""
    given = {"PATH": os.defpath, "HOME": "/nonexistent", "COLUMNS": "80", "TMPDIR": str(tmp)}
    command = [sys.executable, "-m", "relay.cli", *map(str, words)]
    return subprocess.run(
        command,
        env=given | environ,
        capture_output=True,
        text=True,
        check=False,
        cwd=ROOT,
        stdin=subprocess.DEVNULL,
    )


def files(folder: Path) -> dict[str, Path]:
    """What people send: a letter in three languages, speech, a phone's film, a photographed page."""
    letter = folder / "list do pana.txt"
    letter.write_text(LETTER, encoding="utf-8", newline="\n")
    return {
        "letter": letter,
        "audio": SPOKEN if SPOKEN.exists() else media.speech(folder),
        "video": media.phone_film(folder),
        "document": media.photographed_page(folder),
    }


def once(shared: Path) -> Toured:
    """Play it in `shared`, or read what another process found there."""
    folder = shared / "relay-tour"
    folder.mkdir(exist_ok=True)
    with (folder / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        kept = folder / "toured.json"
        if not kept.exists():
            kept.write_bytes(msgspec.json.encode(_play(folder)))
        return msgspec.json.decode(kept.read_bytes(), type=Toured)


def _play(folder: Path) -> Toured:
    # short, as the server's socket has to fit into 107 bytes
    with tempfile.TemporaryDirectory(prefix="relay-tour-") as tmp:
        sent = [word for name, path in files(folder).items() for word in (f"--{name}", path)]
        written = ("--out", folder / "out", "--report", folder / "report.json")
        played = relay("tour", *sent, *written, tmp=Path(tmp))
        left = tuple(sorted(path.name for path in Path(tmp).iterdir()))
    return Toured(
        code=played.returncode, printed=played.stdout + played.stderr, folder=str(folder), left=left
    )
