"""Times as people read and type them, where clocks change."""

from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

import pytest

from relay import times

LONDON, BERLIN = ZoneInfo("Europe/London"), ZoneInfo("Europe/Berlin")
KOLKATA, SAO_PAULO = ZoneInfo("Asia/Kolkata"), ZoneInfo("America/Sao_Paulo")


def utc(*parts: int) -> datetime:
    return datetime(*parts, tzinfo=UTC)  # type: ignore[misc, arg-type]


@pytest.mark.parametrize(
    ("value", "zone", "reads"),
    [
        (utc(2026, 1, 5, 9, 7), LONDON, "5 January 2026, 09:07 GMT"),
        (utc(2026, 7, 5, 23, 30), LONDON, "6 July 2026, 00:30 BST"),
        (utc(2026, 7, 5, 23, 30), BERLIN, "6 July 2026, 01:30 CEST"),
        (utc(2026, 7, 5, 23, 30), ZoneInfo("UTC"), "5 July 2026, 23:30 UTC"),
        (utc(2026, 7, 5, 23, 30), KOLKATA, "6 July 2026, 05:00 IST"),
        (utc(2026, 7, 5, 23, 30), SAO_PAULO, "5 July 2026, 20:30 UTC-03"),
    ],
)
def test_a_moment_reads_as_clocks_there_show_it_with_the_name_of_the_zone(
    value: datetime, zone: ZoneInfo, reads: str
) -> None:
    assert times.moment(value, zone) == reads
    assert times.day(value, zone) == reads.partition(",")[0]


@pytest.mark.parametrize(
    ("value", "zone", "reads"),
    [
        (utc(9999, 12, 31, 23, 59), BERLIN, "31 December 9999, 23:59 UTC"),
        (utc(1, 1, 1, 0, 30), SAO_PAULO, "1 January 1, 00:30 UTC"),
    ],
)
def test_at_the_edge_of_the_calendar_a_moment_reads_as_it_is_stored(
    value: datetime, zone: ZoneInfo, reads: str
) -> None:
    assert times.moment(value, zone) == reads
    assert times.day(value, zone) == reads.partition(",")[0]


def test_the_hour_that_comes_twice_reads_as_two_hours() -> None:
    before, after = utc(2026, 10, 25, 0, 30), utc(2026, 10, 25, 1, 30)
    assert times.moment(before, LONDON) == "25 October 2026, 01:30 BST"
    assert times.moment(after, LONDON) == "25 October 2026, 01:30 GMT"


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("2026-01-05T09:07", utc(2026, 1, 5, 9, 7)),
        ("2026-07-05T09:07", utc(2026, 7, 5, 8, 7)),
        ("2026-03-29T00:59", utc(2026, 3, 29, 0, 59)),
        ("2026-03-29T02:00", utc(2026, 3, 29, 1, 0)),
        ("2026-10-25T00:59", utc(2026, 10, 24, 23, 59)),
        ("2026-10-25T01:30", utc(2026, 10, 25, 1, 30)),  # twice: the later
        ("2026-07-05T09:07+00:00", utc(2026, 7, 5, 9, 7)),
    ],
)
def test_what_is_typed_is_meant_there_and_then(typed: str, meant: datetime) -> None:
    found = times.meant(datetime.fromisoformat(typed), LONDON)
    assert (found, found.utcoffset()) == (meant, meant.utcoffset())


def test_an_hour_that_is_left_out_is_refused_in_words() -> None:
    with pytest.raises(ValueError, match=r"no 01:30 on 29 March 2026\. Write 02:30, or another time\."):
        times.meant(datetime(2026, 3, 29, 1, 30), LONDON)  # noqa: DTZ001 - as a form gives it


@pytest.mark.parametrize("zone", [LONDON, BERLIN, KOLKATA, SAO_PAULO, ZoneInfo("UTC")])
def test_a_day_lasts_to_its_last_second_there_and_reads_as_itself(zone: ZoneInfo) -> None:
    for month in range(1, 13):
        for number in (1, 25, 28):
            typed = date(2026, month, number)
            end = times.end_of_day(typed, zone)
            assert end.utcoffset() == UTC.utcoffset(None)
            assert f"{end.astimezone(zone):%H:%M:%S}" == "23:59:59"
            assert times.day(end, zone) == f"{typed:%-d %B %Y}"


@pytest.mark.parametrize(
    ("milliseconds", "reads"),
    [
        (None, "less than a second"),
        (400, "less than a second"),
        (1_000, "1 second"),
        (6_040, "6 seconds"),
        (60_000, "1 minute"),
        (65_000, "1 minute 5 seconds"),
        (3_725_000, "1 hour 2 minutes 5 seconds"),
        (7_200_000, "2 hours"),
    ],
)
def test_a_length_reads_in_its_own_units(milliseconds: int | None, reads: str) -> None:
    assert times.length(milliseconds) == reads
