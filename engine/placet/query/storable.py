"""Characters that no database should see; every face and every layer refuses the same ones."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from datetime import datetime
from typing import Any

UNSTORABLE = re.compile("[\x00\ud800-\udfff]")
DEEPEST = 30


def unstorable_in(text: str) -> str | None:
    """The first character that cannot be stored, in words and with its place; None where all of them can."""
    bad = UNSTORABLE.search(text)
    if bad is None:
        return None
    what = "a NUL character" if bad[0] == "\x00" else "half of a surrogate pair"
    return f"{what} at position {bad.start() + 1}"


def storable(value: Any, depth: int = 0) -> Any:
    """A JSON value of somebody else, with what no row can hold replaced: characters, numbers, endless nesting."""
    match value:
        case str():
            return UNSTORABLE.sub("\N{REPLACEMENT CHARACTER}", value)
        case bool() | None:
            return value
        case int():
            return value if -(2**63) <= value < 2**63 else str(value)
        case float():
            return value if math.isfinite(value) else None
        case Mapping() | list() | tuple() if depth == DEEPEST:
            return "…"
        case Mapping():
            return {storable(str(name)): storable(each, depth + 1) for name, each in value.items()}
        case list() | tuple():
            return [storable(each, depth + 1) for each in value]
        case datetime():
            return value.isoformat()
        case _:
            return storable(str(value))
