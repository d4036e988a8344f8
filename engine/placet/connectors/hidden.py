"""What a request or an answer looks like to people: every secret in it is three stars."""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import quote, quote_plus

import httpx2

STARS = "***"
_SHORTEST = 4  # shorter ones stand in too many harmless words; names give them away all the same
_LONGEST = 4_000  # characters of a body that are shown
_SECRET_NAME = re.compile(
    r"pass(word|wd|phrase)|secret|token|api[-_]?key|assertion|authori[sz]ation$|verifier|credential|cookie|session"
    r"|private[-_]?key|signature|^(pwd|sig)$",
    re.IGNORECASE,
)
_LIKELY_NAME = re.compile(r"code|key|auth", re.IGNORECASE)  # of a long text; a short one is the code of a fault
_LIKELY_LENGTH = 8
_PLAIN_NAME = re.compile(r"token_?type|expires|_uri$|endpoint", re.IGNORECASE)
_PART = re.compile(r'(name="([^"]*)"\r\n(?:[^\r\n]+\r\n)*\r\n)(.*?)(?=\r\n--)', re.DOTALL)


@dataclass(frozen=True, slots=True)
class ShownRequest:
    """A request with its secrets hidden; `body` is None where there is none."""

    method: str
    url: str
    headers: Mapping[str, str]
    body: str | None


@dataclass(frozen=True, slots=True)
class Hider:
    """Hides these secrets wherever they stand, and what stands under a name that tells of one."""

    secrets: Iterable[str] = field(default=(), repr=False)
    names: frozenset[str] = frozenset()  # further names, in lower case

    def text(self, text: str) -> str:
        """A text without the secrets, in whichever way they are written."""
        for secret in sorted(set(self.secrets), key=len, reverse=True):  # one may be a part of another
            if len(secret) >= _SHORTEST:
                for spelled in _spellings(secret):
                    text = text.replace(spelled, STARS)
        return text

    def value(self, value: Any, *, by_name: bool = True) -> Any:
        """A JSON value without the secrets; `by_name` also without what stands under a name that tells of one."""
        if isinstance(value, str):
            return self.text(value)
        if isinstance(value, Mapping):
            hide = self._named if by_name else self._unnamed
            return {self.text(str(name)): hide(str(name), each) for name, each in value.items()}
        return [self.value(each, by_name=by_name) for each in value] if isinstance(value, list) else value

    def request(self, request: httpx2.Request) -> ShownRequest:
        """A request as it may be shown."""
        headers = {name: self._named(name, value) for name, value in request.headers.items()}
        query = [f"{quote(k)}={quote(str(self._named(k, v)), safe='*')}" for k, v in request.url.params.multi_items()]
        url = str(request.url.copy_with(query=None))
        shown = self.text(f"{url}?{'&'.join(query)}" if query else url)
        body = self._body(request.content, request.headers.get("content-type", "")) if request.content else None
        return ShownRequest(request.method, shown, headers, body)

    def _named(self, name: str, value: Any) -> Any:
        lower = name.lower()
        if value in (None, "", True, False) or _PLAIN_NAME.search(name):
            return value
        is_likely = isinstance(value, str) and len(value) >= _LIKELY_LENGTH and _LIKELY_NAME.fullmatch(lower)
        if lower in self.names or is_likely or _SECRET_NAME.search(lower):
            return STARS
        return self.value(value)

    def _unnamed(self, name: str, value: Any) -> Any:
        return self.value(value, by_name=False)

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
        return text if len(text) <= _LONGEST else f"{text[:_LONGEST]}…"


def _spellings(secret: str) -> list[str]:
    """A secret as it is, in JSON, in a URL, in a form, and as Basic and Bearer are sent."""
    encoded = base64.b64encode(secret.encode()).decode()
    spelled = {secret, json.dumps(secret)[1:-1], json.dumps(secret, ensure_ascii=False)[1:-1], quote(secret, safe="")}
    return sorted({*spelled, quote_plus(secret), quote(secret), encoded}, key=len, reverse=True)
