"""Request bodies: read up to a limit, and taken as one JSON object."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import orjson
from starlette.types import Receive

from placet.errors import InvalidInput, TooLarge
from placet_api.errors import UnsupportedEncoding, UnsupportedMediaType

_DRAINED = 16  # times the limit: so much is read and dropped, for clients that read no answer before they have sent all


async def read_object(receive: Receive, headers: Mapping[bytes, bytes], limit: int) -> dict[str, Any]:
    """The JSON object that a request brings; raises `TooLarge`, `UnsupportedMediaType` or `InvalidInput`."""
    _require_plain(headers.get(b"content-encoding"))
    _require_json(headers.get(b"content-type"))
    body = await read_bytes(receive, headers, limit)
    if not body:
        raise InvalidInput("The body is empty; send a JSON object.")
    try:
        value = orjson.loads(body)
    except orjson.JSONDecodeError as fault:
        _require_utf8(body)
        raise InvalidInput(f"The body is not JSON: {fault}.") from None
    if not isinstance(value, dict):
        raise InvalidInput(f"The body is {name_of(value)}; send a JSON object.")
    return value


async def read_bytes(receive: Receive, headers: Mapping[bytes, bytes], limit: int) -> bytes:
    """The body of a request as it was sent; raises `TooLarge`, and `UnsupportedEncoding` for a compressed one."""
    _require_plain(headers.get(b"content-encoding"))
    _require_fitting(headers.get(b"content-length"), limit)
    return await _read(receive, limit)


def _require_plain(encoding: bytes | None) -> None:
    if encoding is not None and encoding.strip().lower() not in (b"", b"identity"):
        given = encoding.decode("latin-1")[:60]
        raise UnsupportedEncoding(f"The body has the content encoding {given!r}; send it as it is, without one.")


def _require_utf8(body: bytes) -> None:
    """Say where a body stops being UTF-8; the parser speaks of surrogates there, and of its first character."""
    try:
        body.decode()
    except UnicodeDecodeError as fault:
        found = body[fault.start]
        raise InvalidInput(
            f"The body is not UTF-8: the byte 0x{found:02X} at offset {fault.start:,} fits nothing there; "
            "send JSON in UTF-8."
        ) from None


def _require_json(content_type: bytes | None) -> None:
    if content_type is None or content_type == b"application/json":
        return
    kind, *parameters = (part.strip().lower() for part in content_type.decode("latin-1").split(";"))
    if kind != "application/json" and not (kind.startswith("application/") and kind.endswith("+json")):
        raise UnsupportedMediaType(f"The body has the content type {kind[:60]!r}; send application/json.")
    for parameter in parameters:
        name, _, value = parameter.partition("=")
        if name == "charset" and value.strip('"') not in ("utf-8", "utf8", "us-ascii"):
            raise UnsupportedMediaType(f"The body has the charset {value[:40]!r}; JSON is sent in UTF-8.")


def _require_fitting(length: bytes | None, limit: int) -> None:
    """Refuse at once what is announced as more than would ever be read."""
    if length is not None and length.isdigit() and int(length[:20]) > limit * _DRAINED:
        raise _too_large(limit)


def _too_large(limit: int) -> TooLarge:
    return TooLarge(f"The body is larger than {limit:,} bytes; send a smaller one.")


async def _read(receive: Receive, limit: int) -> bytes:
    message = await receive()
    parts, size = [message.get("body", b"")], len(message.get("body", b""))
    while message.get("more_body") and size <= limit * _DRAINED:
        message = await receive()
        if message["type"] == "http.disconnect":
            raise InvalidInput("The body broke off; send all of it.")
        size += len(message.get("body", b""))
        if size <= limit:
            parts.append(message.get("body", b""))
    if size > limit:
        raise _too_large(limit)
    return b"".join(parts)


# -- members of an object ------------------------------------------------------------------------


def name_of(value: Any) -> str:
    """What a JSON value is called."""
    match value:
        case None:
            return "null"
        case bool():
            return "a boolean"
        case int() | float():
            return "a number"
        case str():
            return "a text"
        case list():
            return "an array"
        case _:
            return "an object"


def text_of(body: Mapping[str, Any], name: str) -> str | None:
    """A member that is a text; None where it is absent, null or empty."""
    value = body.get(name)
    if value is None or isinstance(value, str):
        return value or None
    raise InvalidInput(f"{name} is {name_of(value)}; give a text.")


def list_of(body: Mapping[str, Any], name: str) -> list[dict[str, Any]]:
    """A member that is an array of objects; empty where it is absent or null."""
    value = body.get(name)
    if value is None:
        return []
    if not isinstance(value, list):
        raise InvalidInput(f"{name} is {name_of(value)}; give an array of objects.")
    for place, each in enumerate(value, 1):
        if not isinstance(each, dict):
            raise InvalidInput(f"{name}: entry {place} is {name_of(each)}; give an object.")
    return value


def flag_of(body: Mapping[str, Any], name: str) -> bool | None:
    """A member that is true or false; None where it is absent or null."""
    value = body.get(name)
    if value is None or isinstance(value, bool):
        return value
    raise InvalidInput(f"{name} is {name_of(value)}; give true or false.")


def person_of(body: Mapping[str, Any], name: str) -> str | None:
    """A member that names a person: a DN or user name, or an object whose `DN` is one."""
    value = body.get(name)
    return text_of(value, "DN") if isinstance(value, dict) else text_of(body, name)
