"""Times that are typed."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

from cyclopts import Parameter

From = Annotated[
    str | None, Parameter(name="--from", metavar="TIME", help="from when, such as 2030-01-07 or 2030-01-07T08:00+01:00")
]
To = Annotated[str | None, Parameter(name="--to", metavar="TIME", help="until when; in UTC unless it has an offset")]


def read_time(option: str, text: str | None) -> datetime | None:
    """The time that an option gives, in UTC; its refusal names the option."""
    from placet.errors import InvalidInput
    from placet.query.times import parse_time

    try:
        return None if text is None else parse_time(text)
    except InvalidInput as refusal:
        raise InvalidInput(f"{option}: {refusal.message}") from None
