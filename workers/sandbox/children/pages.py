"""Child: opens a finished PDF as a stranger would, draws three of its pages, and counts them all.

Descriptors: 3 the PDF, 4 the answer. A child imports nothing of ours: the layout is written again where it
is read.
"""

import ctypes
import mmap
import os
import struct

import pypdfium2

FILE, ANSWER_TO = 3, 4
ANSWER = struct.Struct("<BI")

DONE, BROKEN = 0, 1
SCALE = 0.1


def main() -> None:
    """Draw, count, answer."""
    mapped = mmap.mmap(FILE, 0, access=mmap.ACCESS_COPY)
    try:
        document = pypdfium2.PdfDocument((ctypes.c_ubyte * len(mapped)).from_buffer(mapped))
        for number in {0, len(document) // 2, len(document) - 1}:
            document[number].render(scale=SCALE).close()
        answer = ANSWER.pack(DONE, len(document))
    except pypdfium2.PdfiumError:
        answer = ANSWER.pack(BROKEN, 0)
    os.write(ANSWER_TO, answer)
