"""Charts of the console: round axes, and groups of a time with those that have no rows."""

from __future__ import annotations

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest

from placet_api.console.charts import axis_text, share_of, top_of
from placet_api.console.results.bars import with_gaps

AXES = [([], 1), ([0, None], 1), ([1], 1), ([3], 3), ([5], 6), ([41], 60), ([204], 300), ([0.05, 0.3], 0.3)]


@pytest.mark.parametrize(("values", "top"), AXES)
def test_an_axis_ends_at_a_round_number_that_nothing_is_above(values, top):
    assert top_of(values) == pytest.approx(top)


def test_a_bar_is_as_high_as_its_share_of_the_axis():
    assert (share_of(1, 4), share_of(0, 4), share_of(None, 4)) == (25, 0, None)
    assert [axis_text(each) for each in (0.25, 1.5, 3.0, 12_000)] == ["0.25", "1.5", "3", "12,000"]


def test_months_without_rows_stand_between_those_that_have_some():
    def month(year: int, number: int) -> datetime:
        return datetime(year, number, 1, tzinfo=ZoneInfo("Europe/Berlin"))

    rows = [(month(2026, 2), 3, 60.0), (None, 2, None), (month(2025, 11), 1, None)]

    filled = with_gaps(rows, "month")

    assert [(row[0], row[1]) for row in filled] == [
        (None, 2),
        (month(2025, 11), 1),
        (month(2025, 12), 0),
        (month(2026, 1), 0),
        (month(2026, 2), 3),
    ]


def test_hours_that_the_clock_has_moved_are_all_there():
    rows = [(datetime(2026, 3, 29, hour, 30, tzinfo=UTC), 1, None) for hour in (0, 2)]
    rows.append((datetime(2026, 3, 29, 1, 45, tzinfo=UTC), 1, None))

    assert [row[0] for row in with_gaps(rows, "hour")] == sorted(row[0] for row in rows)


def test_two_far_ends_do_not_make_a_million_bars():
    rows = [(datetime(year, 1, 1, tzinfo=UTC), 1, None) for year in (1970, 2026)]

    assert with_gaps(rows, "minute") == rows
