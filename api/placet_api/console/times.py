"""Times as people read them: in their zone, short where they look, exact where they point."""

from __future__ import annotations

import re
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from placet.errors import InvalidInput

_LONGEST_NAME = 64
_OF_UTC = re.compile(r"(\d{4}-\d\d-\d\d \d\d:\d\d:\d\d) UTC")
_UNITS = (("d", 86400), ("h", 3600), ("min", 60), ("s", 1))
_BUCKETS = {"minute": "%d %b %H:%M", "hour": "%d %b %H:%M", "day": "%d %b %Y", "week": "%d %b %Y", "month": "%b %Y"}
_WORDS = (("year", 31536000), ("month", 2592000), ("day", 86400), ("hour", 3600), ("minute", 60))


def zone_of(name: str) -> ZoneInfo:
    """The zone of a name such as `Europe/Berlin`; UTC for a name that no zone has."""
    try:
        return ZoneInfo(name[:_LONGEST_NAME])
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return ZoneInfo("UTC")


def short_time(moment: datetime, now: datetime, zone: ZoneInfo) -> str:
    """A time as short as it can be told from now: `09:31` today, `21 Nov 09:31` this year, else with the year."""
    there, today = moment.astimezone(zone), now.astimezone(zone)
    if there.date() == today.date():
        return f"{there:%H:%M}"
    day = f"{there.day} {there:%b}"
    return f"{day} {there:%H:%M}" if there.year == today.year else f"{day} {there.year}"


def exact_time(moment: datetime, zone: ZoneInfo) -> str:
    """A time to the millisecond, with its zone."""
    there = moment.astimezone(zone)
    return f"{there:%Y-%m-%d %H:%M:%S}.{there.microsecond // 1000:03d} {zone.key} (UTC{_offset(there)})"


def in_zone(text: str, now: datetime, zone: ZoneInfo) -> str:
    """A text of the engine with its times of UTC, such as `2026-11-22 12:17:13 UTC`, as the reader's own."""
    return _OF_UTC.sub(lambda found: short_time(datetime.fromisoformat(f"{found[1]}+00:00"), now, zone), text)


def _offset(moment: datetime) -> str:
    text = f"{moment:%z}"
    return f"{text[:3]}:{text[3:5]}"


def distance(moment: datetime, now: datetime) -> str:
    """How far away a time is: `3 hours ago`, `in 2 days`, `just now`."""
    seconds = (now - moment).total_seconds()
    for word, size in _WORDS:
        count = int(abs(seconds) // size)
        if count:
            text = f"{count} {word}{'s' if count > 1 else ''}"
            return f"{text} ago" if seconds > 0 else f"in {text}"
    return "just now" if seconds >= 0 else "in a moment"


def duration(length: timedelta | float) -> str:
    """A length of time in its two largest units: `2 d 3 h`, `45 s`."""
    seconds = int(length.total_seconds() if isinstance(length, timedelta) else length)
    parts: list[str] = []
    for unit, size in _UNITS:
        count, seconds = divmod(seconds, size)
        if count or parts:
            parts.append(f"{count} {unit}" if count else "")
        if len(parts) == 2:
            break
    return " ".join(part for part in parts if part) or "0 s"


def day_of(name: str, text: str, zone: ZoneInfo, later: int = 0) -> datetime | None:
    """When a day of the reader's begins, or so many days later; None without one. Raises `InvalidInput`."""
    if not text:
        return None
    try:
        return datetime.combine(date.fromisoformat(text) + timedelta(days=later), time(), zone)
    except (ValueError, OverflowError):
        raise InvalidInput(f"{name}: {text[:20]!r} is not a day; write one as 2026-11-22.") from None


def bucket_text(moment: datetime, bucket: str) -> str:
    """A minute, hour, day, week (by its first day), month or year as people read it: `22 Nov 2026`."""
    return str(moment.year) if bucket == "year" else f"{moment:{_BUCKETS[bucket]}}".lstrip("0")
