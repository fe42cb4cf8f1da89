"""`relay paper-key`: write the file of an offline key again, from its copy on paper."""

import argparse
from pathlib import Path

from relay.cli.common import add_data, settings_for
from relay.errors import Invalid, Unavailable
from relay.identity import founding, keyfiles, keylines
from relay.vault.pins import Pins


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the arguments."""
    parser.add_argument("kind", choices=sorted(keyfiles.SIZES), help="which of the two keys it is")
    add_data(parser)
    parser.add_argument(
        "--to", metavar="DIR", type=Path, required=True, help="the folder that its file is written to"
    )


def run(arguments: argparse.Namespace) -> int:
    """Ask for it line by line, check that it is this service's, write the file."""
    pins = Pins.read(settings_for(arguments).keyring / founding.PINS)
    folder, kind = arguments.to.absolute(), arguments.kind
    keyfiles.refuse_unfit(folder, keyfiles.NAMES[kind])
    lines = keylines.count(keyfiles.SIZES[kind])
    print(f"Type the {kind} key's {lines} lines, as they stand on paper.")
    secret = b"".join(_asked(kind, number, lines) for number in range(1, lines + 1))
    path = keyfiles.write_again(folder, kind, pins, secret)
    print(f"It is this service's {kind} key, and is in {path} again.")
    return 0


def _asked(kind: str, number: int, lines: int) -> bytes:
    """Ask for a line until it is right."""
    while True:
        try:
            return keylines.read(kind, number, input(f"Line {number} of {lines}: "))
        except Invalid as wrong:
            print(f"{wrong.public} Compare it with the paper, and type it again.")
        except EOFError:
            raise Unavailable("The key was not typed to its end. Nothing was written.") from None
