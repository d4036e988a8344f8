"""Characters that no database should see; every face and every layer refuses the same ones."""

from __future__ import annotations

import re

UNSTORABLE = re.compile("[\x00\ud800-\udfff]")


def unstorable_in(text: str) -> str | None:
    """The first character that cannot be stored, in words and with its place; None where all of them can."""
    bad = UNSTORABLE.search(text)
    if bad is None:
        return None
    what = "a NUL character" if bad[0] == "\x00" else "half of a surrogate pair"
    return f"{what} at position {bad.start() + 1}"
