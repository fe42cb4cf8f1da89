"""Dates and times as people read and type them, in the service's own time zone. Pure.

What is stored and what the APIs give is UTC. Every sentence and page that names a time is made here.
"""

from datetime import UTC, date, datetime, time, tzinfo
from typing import Final

_LAST: Final = time(23, 59, 59)
_SECONDS: Final = (("hour", 3600), ("minute", 60), ("second", 1))


def moment(value: datetime, zone: tzinfo) -> str:
    """A date and time as people read them, as in 25 October 2026, 01:30 GMT."""
    local = _there(value, zone)
    return f"{local:%-d %B %Y, %H:%M} {_abbreviation(local)}"


def _there(value: datetime, zone: tzinfo) -> datetime:
    """What clocks there show; at the edge of the calendar, where they cannot, as it is stored: in UTC."""
    try:
        return value.astimezone(zone)
    except OverflowError:
        return value


def _abbreviation(local: datetime) -> str:
    """The zone's short name. Some have none: their difference from UTC says it."""
    name = local.tzname() or "UTC"
    return f"UTC{name}" if name[0] in "+-" else name


def day(value: datetime, zone: tzinfo) -> str:
    """A date as people read it, as in 25 October 2026."""
    return f"{_there(value, zone):%-d %B %Y}"


def length(milliseconds: int | None) -> str:
    """How long something is, as in 1 minute 5 seconds."""
    left = round((milliseconds or 0) / 1000)
    if not left:
        return "less than a second"
    said = []
    for name, seconds in _SECONDS:
        number, left = divmod(left, seconds)
        if number:
            said.append(f"{number} {name}{'s' if number > 1 else ''}")
    return " ".join(said)


def end_of_day(typed: date, zone: tzinfo) -> datetime:
    """Return the last second of a day there, in UTC."""
    # the later one, where midnight's hour comes twice
    return datetime.combine(typed, _LAST, zone).replace(fold=1).astimezone(UTC)


def meant(typed: datetime, zone: tzinfo) -> datetime:
    """Return the moment, in UTC, that somebody there means by a date and time; with an offset, just that.

    In the hour that comes twice when clocks go back it is the later one: nothing then happens sooner than was
    thought. Raise `ValueError`, with a sentence, for an hour that is left out when they go forward.
    """
    if typed.tzinfo is not None:
        return typed.astimezone(UTC)
    there = typed.replace(tzinfo=zone, fold=1).astimezone(UTC)
    if there.astimezone(zone).replace(tzinfo=None) == typed:
        return there
    after = typed.replace(tzinfo=zone).astimezone(UTC).astimezone(zone)
    raise ValueError(
        f"The clocks go forward then, so there is no {typed:%H:%M} on {typed:%-d %B %Y}."
        f" Write {after:%H:%M}, or another time."
    )
