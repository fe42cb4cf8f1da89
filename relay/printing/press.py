"""Sheets: text in, a PDF out, set in a child process that has no files and no network (`child`)."""

import asyncio
import json
import re
import subprocess
import sys
import threading
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, Final

import msgspec

from relay.errors import Busy
from relay.printing import child, fonts, pictures
from relay.printing.direction import paragraphs
from relay.printing.model import PressBroken, Printed, ScannedPage, Size

AT_ONCE: Final = 2
SECONDS: Final = 30

_SHEETS: Final = Path(__file__).with_name("sheets")
_PAGE: Final = re.compile(rb"/Type\s*/Page\b")

# of the process: it is the machine's cores that they take
_places = threading.BoundedSemaphore(AT_ONCE)


async def letter(text: str, *, code: str, size: Size, folder: Path, told: str = "") -> Printed:
    """Print a letter, all of it, with page numbers and a code for the receipt; at its end, what that is for.

    `told`: a sentence of our own about what was done to it before, or nothing. `folder` is where the fonts
    are. Raise `Unprintable` with the characters that no font has, `Busy` if too much is being printed,
    `PressBroken`.
    """
    return await _print("letter", folder, size, [text, code], code=code, text=paragraphs(text), told=told)


async def document(
    pages: Sequence[ScannedPage],
    source: pictures.Source,
    *,
    code: str,
    size: Size,
    folder: Path,
    told: str = "",
    written: str = "",
) -> Printed:
    """Print scanned pages as they are, with a code and a number in the margin; at their end as with letters.

    `source` opens what the pages are read from. `written`: what a facilitator wrote out of them, which is
    printed behind them as that, in letters of this `size`; or nothing.

    Raise as `letter` does.
    """
    set_on = []
    for number, page in enumerate(pages, 1):
        across, down = pictures.fitted(page)
        flipped = page.across > page.down
        mark = [*pictures.mark(number)]
        set_on.append({"mark": mark, "across": across, "down": down, "flipped": flipped})
    return await _print(
        "document",
        folder,
        size,
        [written, code],
        fill=lambda sheet: pictures.filled(sheet, pages, source),
        code=code,
        pages=set_on,
        written=paragraphs(written) if written.strip() else (),
        told=told,
    )


async def cover_note(*, call: str, words: str, size: Size, folder: Path) -> Printed:
    """Print what lies on top of a letter: how to read it, whom to `call`, that it may be put away unread.

    `words` are the facilitator's own, in whatever language the reader has; they may be empty.
    """
    lines = paragraphs(words) if words.strip() else ()
    return await _print("cover", folder, size, [call, words], call=paragraphs(call), words=lines)


async def consent_form(*, size: Size, folder: Path) -> Printed:
    """Print a form to be filled in by hand. It names nobody."""
    return await _print("consent", folder, size, [])


async def enrolment_card(*, address: str, secret: str, until: str, size: Size, folder: Path) -> Printed:
    """Print how to enrol. The short code is never on it: it goes another way."""
    site, slash, identifier = address.rpartition("/")
    return await _print(
        "card",
        folder,
        size,
        [address, secret, until],
        # a long one may be broken after a dot, and nowhere else: it is typed by hand, or copied
        address=[re.split(r"(?<=\.)", site + slash), [identifier]],
        secret=secret,
        until=until,
    )


async def _print(
    sheet: str,
    folder: Path,
    size: Size,
    drawn: list[str],
    fill: Callable[[bytes], bytes] | None = None,
    **data: Any,
) -> Printed:
    def in_its_place() -> Printed:
        if not _places.acquire(blocking=False):
            raise Busy(
                "Something else is being printed at this moment. Please try again.", retry_after=3, status=503
            )
        try:
            families = fonts.families_for(" ".join([*drawn, _OWN_SIGNS]), folder)
            done = _press(sheet, folder, families, {"points": size.points, "fonts": families, **data})
            return Printed(pdf=fill(done.pdf), pages=done.pages) if fill else done
        finally:
            _places.release()

    return await asyncio.to_thread(in_its_place)


_OWN_SIGNS: Final = "•"
"""What our own templates draw beside letters and digits."""


def _press(sheet: str, folder: Path, families: tuple[str, ...], data: dict[str, Any]) -> Printed:
    template = "".join((_SHEETS / f"{name}.typ").read_text(encoding="utf-8") for name in ("base", sheet))
    order = json.dumps({"template": template, "data": msgspec.to_builtins(data)}).encode()
    try:
        done = subprocess.run(
            [sys.executable, "-I", "-B", "-m", child.__name__, str(folder), *families],
            input=order,
            stdout=subprocess.PIPE,
            # what it complains of quotes the letter: nobody reads it
            stderr=subprocess.DEVNULL,
            timeout=SECONDS,
            env={},
            cwd="/",
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired):
        # without its cause, which holds what was printed
        raise PressBroken from None
    if done.returncode != child.DONE or not done.stdout.startswith(b"%PDF-"):
        raise PressBroken
    return Printed(pdf=done.stdout, pages=len(_PAGE.findall(done.stdout)))
