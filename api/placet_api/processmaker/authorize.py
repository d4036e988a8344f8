"""`oauth2/authorize`: an application sends a user here; he signs in, and allows it to act for him or does not.

What a page asks is answered by a form that carries a ticket: signed, for one browser, one request and whoever has
signed in. Programs that say in a header who is asking need none.
"""

from __future__ import annotations

import hmac
import re
import secrets
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from hashlib import sha256

from starlette.types import Receive, Scope

from placet.core.people import Person
from placet.directory.authorizations import AuthorizationRequest
from placet.engine import Engine
from placet.errors import InvalidInput, NotAuthenticated, TooManyAttempts, Unavailable
from placet_api.answers import Answer
from placet_api.auth import SCHEMES, Scheme, address_of, admit, authenticate
from placet_api.bearer import BearerScheme
from placet_api.errors import MethodNotAllowed, fault_of
from placet_api.forms import parse_form, read_members
from placet_api.processmaker.consent import consent_page, fault_page, sign_in_page
from placet_api.sessions import HEADER, require_own_page

_COOKIE = b"placet_authorize"
_LASTS = timedelta(minutes=10)  # a page that was left open longer is asked anew
_BROWSER = re.compile(rb"[A-Za-z0-9_-]{22}")
_SAID = (b"authorization", b"restauthorization", HEADER)
#: How somebody may say who he is: a token may not, or it could ask for one that is allowed more than itself.
_SCHEMES: Sequence[Scheme] = [each for each in SCHEMES if not isinstance(each, BearerScheme)]


class AuthorizePage:
    """The page, and what its forms send."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    async def answer(self, scope: Scope, receive: Receive) -> Answer:
        """A page, or a way back to the application."""
        try:
            return await self._answer(scope, receive)
        except Exception as failure:
            told = fault_of(failure)
            headers = [each for each in told.headers if each[0] in (b"allow", b"retry-after")]
            return fault_page(_text_of(failure), told.status, headers)

    async def _answer(self, scope: Scope, receive: Receive) -> Answer:
        if not self._engine.is_open:
            raise Unavailable("The engine is not open yet, or is stopping; try again in a moment.")
        if scope["method"] not in ("GET", "HEAD", "POST"):
            raise MethodNotAllowed(scope["method"], scope["path"][:200], ("GET", "HEAD", "POST"))
        request = await self._engine.oauth.authorizations.read(_members(scope))
        if request.error is not None:
            return _to(request.refused(*request.error))
        headers = dict(scope["headers"])
        if scope["method"] != "POST":
            return await self._asked(request, scope, headers)
        form = await read_members(receive, headers, self._engine.settings.body_limit)
        if any(name in headers for name in _SAID):
            require_own_page(scope, headers, by_browser=False)
            return await self._decided(request, await self._known(scope, headers), form, scope)
        return await self._answered(request, form, scope, headers)

    async def _asked(self, request: AuthorizationRequest, scope: Scope, headers: Mapping[bytes, bytes]) -> Answer:
        """The first page: who are you, or what do you allow."""
        browser = _browser(headers)
        try:
            person = await self._known(scope, headers)
        except NotAuthenticated:
            return _kept(scope, browser, sign_in_page(request, self._ticket(scope, browser, "")))
        return await self._consent(request, person, scope, browser)

    async def _consent(self, request: AuthorizationRequest, person: Person, scope: Scope, browser: bytes) -> Answer:
        owner = self._engine.directory.user(request.application.owner)
        ticket = self._ticket(scope, browser, person.dn)
        return _kept(scope, browser, consent_page(request, person, owner.full_name if owner else "nobody", ticket))

    async def _answered(
        self, request: AuthorizationRequest, form: Mapping[str, str], scope: Scope, headers: Mapping[bytes, bytes]
    ) -> Answer:
        """What the form of one of the pages leads to."""
        browser = _browser(headers)
        dn = self._dn(form.get("ticket", ""), scope, browser)
        if dn is None:
            trouble = "This page was left open too long, or cookies are switched off; sign in again."
            return _kept(scope, browser, sign_in_page(request, self._ticket(scope, browser, ""), trouble, 403))
        if dn:
            return await self._decided(request, await admit(self._engine, scope, Person(dn, "")), form, scope)
        if "cancel" in form:
            return _to(request.refused("access_denied", "The user did not sign in"))
        try:
            user, password = form.get("user", "").strip(), form.get("password", "")
            signed_in = await self._engine.sign_in.person(user, password, address_of(scope))
            person = await admit(self._engine, scope, signed_in)
        except TooManyAttempts:
            raise
        except NotAuthenticated as failure:
            ticket = self._ticket(scope, browser, "")
            return _kept(scope, browser, sign_in_page(request, ticket, failure.message, 401))
        return await self._consent(request, person, scope, browser)

    async def _decided(
        self, request: AuthorizationRequest, person: Person, form: Mapping[str, str], scope: Scope
    ) -> Answer:
        if not form.get("allow"):
            return _to(request.refused("access_denied", "The user denied the request"))
        return _to(await self._engine.oauth.authorizations.allow(request, person, address_of(scope)))

    async def _known(self, scope: Scope, headers: Mapping[bytes, bytes]) -> Person:
        """Who is asking, by a header or by a session."""
        return await authenticate(self._engine, scope, headers, _SCHEMES)

    # -- tickets ---------------------------------------------------------------------------------

    def _ticket(self, scope: Scope, browser: bytes, dn: str) -> str:
        """A ticket for one browser and one request, in the name of a DN or (empty) of nobody yet."""
        until = str(int((self._engine.clock.now() + _LASTS).timestamp()))
        body = f"{until} {dn}".encode()
        return f"{_text(body)}.{_text(self._signature(scope, browser, body))}"

    def _dn(self, ticket: str, scope: Scope, browser: bytes) -> str | None:
        """In whose name a ticket is; None where it is none of ours, or too old."""
        try:
            body, signature = (urlsafe_b64decode(part + "=" * (-len(part) % 4)) for part in ticket.split("."))
        except ValueError:
            return None
        if not hmac.compare_digest(signature, self._signature(scope, browser, body)):
            return None
        until, _, dn = body.decode().partition(" ")
        is_old = self._engine.clock.now() > datetime.fromtimestamp(int(until), self._engine.clock.now().tzinfo)
        return None if is_old else dn

    def _signature(self, scope: Scope, browser: bytes, body: bytes) -> bytes:
        message = sha256(scope["query_string"]).digest() + browser + b" " + body
        return self._engine.vault.sign(message, purpose="authorize")


def _members(scope: Scope) -> dict[str, str]:
    pairs = parse_form(scope["query_string"])
    members = dict(pairs)
    if len(members) < len(pairs):
        raise InvalidInput("The address of this page has a parameter twice; ask whoever runs the application.")
    return members


def _browser(headers: Mapping[bytes, bytes]) -> bytes:
    """The number that this browser was given, or a new one."""
    for part in headers.get(b"cookie", b"").split(b";"):
        name, _, value = part.strip().partition(b"=")
        if name == _COOKIE and _BROWSER.fullmatch(value):
            return value
    return secrets.token_urlsafe(16).encode()


def _kept(scope: Scope, browser: bytes, page: Answer) -> Answer:
    """A page with the cookie that its form is compared with."""
    secure = b"; Secure" if scope.get("scheme") == "https" else b""
    path = scope["path"].encode("ascii", "replace")
    text = b"%s=%s; Path=%s; Max-Age=%d; HttpOnly; SameSite=Lax%s" % (
        _COOKIE, browser, path, _LASTS.total_seconds(), secure,
    )  # fmt: skip
    return Answer(page.status, page.body, (*page.headers, (b"set-cookie", text)))


def _to(address: str) -> Answer:
    no_store = (b"cache-control", b"no-store")
    return Answer(302, headers=((b"location", address.encode("ascii")), no_store, (b"referrer-policy", b"no-referrer")))


def _text(raw: bytes) -> str:
    return urlsafe_b64encode(raw).decode().rstrip("=")


def _text_of(failure: Exception) -> str:
    return str(getattr(failure, "message", "")) or "The server failed on this request; its log has the reason."
