"""JPEG, PNG, TIFF, WebP and HEIC: EXIF, XMP, IPTC, colour profiles, comments, thumbnails, makers' own."""

import io
import struct
import zlib
from collections.abc import Iterator
from typing import Any

from PIL import ExifTags, Image, ImageCms, PngImagePlugin, TiffImagePlugin

from tests.support.tagged.base import BYTES, MARK, Tagged, page, small_jpeg
from tests.support.tagged.films import box
from workers.media.model import Kind

EXIF = {
    "ImageDescription": 0x010E, "Make": 0x010F, "Model": 0x0110, "Software": 0x0131, "DateTime": 0x0132,
    "Artist": 0x013B, "HostComputer": 0x013C, "Copyright": 0x8298, "DocumentName": 0x010D, "PageName": 0x011D,
    "XPTitle": 0x9C9B, "XPComment": 0x9C9C, "XPAuthor": 0x9C9D, "XPKeywords": 0x9C9E, "XPSubject": 0x9C9F,
}  # fmt: skip
CAMERA = {
    "DateTimeOriginal": 0x9003, "OffsetTime": 0x9010, "MakerNote": 0x927C, "UserComment": 0x9286,
    "SubSecTime": 0x9290, "RelatedSoundFile": 0xA004, "ImageUniqueID": 0xA420, "CameraOwnerName": 0xA430,
    "BodySerialNumber": 0xA431, "LensMake": 0xA433, "LensModel": 0xA434, "LensSerialNumber": 0xA435,
}  # fmt: skip
PLACE = {
    "GPSMapDatum": 18,
    "GPSProcessingMethod": 27,
    "GPSAreaInformation": 28,
    "GPSDateStamp": 29,
    "GPSSatellites": 8,
}
_BYTES_FIELDS = {0x927C, 0x9286, 27, 28, *range(0x9C9B, 0x9CA0)}
_POINTERS = {"camera": 0x8769, "place": 0x8825}
XMP = (
    b"<?xpacket begin='' id='W5M0MpCehiHzreSzNTczkc9d'?><x:xmpmeta xmlns:x='adobe:ns:meta/'><rdf:RDF"
    b" xmlns:rdf='http://www.w3.org/1999/02/22-rdf-syntax-ns#'><rdf:Description xmlns:dc="
    b"'http://purl.org/dc/elements/1.1/' dc:creator='"
    + BYTES
    + b"'/></rdf:RDF></x:xmpmeta><?xpacket end='w'?>"
)
KEYWORDS = [
    "Title",
    "Author",
    "Description",
    "Copyright",
    "Software",
    "Disclaimer",
    "Warning",
    "Source",
    "Comment",
    "Make",
    "Location",
]


def _value(tag: int) -> Any:
    if 0x9C9B <= tag <= 0x9C9F:
        return MARK.encode("utf-16-le")
    return (b"ASCII\0\0\0" + BYTES) if tag in _BYTES_FIELDS else MARK


def _exif(where: str, tag: int) -> Image.Exif:
    exif = Image.Exif()
    if where == "image":
        exif[tag] = _value(tag)
    else:
        exif.get_ifd(_POINTERS[where])[tag] = _value(tag)
    return exif


def _profile() -> bytes:
    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    offset = len(profile)
    text = b"desc" + bytes(4) + struct.pack(">I", len(BYTES) + 1) + BYTES + b"\0"
    count = struct.unpack_from(">I", profile, 128)[0]
    for number in range(count):  # the description is pointed to the text behind the end
        place = 132 + number * 12
        if profile[place : place + 4] == b"desc":
            profile = profile[: place + 4] + struct.pack(">II", offset, len(text)) + profile[place + 12 :]
    grown = profile + text
    return struct.pack(">I", len(grown)) + grown[4:]


def _iptc() -> bytes:
    fields = b"".join(
        b"\x1c\x02" + bytes([field]) + struct.pack(">H", len(BYTES)) + BYTES for field in (5, 80, 120)
    )
    return (
        b"Photoshop 3.0\x008BIM\x04\x04\0\0"
        + struct.pack(">I", len(fields))
        + fields
        + b"\0" * (len(fields) % 2)
    )


def _saved(form: str, **more: Any) -> bytes:
    written = io.BytesIO()
    page().save(written, form, **more)
    return written.getvalue()


def _segment(number: int, body: bytes) -> bytes:
    plain = _saved("JPEG")
    return plain[:2] + bytes([0xFF, number]) + struct.pack(">H", len(body) + 2) + body + plain[2:]


def _thumbnail_of_exif() -> bytes:
    """A second directory with a small picture, as each camera writes it: CIPA DC-008, 4.6.9."""
    small = small_jpeg()
    first = struct.pack("<HHHII", 1, 0x0112, 3, 1, 1) + struct.pack("<I", 26)
    entries = ((0x0103, 3, 1, 6), (0x010F, 2, len(BYTES) + 1, 80), (0x0201, 4, 1, 80 + len(BYTES) + 1))
    second = struct.pack("<H", 4)
    for entry in (*entries, (0x0202, 4, 1, len(small))):
        second += struct.pack("<HHII", *entry)
    content = b"II*\0" + struct.pack("<I", 8) + first + second + bytes(4)
    assert len(content) == 80
    return b"Exif\0\0" + content + BYTES + b"\0" + small


def thumbnails() -> Iterator[Tagged]:
    content = _segment(0xE1, _thumbnail_of_exif())
    with Image.open(io.BytesIO(content)) as opened:
        thumbnail = opened.getexif().get_ifd(ExifTags.IFD.IFD1)
        assert thumbnail[0x010F] == MARK, "readers find it"
    yield Tagged("jpeg EXIF thumbnail", Kind.DOCUMENT, content)


def _fields() -> Iterator[tuple[str, str, int]]:
    for where, fields in (("image", EXIF), ("camera", CAMERA), ("place", PLACE)):
        for name, tag in fields.items():
            yield name, where, tag


def jpegs() -> Iterator[Tagged]:
    def page_of(name: str, content: bytes) -> Tagged:
        return Tagged(f"jpeg {name}", Kind.DOCUMENT, content)

    for name, where, tag in _fields():
        yield page_of(f"EXIF {name}", _saved("JPEG", exif=_exif(where, tag)))
    yield page_of("comment", _saved("JPEG", comment=BYTES))
    yield page_of("colour profile", _saved("JPEG", icc_profile=_profile()))
    segments = {
        "XMP": (0xE1, b"http://ns.adobe.com/xap/1.0/\0" + XMP),
        "XMP, longer": (0xE1, b"http://ns.adobe.com/xmp/extension/\0" + bytes(40) + XMP),
        "IPTC": (0xED, _iptc()),
        "Ducky": (0xEC, b"Ducky\0\x02" + BYTES),
        "JUMBF": (0xEB, b"JP\0\x01" + bytes(4) + box("jumb", box("jumd", BYTES))),
        "thumbnail of JFIF": (0xE0, b"JFXX\0\x10" + small_jpeg()),
        "FlashPix": (0xE2, b"FPXR\0" + BYTES),
        "several pictures": (0xE2, b"MPF\0" + BYTES),
        "Meta": (0xE3, b"Meta\0\0" + BYTES),
        "maker's own": (0xE8, BYTES),
        "HDR of Ricoh": (0xEA, b"AROT\0" + BYTES),
    }
    for name, (number, body) in segments.items():
        yield page_of(name, _segment(number, body))
    yield page_of("behind the end", _saved("JPEG") + BYTES)
    yield page_of("film behind the end", _saved("JPEG") + box("ftyp", b"mp42" + BYTES) + BYTES)


def _png(kind: bytes, body: bytes) -> bytes:
    plain = _saved("PNG")
    added = struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))
    return plain[:33] + added + plain[33:]


def pngs() -> Iterator[Tagged]:
    for number, keyword in enumerate(KEYWORDS):
        info = PngImagePlugin.PngInfo()
        if number % 3 == 2:
            info.add_itxt(keyword, MARK, "en", keyword, zip=number % 2 == 0)
        else:
            info.add_text(keyword, MARK, zip=number % 3 == 1)
        yield Tagged(f"png {keyword}", Kind.DOCUMENT, _saved("PNG", pnginfo=info))
    for name, where, tag in list(_fields())[::5]:
        yield Tagged(f"png EXIF {name}", Kind.DOCUMENT, _saved("PNG", exif=_exif(where, tag).tobytes()))
    xmp = PngImagePlugin.PngInfo()
    xmp.add_itxt("XML:com.adobe.xmp", XMP.decode())
    yield Tagged("png XMP", Kind.DOCUMENT, _saved("PNG", pnginfo=xmp))
    yield Tagged("png colour profile", Kind.DOCUMENT, _saved("PNG", icc_profile=_profile()))
    yield Tagged("png chunk of its own", Kind.DOCUMENT, _png(b"prVt", BYTES))
    yield Tagged("png palette's name", Kind.DOCUMENT, _png(b"sPLT", BYTES + b"\0\x08"))
    yield Tagged("png behind the end", Kind.DOCUMENT, _saved("PNG") + BYTES)


def tiffs() -> Iterator[Tagged]:
    texts = {**EXIF, "TargetPrinter": 337, "InkNames": 333, "GDAL": 42112, "GeoTIFF": 34737, "own": 65000}
    for name, tag in texts.items():
        info = TiffImagePlugin.ImageFileDirectory_v2()
        info.tagtype[tag] = 2
        info[tag] = MARK
        yield Tagged(f"tiff {name}", Kind.DOCUMENT, _saved("TIFF", tiffinfo=info))
    for name, tag, body in (("XMP", 700, XMP), ("IPTC", 33723, _iptc()), ("Photoshop", 34377, _iptc())):
        info = TiffImagePlugin.ImageFileDirectory_v2()
        info.tagtype[tag] = 1
        info[tag] = body
        yield Tagged(f"tiff {name}", Kind.DOCUMENT, _saved("TIFF", tiffinfo=info))
    yield Tagged("tiff colour profile", Kind.DOCUMENT, _saved("TIFF", icc_profile=_profile()))
    yield Tagged("tiff behind the end", Kind.DOCUMENT, _saved("TIFF") + BYTES)


def others() -> Iterator[Tagged]:
    """WebP and HEIC."""
    import pillow_heif

    pillow_heif.register_heif_opener()
    for form in ("WEBP", "HEIF"):
        for name, where, tag in list(_fields())[::4]:
            yield Tagged(f"{form} EXIF {name}", Kind.DOCUMENT, _saved(form, exif=_exif(where, tag).tobytes()))
        yield Tagged(f"{form} XMP", Kind.DOCUMENT, _saved(form, xmp=XMP))
        yield Tagged(f"{form} colour profile", Kind.DOCUMENT, _saved(form, icc_profile=_profile()))
    webp = _saved("WEBP", exif=_exif("image", 0x010E).tobytes())
    grown = webp + b"XXXX" + struct.pack("<I", 18) + BYTES.ljust(18, b"\0")
    sized = grown[:4] + struct.pack("<I", len(grown) - 8) + grown[8:]
    yield Tagged("WEBP chunk of its own", Kind.DOCUMENT, sized)
    yield Tagged("WEBP behind the end", Kind.DOCUMENT, webp + BYTES)
    for kind in ("uuid", "free", "udta"):
        yield Tagged(f"HEIF {kind} behind", Kind.DOCUMENT, _saved("HEIF") + box(kind, bytes(16) + BYTES))


def files() -> Iterator[Tagged]:
    yield from jpegs()
    yield from pngs()
    yield from tiffs()
    yield from others()
