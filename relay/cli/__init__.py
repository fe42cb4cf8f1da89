"""The `relay` command. Each subcommand is a module, imported when it is called.

A command's module has two functions: `configure(parser)` adds its arguments, `run(arguments)` does the work
and returns the exit code. An error of ours is one clear sentence on standard error and exit code 2.
"""

import argparse
import importlib
import sys
from collections.abc import Sequence
from importlib.metadata import version

from relay.errors import RelayError

COMMANDS = {
    "init": ("relay.cli.init", "make a service in a data folder, with its offline keys and first invitation"),
    "staff": ("relay.cli.staff", "invite staff, list them, and sign the roster of their keys"),
    "paper-key": ("relay.cli.paper_key", "write an offline key's file again, from its copy on paper"),
    "recover": ("relay.cli.recover", "give a case that nobody can open any more to a facilitator"),
    "up": ("relay.cli.up", "start the whole stack in one data folder; Ctrl-C stops it"),
    "demo": ("relay.cli.demo", "play the tour, then leave the stack up and say where to sign in"),
    "tour": ("relay.cli.tour", "play a whole exchange on real files, and try what must be refused"),
    "audit": ("relay.cli.audit", "verify the audit chains and their checkpoint"),
    "migrate": ("relay.cli.migrate", "bring the database's schema up to date"),
}
"""Name → module, and one line for `relay --help`."""

_EPILOG = "`relay COMMAND --help` tells what a command takes."


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command; returns its exit code."""
    words = list(sys.argv[1:] if argv is None else argv)
    name = words[0] if words else ""
    if name not in COMMANDS:
        _overview().parse_args(words or ["--help"])
        return 2  # not reached: argparse has ended the program
    module, summary = COMMANDS[name]
    command = importlib.import_module(module)
    parser = argparse.ArgumentParser(prog=f"relay {name}", description=f"{summary[0].upper()}{summary[1:]}.")
    command.configure(parser)
    arguments = parser.parse_args(words[1:])
    try:
        return int(command.run(arguments))
    except RelayError as error:
        print(error.public, file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        return 130
    except BrokenPipeError:
        sys.stderr.close()  # whoever read our output has left; Python must not complain about it at exit
        return 141
    except OSError as error:
        if error.filename is None:
            raise
        print(f"{error.filename} cannot be used: {error.strerror}.", file=sys.stderr)
        return 2


def _overview() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="relay",
        description="Letters, recordings and films between two people who never meet, through a facilitator.",
        epilog=_EPILOG,
    )
    parser.add_argument("--version", action="version", version=f"relay {version('relay')}")
    commands = parser.add_subparsers(title="commands", metavar="COMMAND", required=True)
    for name, (_, summary) in COMMANDS.items():
        commands.add_parser(name, help=summary, add_help=False)
    return parser
