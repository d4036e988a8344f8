"""Sessions in requests: their secret in a header of its own, or in a cookie that a browser sends by itself."""

from __future__ import annotations

from collections.abc import Mapping
from urllib.parse import quote

from starlette.types import Scope

from placet.core.people import Person
from placet.directory.sessions import Session
from placet.engine import Engine
from placet.errors import NotAllowed
from placet_api.known import ACTOR, STAMP

HEADER = b"restsessionsecret"
COOKIE = "placet_session"
#: What a page sends along when it looks by itself, with nobody before it.
QUIET = b"placet-quiet"
STREAM = b"text/event-stream"
_PREFIX = f"{COOKIE}=".encode()
_READING = frozenset({"GET", "HEAD", "OPTIONS"})


class SessionScheme:
    """The secret of a session, in the header `RESTSessionSecret` or in the cookie."""

    async def person(self, engine: Engine, scope: Scope, headers: Mapping[bytes, bytes]) -> Person | None:
        session = await session_of(engine, headers)
        if session is None:
            return None
        scope[ACTOR], scope[STAMP] = session.person, session.stamp
        if HEADER not in headers:
            require_own_page(scope, headers)
        return session.person


async def session_of(engine: Engine, headers: Mapping[bytes, bytes]) -> Session | None:
    """The session that a request names, if it names one; raises `NotAuthenticated` where that has ended."""
    secret = headers[HEADER] if HEADER in headers else _in_cookie(headers.get(b"cookie", b""))
    if secret is None:
        return None
    text, is_use = secret.decode("latin-1").strip(), _is_use(headers)
    return engine.sessions.cached(text, is_use=is_use) or await engine.sessions.find(text, is_use=is_use)


def _is_use(headers: Mapping[bytes, bytes]) -> bool:
    """Whether a session lasts on for a request: not for what an open page does by itself, streams among it."""
    return QUIET not in headers and not headers.get(b"accept", b"").startswith(STREAM)


def require_own_page(scope: Scope, headers: Mapping[bytes, bytes], *, by_browser: bool = True) -> None:
    """Refuse what changes something and was not sent by a page of this server.

    A browser adds the cookie also to what another site's page sends. With `by_browser` the request is refused as well
    where nothing in it tells who sent it.
    """
    if scope["method"] in _READING:
        return
    site, origin = headers.get(b"sec-fetch-site"), headers.get(b"origin")
    if site is not None:
        is_own = site in (b"same-origin", b"none")
    elif origin is not None:
        is_own = origin.partition(b"://")[2].lower() == headers.get(b"host", b"").lower() != b""
    else:
        is_own = not by_browser
    if not is_own:
        raise NotAllowed(
            "This was not sent by a page of this server, as far as Sec-Fetch-Site and Origin tell, and a cookie counts "
            "for those only; send the session's secret as RESTSessionSecret instead."
        )


def cookie(scope: Scope, secret: str, seconds: int) -> tuple[bytes, bytes]:
    """The header that keeps a secret in the browser for so long; none, and no time, forgets it."""
    path = quote(scope.get("root_path", "")) or "/"
    secure = "; Secure" if scope.get("scheme") == "https" else ""
    text = f"{COOKIE}={secret}; Path={path}; Max-Age={seconds}; HttpOnly; SameSite=Strict{secure}"
    return b"set-cookie", text.encode("latin-1")


def _in_cookie(header: bytes) -> bytes | None:
    if _PREFIX not in header:
        return None
    for part in header.split(b";"):
        if part.strip().startswith(_PREFIX):
            return part.strip()[len(_PREFIX) :].strip(b'"')
    return None
