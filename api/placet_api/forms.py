"""Bodies that are a flat list of named texts, as JSON, as a form, or as a form in parts."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Iterable, Mapping
from typing import Any
from urllib.parse import parse_qsl

import orjson
from starlette.datastructures import Headers
from starlette.formparsers import MultiPartException, MultiPartParser
from starlette.types import Receive

from placet.errors import InvalidInput
from placet_api.body import name_of, read_bytes

_FORM, _PARTS, _JSON = "application/x-www-form-urlencoded", "multipart/form-data", "application/json"
_MOST_MEMBERS = 100


async def read_members(receive: Receive, headers: Mapping[bytes, bytes], limit: int) -> dict[str, str]:
    """The members of a body, of which each may be given once; none where there is no body.

    Raises `InvalidInput` for what cannot be read, `TooLarge` and `UnsupportedEncoding`.
    """
    body = await read_bytes(receive, headers, limit)
    if not body.strip():
        return {}
    content_type = headers.get(b"content-type", b"").decode("latin-1")
    match content_type.partition(";")[0].strip().lower():
        case kind if kind == _FORM:
            pairs = parse_form(body)
        case kind if kind == _PARTS:
            pairs = await _parse_parts(body, content_type, limit)
        case kind if kind == _JSON or not kind:
            pairs = _parse_json(body)
        case kind:
            raise InvalidInput(f"The content type {kind[:60]!r} is not read; send {_FORM}, {_PARTS} or {_JSON}.")
    return _once(pairs)


def parse_form(text: bytes) -> list[tuple[str, str]]:
    """The pairs of a form or of a query string."""
    try:
        return parse_qsl(text.decode("ascii"), keep_blank_values=True, errors="strict", max_num_fields=_MOST_MEMBERS)
    except UnicodeDecodeError:
        raise InvalidInput("The form is not UTF-8; write other characters as %XX of their UTF-8.") from None
    except ValueError:
        raise InvalidInput(f"The form has too many members; at most {_MOST_MEMBERS} are read.") from None


async def _parse_parts(body: bytes, content_type: str, limit: int) -> list[tuple[str, str]]:
    async def stream() -> AsyncGenerator[bytes, None]:
        yield body

    parser = MultiPartParser(
        Headers({"content-type": content_type}), stream(), max_files=0, max_fields=_MOST_MEMBERS, max_part_size=limit
    )
    try:
        form = await parser.parse()
    except (MultiPartException, KeyError, LookupError, UnicodeDecodeError):
        raise InvalidInput("The parts of the form cannot be read; send texts, parted as RFC 7578 says.") from None
    return [(name, value) for name, value in form.multi_items() if isinstance(value, str)]


def _parse_json(body: bytes) -> list[tuple[str, str]]:
    try:
        value: Any = orjson.loads(body)
    except orjson.JSONDecodeError:
        raise InvalidInput("Error parsing JSON, malformed JSON") from None
    if not isinstance(value, dict):
        raise InvalidInput(f"The body is {name_of(value)}; send an object.")
    for name, each in value.items():
        if each is not None and not isinstance(each, str):
            raise InvalidInput(f"{name[:60]} is {name_of(each)}; give a text.")
    return [(name, each) for name, each in value.items() if each is not None]


def _once(pairs: Iterable[tuple[str, str]]) -> dict[str, str]:
    found: dict[str, str] = {}
    for name, value in pairs:
        if name in found:
            raise InvalidInput(f"{name[:60]} is given more than once; give it once.")
        found[name] = value
    return found
