"""`relay tour`: a whole exchange on the files given, against the real stack, as the people in it."""

import argparse
import os
from collections.abc import Mapping
from contextlib import ExitStack
from pathlib import Path

from relay.cli.common import told
from relay.cli.up import interrupt_once
from relay.errors import Conflict
from relay.settings import load
from relay.tour import material, report
from relay.tour.journal import make_console
from relay.tour.received import NAMES
from relay.tour.stage import letter_of
from relay.tour.story import Play, scratch, staged

_FREE_PORTS = {"RELAY_PARTICIPANTS_PORT": "0", "RELAY_DESK_PORT": "0"}


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the arguments."""
    parser.epilog = (
        "Exit code 0: every expectation held. 1: one did not (the end says which). 2: it could not be played."
    )
    for name, what in (
        ("letter", "a letter in plain text (UTF-8), the first that the victim sends"),
        ("audio", "a recording, the offender's first answer"),
        ("video", "a film, the second"),
        ("document", "a PDF or a photographed page, the third"),
    ):
        parser.add_argument(f"--{name}", metavar="FILE", type=Path, help=f"{what} (default: one is made)")
    parser.add_argument(
        "--data",
        metavar="DIR",
        type=Path,
        help="a new data folder, kept afterwards (default: a temporary one)",
    )
    parser.add_argument(
        "--out",
        metavar="DIR",
        type=Path,
        help="write exactly what each recipient received to DIR/victim and DIR/offender; 2-letter.txt is one"
        " of the tour's own, in which a name was hidden",
    )
    parser.add_argument(
        "--replace", action="store_true", help="write over what an earlier tour left in --out"
    )
    parser.add_argument("--report", metavar="FILE", type=Path, help="write the table as JSON as well")


def run(arguments: argparse.Namespace) -> int:
    """Play it once, and say how it went."""
    console = make_console()
    interrupt_once()
    with ExitStack() as stack:
        folder = stack.enter_context(scratch("tour"))
        play = make_play(arguments, folder, os.environ | _FREE_PORTS)
        with staged(play, console) as performance:
            found = performance.perform()
            report.show(found, console)
        if arguments.report is not None:
            report.write(found, arguments.report)
        if arguments.out is not None:
            console.print(f"What each of them received is in {play.out}.")
        if arguments.data is not None:
            again = told("up", "--data", play.settings.data)
            console.print(f"The data folder is kept: {again}", soft_wrap=True)
            console.print(f"Its offline keys are in {play.keys}.")
            report.show_sign_ins(performance.stage, console)
    return 0 if found.held else 1


def make_play(arguments: argparse.Namespace, folder: Path, environ: Mapping[str, str]) -> Play:
    """Put together what is played; what is not named lies in `folder`, which is temporary."""
    out = (arguments.out or folder / "received").absolute()
    if not arguments.replace and out.is_dir() and any(out.iterdir()):
        raise Conflict(
            f"{out} is not empty, and what is in it could be lost. Please name another folder with --out,"
            " or add --replace to write over what an earlier tour received."
        )
    data = (arguments.data or folder / "data").absolute()
    settings = load({**environ, "RELAY_DATA": str(data)})
    sent = material.make(
        folder / "sent",
        letter=arguments.letter,
        audio=arguments.audio,
        video=arguments.video,
        document=arguments.document,
    )
    letter_of(sent.letter, settings)  # a letter that cannot be one is said before anything is started
    return Play(
        settings=settings,
        keys=data.with_name(f"{data.name}-offline-keys"),
        material=sent,
        out=_emptied(out),
    )


def _emptied(out: Path) -> Path:
    """Return the folder without what an earlier tour received. Nothing else in it is touched."""
    for recipient in ("victim", "offender"):
        for name in NAMES.values():
            for earlier in (out / recipient).glob(f"[0-9]-{name}"):
                earlier.unlink()
    return out
