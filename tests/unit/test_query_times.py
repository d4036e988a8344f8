from datetime import UTC, datetime, timedelta, timezone

import pytest

from placet.errors import InvalidInput
from placet.query.times import format_time, parse_time

SAMPLE = datetime(2008, 7, 23, 8, 47, 15, tzinfo=UTC)


@pytest.mark.parametrize(
    ("text", "moment"),
    [
        ("20080723044715000-0400", SAMPLE),
        ("20080723104715000+0200", SAMPLE),
        ("20080723104715000 0200", SAMPLE),
        (" 20080723084715000-0000 ", SAMPLE),
        ("20080723141715123+0530", SAMPLE.replace(microsecond=123000)),
        ("20240229000000000+0000", datetime(2024, 2, 29, tzinfo=UTC)),
        ("00010101000000000+0000", datetime(1, 1, 1, tzinfo=UTC)),
        ("99991231235959999+0000", datetime(9999, 12, 31, 23, 59, 59, 999000, tzinfo=UTC)),
        ("2008-07-23T04:47:15-04:00", SAMPLE),
        ("2008-07-23T08:47:15Z", SAMPLE),
        ("2008-07-23t08:47:15.1239z", SAMPLE.replace(microsecond=123000)),
        ("2008-07-23 10:47:15,5 0200", SAMPLE.replace(microsecond=500000)),
        ("2008-07-23T08:47", SAMPLE.replace(second=0)),
        ("2008-07-23", datetime(2008, 7, 23, tzinfo=UTC)),
    ],
)
def test_a_time_is_read_as_utc(text, moment):
    assert parse_time(text) == moment
    assert parse_time(text).utcoffset() == timedelta(0)


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("20081399", "month 13 is not between 01 and 12"),
        ("20081399044715000-0400", "month 13 is not between 01 and 12"),
        ("20080700044715000-0400", "day 00 is not between 01 and 31"),
        ("20080230044715000-0400", "day 30 is not between 01 and 29"),
        ("20090229044715000-0400", "day 29 is not between 01 and 28"),
        ("00000723044715000-0400", "year 0000 is not between 01 and 9999"),
        ("20080723244715000-0400", "hour 24 is not between 00 and 23"),
        ("20080723046015000-0400", "minute 60 is not between 00 and 59"),
        ("20080723044760000-0400", "second 60 is not between 00 and 59"),
        ("20080723044715000-2400", "offset hour 24 is not between 00 and 23"),
        ("20080723044715000-0460", "offset minute 60 is not between 00 and 59"),
        ("2008-13-23T04:47:15Z", "month 13 is not between 01 and 12"),
        ("2008-07-23T24:00:00Z", "hour 24 is not between 00 and 23"),
        ("20080723", "incomplete"),
        ("2008-0400", "incomplete"),
        ("20080723044715000", "incomplete"),
        ("20080723044715-0400", "incomplete"),
        ("20080723044715000-04000", "followed by something else"),
        ("2008-07-23T", "followed by something else"),
        ("99991231235959999-0100", "outside the years 0001 to 9999"),
        ("00010101000000000+0100", "outside the years 0001 to 9999"),
        ("yesterday", "its form is unknown"),
        ("", "its form is unknown"),
        ("٢٠٠٨0723044715000-0400", "its form is unknown"),
    ],
)
def test_what_is_wrong_with_a_time_is_said(text, reason):
    with pytest.raises(InvalidInput) as refusal:
        parse_time(text)

    assert reason in refusal.value.message
    assert repr(text) in refusal.value.message
    assert "20080723044715000-0400" in refusal.value.message


@pytest.mark.parametrize(
    ("moment", "text"),
    [
        (SAMPLE, "20080723084715000+0000"),
        (SAMPLE.replace(microsecond=7999), "20080723084715007+0000"),
        (SAMPLE.astimezone(timezone(-timedelta(hours=4))), "20080723084715000+0000"),
        (datetime(1, 2, 3, tzinfo=UTC), "00010203000000000+0000"),
    ],
)
def test_a_time_is_written_in_utc(moment, text):
    assert format_time(moment) == text
