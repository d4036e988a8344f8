"""HTML that is put together of tags; what is not made by `tag` is escaped."""

from __future__ import annotations

import re
from html import escape

_VOID = frozenset({"meta", "link", "input"})


class Html(str):
    """A text that is HTML already."""

    __slots__ = ()


def tag(name: str, /, *children: str, **attributes: str) -> Html:
    """An element; the name of an attribute may end in `_`, so that `class` can be given."""
    given = "".join(f' {key.rstrip("_").replace("_", "-")}="{escape(value)}"' for key, value in attributes.items())
    if name in _VOID:
        return Html(f"<{name}{given}>")
    return Html(f"<{name}{given}>{join(*children)}</{name}>")


def join(*parts: str) -> Html:
    return Html("".join(part if isinstance(part, Html) else escape(part) for part in parts))


def prose(text: str) -> Html:
    """A text whose words between backticks are code."""
    parts = re.split(r"`([^`]+)`", text)
    return join(*(tag("code", part) if place % 2 else part for place, part in enumerate(parts)))


def table(heads: tuple[str, ...], rows: list[tuple[str, ...]], caption: str) -> Html:
    """A table that can be scrolled by itself where the page is narrow."""
    head = tag("tr", *(tag("th", text, scope="col") for text in heads))
    body = [tag("tr", *(tag("td", cell) for cell in row)) for row in rows]
    whole = tag("table", tag("caption", caption), tag("thead", head), tag("tbody", *body))
    return tag("div", whole, class_="wide", tabindex="0", role="region", aria_label=caption)
