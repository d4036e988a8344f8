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
from datetime import datetime
from hashlib import sha256

from starlette.types import Receive, Scope

from placet.core.people import Person
from placet.directory.authorizations import AuthorizationRequest, Stamp, Ticket
from placet.directory.sign_in import REFUSAL
from placet.directory.tokens import TICKET
from placet.engine import Engine
from placet.errors import InvalidInput, NotAuthenticated, TooManyAttempts, Unavailable
from placet_api.answers import Answer
from placet_api.auth import SCHEMES, Scheme, address_of, admit, authenticate, sign_in
from placet_api.bearer import BearerScheme
from placet_api.errors import MethodNotAllowed, fault_of
from placet_api.forms import parse_form, read_members
from placet_api.known import STAMP
from placet_api.processmaker.consent import consent_page, fault_page, sign_in_page
from placet_api.refusals import note_refusal
from placet_api.sessions import HEADER, require_own_page

_COOKIE = b"placet_authorize"
_BROWSER = re.compile(rb"[A-Za-z0-9_-]{22}")
_SAID = (b"authorization", b"restauthorization", HEADER)
_TOO_OLD = "This page was left open too long, or cookies are switched off; sign in again."
_ANSWERED = "This page was answered already, or your password or your rights have changed since; sign in again."
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
            note_refusal(self._engine, scope, failure)
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
            person = await self._known(scope, headers)
            answer = await self._decided(request, person, form, scope, Stamp(scope[STAMP]))
            if answer is None:
                raise NotAuthenticated(REFUSAL)
            return answer
        return await self._answered(request, form, scope, headers)

    async def _asked(self, request: AuthorizationRequest, scope: Scope, headers: Mapping[bytes, bytes]) -> Answer:
        """The first page: who are you, or what do you allow."""
        browser = _browser(headers)
        try:
            person = await self._known(scope, headers)
        except NotAuthenticated:
            return self._anew(request, scope, browser)
        return await self._consent(request, person, scope, browser)

    def _anew(
        self, request: AuthorizationRequest, scope: Scope, browser: bytes, trouble: str = "", status: int = 200
    ) -> Answer:
        """The page to sign in on."""
        ticket = self._ticket(scope, browser, Ticket(), "")
        return _kept(scope, browser, sign_in_page(request, ticket, trouble, status))

    async def _consent(self, request: AuthorizationRequest, person: Person, scope: Scope, browser: bytes) -> Answer:
        made = await self._engine.oauth.authorizations.ask(request, person, scope[STAMP])
        if made is None:
            return self._anew(request, scope, browser, REFUSAL, 401)
        owner = self._engine.directory.user(request.application.owner)
        ticket = self._ticket(scope, browser, Ticket(made), person.dn)
        return _kept(scope, browser, consent_page(request, person, owner.full_name if owner else "nobody", ticket))

    async def _answered(
        self, request: AuthorizationRequest, form: Mapping[str, str], scope: Scope, headers: Mapping[bytes, bytes]
    ) -> Answer:
        """What the form of one of the pages leads to."""
        browser = _browser(headers)
        found = self._opened(form.get("ticket", ""), scope, browser)
        if found is None:
            return self._anew(request, scope, browser, _TOO_OLD, 403)
        ticket, dn = found
        if dn:
            person = await admit(self._engine, scope, Person(dn, ""))
            answer = await self._decided(request, person, form, scope, ticket)
            return answer or self._anew(request, scope, browser, _ANSWERED, 403)
        if "cancel" in form:
            return _to(request.refused("access_denied", "The user did not sign in"))
        try:
            user, password = form.get("user", "").strip(), form.get("password", "")
            person = await admit(self._engine, scope, await sign_in(self._engine, scope, user, password))
        except TooManyAttempts:
            raise
        except NotAuthenticated as failure:
            return self._anew(request, scope, browser, failure.message, 401)
        return await self._consent(request, person, scope, browser)

    async def _decided(
        self,
        request: AuthorizationRequest,
        person: Person,
        form: Mapping[str, str],
        scope: Scope,
        proof: Ticket | Stamp,
    ) -> Answer | None:
        """The way back to the application; None where the proof of who answers does not hold any more."""
        authorizations = self._engine.oauth.authorizations
        if not form.get("allow"):
            if isinstance(proof, Ticket):
                await authorizations.deny(proof)
            return _to(request.refused("access_denied", "The user denied the request"))
        address = await authorizations.allow(request, person, address_of(scope), proof=proof)
        return None if address is None else _to(address)

    async def _known(self, scope: Scope, headers: Mapping[bytes, bytes]) -> Person:
        """Who is asking, by a header or by a session."""
        return await authenticate(self._engine, scope, headers, _SCHEMES)

    # -- tickets ---------------------------------------------------------------------------------

    def _ticket(self, scope: Scope, browser: bytes, made: Ticket, dn: str) -> str:
        """What a form carries for one browser and one request, in the name of a DN or (empty) of nobody yet."""
        until = str(int((self._engine.clock.now() + TICKET).timestamp()))
        body = f"{until} {made} {dn}".encode()
        return f"{_text(body)}.{_text(self._signature(scope, browser, body))}"

    def _opened(self, ticket: str, scope: Scope, browser: bytes) -> tuple[Ticket, str] | None:
        """The ticket that a form carries, and in whose name; None where it is none of ours, or too old."""
        try:
            body, signature = (urlsafe_b64decode(part + "=" * (-len(part) % 4)) for part in ticket.split("."))
        except ValueError:
            return None
        if not hmac.compare_digest(signature, self._signature(scope, browser, body)):
            return None
        until, made, dn = body.decode().split(" ", 2)
        is_old = self._engine.clock.now() > datetime.fromtimestamp(int(until), self._engine.clock.now().tzinfo)
        return None if is_old else (Ticket(made), dn)

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
        _COOKIE, browser, path, TICKET.total_seconds(), secure,
    )  # fmt: skip
    return Answer(page.status, page.body, (*page.headers, (b"set-cookie", text)))


def _to(address: str) -> Answer:
    no_store = (b"cache-control", b"no-store")
    return Answer(302, headers=((b"location", address.encode("ascii")), no_store, (b"referrer-policy", b"no-referrer")))


def _text(raw: bytes) -> str:
    return urlsafe_b64encode(raw).decode().rstrip("=")


def _text_of(failure: Exception) -> str:
    return str(getattr(failure, "message", "")) or "The server failed on this request; its log has the reason."
