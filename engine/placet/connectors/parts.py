"""Files as the parts of a body: what is given for one, and what is sent."""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Iterator
from typing import Any

_TYPE = re.compile(r"[\w!#$&^.+-]+/[\w!#$&^.+-]+(;\s*charset=[\w-]+)?", re.ASCII)
_KEYS = frozenset({"content", "name", "type"})
_ANY_TYPE = "application/octet-stream"


def is_file(value: Any) -> bool:
    """Whether a value gives files: base64, an object with it as `content` and maybe a `name` and `type`, or a list."""
    return all(_is_one(each) for each in value) if isinstance(value, list) else _is_one(value)


def files_of(parameter: str, value: Any) -> Iterator[tuple[str, tuple[str, bytes, str]]]:
    """The parts of a parameter, each with the file's name, content and media type."""
    for each in value if isinstance(value, list) else [value]:
        given = each if isinstance(each, dict) else {"content": each}
        content = base64.b64decode(given["content"], validate=True)
        yield parameter, (given.get("name") or parameter, content, given.get("type") or _ANY_TYPE)


def _is_one(value: Any) -> bool:
    if isinstance(value, str):
        return _is_base64(value)
    if not isinstance(value, dict) or not value.keys() <= _KEYS or not _is_base64(value.get("content")):
        return False
    name, kind = value.get("name") or "file", value.get("type") or _ANY_TYPE
    is_named = isinstance(name, str) and name.isprintable() and len(name) <= 255
    return is_named and isinstance(kind, str) and _TYPE.fullmatch(kind) is not None


def _is_base64(value: Any) -> bool:
    if not isinstance(value, str):
        return False
    try:
        base64.b64decode(value, validate=True)
    except (binascii.Error, ValueError):
        return False
    return True
