"""OAuth 2.0: `/{workspace}/oauth2/…`, and the same below `/api/1.0`: tokens, their end, and asking users."""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import unquote_plus

from starlette.datastructures import URLPath
from starlette.routing import BaseRoute, Match, NoMatchFound
from starlette.types import Receive, Scope, Send

from placet.directory.grants import Asked, Client, TokenRefused
from placet.directory.sign_in import parse_basic
from placet.directory.tokens import ACCESS, Issued
from placet.engine import Engine
from placet.errors import NotAuthenticated, PlacetError, TooLarge, TooManyAttempts, Unavailable
from placet.log import get_logger
from placet_api.answers import JSON, Answer, send_answer, to_json
from placet_api.auth import address_of
from placet_api.errors import RETRY_SECONDS, MethodNotAllowed, message_of, status_of
from placet_api.forms import read_members
from placet_api.known import ROUTE
from placet_api.processmaker.answers import empty, error, error_of
from placet_api.processmaker.authorize import AuthorizePage
from placet_api.processmaker.texts import WORKSPACE
from placet_api.tracking import UNMATCHED

log = get_logger("placet.api")

_KEEP_NOT = ((b"cache-control", b"no-store"), (b"pragma", b"no-cache"))
_PLACE = "placet.oauth"


@dataclass(frozen=True, slots=True)
class _Place:
    """What a path leads to: a workspace, and what stands behind `oauth2`."""

    workspace: str
    names: tuple[str, ...]


def _parse(path: str) -> _Place | None:
    segments = path.strip("/").split("/")
    if segments[:2] == ["api", "1.0"]:
        segments = segments[2:]
    if len(segments) not in (3, 4) or segments[1] != "oauth2":
        return None
    return _Place(segments[0], tuple(segments[2:]))


def _route(place: _Place) -> str:
    match place.names:
        case ("token" | "revoke" | "authorize" as name,):
            return f"/{{workspace}}/oauth2/{name}"
        case (_,):
            return "/{workspace}/oauth2/{token}"
        case (_, "expire"):
            return "/{workspace}/oauth2/{token}/expire"
        case _:
            return UNMATCHED


class OAuthService(BaseRoute):
    """Everything below `oauth2`, as one route of an application."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._workspaces = frozenset(engine.settings.workspaces.split(","))
        self._page = AuthorizePage(engine)

    def matches(self, scope: Scope) -> tuple[Match, Scope]:
        if scope["type"] != "http":
            return Match.NONE, {}
        place = _parse(scope["path"].removeprefix(scope.get("root_path", "")))
        return (Match.NONE, {}) if place is None else (Match.FULL, {_PLACE: place, ROUTE: _route(place)})

    def url_path_for(self, name: str, /, **path_params: Any) -> URLPath:
        raise NoMatchFound(name, path_params)

    async def handle(self, scope: Scope, receive: Receive, send: Send) -> None:
        place: _Place = scope[_PLACE]
        if place.workspace not in self._workspaces:
            answer = error(400, WORKSPACE)
        else:
            answer = await self._answer(place.names, scope, receive)
        await send_answer(answer, receive, send, head=scope["method"] == "HEAD")

    async def _answer(self, names: tuple[str, ...], scope: Scope, receive: Receive) -> Answer:
        match names:
            case ("token",):
                return await self._told(self._token, scope, receive)
            case ("revoke",):
                return await self._told(self._revoke, scope, receive)
            case ("authorize",):
                return await self._page.answer(scope, receive)
            case (token,):
                return await self._end(scope, token, "DELETE")
            case (token, "expire"):
                return await self._end(scope, token, "POST")
            case _:
                return error(404)

    # -- tokens ----------------------------------------------------------------------------------

    async def _told(self, handler: Any, scope: Scope, receive: Receive) -> Answer:
        """An answer in the words of OAuth 2.0, whatever goes wrong."""
        try:
            self._require(scope, "POST")
            answer: Answer = await handler(await self._asked(scope, receive))
        except Exception as failure:
            if isinstance(failure, TokenRefused):
                self._engine.refused.token(address_of(scope), failure.message, application=failure.application)
            answer = _refusal(failure)
        return answer

    async def _asked(self, scope: Scope, receive: Receive) -> Asked:
        headers = dict(scope["headers"])
        members = await read_members(receive, headers, self._engine.settings.body_limit)
        return Asked(members, _client(scope, members), address_of(scope))

    async def _token(self, asked: Asked) -> Answer:
        return _issued(await self._engine.oauth.grants.answer(asked))

    async def _revoke(self, asked: Asked) -> Answer:
        """RFC 7009: the answer tells nothing of whether there was such a token."""
        application = await self._engine.oauth.grants.proven_client(asked)
        token = asked.get("token")
        if not token:
            raise TokenRefused("invalid_request", 'Missing parameter: "token" is required')
        await self._engine.oauth.tokens.revoke(application.id, token, asked.address)
        return Answer(200, headers=_KEEP_NOT)

    async def _end(self, scope: Scope, token: str, method: str) -> Answer:
        """Who has a token may end it."""
        try:
            self._require(scope, method)
            held, address = self._engine.oauth.tokens, address_of(scope)
            ended = await (held.remove(token, address) if method == "DELETE" else held.expire(token, address))
        except Exception as failure:
            return error_of(failure)
        if ended:
            return empty()
        return error(400, f'The row "{token[:64]}" in table OAUTH_ACCESS_TOKENS doesn\'t exist!')

    def _require(self, scope: Scope, method: str) -> None:
        if not self._engine.is_open:
            raise Unavailable("The engine is not open yet, or is stopping; try again in a moment.")
        if scope["method"] != method:
            raise MethodNotAllowed(scope["method"], scope["path"][:200], (method,))


def _client(scope: Scope, members: Mapping[str, str]) -> Client:
    """What an application says of itself, in the header or in the body; in both only if it is the same."""
    said = [value.decode("latin-1") for name, value in scope["headers"] if name == b"authorization"]
    in_body = Client(members.get("client_id") or None, members.get("client_secret") or None)
    if not said or said[0][:6].lower() != "basic ":
        return in_body
    if len(said) > 1:
        raise TokenRefused("invalid_request", "The request has more than one Authorization header")
    try:
        name, secret = parse_basic(said[0])
    except NotAuthenticated:
        raise TokenRefused("invalid_client", "The client credentials are invalid") from None
    in_header = Client(unquote_plus(name), unquote_plus(secret))
    if in_body.id not in (None, in_header.id) or in_body.secret not in (None, in_header.secret):
        raise TokenRefused("invalid_request", "The client credentials in the body are not those in the header")
    return in_header


def _issued(issued: Issued) -> Answer:
    body: dict[str, Any] = {
        "access_token": issued.access_token,
        "expires_in": int(ACCESS.total_seconds()),
        "token_type": "bearer",
        "scope": issued.scope,
    }
    if issued.refresh_token is not None:
        body["refresh_token"] = issued.refresh_token
    return Answer(200, to_json(body), (JSON, *_KEEP_NOT))


def _refusal(failure: Exception) -> Answer:
    """What an application is told; a failure that nobody foresaw is logged under a number, and only that is told."""
    headers: list[tuple[bytes, bytes]] = []
    match failure:
        case TokenRefused():
            status, word, text = 400, failure.error, failure.message
        case TooManyAttempts():
            status, word, text = 429, "temporarily_unavailable", failure.message
            headers.append((b"retry-after", str(failure.retry_after).encode()))
        case Unavailable():
            status, word, text = 503, "temporarily_unavailable", message_of(failure)
            headers.append((b"retry-after", str(RETRY_SECONDS).encode()))
        case MethodNotAllowed():
            status, word, text = 405, "invalid_request", failure.message
            headers.append((b"allow", failure.allowed.encode()))
        case PlacetError():
            status, word, text = status_of(failure), "invalid_request", message_of(failure)
            if isinstance(failure, TooLarge):
                headers.append((b"connection", b"close"))  # what is left of the body is not read
        case _:
            number = secrets.token_hex(4)
            log.error("a request failed", incident=number, exc_info=failure)
            status, word = 500, "server_error"
            text = f"The server failed on this request; its log has the reason as {number}."
    body = {"error": word, "error_description": text}
    if isinstance(failure, TokenRefused) and failure.uri:
        body["error_uri"] = failure.uri
    return Answer(status, to_json(body), (JSON, *_KEEP_NOT, *headers))
