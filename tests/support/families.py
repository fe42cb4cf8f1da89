"""Whole families of what people really send, each made as its device or program makes it.

Container, codec, rate and oddities are those of the device; tags are canaries. Nothing comes from a real
person.
"""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from PIL import Image

from tests.support import films, media
from workers.media.model import Kind

SECONDS = 2.0
_FAST = ["-preset", "ultrafast", "-pix_fmt", "yuv420p"]


@dataclass(frozen=True)
class Family:
    """What it is, how it is made, and how many pages it has if it has pages."""

    kind: Kind
    make: Callable[[Path], Path]
    pages: int = 0


def _sound(name: str, *form: str) -> Family:
    return Family(Kind.AUDIO, lambda folder: media.speech(folder, name, SECONDS, *form))


def _film(name: str, *form: str, size: str = "640x360") -> Family:
    return Family(Kind.VIDEO, lambda folder: media.film(folder, name, SECONDS, *form, size=size))


def _page(name: str) -> Family:
    return Family(Kind.DOCUMENT, lambda folder: media.photographed_page(folder, name), pages=1)


def _browser_sound(folder: Path) -> Path:
    path = folder / "browser-sound.webm"
    coded = ["-c:a", "libopus", "-f", "webm", "-live", "1", "pipe:1"]
    path.write_bytes(media.ffmpeg(*media.voice(SECONDS), *media.tags(), *coded))
    return path


def _heic(folder: Path) -> Path:
    import pillow_heif

    pillow_heif.register_heif_opener()
    return media.photographed_page(folder, "page.heic")


def _fax(folder: Path) -> Path:
    """Three pages in one TIFF, black and white only, packed as a fax machine packs them."""
    path = folder / "fax.tiff"
    first, *others = [media.written_page().convert("1") for _ in range(3)]
    first.save(path, save_all=True, append_images=others, compression="group4", description=media.CANARY)
    return path


def _grey_scan(folder: Path) -> Path:
    """A scan in sixteen bits of grey."""
    path = folder / "scan.png"
    grey = media.written_page().convert("L")
    Image.frombytes("I;16", grey.size, bytes(byte for value in grey.tobytes() for byte in (0, value))).save(
        path
    )
    return path


_PHONE = ["-ar", "8000", "-ac", "1"]
FAMILIES: dict[str, Family] = {
    "iPhone: MOV, HEVC, HDR, turned, with its place": Family(
        Kind.VIDEO, lambda to: films.iphone(to, SECONDS)
    ),
    "iPhone: voice memo": _sound("memo.m4a", "-c:a", "aac", "-ar", "48000", "-ac", "1", "-b:a", "64k"),
    "iPhone: voice memo without loss": _sound("memo-alac.m4a", "-c:a", "alac", "-ar", "44100"),
    "Android: MP4, turned, with its place": Family(
        Kind.VIDEO, lambda to: media.phone_film(to, seconds=SECONDS)
    ),
    "Android: HDR, PQ": Family(Kind.VIDEO, lambda to: films.bars(to, films.PQ, "android.mp4", SECONDS)),
    "old telephone: 3GP": _film(
        "old.3gp", "-c:v", "h263", "-s", "352x288", "-c:a", "libopencore_amrnb", *_PHONE
    ),
    "WhatsApp: Opus in Ogg": _sound("PTT.ogg", "-c:a", "libopus", "-b:a", "16k", "-ar", "16000", "-ac", "1"),
    "WhatsApp: .opus": _sound("PTT.opus", "-c:a", "libopus", "-b:a", "24k", "-ar", "48000", "-ac", "1"),
    "WhatsApp: MP4": _film("whatsapp.mp4", "-profile:v", "baseline", *_FAST, "-ac", "1", size="480x848"),
    "browser: WebM of sound without length": Family(Kind.AUDIO, _browser_sound),
    "browser: WebM of film without length": Family(Kind.VIDEO, lambda to: media.browser_film(to, SECONDS)),
    "browser: MP4 in pieces": _film(
        "safari.mp4", *_FAST, "-movflags", "frag_keyframe+empty_moov+default_base_moof"
    ),
    "recorder: WAV": _sound("recorder.wav", "-ar", "44100", "-ac", "2", "-write_bext", "1"),
    "recorder: WAV of 24 bits": _sound("studio.wav", "-c:a", "pcm_s24le", "-ar", "96000"),
    "recorder: WAV in ADPCM": _sound("adpcm.wav", "-c:a", "adpcm_ima_wav", "-ar", "16000", "-ac", "1"),
    "recorder: AMR": _sound("dictation.amr", "-c:a", "libopencore_amrnb", *_PHONE),
    "recorder: MP3": _sound("recorder.mp3", "-b:a", "64k", "-ac", "1"),
    "recorder: WMA": _sound("dictation.wma", "-c:a", "wmav2"),
    "dash-cam: AVI, MJPEG and PCM": _film(
        "dash.avi", "-c:v", "mjpeg", "-pix_fmt", "yuvj420p", "-c:a", "pcm_s16le"
    ),
    "camcorder: MPEG-TS, interlaced": _film("00000.mts", "-flags", "+ilme+ildct", *_FAST, "-c:a", "ac3"),
    "camcorder: MPEG-2": _film("tape.mpg", "-c:v", "mpeg2video", "-c:a", "mp2", "-ar", "48000"),
    "scanner: PDF": Family(Kind.DOCUMENT, lambda to: media.document(to, "scan.pdf", 2), pages=2),
    "scanner: PNG of sixteen bits": Family(Kind.DOCUMENT, _grey_scan, pages=1),
    "fax: TIFF of three pages": Family(Kind.DOCUMENT, _fax, pages=3),
    "photograph: JPEG, turned": _page("page.jpg"),
    "photograph: HEIC": Family(Kind.DOCUMENT, _heic, pages=1),
    "photograph: TIFF": _page("page.tiff"),
    "photograph: WebP": _page("page.webp"),
    "photograph: PNG": _page("page.png"),
}
