"""`relay paper-key`: write the file of an offline key again, from its copy on paper."""

import argparse
from pathlib import Path

from relay.cli.common import add_data, settings_for
from relay.cli.typed import typed_key
from relay.errors import Conflict
from relay.identity import founding, keyfiles
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
    settings = settings_for(arguments)
    pins = Pins.read(settings.keyring / founding.PINS)
    folder, kind = arguments.to.absolute(), arguments.kind
    if folder.resolve().is_relative_to(settings.data.resolve()):
        raise Conflict("The offline keys must not lie in the data folder. Name another folder with --to.")
    keyfiles.refuse_unfit(folder, keyfiles.NAMES[kind])
    path = keyfiles.write_again(folder, kind, pins, typed_key(kind))
    print(f"It is this service's {kind} key, and is in {path} again.")
    return 0
