"""Films in a wide range of light, as phones make them: HEVC with ten bits, BT.2020, PQ or HLG."""

from pathlib import Path

from tests.support import media

PQ, HLG = "smpte2084", "arib-std-b67"
WHITE = {PQ: 0.58, HLG: 0.75}
"""The signal of white paper, 203 nits. Source: ITU-R BT.2408."""
_STUDIO = (
    "master-display=G(13250,34500)B(7500,3000)R(34000,16000)WP(15635,16450)L(10000000,50):max-cll=1000,400"
)
_RAMP = "format=yuv420p10le,geq=lum='64+876*X/(W-1)':cb=512:cr=512"
"""From black on the left to the brightest that the signal can say on the right."""
_SAID = "format=gbrp,setparams=color_primaries=bt709:color_trc=bt709:colorspace=gbr:range=pc"


def _bars(transfer: str) -> str:
    """Ordinary colours, written in the wide way: the result has to show them as they were."""
    wide = f"zscale=p=bt2020,zscale=t={transfer}:m=bt2020nc:r=tv:npl=203"
    return f"{_SAID},zscale=t=linear:npl=203,format=gbrpf32le,{wide},format=yuv420p10le"


def coded(transfer: str = "", *, studio: bool = False, primaries: str = "bt2020") -> list[str]:
    """Arguments of HEVC, with the words for its colours, and a studio's notes on its screen."""
    words = ["log-level=none", f"colorprim={primaries}"]
    if transfer:
        words += [f"transfer={transfer}", "colormatrix=bt2020nc"]
    if studio:
        words.append(_STUDIO)
    return ["-c:v", "libx265", "-preset", "ultrafast", "-tag:v", "hvc1", "-x265-params", ":".join(words)]


def ramp(folder: Path, transfer: str) -> Path:
    """A film of light from black to the brightest."""
    path = folder / f"ramp-{transfer}.mov"
    still = ["-f", "lavfi", "-i", "color=s=1024x64:r=30:d=0.5"]
    media.ffmpeg(*still, "-vf", _RAMP, *coded(transfer, studio=transfer == PQ), path)
    return path


def bars(folder: Path, transfer: str, name: str = "bars.mov", seconds: float = 1) -> Path:
    """A film of ordinary colours in a wide range of light, with sound."""
    path = folder / f"{transfer}-{name}"
    filtered = ["-vf", _bars(transfer), *coded(transfer, studio=transfer == PQ)]
    media.ffmpeg(*media.picture(seconds), *media.voice(seconds), *filtered, "-shortest", path)
    return path


def iphone(folder: Path, seconds: float = 2) -> Path:
    """What an iPhone held upright makes: MOV, HEVC, HLG, turned, its place and make in QuickTime's tags."""
    flat = bars(folder, HLG, "flat.mov", seconds)
    path = folder / "iphone.mov"
    turned = ["-display_rotation", "90", "-i", str(flat), "-c", "copy", "-movflags", "use_metadata_tags"]
    media.ffmpeg(*turned, *media.tags(), path)
    return path
