"""What a request or an answer looks like to people: every secret in it is three stars."""

from __future__ import annotations

import base64
import html
import json
import re
from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any
from urllib.parse import quote, quote_plus

import httpx2

STARS = "***"
_SHORTEST = 4  # shorter ones stand in too many harmless words; names give them away all the same
_LONGEST = 4_000  # characters of a request's body that are shown
_MOST = 100_000  # characters of a value that are shown
_OF_EACH = 6  # characters that a value takes besides its own: quotes, commas, brackets
_CUT = "…"
_SECRET_NAME = re.compile(
    r"pass(word|wd|phrase)|secret|token|api[-_]?key|assertion|authori[sz]ation$|verifier|credential|cookie|session"
    r"|private[-_]?key|signature|^(pwd|sig)$",
    re.IGNORECASE,
)
_LIKELY_NAME = re.compile(r"code|key|auth", re.IGNORECASE)  # of a long text; a short one is the code of a fault
_LIKELY_LENGTH = 8
_PLAIN_NAME = re.compile(r"token_?type|expires|_uri$|endpoint", re.IGNORECASE)
_HEX = re.compile("%[0-9A-F]{2}")
_PART = re.compile(r'(name="([^"]*)"\r\n(?:[^\r\n]+\r\n)*\r\n)(.*?)(?=\r\n--)', re.DOTALL)


@dataclass(frozen=True, slots=True)
class ShownRequest:
    """A request with its secrets hidden; `body` is None where there is none."""

    method: str
    url: str
    headers: Mapping[str, str]
    body: str | None


@dataclass(slots=True)
class _Room:
    """How many characters of a value may still be shown."""

    left: int


@dataclass(frozen=True)
class Hider:
    """Hides these secrets wherever they stand, and what stands under a name that tells of one."""

    secrets: Iterable[str] = field(default=(), repr=False)
    names: frozenset[str] = frozenset()  # further names, in lower case

    def text(self, text: str) -> str:
        """A text without the secrets, in whichever way they are written."""
        if len(text) >= _SHORTEST:
            for spelled in self._spelled:
                text = text.replace(spelled, STARS)
        return text

    def beginning(self, text: str, most: int) -> str:
        """The first characters of a text without the secrets, also without the beginning of one at the cut."""
        if len(text) <= most:
            return self.text(text)
        longest = len(self._spelled[0]) if self._spelled else 0
        hidden = self.text(text[: most + longest])
        return hidden[: max(0, min(most, len(hidden) - longest))] + _CUT

    def value(self, value: Any, *, by_name: bool = True, most: int = _MOST) -> Any:
        """A JSON value without the secrets, and of a long one only as much as `most` characters of JSON tell.

        With `by_name` also without what stands under a name that tells of a secret.
        """
        return self._shown(value, by_name, _Room(most))

    def _shown(self, value: Any, by_name: bool, room: _Room) -> Any:
        room.left -= _OF_EACH
        match value:
            case str():
                shown = self.beginning(value, max(0, room.left))
                room.left -= len(shown)
                return shown
            case Mapping():
                return dict(self._members(value, by_name, room))
            case list():
                return list(self._elements(value, by_name, room))
            case _:
                return value

    def _members(self, value: Mapping[Any, Any], by_name: bool, room: _Room) -> Iterator[tuple[str, Any]]:
        for name, each in value.items():
            if room.left <= 0:
                yield _CUT, _CUT
                return
            shown = self.beginning(str(name), room.left)
            room.left -= len(shown)
            yield shown, STARS if by_name and self._is_secret(str(name), each) else self._shown(each, by_name, room)

    def _elements(self, value: list[Any], by_name: bool, room: _Room) -> Iterator[Any]:
        for each in value:
            if room.left <= 0:
                yield _CUT
                return
            yield self._shown(each, by_name, room)

    def request(self, request: httpx2.Request) -> ShownRequest:
        """A request as it may be shown."""
        headers = {name: self._named(name, value) for name, value in request.headers.items()}
        query = [f"{quote(k)}={quote(str(self._named(k, v)), safe='*')}" for k, v in request.url.params.multi_items()]
        url = str(request.url.copy_with(query=None))
        shown = self.text(f"{url}?{'&'.join(query)}" if query else url)
        body = self._body(request.content, request.headers.get("content-type", "")) if request.content else None
        return ShownRequest(request.method, shown, headers, body)

    def _named(self, name: str, value: Any) -> Any:
        return STARS if self._is_secret(name, value) else self.value(value)

    def _is_secret(self, name: str, value: Any) -> bool:
        lower = name.lower()
        if value in (None, "", True, False) or _PLAIN_NAME.search(name):
            return False
        is_likely = isinstance(value, str) and len(value) >= _LIKELY_LENGTH and _LIKELY_NAME.fullmatch(lower)
        return bool(lower in self.names or is_likely or _SECRET_NAME.search(lower))

    def _body(self, content: bytes, content_type: str) -> str:
        text = content.decode("utf-8", "replace")
        if "json" in content_type:
            with suppress(ValueError, RecursionError):
                text = json.dumps(self.value(json.loads(text)), ensure_ascii=False)
        elif "urlencoded" in content_type:
            pairs = httpx2.QueryParams(text).multi_items()
            text = "&".join(f"{quote_plus(k)}={quote_plus(str(self._named(k, v)), safe='*')}" for k, v in pairs)
        elif "multipart" in content_type:
            text = _PART.sub(lambda part: part[1] + str(self._named(part[2], part[3])), text)
        text = self.text(text)
        return text if len(text) <= _LONGEST else text[:_LONGEST] + _CUT

    @cached_property
    def _spelled(self) -> list[str]:
        """The spellings of all secrets, the longest first: one may be a part of another."""
        spelled = {each for secret in set(self.secrets) if len(secret) >= _SHORTEST for each in _spellings(secret)}
        return sorted(spelled, key=len, reverse=True)


def _spellings(secret: str) -> set[str]:
    """A secret as it is, in JSON, in HTML, in a URL, in a form, and as Basic and Bearer are sent."""
    encoded = base64.b64encode(secret.encode("utf-8", "replace")).decode()
    in_json = {json.dumps(secret)[1:-1], json.dumps(secret, ensure_ascii=False)[1:-1]}
    in_json |= {each.replace("/", r"\/") for each in in_json}
    in_url = {quote(secret, safe, errors="replace") for safe in ("", "/")} | {quote_plus(secret, errors="replace")}
    in_url |= {_HEX.sub(lambda found: found[0].lower(), each) for each in in_url}
    in_html = {html.escape(secret), html.escape(secret, quote=False)}
    return {secret, *in_json, *in_html, *in_url, encoded, encoded.rstrip("=")}
