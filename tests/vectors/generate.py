"""Make the test kit: `python -m tests.vectors.generate`.

Everything is drawn from fixed seeds, except what the library's HPKE draws by itself. So good seals that are
in the folder already are kept as long as they open, and a second run changes nothing.
"""

import hashlib
from itertools import count
from pathlib import Path
from unittest import mock

from tests.vectors import kit, make_notes, make_objects, make_releases, make_seals, make_statements
from tests.vectors.making import Kit


def generate(folder: Path) -> None:
    """Make the whole kit in `folder`."""
    draws = count()

    def drawn(size: int) -> bytes:
        return hashlib.shake_256(f"relay vectors {next(draws)}".encode()).digest(size)

    made = Kit(folder)
    with mock.patch("os.urandom", drawn):
        make_objects.make(made)
        make_seals.make(made)
        make_releases.make(made)
        make_statements.make(made)
        make_notes.make(made)
    made.write()


if __name__ == "__main__":
    generate(kit.FOLDER)
