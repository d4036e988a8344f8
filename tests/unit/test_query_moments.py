from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest

from placet.errors import InvalidFilter
from placet.query.ast import ME, And, Comparison, In, Not, Operator, Related, Relative
from placet.query.fields import PROCESSES, WORK_ITEMS
from placet.query.moments import is_relative, moment_of, resolve

BERLIN = ZoneInfo("Europe/Berlin")
NOW = datetime(2026, 3, 31, 22, 30, 15, 123_456, tzinfo=UTC)  # 00:30 of the first of April in Berlin


@pytest.mark.parametrize(
    ("text", "zone", "moment"),
    [
        ("now", "UTC", "2026-03-31T22:30:15.123"),
        ("today", "UTC", "2026-03-31T00:00"),
        ("today", "Europe/Berlin", "2026-03-31T22:00"),
        ("yesterday", "Europe/Berlin", "2026-03-30T22:00"),
        ("tomorrow", "America/New_York", "2026-04-01T04:00"),
        ("-90s", "UTC", "2026-03-31T22:28:45.123"),
        ("-15m", "UTC", "2026-03-31T22:15:15.123"),
        ("+3h", "UTC", "2026-04-01T01:30:15.123"),
        ("-7d", "UTC", "2026-03-24T22:30:15.123"),
        ("-2w", "UTC", "2026-03-17T22:30:15.123"),
        ("-1mo", "UTC", "2026-02-28T22:30:15.123"),
        ("-1mo", "Europe/Berlin", "2026-02-28T23:30:15.123"),  # the first of March at 00:30, an hour further from UTC
        ("-1y", "UTC", "2025-03-31T22:30:15.123"),
        ("+13mo", "UTC", "2027-04-30T22:30:15.123"),
        ("today-2w", "Europe/Berlin", "2026-03-17T23:00"),  # clocks changed on the 29th; it is still midnight
        ("today-72h", "Europe/Berlin", "2026-03-28T22:00"),  # and this is not
        ("now-1d", "UTC", "2026-03-30T22:30:15.123"),
        ("TODAY+1D", "UTC", "2026-04-01T00:00"),
    ],
)
def test_a_moment_is_where_the_reader_is(text, zone, moment):
    expected = datetime.fromisoformat(moment).replace(tzinfo=UTC)

    assert is_relative(text)
    assert moment_of(Relative(text), NOW, ZoneInfo(zone)) == expected


@pytest.mark.parametrize("text", ["", "soon", "-7", "7d", "-7x", "today-", "-123456d", "today-1d-1d", "- 7d"])
def test_what_is_no_moment(text):
    assert not is_relative(text)
    with pytest.raises(InvalidFilter, match="is no moment; write now, today, -7d or today-2w"):
        moment_of(Relative(text), NOW, BERLIN)


@pytest.mark.parametrize("text", ["-99999y", "+99999mo", "tomorrow+8000y"])
def test_moments_beyond_all_times_are_refused(text):
    with pytest.raises(InvalidFilter, match="lies outside the years 0001 to 9999"):
        moment_of(Relative(text), NOW, BERLIN)


def test_every_value_of_a_tree_is_resolved():
    def tree(person, moment):
        of_items = Related(PROCESSES.relations[0], Comparison(WORK_ITEMS.field("Owner"), Operator.NE, person))
        of_time = Not(In(PROCESSES.field("CreationTime"), (moment, NOW)))
        return And((of_items, of_time, Comparison(PROCESSES.field("EngineId"), Operator.EQ, "me")))

    resolved = resolve(tree(ME, Relative("today")), me="cn=anna", now=NOW, zone=BERLIN)

    assert resolved == tree("cn=anna", datetime(2026, 3, 31, 22, tzinfo=UTC))


def test_me_is_nobody_where_nobody_asks():
    asked = Comparison(PROCESSES.field("Initiator"), Operator.EQ, ME)

    with pytest.raises(InvalidFilter, match="Initiator: me is whoever asks, and nobody does") as refusal:
        resolve(asked, now=NOW, zone=BERLIN)
    assert refusal.value.key == "Initiator"
