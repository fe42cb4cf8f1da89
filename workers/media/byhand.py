"""`python -m workers clean IN OUT`: the same pipeline that a worker runs, on one file of one's own.

Several pictures or PDFs before OUT become one document.
"""

import argparse
import base64
import json
import sys
import time
from collections.abc import Sequence
from contextlib import ExitStack
from functools import partial
from pathlib import Path
from typing import Any

from relay.errors import RelayError
from relay.vault.spool import Spool
from workers.media import gathered, loudness, tools, wishes
from workers.media.clean import clean
from workers.media.kept import pieces
from workers.media.looks import beginning, family
from workers.media.model import Clean, Kind, Limits, MediaRefused, Role
from workers.media.room import Room
from workers.sandbox.runner import Walled
from workers.sandbox.window import File, Source


def main(words: Sequence[str]) -> int:
    """Exit code 0 when the file was made safe, 1 when it was refused, 2 when it could not be tried."""
    asked = _parser().parse_args(words)
    if wrong := _wrong_place(asked):
        sys.stderr.write(f"Not tried: {wrong}\n")
        return 2
    started = time.monotonic()
    report: dict[str, Any] = {"input": asked.input[0].name, "kind": None, "outcome": "failed"}
    try:
        with ExitStack() as opened:
            source = _source(asked, opened)
            kind = Kind(asked.kind) if asked.kind else _guess(asked.input[0], source)
            report |= {"kind": kind.value, "input_bytes": source.size}
            edits = wishes.edits(asked.edits, asked.disguise, kind)
            spool = partial(Spool, asked.output.parent)
            faces = wishes.faces(asked.faces_model)
            with clean(kind, source, progress=_show, spool=spool, edits=edits, faces=faces) as made:
                _write(made, asked.output, asked.poster)
                report |= {"outcome": "clean", **_facts(made), **wishes.report(edits)}
                report |= _loudness(made) if asked.report else {}
                said = f"Safe: {asked.output}"
    except MediaRefused as refused:
        report |= {"outcome": "refused", "reason": refused.reason.value, "sentence": refused.public}
        said = f"Refused: {refused.public}"
    except (RelayError, OSError) as error:
        said = f"Not tried: {error}"
    report["seconds"] = round(time.monotonic() - started, 2)
    if asked.report:
        asked.report.write_text(json.dumps(report, indent=2) + "\n")
    sys.stderr.write(f"\r{said}\n")
    return {"clean": 0, "refused": 1}.get(report["outcome"], 2)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m workers clean", description=__doc__)
    parser.add_argument("input", type=Path, metavar="IN", nargs="+")
    parser.add_argument("output", type=Path, metavar="OUT")
    parser.add_argument(
        "--kind", choices=[kind.value for kind in Kind], help="guessed from the file without it"
    )
    parser.add_argument("--poster", type=Path, metavar="FILE", help="where to write the poster (JPEG)")
    parser.add_argument("--report", type=Path, metavar="FILE", help="where to write what became of it (JSON)")
    parser.add_argument(
        "--turns",
        type=gathered.turns,
        default=[],
        metavar="0,90,…",
        help="how far each picture's page is turned, with the clock",
    )
    wishes.add(parser)
    return parser


def _wrong_place(asked: argparse.Namespace) -> str | None:
    """Nothing is written over an original, and nothing is begun that could not be written."""
    for path in filter(None, (asked.output, asked.poster, asked.report)):
        if not path.parent.is_dir():
            return f"There is no folder {path.parent} for {path.name}. Please make it first."
        if path.exists() and any(each.exists() and path.samefile(each) for each in asked.input):
            return (
                f"{path} is to be made safe, and would be lost. Please name another file for what comes out."
            )
    return None


def _source(asked: argparse.Namespace, opened: ExitStack) -> Source:
    files = [File(opened.enter_context(path.open("rb")).fileno()) for path in asked.input]
    return gathered.Gathered(files, asked.turns) if len(files) > 1 or asked.turns else files[0]


def _guess(path: Path, source: Source) -> Kind:
    """A recording is taken for sound only where its name says so; a person says it with `--kind`."""
    if family(beginning(source)) is Kind.DOCUMENT:
        return Kind.DOCUMENT
    sounds = {
        ".aac",
        ".aif",
        ".aiff",
        ".amr",
        ".caf",
        ".flac",
        ".m4a",
        ".mp3",
        ".oga",
        ".ogg",
        ".opus",
        ".wav",
    }
    return Kind.AUDIO if path.suffix.lower() in sounds else Kind.VIDEO


def _show(percent: int) -> None:
    sys.stderr.write(f"\r{percent:3} %")
    sys.stderr.flush()


def _write(made: Clean, output: Path, poster: Path | None) -> None:
    for role, path in ((Role.CLEAN, output), (Role.POSTER, poster)):
        if path is None or role not in made.files:
            continue
        with path.open("wb") as file:
            for piece in pieces(made.files[role]):
                file.write(piece)


def _facts(made: Clean) -> dict[str, Any]:
    facts = made.facts
    return {
        "media_type": made.media_type(Role.CLEAN),
        "output_bytes": made.files[Role.CLEAN].size,
        "duration_ms": facts.duration_ms,
        "width": facts.width,
        "height": facts.height,
        "pages": facts.pages,
        "peaks": base64.b64encode(facts.peaks).decode(),
    }


def _loudness(made: Clean) -> dict[str, Any]:
    """Before and after, in LUFS; what came out is measured again, in the sandbox."""
    if made.facts.loudness is None:
        return {}
    room = Room(Walled(), tools.find(), Limits(), lambda _: None, lambda: False)
    heard = loudness.of_result(made, room)
    return {
        "loudness_before_lufs": round(made.facts.loudness, 1),
        "loudness_after_lufs": round(heard.integrated, 1),
        "true_peak_after_dbtp": round(heard.peak, 1),
    }
