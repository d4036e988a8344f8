"""What templates of mails do with values: how one becomes text, and the filters and tests that there are."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal, InvalidOperation
from typing import Any

from jinja2 import TemplateError
from jinja2.runtime import Undefined
from markupsafe import Markup, escape

#: No filter makes a text longer than that.
LONGEST_VALUE = 100_000

#: The tests that a template can use after `is`, as Jinja2 has them.
TESTS = ("defined", "undefined", "none", "string", "number", "mapping", "even", "odd", "true", "false")


def in_words(value: Any) -> Any:
    """A value as a mail shows it: nothing for null, yes and no, and times in UTC."""
    match value:
        case None:
            return ""
        case bool():
            return "yes" if value else "no"
        case datetime():
            return time(value)
        case date():
            return value.isoformat()
        case timedelta():
            return str(value)
        case list() | tuple():
            return ", ".join(str(in_words(each)) for each in value)
        case Mapping():
            return json.dumps(value, ensure_ascii=False, default=str)
    return value


def time(value: Any) -> str:
    """A time to the minute: `2 March 2026, 09:00 UTC`."""
    found = _moment(value, "time")
    return "" if found is None else f"{_day(found)}, {found:%H:%M} UTC"


def day(value: Any) -> str:
    """The day of a time, or a day: `2 March 2026`."""
    found = _moment(value, "day")
    return "" if found is None else _day(found)


def number(value: Any, digits: int = 2) -> str:
    """A number with so many decimal places, and its thousands apart: `12,500.00`."""
    if value is None:
        return ""
    if isinstance(value, bool) or not isinstance(digits, int) or not 0 <= digits <= 20:
        raise TemplateError("the filter 'number' takes a number, and up to 20 decimal places")
    try:
        given = Decimal(str(value))
        return f"{given:,.{digits}f}" if given.adjusted() < 100 else str(given)
    except InvalidOperation:
        raise TemplateError(f"the filter 'number' takes a number, not {str(value)[:50]!r}") from None


def default(value: Any, instead: Any = "") -> Any:
    """The value, or another where it is empty, null or not there."""
    return instead if isinstance(value, Undefined) or value in (None, "", [], {}) else value


def join(value: Any, between: str = ", ") -> Any:
    """The parts of a list as one text."""
    if value is None:
        return ""
    if not isinstance(value, (list, tuple)) or not isinstance(between, str):
        raise TemplateError("the filter 'join' takes a list, and a text to put between")
    if len(value) * len(between) > LONGEST_VALUE:
        raise TemplateError(f"the filter 'join' makes no text of more than {LONGEST_VALUE} characters")
    texts = [in_words(each) for each in value]
    if any(isinstance(each, Markup) for each in [*texts, between]):
        return escape(between).join(texts)
    return between.join(map(str, texts))


def truncate(value: Any, longest: int = 200) -> Any:
    """A text, cut where it is longer."""
    text = _text(value, "truncate")
    return text if len(text) <= longest else text[: max(0, longest - 1)] + "…"


def first(value: Any) -> Any:
    """The first of a list, or nothing."""
    return value[0] if isinstance(value, (list, tuple, str)) and value else None


def last(value: Any) -> Any:
    """The last of a list, or nothing."""
    return value[-1] if isinstance(value, (list, tuple, str)) and value else None


def length(value: Any) -> int:
    """How many a list, a mapping or a text has."""
    return 0 if value is None else len(value)


def _text(value: Any, name: str) -> Any:
    if isinstance(value, Undefined):
        return str(value)  # says what is not there
    if isinstance(value, (list, tuple, Mapping)):
        raise TemplateError(f"the filter {name!r} takes a text, not a list or a mapping")
    shown = in_words(value)
    return shown if isinstance(shown, str) else str(shown)


def _of_text(name: str) -> Callable[[Any], Any]:
    def apply(value: Any) -> Any:
        return getattr(_text(value, name), method)()

    method = "strip" if name == "trim" else name
    return apply


def _moment(value: Any, name: str) -> datetime | date | None:
    """A time or day, also as the text that a data item of type date has."""
    if value is None or value == "":
        return None
    if isinstance(value, datetime):
        return value.astimezone(UTC) if value.tzinfo else value
    if isinstance(value, date):
        return value
    try:
        found = datetime.fromisoformat(value)
    except (TypeError, ValueError):
        raise TemplateError(f"the filter {name!r} takes a time, not {str(value)[:50]!r}") from None
    return found.astimezone(UTC) if found.tzinfo else found


def _day(moment: date) -> str:
    months = "January February March April May June July August September October November December"
    return f"{moment.day} {months.split()[moment.month - 1]} {moment.year}"


FILTERS: Mapping[str, Callable[..., Any]] = {
    "capitalize": _of_text("capitalize"),
    "day": day,
    "default": default,
    "escape": escape,
    "first": first,
    "join": join,
    "last": last,
    "length": length,
    "lower": _of_text("lower"),
    "number": number,
    "time": time,
    "title": _of_text("title"),
    "trim": _of_text("trim"),
    "truncate": truncate,
    "upper": _of_text("upper"),
}
