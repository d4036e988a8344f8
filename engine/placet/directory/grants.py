"""The token endpoint's decisions: what an application has to show for which tokens, and what it is told otherwise."""

from __future__ import annotations

import base64
import hashlib
import hmac
import re
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import TypeAlias

from placet.clock import Clock
from placet.core.people import Directory, Person
from placet.directory import scopes
from placet.directory.admission import is_admitted
from placet.directory.applications import Applications
from placet.directory.client_proof import ClientProof
from placet.directory.database import Database
from placet.directory.sign_in import SignIn
from placet.directory.tokens import Grant, Issued, Tokens, hash_of, issue
from placet.errors import InvalidInput, NotAuthenticated, TooManyAttempts
from placet.store import audit, tokens
from placet.store.applications import ApplicationRow
from placet.store.directory_version import Transaction
from placet.store.tokens import TokenKind, TokenRow

_VERIFIER = re.compile(r"[A-Za-z0-9._~-]{43,128}")
_WRONG_PASSWORD = "Invalid username and password combination"  # noqa: S105  # a sentence, not a password
_REDIRECT_SECTION = "http://tools.ietf.org/html/rfc6749#section-4.1.3"


class TokenRefused(InvalidInput):
    """An application gets no token; `error` is a word of OAuth 2.0, `uri` says where it is explained.

    `application` is the client_id of who was refused, once it is known that he is that.
    """

    code = "token-refused"

    def __init__(self, error: str, description: str, uri: str | None = None) -> None:
        super().__init__(description)
        self.error, self.uri, self.application = error, uri, ""


@dataclass(frozen=True, slots=True)
class Client:
    """What an application says of itself; None is what it does not say."""

    id: str | None
    secret: str | None = field(repr=False)


@dataclass(frozen=True, slots=True)
class Asked:
    """One request for a token: its members, who asks, and from where."""

    members: Mapping[str, str] = field(repr=False)
    client: Client
    address: str = ""

    def get(self, name: str) -> str:
        return self.members.get(name, "")


_Way: TypeAlias = Callable[[Asked, ApplicationRow], Awaitable[Issued]]


class Grants:
    """The four ways to a token."""

    def __init__(
        self,
        database: Database,
        clock: Clock,
        sign_in: SignIn,
        applications: Applications,
        tokens: Tokens,
        directory: Callable[[], Directory],
    ) -> None:
        self._database, self._clock, self._sign_in = database, clock, sign_in
        self._proof, self._tokens, self._directory = ClientProof(applications, clock), tokens, directory
        self._ways: Mapping[str, _Way] = {
            "password": self._by_password,
            "client_credentials": self._as_owner,
            "refresh_token": self._again,
            "authorization_code": self._by_code,
        }

    async def answer(self, asked: Asked) -> Issued:
        """The tokens that a request gets.

        Raises `TokenRefused` with the words of OAuth 2.0, and `TooManyAttempts` where too many sign-ins have failed.
        """
        name = asked.get("grant_type")
        if not name:
            raise TokenRefused("invalid_request", "The grant type was not specified in the request")
        if name not in self._ways:
            raise TokenRefused("unsupported_grant_type", f'Grant type "{name[:40]}" not supported')
        application = await self._client(asked, name)
        try:
            return await self._given(name, asked, application)
        except TokenRefused as refusal:
            refusal.application = application.id
            raise

    async def _given(self, name: str, asked: Asked, application: ApplicationRow) -> Issued:
        if application.is_public and name in ("password", "client_credentials"):
            raise TokenRefused("unauthorized_client", "The grant type is unauthorized for this client_id")
        scope = asked.get("scope")
        if scope and not scopes.are_known(scope):
            raise TokenRefused("invalid_scope", "An unsupported scope was requested")
        return await self._ways[name](asked, application)

    async def _client(self, asked: Asked, grant_type: str) -> ApplicationRow:
        client = asked.client
        found = None
        if client.id:
            found = await self._proof.application(client.id, client.secret or "", asked.address)
        if found is not None:
            return found
        if grant_type == "password":
            text = "Invalid REST API credentials, please send a valid client_id and client_secret."
        elif client.id:
            text = "The client credentials are invalid"
        else:
            text = "Client credentials were not found in the headers or body"
        raise TokenRefused("invalid_client", text)

    async def proven_client(self, asked: Asked) -> ApplicationRow:
        """The application that asks for something else than a token; raises `TokenRefused`."""
        return await self._client(asked, "")

    async def _by_password(self, asked: Asked, application: ApplicationRow) -> Issued:
        user, password = asked.get("username"), asked.get("password")
        if not user or not password:
            raise TokenRefused("invalid_request", 'Missing parameters: "username" and "password" required')
        # Twice, for the password may have been changed or hashed anew since it was verified; the first try shows that,
        # and with it the people in memory are as they are stored.
        for _ in range(2):
            person = await self._person(user, password, asked.address)
            grant = Grant(application.id, person.id, asked.get("scope") or None)
            issued = await self._issue(grant, self._sign_in.stamp(user, password))
            if issued is not None:
                return issued
        raise TokenRefused("invalid_grant", _WRONG_PASSWORD)

    async def _person(self, user: str, password: str, address: str) -> Person:
        try:
            known = self._sign_in.cached(user, password)
            return await self._sign_in.person(user, password, address) if known is None else known.person
        except TooManyAttempts:
            raise
        except NotAuthenticated:
            raise TokenRefused("invalid_grant", _WRONG_PASSWORD) from None

    async def _as_owner(self, asked: Asked, application: ApplicationRow) -> Issued:
        grant = Grant(application.id, application.owner, asked.get("scope") or None)
        issued = None if self._is_out(application.owner) else await self._issue(grant, refreshable=False)
        if issued is None:
            raise TokenRefused("invalid_grant", "The owner of this application is not active")
        return issued

    async def _again(self, asked: Asked, application: ApplicationRow) -> Issued:
        shown = asked.get("refresh_token")
        if not shown:
            raise TokenRefused("invalid_request", 'Missing parameter: "refresh_token" is required')
        issued = await self._database.write(lambda tx: self._refresh(tx, asked, application, hash_of(shown)))
        if issued is None:
            self._tokens.forget()
            raise TokenRefused("invalid_grant", "Invalid refresh token")
        return issued

    def _refresh(self, tx: Transaction, asked: Asked, application: ApplicationRow, hashed: bytes) -> Issued | None:
        """New tokens for a refresh token; None where it counts no longer.

        One that was replaced and comes again was stolen, from one side or the other: all that came of the same sign-in
        has then ended (RFC 9700 section 4.14).
        """
        row, now = tokens.find(tx, hashed, TokenKind.REFRESH, TokenKind.REPLACED), self._clock.now()
        if row is None:
            return None
        _require_own(row, application, "refresh_token")
        if row.kind == TokenKind.REPLACED:
            self._take_back(tx, asked, application.id, row.origin, "a refresh token was used twice")
            return None
        if self._is_out(row.user_id) or not is_admitted(tx, row.user_id, now):
            return None
        if now >= row.expires_at:
            raise TokenRefused("invalid_grant", "Refresh token has expired")
        scope = asked.get("scope") or row.scope
        if scope is not None and not scopes.is_within(scope, row.scope):
            raise TokenRefused("invalid_scope", "The scope requested is wider than the one that was granted")
        if not tokens.replace(tx, hashed):  # somebody else was here first, at the same moment
            self._take_back(tx, asked, application.id, row.origin, "a refresh token was used twice")
            return None
        return issue(tx, Grant(application.id, row.user_id, scope), now, origin=row.origin)

    async def _by_code(self, asked: Asked, application: ApplicationRow) -> Issued:
        code = asked.get("code")
        if not code:
            raise TokenRefused("invalid_request", 'Missing parameter: "code" is required')
        issued = await self._database.write(lambda tx: self._redeem(tx, asked, application, hash_of(code)))
        if issued is None:
            self._tokens.forget()
            raise TokenRefused("invalid_grant", "Authorization code doesn't exist or is invalid for the client")
        return issued

    def _redeem(self, tx: Transaction, asked: Asked, application: ApplicationRow, hashed: bytes) -> Issued | None:
        """The tokens for a code; None where there is none, and then what it gave before has ended."""
        row, now = tokens.find(tx, hashed, TokenKind.CODE), self._clock.now()
        if row is not None:
            _require_own(row, application, "authorization_code")
            if now >= row.expires_at:
                raise TokenRefused("invalid_grant", "The authorization code has expired")
            _require_fitting(row, asked)
            is_in = not self._is_out(row.user_id) and is_admitted(tx, row.user_id, now)
            if is_in and tokens.remove(tx, hashed, TokenKind.CODE):
                return issue(tx, Grant(application.id, row.user_id, row.scope), now, origin=hashed)
        # A code that comes twice was stolen, from one side or the other.
        self._take_back(tx, asked, application.id, hashed, "an authorization code was used twice")
        return None

    def _take_back(self, tx: Transaction, asked: Asked, client_id: str, origin: bytes, reason: str) -> None:
        """End all that came of one code or one sign-in."""
        if tokens.end_of_origin(tx, origin):
            audit.add(
                tx, at=self._clock.now(), kind="token.revoked", actor=None, address=asked.address,
                target=client_id, after={"reason": reason},
            )  # fmt: skip

    async def _issue(self, grant: Grant, stamp: str | None = None, *, refreshable: bool = True) -> Issued | None:
        """New tokens; None where their user, as he is stored, may not sign in or has another password."""
        now = self._clock.now()

        def work(tx: Transaction) -> Issued | None:
            admitted = is_admitted(tx, grant.user_id, now, stamp)
            return issue(tx, grant, now, refreshable=refreshable) if admitted else None

        return await self._database.write(work)

    def _is_out(self, user_id: str) -> bool:
        """Whether a user is known to be inactive; of one whom another program just added nothing is known yet."""
        person = self._directory().user(user_id)
        return person is not None and not person.active


def _require_own(row: TokenRow, application: ApplicationRow, grant_type: str) -> None:
    if row.application != application.id:
        raise TokenRefused("invalid_grant", f"{grant_type} doesn't exist or is invalid for the client")


def _require_fitting(row: TokenRow, asked: Asked) -> None:
    """Refuse a code that comes from elsewhere than it was sent to, or from somebody else than had asked for it."""
    detail = row.detail or {}
    if detail.get("redirect_uri", asked.get("redirect_uri")) != asked.get("redirect_uri"):
        raise TokenRefused(
            "redirect_uri_mismatch", "The redirect URI is missing or do not match", uri=_REDIRECT_SECTION
        )
    challenge, verifier = detail.get("challenge"), asked.get("code_verifier")
    if not challenge and not verifier:
        return
    if not challenge or not _VERIFIER.fullmatch(verifier) or not hmac.compare_digest(challenge, challenge_of(verifier)):
        raise TokenRefused("invalid_grant", "The code_verifier does not fit the code_challenge of this code")


def challenge_of(verifier: str) -> str:
    """The S256 challenge of a verifier of PKCE."""
    return base64.urlsafe_b64encode(hashlib.sha256(verifier.encode()).digest()).decode().rstrip("=")
