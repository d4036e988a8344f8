"""What is known only when a query is asked: who `me` is, and which moment `now`, `today` or `-7d` is."""

from __future__ import annotations

import re
from calendar import monthrange
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from placet.errors import InvalidFilter
from placet.query.ast import ME, Node, Operator, Relative, Value, with_values
from placet.query.fields import Field
from placet.query.times import cut

_RELATIVE = re.compile(
    r"(?P<base>now|today|yesterday|tomorrow)?(?:(?P<sign>[+-])(?P<count>[0-9]{1,5})(?P<unit>mo|[smhdwy]))?"
)
_EXACT = {"s": timedelta(seconds=1), "m": timedelta(minutes=1), "h": timedelta(hours=1)}
_DAYS = {"d": 1, "w": 7}
_MONTHS = {"mo": 1, "y": 12}
_BASES = {"today": 0, "yesterday": -1, "tomorrow": 1}


def is_relative(text: str) -> bool:
    """Whether a text is a moment of the asking: `now`, `today`, `-7d`, `today-2w`."""
    return text != "" and _RELATIVE.fullmatch(text.casefold()) is not None


def resolve(node: Node, *, me: str | None = None, now: datetime, zone: ZoneInfo) -> Node:
    """The same tree with values for `ME` and every `Relative`; raises `InvalidFilter` where there is none.

    Days, weeks, months and years go by the calendar of the reader's `zone`; seconds, minutes and hours by the clock.
    """

    def known(field: Field, operator: Operator, value: Value) -> Value:
        if value is ME:
            return _somebody(field, me)
        return moment_of(value, now, zone) if isinstance(value, Relative) else value

    return with_values(node, known)


def moment_of(relative: Relative, now: datetime, zone: ZoneInfo) -> datetime:
    """The moment in UTC, to the millisecond, that is meant at `now` by a reader in `zone`."""
    found = _RELATIVE.fullmatch(relative.text.casefold())
    if found is None or not relative.text:
        raise InvalidFilter(
            f"{relative.text[:40]!r} is no moment; write now, today, -7d or today-2w.", given=relative.text
        )
    here = now.astimezone(zone)
    try:
        if found["base"] in _BASES:
            here = _later_days(here.replace(hour=0, minute=0, second=0, microsecond=0), _BASES[found["base"]])
        if found["unit"]:
            here = _moved(here, int(found["sign"] + found["count"]), found["unit"])
        return cut(here.astimezone(UTC))
    except (OverflowError, ValueError):
        raise InvalidFilter(
            f"{relative.text!r} lies outside the years 0001 to 9999; take a nearer time.", given=relative.text
        ) from None


def _moved(here: datetime, count: int, unit: str) -> datetime:
    if unit in _EXACT:
        return (here.astimezone(UTC) + count * _EXACT[unit]).astimezone(here.tzinfo)
    if unit in _DAYS:
        return _later_days(here, count * _DAYS[unit])
    return _later_months(here, count * _MONTHS[unit])


def _later_days(here: datetime, days: int) -> datetime:
    return here + timedelta(days=days)  # in a zone this is the same time of day, whatever its offset is then


def _later_months(here: datetime, months: int) -> datetime:
    year, month = divmod(here.year * 12 + here.month - 1 + months, 12)
    return here.replace(year=year, month=month + 1, day=min(here.day, monthrange(year, month + 1)[1]))


def _somebody(field: Field, me: str | None) -> str:
    if me is None:
        raise InvalidFilter(
            f"{field.name}: me is whoever asks, and nobody does; name the person.", field.name, given="me"
        )
    return me
