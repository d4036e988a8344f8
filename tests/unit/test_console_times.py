"""Times as the console writes them: short from where the reader is, exact on pointing, and how far away."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from placet_api.console.times import bucket_text, distance, duration, exact_time, short_time, zone_of

NOW = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
BERLIN = ZoneInfo("Europe/Berlin")


@pytest.mark.parametrize(
    ("moment", "zone", "text"),
    [
        (NOW - timedelta(hours=1), "UTC", "08:00"),
        (NOW - timedelta(hours=1), "Europe/Berlin", "09:00"),
        (datetime(2026, 3, 1, 23, 30, tzinfo=UTC), "UTC", "1 Mar 23:30"),
        (datetime(2026, 3, 1, 23, 30, tzinfo=UTC), "Europe/Berlin", "00:30"),  # it is today there
        (datetime(2025, 12, 31, 23, 30, tzinfo=UTC), "UTC", "31 Dec 2025"),
        (datetime(2025, 12, 31, 23, 30, tzinfo=UTC), "Europe/Berlin", "1 Jan 00:30"),
    ],
)
def test_a_time_is_as_short_as_it_can_be_told_from_now(moment: datetime, zone: str, text: str):
    assert short_time(moment, NOW, ZoneInfo(zone)) == text


def test_the_exact_time_names_its_zone():
    moment = datetime(2026, 7, 1, 12, 0, 0, 7_000, tzinfo=UTC)

    assert exact_time(moment, BERLIN) == "2026-07-01 14:00:00.007 Europe/Berlin (UTC+02:00)"


@pytest.mark.parametrize(
    ("ahead", "text"),
    [
        (timedelta(0), "just now"),
        (timedelta(seconds=-59), "just now"),
        (timedelta(seconds=30), "in a moment"),
        (timedelta(minutes=-1), "1 minute ago"),
        (timedelta(hours=-25), "1 day ago"),
        (timedelta(days=3), "in 3 days"),
        (timedelta(days=-800), "2 years ago"),
    ],
)
def test_how_far_away_a_time_is(ahead: timedelta, text: str):
    assert distance(NOW + ahead, NOW) == text


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(0, "0 s"), (45, "45 s"), (3600, "1 h"), (3661, "1 h 1 min"), (90_000, "1 d 1 h"), (172_800, "2 d")],
)
def test_a_duration_has_its_two_largest_units(seconds: int, text: str):
    assert duration(seconds) == text
    assert duration(timedelta(seconds=seconds)) == text


@pytest.mark.parametrize("name", ["Nowhere/City", "../../etc/passwd", "", "x" * 500, "Europe/\0"])
def test_a_zone_that_is_none_is_utc(name: str):
    assert zone_of(name).key == "UTC"


def test_a_bucket_says_no_more_than_it_means():
    moment = datetime(2026, 3, 2, 9, 5, tzinfo=UTC)

    assert [bucket_text(moment, each) for each in ("year", "month", "day", "hour")] == [
        "2026", "Mar 2026", "2 Mar 2026", "2 Mar 09:05",
    ]  # fmt: skip
