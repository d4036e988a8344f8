"""Access tokens in requests: as `Authorization: Bearer`, and for clients of `/api/1.0` as a parameter too."""

from __future__ import annotations

from collections.abc import Mapping
from urllib.parse import parse_qs

from starlette.types import Scope

from placet.core.people import Person
from placet.directory.scopes import may_write
from placet.engine import Engine
from placet.errors import NotAllowed, NotAuthenticated
from placet_api.errors import InvalidToken

FORM_TOKEN = "placet.form_token"  # noqa: S105  # where a scope has the access_token of a form that was posted
_VIEWING = "placet.viewing"  # where it has the scope of a token that may only view
_AUTHORIZATION, _REST_AUTHORIZATION = b"authorization", b"restauthorization"
_PROCESSMAKER = "/api/1.0/"
_TWICE = "The request says more than once who is asking; send one access token and nothing else."
_WORD = b"bearer"
_PARAMETER = b"access_token"
_READING = frozenset({"GET", "HEAD", "OPTIONS"})


class BearerScheme:
    """One access token, given in one place.

    A token that may only view reads workflow and what `/api/1.0` shows, and changes nothing.
    """

    async def person(self, engine: Engine, scope: Scope, headers: Mapping[bytes, bytes]) -> Person | None:
        token = _token(scope, headers, of_processmaker=_path(scope).startswith(_PROCESSMAKER))
        if token is None:
            return None
        try:
            holder = engine.oauth.tokens.cached(token) or await engine.oauth.tokens.holder(token)
        except NotAuthenticated as failure:
            raise InvalidToken(failure.message) from None
        if not may_write(holder.scope):
            scope[_VIEWING] = holder.scope
        return Person(holder.dn, "")


def require_scope(scope: Scope) -> None:
    """Refuse what the access token of a request is not for, once it is known who asks."""
    if _VIEWING in scope and not _only_views(scope["method"], _path(scope)):
        raise NotAllowed(
            f"The scope of this access token, {scope[_VIEWING]}, is for reading workflow and people alone; "
            "ask for edit_processes."
        )


def require_none_of_processmaker(scope: Scope) -> None:
    """Refuse a request to `/api/1.0` that names two, in the way of that service."""
    if _path(scope).startswith(_PROCESSMAKER):
        raise InvalidToken(_TWICE)


def _token(scope: Scope, headers: Mapping[bytes, bytes], *, of_processmaker: bool) -> str | None:
    """The one access token of a request; refuses more than one, and other credentials beside it."""
    said = headers.get(_AUTHORIZATION)
    found = _in_header(said) if said is not None else []
    others = (said is not None and not found) or _REST_AUTHORIZATION in headers
    if of_processmaker:
        found += _in_parameters(scope)
    if len(found) > 1 or (found and others):
        raise InvalidToken(_TWICE)
    return found[0] if found else None


def _in_header(value: bytes) -> list[str]:
    word, _, token = value.partition(b" ")
    return [token.strip().decode("latin-1")] if word.lower() == _WORD else []


def _in_parameters(scope: Scope) -> list[str]:
    query: bytes = scope["query_string"]
    given = parse_qs(query.decode("latin-1"), keep_blank_values=True) if _PARAMETER in query else {}
    in_form = [scope[FORM_TOKEN]] if FORM_TOKEN in scope else []
    return [*given.get(_PARAMETER.decode(), []), *in_form]


def _only_views(method: str, path: str) -> bool:
    below = path.removeprefix("/RIS").removeprefix("/v1")
    readable = path.startswith(_PROCESSMAKER) or below in ("", "/") or below.startswith(("/wf/", ";"))
    return method in _READING and readable


def _path(scope: Scope) -> str:
    """The path below where the application is mounted."""
    path: str = scope["path"]
    return path.removeprefix(scope.get("root_path", ""))
