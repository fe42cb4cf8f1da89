"""What is done to a recording beyond making it safe: hidden stretches, a disguise. Decided once for a job."""

from dataclasses import dataclass
from typing import Any, Literal

from relay.exchange.edits import Edits
from workers.media import covering, disguise, hiding, loudness
from workers.media.disguise import Voice
from workers.media.hiding import NOTHING, Hidden
from workers.media.loudness import Level, Loudness
from workers.media.model import Kind, Limits
from workers.media.shape import Picture

_BEYOND_MS = 500
"""What a player shows of the end may be wrong by as much."""


@dataclass(frozen=True)
class Changes:
    """Nothing, unless somebody asked for it."""

    hide: Hidden = NOTHING
    voice: Voice | None = None
    picture: Literal["keep", "off", "cover"] = "keep"
    latest_ms: int = 0
    """Where the last hidden stretch begins."""
    faces: bool = False
    """Whether faces are looked for and covered."""

    def is_beyond(self, result_ms: int) -> bool:
        """Whether a stretch begins after the end of what has become a result of this length."""
        return bool(self.latest_ms) and self.hide.kept_ms(self.latest_ms) > result_ms + _BEYOND_MS

    def film(self, stream: Any, shape: Picture, steer: int) -> Any:
        """The picture as it will be seen. `steer` is the descriptor of the file that says where faces are."""
        if self.faces:
            stream = covering.film(stream, steer)
        return disguise.film(hiding.film(stream, self.hide, shape.rate), self.picture, shape)

    def voiced(self, stream: Any, layout: str) -> Any:
        """The sound in another's voice, before it is made louder or quieter."""
        return stream if self.voice is None else disguise.sound(stream, self.voice, layout)

    def sound(self, stream: Any) -> Any:
        """The sound as it will be heard."""
        return hiding.sound(stream, self.hide)

    def level(self, heard: Loudness) -> Level:
        """One gain for all of it. Another voice may be louder in places: what is too loud is always held."""
        level = loudness.level(heard)
        return Level(level.gain, limited=True) if self.voice else level

    def film_codec(self) -> dict[str, Any]:
        """What the coder of a film must know of it: between pieces that were cut, the rate is not steady."""
        if not self.hide.cut:
            return {}
        # without the second, older ffmpegs fill every tick of the first with a picture
        return {"enc_time_base:v": f"1:{hiding.RATE}", "fps_mode:v": "vfr"}


UNCHANGED = Changes()


def asked(edits: Edits, kind: Kind, limits: Limits) -> Changes:
    """What a list of edits comes to. A disguise is drawn anew each time and kept nowhere."""
    longest = limits.seconds(kind) * 1000
    return Changes(
        hiding.hidden(edits.stretches, longest),
        disguise.draw() if edits.disguise.voice else None,
        "keep" if edits.disguise.picture == "faces" else edits.disguise.picture,
        max((each.start_ms for each in edits.stretches), default=0),
        edits.disguise.picture == "faces",
    )
