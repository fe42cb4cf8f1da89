"""WAV, AVI and AIFF: INFO, broadcast extensions, XML, labels, what dash-cams add."""

import struct
from collections.abc import Iterator

from tests.support.tagged.base import BYTES, Bases, Tagged, words
from workers.media.model import Kind

INFO = words("""
    IARL IART ICMS ICMT ICOP ICRD ICRP IDIM IDPI IENG IGNR IKEY ILGT IMED INAM IPLT IPRD ISBJ ISFT
    ISHP ISRC ISRF ITCH IDIT ISMP IAS1 ICNT ILNG IPRT ISGN ITRK IWEB TITL COMM DTIM GENR
""")
_BEXT = {"description": 0, "originator": 256, "reference": 288, "history": 602}


def chunk(data: bytes, kind: bytes, body: bytes, *, big: bool = False) -> bytes:
    """The file with a chunk more at its end."""
    order = ">" if big else "<"
    grown = data + kind + struct.pack(order + "I", len(body)) + body + b"\0" * (len(body) % 2)
    return grown[:4] + struct.pack(order + "I", len(grown) - 8) + grown[8:]


def _early(data: bytes, kind: bytes, body: bytes) -> bytes:
    """The file with a chunk more at its beginning, where recorders put theirs."""
    grown = data[:12] + kind + struct.pack("<I", len(body)) + body + b"\0" * (len(body) % 2) + data[12:]
    return grown[:4] + struct.pack("<I", len(grown) - 8) + grown[8:]


def _item(kind: str, body: bytes = BYTES) -> bytes:
    return kind.encode() + struct.pack("<I", len(body) + 1) + body + b"\0" + b"\0" * ((len(body) + 1) % 2)


def _broadcast(place: int) -> bytes:
    body = bytearray(602 + len(BYTES) + 1)
    body[place : place + len(BYTES)] = BYTES
    return bytes(body)


def files(bases: Bases) -> Iterator[Tagged]:
    base = bases.sounds["wav"]

    def sound(name: str, content: bytes) -> Tagged:
        return Tagged(f"wav {name}", Kind.AUDIO, content)

    for name in INFO:
        yield sound(f"INFO {name}", chunk(base, b"LIST", b"INFO" + _item(name)))
    for name, place in _BEXT.items():
        yield sound(f"bext {name}", _early(base, b"bext", _broadcast(place)))
    xml = b"<?xml version='1.0'?><BWFXML><NOTE>" + BYTES + b"</NOTE></BWFXML>"
    for kind in (b"iXML", b"axml", b"_PMX", b"aXML", b"link"):
        yield sound(f"{kind.decode()}", chunk(base, kind, xml))
    for kind in (
        b"cart",
        b"umid",
        b"DISP",
        b"JUNK",
        b"PAD ",
        b"FLLR",
        b"junk",
        b"olym",
        b"SNDM",
        b"afsp",
        b"XXXX",
    ):
        yield sound(f"{kind.decode()} early", _early(base, kind, BYTES * 2))
    for label in ("labl", "note", "ltxt", "file"):
        yield sound(f"adtl {label}", chunk(base, b"LIST", b"adtl" + _item(label, bytes(4) + BYTES)))
    yield sound("behind the end", base + BYTES * 3)
    for kind in (b"NAME", b"AUTH", b"(c) ", b"ANNO", b"COMT", b"APPL", b"XXXX"):
        grown = chunk(bases.sounds["aiff"], kind, BYTES, big=True)
        yield Tagged(f"aiff {kind.decode()}", Kind.AUDIO, grown)


def films(bases: Bases) -> Iterator[Tagged]:
    base = bases.films["avi"]
    for name in ("INAM", "IART", "ICMT", "ICRD", "ISFT", "IDIT", "IENG"):
        yield Tagged(f"avi INFO {name}", Kind.VIDEO, chunk(base, b"LIST", b"INFO" + _item(name)))
    for kind in (b"IDIT", b"JUNK", b"GPS ", b"gps0", b"_PMX", b"strn", b"strd", b"VEDT", b"XXXX"):
        yield Tagged(f"avi {kind.decode()}", Kind.VIDEO, chunk(base, kind, BYTES * 2))
    yield Tagged("avi LIST of a maker", Kind.VIDEO, chunk(base, b"LIST", b"ncdt" + _item("nctg")))
    yield Tagged("avi behind the end", Kind.VIDEO, base + BYTES * 3)
