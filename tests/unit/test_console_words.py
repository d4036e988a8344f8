"""Words of the console: numbers, names of data items, and times of messages in the reader's zone."""

from __future__ import annotations

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest

from placet_api.console.data_words import in_words, quantity
from placet_api.console.templating import environment
from placet_api.console.times import in_zone

NUMBERS = [(3, "3"), (2026, "2026"), (12_600, "12,600"), (60_000.0, "60,000"), (1840.5, "1840.5"), (1e-7, "0.0000001")]


@pytest.mark.parametrize(("value", "text"), NUMBERS)
def test_a_number_reads_as_people_write_it(value, text):
    assert quantity(value) == text


def test_the_name_of_an_item_becomes_words():
    assert [in_words(name) for name in ("cost_centre", "days", "first_day")] == ["Cost centre", "Days", "First day"]


def test_json_is_indented_and_its_whole_numbers_are_whole():
    pretty = environment().filters["pretty"]

    assert pretty({"price": 68000.0, "lines": [0.5, {"n": 1.0}]}) == (
        '{\n  "price": 68000,\n  "lines": [\n    0.5,\n    {\n      "n": 1\n    }\n  ]\n}'
    )


def test_times_of_a_message_are_those_of_the_reader():
    now = datetime(2026, 11, 22, 12, tzinfo=UTC)
    text = "It was denied by Ben at 2026-11-22 09:17:13 UTC; it timed out at 2025-01-02 03:04:05 UTC."

    assert in_zone(text, now, ZoneInfo("Asia/Tokyo")) == "It was denied by Ben at 18:17; it timed out at 2 Jan 2025."
