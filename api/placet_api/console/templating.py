"""The templates: escaped by default, strict about names, and with the few functions that all of them use."""

from __future__ import annotations

from functools import cache
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined

from placet_api.answers import to_json
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
    made.filters["number"] = number
    made.filters["tone"] = tone
    made.filters["bucket"] = bucket_text
    return made


def number(value: float) -> str:
    """A number with commas between its thousands."""
    return f"{value:,}"


def tone(status: Any) -> str:
    """The colour of a status."""
    return TONES.get(str(status), "calm")
