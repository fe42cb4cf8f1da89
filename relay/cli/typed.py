"""An offline key that somebody types, line by line, from its copy on paper."""

from relay.errors import Invalid, Unavailable
from relay.identity import keyfiles, keylines


def typed_key(kind: str) -> bytes:
    """Ask for the lines of a key ("root" or "recovery") and return it. Each is asked for until it is right.

    Raise `Unavailable` if it is not typed to its end.
    """
    lines = keylines.count(keyfiles.SIZES[kind])
    print(f"Type the {kind} key's {lines} lines, as they stand on paper.")
    return b"".join(_asked(kind, number, lines) for number in range(1, lines + 1))


def _asked(kind: str, number: int, lines: int) -> bytes:
    while True:
        try:
            return keylines.read(kind, number, input(f"Line {number} of {lines}: "))
        except Invalid as wrong:
            print(f"{wrong.public} Compare it with the paper, and type it again.")
        except EOFError:
            raise Unavailable("The key was not typed to its end. Nothing was done with it.") from None
