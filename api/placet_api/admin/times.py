"""Times that a request gives."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from placet.errors import InvalidInput
from placet.query.times import parse_time
from placet_api.body import text_of


def time_of(body: Mapping[str, Any], name: str) -> datetime | None:
    """A member that is a time, in UTC; None where it is absent, null or empty."""
    return named_time(name, text_of(body, name))


def named_time(name: str, text: str | None) -> datetime | None:
    """A time, whose refusal begins with the name of what it is for."""
    try:
        return None if text is None else parse_time(text)
    except InvalidInput as refusal:
        raise InvalidInput(f"{name}: {refusal.message}") from None
