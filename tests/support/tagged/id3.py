"""ID3 in all versions, on MP3, AAC, WAV and AIFF; APE and Lyrics3 at the end."""

import struct
from collections.abc import Iterator

from tests.support.tagged.base import BYTES, MARK, Bases, Tagged, small_jpeg, words
from tests.support.tagged.riff import chunk
from workers.media.model import Kind

TEXTS = words("""
    TALB TBPM TCOM TCON TCOP TDAT TDEN TDLY TDOR TDRC TDRL TDTG TENC TEXT TFLT TIME TIPL TIT1 TIT2
    TIT3 TKEY TLAN TLEN TMCL TMED TMOO TOAL TOFN TOLY TOPE TORY TOWN TPE1 TPE2 TPE3 TPE4 TPOS TPRO
    TPUB TRCK TRDA TRSN TRSO TSIZ TSOA TSOP TSOT TSRC TSSE TSST TYER TCMP TSO2 TSOC
""")
LINKS = words("""
    WCOM WCOP WOAF WOAR WOAS WORS WPAY WPUB
""")
SHORT = words("""
    TT1 TT2 TT3 TP1 TP2 TAL TCM TCO TCR TEN TSS TXT TYE TRK COM ULT
""")
_DATE = b"20240305"


def _others() -> dict[str, bytes]:
    picture = b"\0image/jpeg\0\x03" + BYTES + b"\0" + small_jpeg()
    inner = _frame("TIT2", b"\x03" + BYTES)
    return {
        "TXXX": b"\x03" + BYTES + b"\0" + BYTES,
        "WXXX": b"\x03" + BYTES + b"\0http://" + BYTES,
        "COMM": b"\x03eng" + BYTES + b"\0" + BYTES,
        "USLT": b"\x03eng\0" + BYTES,
        "SYLT": b"\x03eng\x02\x01\0" + BYTES + b"\0" + bytes(4),
        "APIC": picture,
        "GEOB": b"\0text/plain\0" + BYTES + b"\0" + BYTES + b"\0" + BYTES,
        "PRIV": b"com.example\0" + BYTES,
        "UFID": b"http://example.org\0" + BYTES,
        "POPM": BYTES + b"\0\xff" + bytes(4),
        "OWNE": b"\x03GBP1\0" + _DATE + BYTES,
        "COMR": b"\x03GBP1\0" + _DATE + BYTES + b"\0\0" + BYTES + b"\0" + BYTES + b"\0",
        "ENCR": BYTES + b"\0\x80" + BYTES,
        "GRID": BYTES + b"\0\x80" + BYTES,
        "LINK": b"TIT2" + BYTES + b"\0" + BYTES,
        "USER": b"\x03eng" + BYTES,
        "AENC": BYTES + b"\0" + bytes(4) + BYTES,
        "MCDI": BYTES,
        "CHAP": b"one\0" + struct.pack(">IIII", 0, 300, 0xFFFFFFFF, 0xFFFFFFFF) + inner,
        "CTOC": b"toc\0\x03\x01one\0" + inner,
        "XSOP": b"\x03" + BYTES,
        "RGAD": BYTES,
    }


def _safe(number: int) -> bytes:
    return bytes((number >> shift) & 0x7F for shift in (21, 14, 7, 0))


def _frame(name: str, body: bytes, version: int = 4) -> bytes:
    if version == 2:
        return name.encode() + struct.pack(">I", len(body))[1:] + body
    size = _safe(len(body)) if version == 4 else struct.pack(">I", len(body))
    return name.encode() + size + b"\0\0" + body


def tag(*frames: bytes, version: int = 4, flags: int = 0) -> bytes:
    body = b"".join(frames)
    return b"ID3" + bytes([version, 0, flags]) + _safe(len(body)) + body


def files(bases: Bases) -> Iterator[Tagged]:
    base = bases.sounds["mp3"]

    def sound(name: str, content: bytes) -> Tagged:
        return Tagged(f"mp3 {name}", Kind.AUDIO, content)

    for name in TEXTS:
        yield sound(f"ID3v2.4 {name}", tag(_frame(name, b"\x03" + BYTES)) + base)
    for name in LINKS:
        yield sound(f"ID3v2.4 {name}", tag(_frame(name, b"http://" + BYTES)) + base)
    for name, body in _others().items():
        yield sound(f"ID3v2.4 {name}", tag(_frame(name, body)) + base)
    encoded = {0: BYTES, 1: MARK.encode("utf-16"), 2: MARK.encode("utf-16-be"), 3: BYTES}
    for number, text in encoded.items():
        body = bytes([number]) + text
        yield sound(f"ID3v2.3, encoding {number}", tag(_frame("TIT2", body, 3), version=3) + base)
    old = b"".join(
        _frame(name, (b"\0eng\0" if name in {"COM", "ULT"} else b"\0") + BYTES, 2) for name in SHORT
    )
    yield sound("ID3v2.2, all", tag(old, version=2) + base)
    yield sound("ID3v2.4 behind", base + tag(_frame("TIT2", b"\x03" + BYTES), flags=0x10))
    yield sound("ID3v2.4, padded with words", tag(_frame("TIT2", b"\x03a"), bytes(10) + BYTES) + base)
    for place, field in ((3, "title"), (33, "artist"), (63, "album"), (97, "comment")):
        first = bytearray(b"TAG" + bytes(124) + b"\xff")
        first[place : place + len(BYTES)] = BYTES
        yield sound(f"ID3v1 {field}", base + bytes(first))
    yield sound("ID3v1, enhanced", base + b"TAG+" + BYTES.ljust(223, b"\0") + b"TAG" + bytes(125))
    yield sound(
        "Lyrics3", base + b"LYRICSBEGINLYR%05d" % len(BYTES) + BYTES + b"000040LYRICS200TAG" + bytes(125)
    )
    item = struct.pack("<II", len(BYTES), 0) + b"Title\0" + BYTES
    ending = b"APETAGEX" + struct.pack("<IIII", 2000, len(item) + 32, 1, 0) + bytes(8)
    yield sound("APE", base + item + ending)
    yield Tagged("aac ID3v2.4", Kind.AUDIO, tag(_frame("TIT2", b"\x03" + BYTES)) + bases.sounds["aac"])
    inside = tag(_frame("TIT2", b"\x03" + BYTES), _frame("PRIV", b"x\0" + BYTES))
    yield Tagged("wav id3", Kind.AUDIO, chunk(bases.sounds["wav"], b"id3 ", inside))
    yield Tagged("aiff ID3", Kind.AUDIO, chunk(bases.sounds["aiff"], b"ID3 ", inside, big=True))
