"""Which of the bodies that an operation of an OpenAPI document takes is sent, and what a connector says of it."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

_USUAL = {
    "application/json": "json",
    "application/x-www-form-urlencoded": "form",
    "multipart/form-data": "multipart",
    "text/plain": "text",
}
_OTHERS = (
    (re.compile(r"[\w.+-]+/[\w.+-]+\+json", re.ASCII), "json"),
    (re.compile(r"text/[\w.+-]+|application/xml|[\w.+-]+/[\w.+-]+\+xml", re.ASCII), "text"),
)


def media_of(content: Mapping[str, Any]) -> tuple[str, dict[str, Any]] | None:
    """The media type to send and the keys of a connector for it; the usual ones come first, None where none can be."""
    plain = {media: str(media).partition(";")[0].strip().lower() for media in content}
    for wanted, kind in _USUAL.items():
        if (media := next((media for media in content if plain[media] == wanted), None)) is not None:
            return media, {"body": kind}
    for pattern, kind in _OTHERS:
        if (media := next((media for media in content if pattern.fullmatch(plain[media])), None)) is not None:
            return media, {"body": kind, "headers": {"Content-Type": plain[media]}}
    return None
