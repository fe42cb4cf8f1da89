"""MP4, M4A and MOV: tags of iTunes, QuickTime, 3GPP, Android, makers of cameras and dash-cams."""

import struct
from collections.abc import Iterator

from tests.support.tagged.base import BYTES, MARK, Bases, Tagged, small_jpeg, words
from workers.media.model import Kind

ITUNES = words("""
    ©nam ©ART ©alb ©cmt ©day ©gen ©too ©wrt ©lyr ©grp ©des ©mak ©mod ©swr ©dir ©prd ©prf ©src ©aut
    ©enc ©inf ©req ©wrn ©hst ©xyz ©url ©con ©ope ©cpy ©nrt ©isr ©lab ©pub ©st3 ©mvn desc ldes cprt
    aART tvsh tven tvnn sonm soar soal soco sosn soaa purd apID catg keyw purl egid xid_ ownr
""")
QUICKTIME = words("""
    ©nam ©aut ©cmt ©day ©cpy ©des ©dir ©dis ©ed1 ©ed9 ©fmt ©inf ©mak ©mod ©prd ©prf ©req ©src ©swr
    ©wrt ©xyz ©too ©url ©TIM ©TSC ©TSZ ©gpt ©gyw ©xsp ©ysp ©zsp ©key ©snm
""")
THIRD_GENERATION = words("""
    titl dscp auth cprt perf gnre clsf kywd albm coll
""")
CAMERAS = words("""
    manu modl @mak @mod @xyz @day @sec smta mdln saut GPMF FIRM LENS CAME MUID BCID SNAL MVTG AMBA
    TAGS NCDT LEIC CNTH CNFV CNFN thmb pana QVMI MMA0 name tagc hnti XMP_ INFO meta GPS_ gps_ 3gf_
    priv auxi
""")
KEYS = words("""
    location.ISO6709 location.name location.note location.date location.accuracy.horizontal make model
    software creationdate author comment copyright description director displayname information keywords
    producer publisher artist album genre title camera.identifier content.identifier
    collection.user direction.facing
""")
OTHER_KEYS = words("""
    com.android.version com.android.manufacturer com.android.model com.samsung.android.utc_offset
""")
UUIDS = {
    "XMP": "be7acfcb97a942e89c71999491e3afac",
    "PROF": "50524f4621d24fcebb88695cfac9c740",
    "USMT": "55534d5421d24fcebb88695cfac9c740",
    "Canon": "85c0b687820f11e08111f4ce462b6a48",
    "C2PA": "d8fec3d61b0e483c92975828877ec481",
    "own": "00112233445566778899aabbccddeeff",
}


def box(kind: str | bytes, body: bytes) -> bytes:
    code = kind if isinstance(kind, bytes) else kind.encode("latin-1")
    return struct.pack(">I4s", len(body) + 8, code) + body


def insert(data: bytes, path: tuple[bytes, ...], added: bytes) -> bytes:
    """The file with a box more at the end of the box that `path` names; made if only its last is missing."""
    if not path:
        return data + added
    place = 0
    while place + 8 <= len(data):
        length, kind = struct.unpack_from(">I4s", data, place)
        if kind == path[0]:
            inner = insert(data[place + 8 : place + length], path[1:], added)
            return data[:place] + box(kind, inner) + data[place + length :]
        place += length
    return data + box(path[0], insert(b"", path[1:], added))


def full(kind: str, body: bytes) -> bytes:
    return box(kind, bytes(4) + body)


def _handler(kind: bytes, name: bytes = b"") -> bytes:
    return full("hdlr", bytes(4) + kind + bytes(12) + name + b"\0")


def item(kind: str | bytes, value: bytes = BYTES, form: int = 1) -> bytes:
    return box(kind, box("data", struct.pack(">II", form, 0) + value))


def _itunes(*items: bytes) -> bytes:
    return full("meta", _handler(b"mdir") + box("ilst", b"".join(items)))


def _keys(name: str, value: bytes = BYTES) -> bytes:
    keys = full("keys", struct.pack(">I", 1) + box("mdta", name.encode()))
    return box("meta", _handler(b"mdta") + keys + box("ilst", item(struct.pack(">I", 1), value)))


def _string(value: bytes = BYTES) -> bytes:
    return struct.pack(">HH", len(value), 0x15C7) + value


def sounds(bases: Bases) -> Iterator[Tagged]:
    base = bases.sounds["m4a"]

    def tagged(name: str, path: tuple[bytes, ...], added: bytes) -> Tagged:
        return Tagged(f"m4a {name}", Kind.AUDIO, insert(base, path, added))

    user = (b"moov", b"udta")
    for code in ITUNES:
        yield tagged(f"iTunes {code}", user, _itunes(item(code)))
    yield tagged("iTunes covr", user, _itunes(item("covr", small_jpeg(), 13)))
    for form, encoded in ((2, MARK.encode("utf-16-be")), (4, BYTES), (21, BYTES), (0, BYTES)):
        yield tagged(f"iTunes form {form}", user, _itunes(item("©nam", encoded, form)))
    free = full("mean", b"com.apple.iTunes") + full("name", BYTES) + box("data", bytes(8) + BYTES)
    yield tagged("iTunes of one's own", user, _itunes(box("----", free)))
    for code in THIRD_GENERATION:
        yield tagged(f"3GPP {code}", user, full(code, struct.pack(">H", 0x15C7) + BYTES + b"\0"))
    place = (
        struct.pack(">H", 0x15C7) + BYTES + b"\0\0" + struct.pack(">III", 0, 51 << 16, 0) + BYTES + b"\0\0"
    )
    yield tagged("3GPP loci", user, full("loci", place))
    yield tagged("ID32", (b"moov",), full("meta", _handler(b"ID32") + full("ID32", b"\x15\xc7ID3" + BYTES)))
    for name, code in UUIDS.items():
        yield tagged(f"uuid {name} at the end", (), box("uuid", bytes.fromhex(code) + BYTES))
    chapters = full("chpl", bytes(4) + b"\x01" + bytes(8) + bytes([len(BYTES)]) + BYTES)
    yield tagged("chapters of Nero", user, chapters)
    yield Tagged("m4a name of a handler", Kind.AUDIO, base.replace(b"SoundHandler\0", BYTES[:12] + b"\0"))


def films(bases: Bases) -> Iterator[Tagged]:
    base, track = bases.films["mov"], (b"moov", b"trak", b"udta")

    def tagged(name: str, path: tuple[bytes, ...], added: bytes) -> Tagged:
        return Tagged(f"mov {name}", Kind.VIDEO, insert(base, path, added))

    for code in QUICKTIME:
        yield tagged(f"QuickTime {code}", (b"moov", b"udta"), box(code, _string()))
    for code in CAMERAS:
        yield tagged(f"camera {code}", (b"moov", b"udta"), box(code.replace("_", " "), BYTES))
    for key in [*(f"com.apple.quicktime.{word}" for word in KEYS), *OTHER_KEYS]:
        yield tagged(f"key {key}", (b"moov",), _keys(key))
    yield tagged("key of its own", (b"moov",), _keys(MARK, b"x"))
    yield tagged("key of a track", (b"moov", b"trak"), _keys(OTHER_KEYS[0]))
    yield tagged("name of a track", track, box("name", BYTES))
    yield tagged("XMP of a track", track, box("XMP_", BYTES))
    for name, code in UUIDS.items():
        yield tagged(f"uuid {name} in moov", (b"moov",), box("uuid", bytes.fromhex(code) + BYTES))
        yield tagged(f"uuid {name} in trak", (b"moov", b"trak"), box("uuid", bytes.fromhex(code) + BYTES))
    for kind in ("free", "skip", "wide", "junk", "pnot", "PICT", "udta", "meta", "gps ", "mdat"):
        yield tagged(f"{kind} at the end", (), box(kind, BYTES * 3))
        yield Tagged(
            f"mp4 {kind} in moov", Kind.VIDEO, insert(bases.films["mp4"], (b"moov",), box(kind, BYTES))
        )
    place = base.index(b"avc1") + 4 + 42
    named = bytes([len(BYTES)]) + BYTES
    yield Tagged("mov name of an encoder", Kind.VIDEO, base[:place] + named + base[place + len(named) :])
    yield Tagged("mov behind the last box", Kind.VIDEO, base + BYTES * 4)
