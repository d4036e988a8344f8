"""Times as the contract writes them: `20080723044715000-0400`, which is yyyyMMddHHmmssSSS and an offset."""

from __future__ import annotations

import re
from calendar import monthrange
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta

from placet.errors import InvalidInput

_ISO = re.compile(
    r"(?P<year>[0-9]{4})-(?P<month>[0-9]{2})-(?P<day>[0-9]{2})"
    r"(?:[Tt ](?P<hour>[0-9]{2}):(?P<minute>[0-9]{2})(?::(?P<second>[0-9]{2})(?:[.,](?P<fraction>[0-9]{1,9}))?)?"
    r"(?:[Zz]|(?P<sign>[+\- ])(?P<offset_hour>[0-9]{2}):?(?P<offset_minute>[0-9]{2}))?)?"
)
# Every part but the year is optional, so that a text that breaks off still gets its parts checked.
_COMPACT = re.compile(
    r"(?P<year>[0-9]{4})(?P<month>[0-9]{2})?(?P<day>[0-9]{2})?(?P<hour>[0-9]{2})?(?P<minute>[0-9]{2})?"
    r"(?P<second>[0-9]{2})?(?P<fraction>[0-9]{3})?"
    r"(?P<whole>(?<=[0-9]{17})(?P<sign>[+\- ])(?P<offset_hour>[0-9]{2})(?P<offset_minute>[0-9]{2}))?"
)
_LIMITS = {
    "year": (1, 9999),
    "month": (1, 12),
    "day": (1, 31),
    "hour": (0, 23),
    "minute": (0, 59),
    "second": (0, 59),
    "offset_hour": (0, 23),
    "offset_minute": (0, 59),
}
_DIGITS = [f"{number:02}" for number in range(100)]  # twice as fast as formatting each part


def parse_time(text: str) -> datetime:
    """The moment in UTC, cut to the millisecond; ISO 8601 is read too, without an offset as UTC.

    A space is read as the `+` that a form decoder took away. Raises `InvalidInput`.
    """
    text = text.strip()
    found = _ISO.match(text) or _COMPACT.match(text)
    if found is None:
        raise _refusal(text, "its form is unknown")
    parts = found.groupdict()
    _check_ranges(text, parts)
    if found.end() != len(text) or (found.re is _COMPACT and not parts["whole"]):
        raise _refusal(text, "it is incomplete or followed by something else")
    try:
        return _moment(parts)
    except OverflowError:
        raise _refusal(text, "in UTC it lies outside the years 0001 to 9999") from None


def format_time(moment: datetime) -> str:
    """An aware time as the contract writes it, in UTC."""
    if moment.tzinfo is not UTC:
        moment = moment.astimezone(UTC)
    two, year = _DIGITS, moment.year
    return (
        f"{two[year // 100]}{two[year % 100]}{two[moment.month]}{two[moment.day]}"
        f"{two[moment.hour]}{two[moment.minute]}{two[moment.second]}{moment.microsecond // 1000:03}+0000"
    )


def cut(moment: datetime) -> datetime:
    """A time without what is finer than a millisecond; `placet.clock` is not for here, since it waits."""
    return moment.replace(microsecond=moment.microsecond // 1000 * 1000)


def date_text(moment: datetime) -> str:
    """A time as data items keep it, in UTC with milliseconds, `2008-07-23T08:47:15.000Z`; a naive one is UTC."""
    moment = moment.astimezone(UTC) if moment.tzinfo else moment
    return moment.replace(tzinfo=None).isoformat(timespec="milliseconds") + "Z"


def _check_ranges(text: str, parts: Mapping[str, str | None]) -> None:
    for name, (lowest, highest) in _LIMITS.items():
        digits = parts[name]
        if digits is None:
            continue
        if name == "day":  # year and month were found good just before
            highest = monthrange(int(parts["year"] or 1), int(parts["month"] or 1))[1]
        if not lowest <= int(digits) <= highest:
            raise _refusal(text, f"{name.replace('_', ' ')} {digits} is not between {lowest:02} and {highest:02}")


def _moment(parts: Mapping[str, str | None]) -> datetime:
    year, month, day, hour, minute, second, offset_hour, offset_minute = (int(parts[name] or 0) for name in _LIMITS)
    millisecond = int((parts["fraction"] or "0").ljust(3, "0")[:3])
    local = datetime(year, month, day, hour, minute, second, millisecond * 1000, tzinfo=UTC)
    offset = timedelta(hours=offset_hour, minutes=offset_minute)
    return local + offset if parts["sign"] == "-" else local - offset


def _refusal(text: str, reason: str) -> InvalidInput:
    given = text if len(text) <= 40 else f"{text[:40]}…"
    return InvalidInput(
        f"{given!r} is not a time: {reason}. Write it like 20080723044715000-0400 or 2008-07-23T04:47:15-04:00."
    )
