"""The templates: escaped by default, strict about names, and with the few functions that all of them use."""

from __future__ import annotations

from functools import cache
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined

from placet_api.answers import to_json
from placet_api.console.data_words import about, label_of, quantity
from placet_api.console.times import bucket_text

#: How a status is coloured, by its name; what is not here is neutral.
TONES = {
    "Running": "busy", "Processing": "busy", "Open": "busy", "Claimed": "busy", "open": "bad",
    "Approved": "good", "Completed": "calm", "resolved": "calm", "ACTIVE": "good",
    "Denied": "bad", "Error": "bad", "Terminated": "bad",
    "Stopped": "warn", "Timedout": "warn", "Retracted": "warn", "VACATION": "warn", "INACTIVE": "calm",
    "Draining": "warn",
}  # fmt: skip


@cache
def environment() -> Environment:
    """The templates of this package, which all applications of a program share."""
    made = Environment(
        loader=PackageLoader(__package__, "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        auto_reload=False,
    )
    made.filters["json"] = lambda value: to_json(value).decode()
    made.filters["pretty"] = lambda value: to_json(_whole(value), indented=True).decode()
    made.filters["quantity"] = quantity
    made.filters["label"] = label_of
    made.filters["about"] = about
    made.filters["number"] = number
    made.filters["tone"] = tone
    made.filters["bucket"] = bucket_text
    return made


def number(value: float) -> str:
    """A number with commas between its thousands."""
    return f"{value:,}".removesuffix(".0")


def _whole(value: Any) -> Any:
    """A JSON value whose whole numbers have no digits behind a point."""
    match value:
        case float() if value.is_integer():
            return int(value)
        case dict():
            return {name: _whole(each) for name, each in value.items()}
        case list():
            return [_whole(each) for each in value]
    return value


def tone(status: Any) -> str:
    """The colour of a status."""
    return TONES.get(str(status), "calm")
