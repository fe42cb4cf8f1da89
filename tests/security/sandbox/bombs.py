"""Hostile files, each small and made here."""

import io
import struct
import zipfile
import zlib
from pathlib import Path

import pikepdf
import pillow_heif
from PIL import Image

from tests.support import media


def playlist(target: Path) -> bytes:
    """HLS: a list of addresses that a player would read."""
    return f"#EXTM3U\n#EXT-X-TARGETDURATION:9\n#EXTINF:9,\nfile://{target}\n#EXT-X-ENDLIST\n".encode()


def concatenation(target: Path) -> bytes:
    """ffmpeg's own list of files."""
    return f"ffconcat version 1.0\nfile '{target}'\n".encode()


def session_description() -> bytes:
    """SDP: an address to listen to."""
    return b"v=0\no=- 0 0 IN IP4 127.0.0.1\ns=x\nc=IN IP4 127.0.0.1\nt=0 0\nm=video 5004 RTP/AVP 96\n"


def dash(target: Path) -> bytes:
    """DASH: XML that names files."""
    head = '<?xml version="1.0"?><MPD xmlns="urn:mpeg:dash:schema:mpd:2011"><Period><AdaptationSet>'
    tail = "</AdaptationSet></Period></MPD>"
    return f"{head}<Representation><BaseURL>file://{target}</BaseURL></Representation>{tail}".encode()


def pixel_bomb(width: int = 60_000, height: int = 60_000) -> bytes:
    """A PNG of a few hundred bytes that says it is enormous."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    header = chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0))
    return (
        b"\x89PNG\r\n\x1a\n" + header + chunk(b"IDAT", zlib.compress(b"\0" * 100_000)) + chunk(b"IEND", b"")
    )


def form_bomb(depth: int = 26, width: int = 10) -> bytes:
    """A PDF whose page draws a form ten times, which draws a form ten times, and so on."""
    first = b"/Resources << /XObject << /F 5 0 R >> >>"
    objects = [
        b"<< /Type /Catalog /Pages 2 0 R >>",
        b"<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
        b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] /Contents 4 0 R %b >>" % first,
        b"<< /Length 6 >>\nstream\n/F Do\n\nendstream",
    ]
    for level in range(depth):
        inner = b"/F Do\n" * width if level < depth - 1 else b"0 0 595 842 re f\n"
        form = b"<< /Type /XObject /Subtype /Form /BBox [0 0 595 842] /Length %d" % len(inner)
        if level < depth - 1:
            form += b" /Resources << /XObject << /F %d 0 R >> >>" % (6 + level)
        objects.append(form + b" >>\nstream\n" + inner + b"endstream")
    return _pdf(objects)


def field_bomb() -> bytes:
    """The same, where the page draws nothing, and a field that was filled in is drawn by such a form."""
    written = io.BytesIO()
    with pikepdf.open(io.BytesIO(form_bomb())) as opened:
        page = opened.pages[0].obj
        field = pikepdf.Dictionary(
            Type=pikepdf.Name.Annot, Subtype=pikepdf.Name.Widget, FT=pikepdf.Name.Tx, F=4
        )
        field.T, field.Rect = pikepdf.String("answer"), page.MediaBox
        field.AP = pikepdf.Dictionary(N=page.Resources.XObject.F)
        del page.Contents
        page.Annots = pikepdf.Array([opened.make_indirect(field)])
        opened.Root.AcroForm = pikepdf.Dictionary(Fields=page.Annots)
        opened.save(written)
    return written.getvalue()


def page_tree_bomb() -> bytes:
    """A PDF that claims two thousand million pages."""
    catalogue = b"<< /Type /Catalog /Pages 2 0 R >>"
    tree = b"<< /Type /Pages /Kids [3 0 R] /Count 2000000000 >>"
    return _pdf([catalogue, tree, b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] >>"])


def acting_pdf() -> bytes:
    """A PDF that runs a script, opens a program, carries a file and links to an address."""
    script = b"/OpenAction << /S /JavaScript /JS (app.alert\\(1\\)) >>"
    program = b"/AA << /WC << /S /Launch /F (/bin/sh) >> >>"
    carried = b"/Names << /EmbeddedFiles << /Names [(x) 4 0 R] >> >>"
    link = b"/A << /S /URI /URI (http://example.org/canary-7Qx9) >>"
    annotation = b"<< /Type /Annot /Subtype /Link /Rect [0 0 200 200] %b >>" % link
    catalogue = b"<< /Type /Catalog /Pages 2 0 R %b %b %b >>" % (script, program, carried)
    tree = b"<< /Type /Pages /Kids [3 0 R] /Count 1 >>"
    page = b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 200 200] /Annots [%b] >>" % annotation
    file = b"<< /Type /Filespec /F (canary-7Qx9) /EF << /F 5 0 R >> >>"
    content = b"<< /Type /EmbeddedFile /Length 11 >>\nstream\ncanary-7Qx9\nendstream"
    return _pdf([catalogue, tree, page, file, content])


def _pdf(objects: list[bytes]) -> bytes:
    content, places = b"%PDF-1.7\n", []
    for number, body in enumerate(objects, 1):
        places.append(len(content))
        content += b"%d 0 obj\n%b\nendobj\n" % (number, body)
    table = b"xref\n0 %d\n0000000000 65535 f \n" % (len(objects) + 1)
    table += b"".join(b"%010d 00000 n \n" % place for place in places)
    trailer = b"trailer\n<< /Size %d /Root 1 0 R >>\nstartxref\n%d\n%%%%EOF\n"
    return content + table + trailer % (len(objects) + 1, len(content))


def polyglot(film: bytes, pdf: bytes) -> bytes:
    """An MP4 (of fragments) that is a PDF too: the PDF stands in a box that players skip."""
    kind = struct.unpack(">I", film[:4])[0]
    return film[:kind] + struct.pack(">I4s", len(pdf) + 8, b"free") + pdf + film[kind:]


def in_a_photograph(pdf: bytes) -> bytes:
    """A black JPEG that is a PDF too: the PDF is its comment."""
    written = io.BytesIO()
    Image.new("RGB", (200, 200)).save(written, "JPEG", comment=pdf)
    assert written.getvalue().index(b"%PDF-") < 1024
    return written.getvalue()


def in_an_archive(pdf: bytes) -> bytes:
    """A ZIP that is a PDF too: the PDF lies in it as it is."""
    written = io.BytesIO()
    with zipfile.ZipFile(written, "w") as archive:
        archive.writestr("letter.pdf", pdf)
    return written.getvalue()


def behind_a_photograph(film: bytes) -> bytes:
    """A HEIC that is an MP4 (of fragments) too: behind the picture lie the film's boxes."""
    written = io.BytesIO()
    pillow_heif.from_pillow(Image.new("RGB", (200, 200))).save(written)
    return written.getvalue() + film[struct.unpack(">I", film[:4])[0] :]


def claims_to_last(film: bytes, seconds: float) -> bytes:
    """The same Matroska file, with another length written in its header."""
    place = film.index(b"\x44\x89\x88") + 3
    return film[:place] + struct.pack(">d", seconds * 1000) + film[place + 8 :]


def many_tracks(folder: Path, tracks: int = 20) -> Path:
    """A Matroska file with more tracks than anybody records."""
    path = folder / "tracks.mkv"
    maps = ["-map", "0:a"] * tracks
    media.ffmpeg("-f", "lavfi", "-i", "anoisesrc=d=1", *maps, "-c:a", "libopus", path)
    return path


def giant_picture(folder: Path) -> Path:
    """A film of one picture of 144 million pixels."""
    path = folder / "giant.mov"
    media.ffmpeg(
        "-f", "lavfi", "-i", "color=s=12000x12000:d=0.04", "-c:v", "mjpeg", "-pix_fmt", "yuvj420p", path
    )
    return path


def fast_film(folder: Path) -> Path:
    """A film that claims a hundred thousand pictures a second."""
    path = folder / "fast.mp4"
    media.ffmpeg(
        "-f", "lavfi", "-i", "color=s=64x64:r=100000:d=0.002", "-video_track_timescale", "100000", path
    )
    return path
