"""One request to this service, as its handlers see it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qsl

import orjson
from starlette.types import Receive

from placet.core.people import Person
from placet.directory.caller import Caller
from placet.directory.database import Database
from placet.engine import Engine
from placet.errors import InvalidInput
from placet.query.storable import unstorable_in
from placet_api.body import name_of, read_bytes
from placet_api.errors import UnsupportedMediaType
from placet_api.processmaker import texts

_JSON, _FORM = "application/json", "application/x-www-form-urlencoded"
_MOST_PARAMETERS = 200
_LONGEST_FILTER = 255  # characters, as of what it is looked for in


@dataclass(frozen=True, slots=True)
class Request:
    """Who asks for what; `path` has the uids of the path by their names, `body` its members in lower case."""

    engine: Engine
    actor: Person
    address: str
    path: Mapping[str, str]
    query: Mapping[str, str]
    body: Mapping[str, Any]

    @property
    def database(self) -> Database:
        return self.engine.store

    @property
    def caller(self) -> Caller:
        return Caller(self.actor, self.engine.directory, self.engine.clock.now(), self.address)

    def text(self, name: str = "filter") -> str:
        """What a list is filtered by; empty where nothing is asked for."""
        text = self.query.get(name, "").strip()
        if len(text) > _LONGEST_FILTER:
            raise InvalidInput(texts.TOO_LONG.format(name, len(text), _LONGEST_FILTER))
        if unstorable_in(text):
            raise InvalidInput(texts.CONTROL.format(name))
        return text

    def check_uids(self) -> None:
        """Refuse a uid in the path that has not exactly 32 characters."""
        for name, value in self.path.items():
            if not value:
                raise InvalidInput(texts.MISSING.format(name))
            if len(value) != 32:
                raise InvalidInput((texts.SHORT if len(value) < 32 else texts.LONG).format(name))


async def read_body(receive: Receive, headers: Mapping[bytes, bytes], limit: int) -> dict[str, Any]:
    """The members of a JSON object or a form, in lower case; a body without anything has none.

    Raises `UnsupportedMediaType` for another content type, `TooLarge`, and `InvalidInput` for what cannot be read.
    """
    kind = headers.get(b"content-type", b"").decode("latin-1").partition(";")[0].strip().lower()
    if kind not in ("", _JSON, _FORM):
        raise UnsupportedMediaType(texts.CONTENT_TYPE.format(kind[:60]))
    body = await read_bytes(receive, headers, limit)
    if not body.strip():
        return {}
    members = parse_form(body) if kind == _FORM else _parse_json(body)
    return {name.lower(): value for name, value in members.items()}


def _parse_json(body: bytes) -> dict[str, Any]:
    try:
        value = orjson.loads(body)
    except orjson.JSONDecodeError:
        raise InvalidInput(texts.JSON) from None
    if value == []:  # how PHP writes an object without members
        return {}
    if not isinstance(value, dict):
        raise InvalidInput(f"The body is {name_of(value)}; send a JSON object.")
    return value


def parse_form(text: bytes) -> dict[str, str]:
    """The last value of each name in a query string or a form."""
    try:
        return dict(
            parse_qsl(text.decode("ascii"), keep_blank_values=True, errors="strict", max_num_fields=_MOST_PARAMETERS)
        )
    except UnicodeDecodeError:
        raise InvalidInput("The parameters are not UTF-8; write other characters as %XX of their UTF-8.") from None
    except ValueError:
        raise InvalidInput(f"There are too many parameters; at most {_MOST_PARAMETERS} are read.") from None
