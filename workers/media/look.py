"""The probe of a sound or film file, and what is refused after a look."""

from workers.media import looks
from workers.media.answers import SOURCE, Garbled, Source
from workers.media.model import Kind, Limits, MediaRefused, Reason
from workers.media.room import Room
from workers.sandbox.runner import Child
from workers.sandbox.window import Window

_OPENED, _TOO_MANY_STREAMS = 0, 2


def look(kind: Kind, original: Window, room: Room) -> Source:
    """Probe a recording in the sandbox; `MediaRefused` where it cannot become what `kind` says."""
    probe = Child("probe", (room.limits.film_pixels, room.limits.streams))
    try:
        untrusted_source = Source(*room.ask(probe, SOURCE, original))
    except Garbled as error:
        raise MediaRefused(Reason.DAMAGED) from error
    if untrusted_source.status == _TOO_MANY_STREAMS:
        raise MediaRefused(Reason.TOO_MANY_STREAMS)
    if untrusted_source.status != _OPENED:
        known = looks.family(looks.beginning(original.source)) is Kind.VIDEO
        raise MediaRefused(Reason.DAMAGED if known else Reason.UNSUPPORTED)
    reason = refusal(kind, untrusted_source, room.limits)
    if reason:
        raise MediaRefused(reason)
    return untrusted_source


def refusal(kind: Kind, source: Source, limits: Limits) -> Reason | None:
    """What a look is enough to refuse. Pure; the first that applies."""
    rules = (
        (not source.complete, Reason.DAMAGED),
        (source.films + source.sounds + source.others > limits.streams, Reason.TOO_MANY_STREAMS),
        (kind is Kind.AUDIO and source.films > 0, Reason.WRONG_KIND),
        (kind is Kind.AUDIO and source.sounds == 0, Reason.NO_SOUND),
        (kind is Kind.VIDEO and source.films == 0, Reason.NO_PICTURE),
        (source.exact_ms > limits.seconds(kind) * 1000, Reason.TOO_LONG),
        (source.width * source.height > limits.film_pixels, Reason.TOO_MANY_PIXELS),
        (source.rate_numerator > limits.film_rate * max(1, source.rate_denominator), Reason.UNSUPPORTED),
        (source.films > 0 and not source.film_decodes, Reason.DAMAGED),
        (source.films > 0 and not (source.width and source.height), Reason.DAMAGED),
        (source.sounds > 0 and not source.sound_decodes, Reason.DAMAGED),
        (source.sounds > 0 and not source.channels, Reason.DAMAGED),
    )
    return next((reason for applies, reason in rules if applies), None)
