"""A place in a text as two lines: the text round it, and a caret below the character."""

from __future__ import annotations

import re

_WIDTH = 72
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029]")


def caret_lines(text: str, position: int) -> tuple[str, str]:
    """The text, cut to what a terminal shows beside each other, and a line with `^` below the character."""
    start = max(0, min(position - _WIDTH // 2, len(text) - _WIDTH))
    shown = text[start : start + _WIDTH]
    before, after = "…" if start else "", "…" if start + _WIDTH < len(text) else ""
    return f"{before}{_CONTROL.sub(' ', shown)}{after}", f"{' ' * (len(before) + position - start)}^"
