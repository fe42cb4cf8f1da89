"""`python -m workers COMMAND`: what workers do, from a terminal."""

import sys
from collections.abc import Callable, Sequence


def _clean(arguments: Sequence[str]) -> int:
    from workers.media.byhand import main

    return main(arguments)


def _run(_: Sequence[str]) -> int:
    import os

    from relay.settings import load
    from workers.tasks.app import main

    main(load(os.environ))
    return 0


COMMANDS: dict[str, tuple[str, Callable[[Sequence[str]], int]]] = {
    "run": ("work on what is submitted, until SIGTERM", _run),
    "clean": ("make one file safe, by hand", _clean),
}


def main(arguments: Sequence[str]) -> int:
    """Run the command that the first word names."""
    if arguments and arguments[0] in COMMANDS:
        return COMMANDS[arguments[0]][1](arguments[1:])
    lines = [f"  {name:8} {purpose}\n" for name, (purpose, _) in COMMANDS.items()]
    sys.stderr.write("Usage: python -m workers COMMAND …\n" + "".join(lines))
    return 2


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
