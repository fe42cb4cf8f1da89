"""Reads the structure of a finished PDF, to be sure that it holds nothing but pages that are pictures."""

import re

from workers.sandbox import memory

_STREAM = re.compile(rb"/Length (\d+)[^<>]*>>\s*stream\r?\n")
_NAME = re.compile(rb"/([A-Za-z0-9#]+)")
_LARGEST_SKELETON = 1 << 20
_KNOWN = frozenset({
    *(b"Type", b"Catalog", b"Pages", b"Page", b"Kids", b"Count", b"Parent", b"Root", b"Size", b"Info"),
    *(b"MediaBox", b"Rotate", b"UserUnit", b"Resources", b"ProcSet", b"PDF", b"ImageC", b"ImageB"),
    *(b"XObject", b"Im0", b"Contents", b"Length", b"Subtype", b"Image", b"Width", b"Height", b"Filter"),
    *(b"DCTDecode", b"ColorSpace", b"DeviceRGB", b"BitsPerComponent"),
})  # fmt: skip


def is_regular(file: int) -> bool:
    """Whether outside of its streams the file has only the names that we write."""
    whole = memory.part(file, 0, memory.size(file))
    skeleton, place = b"", 0
    while found := _STREAM.search(whole, place):
        skeleton += whole[place : found.end()]
        place = found.end() + int(found[1])
        if len(skeleton) > _LARGEST_SKELETON:
            return False
    skeleton += whole[place:]
    return {bytes(name) for name in _NAME.findall(skeleton)} <= _KNOWN
