"""The typesetter, in a process of its own: reads a sheet, writes a PDF, can do nothing else.

Run by `press`. In this order: the fonts are loaded, then the walls go up, then the first byte of what a
person wrote is read. From the walls on no descriptor can be opened (so no file and no socket), no process
started, signalled or looked into, and nothing written but the answer. No package is ever loaded.
"""

import json
import resource
import sys
from typing import Literal

import typst

from relay.printing import walls

MEMORY = 3 << 30
"""Of address space: fonts for Chinese alone are 100 MB, and are mapped."""
PROCESSOR_SECONDS = 20
MOST_PDF = 64 << 20

DONE, REFUSED = 0, 3

STANDARD: Literal["a-2u"] = "a-2u"
"""PDF/A-2u, for what it refuses: a glyph that is missing, a character without a name."""


def main() -> int:
    """Take the fonts' folder and families from the arguments, the sheet from standard input."""
    folder, families = sys.argv[1], sys.argv[2:]
    # no letter in a core file, whatever happens
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    compiler = _with_fonts(folder, families)
    _wall_in()
    sheet = json.loads(sys.stdin.buffer.read())
    try:
        pdf = compiler.compile(
            input=sheet["template"].encode(),
            format="pdf",
            sys_inputs={"sheet": json.dumps(sheet["data"])},
            pdf_standards=STANDARD,
        )
    except typst.TypstError:
        return REFUSED
    if not isinstance(pdf, bytes) or len(pdf) > MOST_PDF:
        return REFUSED
    sys.stdout.buffer.write(pdf)
    sys.stdout.buffer.flush()
    return DONE


def _with_fonts(folder: str, families: list[str]) -> typst.Compiler:
    """Load every face that will be asked for: they are read when first used, and then it is too late."""
    fonts = typst.Fonts(include_system_fonts=False, include_embedded_fonts=False, font_paths=[folder])
    # all that it may read from is where the fonts are
    compiler = typst.Compiler(root=folder, font_paths=fonts, ignore_system_fonts=True)
    once = "".join(
        f"#text(font: {json.dumps(family, ensure_ascii=False)}, weight: {weight})[x]"
        for family in families
        for weight in (400, 700)
    )
    compiler.compile(input=f"#set text(fallback: false)\n{once}".encode(), format="pdf")
    return compiler


def _wall_in() -> None:
    _limit()
    walls.raise_walls()


def _limit() -> None:
    for limit, most in (
        (resource.RLIMIT_CPU, PROCESSOR_SECONDS),
        (resource.RLIMIT_AS, MEMORY),
        (resource.RLIMIT_FSIZE, 0),
        (resource.RLIMIT_NPROC, 0),
        (resource.RLIMIT_NOFILE, 0),
    ):
        resource.setrlimit(limit, (most, most))


if __name__ == "__main__":
    sys.exit(main())
