"""`/openapi.json` and `/docs`: made once for each place that the application is mounted at."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from hashlib import sha256
from urllib.parse import quote

import orjson
from starlette.requests import Request

from placet_api.answers import JSON, Answer, Headers
from placet_api.openapi.document import document
from placet_api.openapi.page import CONTENT_SECURITY_POLICY, page
from placet_api.openapi.services import SERVICES
from placet_api.params import tag_is_among

_HTML: Headers = (
    (b"content-type", b"text/html; charset=utf-8"),
    (b"content-security-policy", CONTENT_SECURITY_POLICY.encode()),
    (b"referrer-policy", b"no-referrer"),
    (b"x-content-type-options", b"nosniff"),
)
_KEEP = (b"cache-control", b"no-cache")  # kept, and asked for again with its tag
_MOUNT_POINTS = 16


def openapi_json(request: Request) -> Answer:
    return _kept(request, _document(_root(request)), (JSON,))


def docs(request: Request) -> Answer:
    return _kept(request, _page(_root(request)), _HTML)


def _root(request: Request) -> str:
    return quote(request.scope.get("root_path", ""))


@lru_cache(maxsize=_MOUNT_POINTS)
def _document(root: str) -> tuple[bytes, str]:
    return _tagged(orjson.dumps(document(SERVICES, root)))


@lru_cache(maxsize=_MOUNT_POINTS)
def _page(root: str) -> tuple[bytes, str]:
    return _tagged(page(document(SERVICES, root)).encode())


def _tagged(body: bytes) -> tuple[bytes, str]:
    return body, sha256(body).hexdigest()[:32]


def _kept(request: Request, made: tuple[bytes, str], headers: Headers) -> Answer:
    body, tag = made
    kept: Sequence[tuple[bytes, bytes]] = ((b"etag", f'"{tag}"'.encode()), _KEEP)
    if tag_is_among(tag, request.headers.get("if-none-match", "")):
        return Answer(304, headers=kept)
    return Answer(200, body, (*headers, *kept))
