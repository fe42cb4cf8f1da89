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

from relay.errors import Invalid, Refusal, RelayError
from relay.vault.spool import Spool
from workers.media import gathered, loudness, places, tools, wishes
from workers.media.clean import clean
from workers.media.kept import pieces
from workers.media.looks import beginning, family
from workers.media.model import GIBIBYTE, Clean, Kind, Limits, MediaRefused, Role
from workers.media.room import Room
from workers.sandbox.bubble import strongest
from workers.sandbox.window import File, Source

_LIMITS = Limits(input_bytes=4 * GIBIBYTE)
"""As much as a service may take of anything."""


def main(words: Sequence[str]) -> int:
    """Exit code 0 when the file was made safe, 1 when it was refused, 2 when it could not be tried."""
    asked = _parser().parse_args(words)
    try:
        _refuse(asked)
    except Refusal as wrong:
        sys.stderr.write(f"Not tried: {wrong.public}\n")
        return 2
    started = time.monotonic()
    report: dict[str, Any] = {"input": asked.input[0].name, "kind": None, "outcome": "failed"}
    try:
        with ExitStack() as opened:
            source = _source(asked, opened)
            kind = Kind(asked.kind) if asked.kind else _guess(asked.input[0], source, asked.output)
            places.refuse_ending(asked.output, kind)
            report |= {"kind": kind.value, "input_bytes": source.size}
            edits = wishes.edits(asked.edits, asked.disguise, kind)
            spool = partial(Spool, asked.output.parent)
            faces = wishes.faces(asked.faces_model, edits)
            walls = strongest()
            with clean(
                kind, source, _LIMITS, _show, sandbox=walls, spool=spool, edits=edits, faces=faces
            ) as made:
                _write(made, asked.output, asked.poster)
                report |= {"outcome": "clean", **_facts(made), **wishes.report(edits)}
                report |= _loudness(made) if asked.report else {}
                said = f"Safe: {asked.output}"
    except MediaRefused as refused:
        report |= {"outcome": "refused", "reason": refused.reason.value, "sentence": refused.public}
        said = f"Refused: {refused.public}"
    except RelayError as error:
        said = f"Not tried: {error.public}"
    except OSError as error:
        said = f"Not tried: {error.filename or 'A file'} cannot be used: {error.strerror or error}."
    report["seconds"] = round(time.monotonic() - started, 2)
    if asked.report:
        asked.report.write_text(json.dumps(report, indent=2) + "\n")
    sys.stderr.write(f"\r{said}\n")
    return {"clean": 0, "refused": 1}.get(report["outcome"], 2)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m workers clean", description=__doc__)
    parser.add_argument("input", type=Path, metavar="IN", nargs="+")
    parser.add_argument("output", type=Path, metavar="OUT", help="a new file: .m4a, .mp4 or .pdf")
    parser.add_argument(
        "--kind", choices=[kind.value for kind in Kind], help="guessed from the file without it"
    )
    parser.add_argument(
        "--replace", action="store_true", help="write over OUT, poster and report where they are there"
    )
    parser.add_argument("--poster", type=Path, metavar="FILE", help="where to write the poster (JPEG)")
    parser.add_argument("--report", type=Path, metavar="FILE", help="where to write what became of it (JSON)")
    parser.add_argument(
        "--turns",
        type=_turns,
        default=[],
        metavar="0,90,…",
        help="how far the page of each IN is turned, with the clock: 0, 90, 180 or 270",
    )
    wishes.add(parser)
    return parser


def _turns(words: str) -> list[int]:
    try:
        return gathered.turns(words)
    except ValueError:
        raise argparse.ArgumentTypeError(
            f"{words!r} is no turn. Write 0, 90, 180 or 270, one for each IN: 90 for one, 90,0 for two"
        ) from None


def _refuse(asked: argparse.Namespace) -> None:
    """Nothing is written over what is there, and nothing is begun that could not be written as asked."""
    places.refuse_unwritable(
        asked.output, asked.poster, asked.report, originals=asked.input, replace=asked.replace
    )
    if asked.poster is not None:
        places.refuse_poster_ending(asked.poster)
    if asked.turns and len(asked.turns) != len(asked.input):
        files, example = len(asked.input), ",".join(["90", *["0"] * (len(asked.input) - 1)])
        raise Invalid(
            f"--turns has to say one turn for each file, and there {'is' if files == 1 else 'are'} {files}."
            f" Write for example {example}, with 0 for those that are not turned."
        )


def _source(asked: argparse.Namespace, opened: ExitStack) -> Source:
    for path in asked.input:
        places.refuse_unreadable(path)
    files = [File(opened.enter_context(path.open("rb")).fileno()) for path in asked.input]
    return gathered.Gathered(files, asked.turns) if len(files) > 1 or asked.turns else files[0]


def _guess(path: Path, source: Source, output: Path) -> Kind:
    """A recording is taken for sound only where its name says so; a person says it with `--kind`."""
    seems = family(beginning(source))
    if seems is None:
        places.refuse_unknown(path, output)
    if seems is Kind.DOCUMENT or (seems is None and output.suffix.lower() == ".pdf"):
        return Kind.DOCUMENT
    return Kind.AUDIO if path.suffix.lower() in places.SOUNDS else Kind.VIDEO


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
    room = Room(strongest(), tools.find(), _LIMITS, lambda _: None, lambda: False)
    heard = loudness.of_result(made, room)
    return {
        "loudness_before_lufs": round(made.facts.loudness, 1),
        "loudness_after_lufs": round(heard.integrated, 1),
        "true_peak_after_dbtp": round(heard.peak, 1),
    }
