"""Authorization requests: an application sends a user here, who allows it to act for him or does not."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from urllib.parse import urlencode

from placet.clock import Clock
from placet.core.people import Person
from placet.directory import scopes
from placet.directory.admission import is_admitted
from placet.directory.applications import Applications
from placet.directory.database import Database
from placet.directory.tokens import Grant, hash_of, make
from placet.errors import InvalidInput
from placet.store import audit, tokens
from placet.store.applications import ApplicationRow
from placet.store.directory_version import Transaction
from placet.store.tokens import TokenKind

_CHALLENGE = re.compile(r"[A-Za-z0-9_-]{43}")
_LONGEST_STATE = 2000


class Ticket(str):
    """What a page that asks a user carries, by which his answer is known."""


class Stamp(str):
    """The stamp of the password by which somebody was recognized who asks without a page."""


@dataclass(frozen=True, slots=True)
class AuthorizationRequest:
    """What an application asks a user for; `redirect_uri` is where he goes back to.

    `named_uri` is that address where the application said it, which it then has to say again for the code.
    """

    application: ApplicationRow
    redirect_uri: str
    named_uri: str | None = None
    scope: str | None = None
    state: str | None = None
    challenge: str | None = None
    error: tuple[str, str] | None = None

    def answered(self, **members: str) -> str:
        """The address to go back to, with an answer."""
        if self.state is not None:
            members["state"] = self.state
        return f"{self.redirect_uri}{'&' if '?' in self.redirect_uri else '?'}{urlencode(members)}"

    def refused(self, error: str, description: str) -> str:
        """The address to go back to without a code."""
        return self.answered(error=error, error_description=description)


class Authorizations:
    """Reads authorization requests, and gives codes to those that were allowed."""

    def __init__(self, database: Database, clock: Clock, applications: Applications) -> None:
        self._database, self._clock, self._applications = database, clock, applications

    async def read(self, members: Mapping[str, str]) -> AuthorizationRequest:
        """A request; `error` says what is wrong with it, for its application to be told.

        Raises `InvalidInput` where it is not known to whom the user could be sent back.
        """
        client_id, named = members.get("client_id", ""), members.get("redirect_uri") or None
        application = await self._applications.find(client_id)
        if application is None:
            raise InvalidInput(f"No application has the client_id {client_id[:64]!r}; ask whoever runs it.")
        known = application.redirect_uris
        if named is None and len(known) != 1:
            raise InvalidInput(f"{application.name} has {len(known)} redirect URIs and did not say which one it means.")
        if named is not None and named not in known:
            raise InvalidInput(f"{application.name} is not registered with the redirect URI {named[:200]!r}.")
        request = AuthorizationRequest(application, named or known[0], named)
        state = members.get("state")
        if state is not None and len(state) <= _LONGEST_STATE:
            request = replace(request, state=state)
        scope, challenge = members.get("scope") or None, members.get("code_challenge") or None
        return replace(request, scope=scope, challenge=challenge, error=_fault(application, members))

    async def ask(self, request: AuthorizationRequest, person: Person, stamp: str) -> str | None:
        """A ticket for one answer of somebody who was recognized by a password of that stamp.

        None where he may not sign in any more, or has another password. With his password, his status and his role the
        ticket ends as well.
        """
        grant, now = Grant(request.application.id, person.id, request.scope), self._clock.now()

        def work(tx: Transaction) -> str | None:
            if not is_admitted(tx, person.id, now, stamp):
                return None
            tokens.remove_expired(tx, now)
            return make(tx, TokenKind.TICKET, grant, now)

        return await self._database.write(work)

    async def deny(self, ticket: str) -> None:
        """Let a ticket count no longer: its page was answered with no."""
        await self._database.write(lambda tx: tokens.remove(tx, hash_of(ticket), TokenKind.TICKET))

    async def allow(
        self, request: AuthorizationRequest, person: Person, address: str = "", *, proof: Ticket | Stamp
    ) -> str | None:
        """Where to send a user who has allowed a request: its address with a new code.

        None where the proof of who he is does not hold any more.
        """
        grant, now = Grant(request.application.id, person.id, request.scope), self._clock.now()
        detail = {"redirect_uri": request.named_uri, "challenge": request.challenge}

        def work(tx: Transaction) -> str | None:
            if not is_admitted(tx, person.id, now, proof if isinstance(proof, Stamp) else None):
                return None
            if isinstance(proof, Ticket) and not tokens.remove(tx, hash_of(proof), TokenKind.TICKET):
                return None
            tokens.remove_expired(tx, now)
            said = {"application": request.application.name, "scope": request.scope}
            audit.add(
                tx, at=now, kind="token.issued", actor=person.dn, address=address,
                target=request.application.id, after=said,
            )  # fmt: skip
            return make(tx, TokenKind.CODE, grant, now, detail={name: each for name, each in detail.items() if each})

        code = await self._database.write(work)
        return None if code is None else request.answered(code=code)


def _fault(application: ApplicationRow, members: Mapping[str, str]) -> tuple[str, str] | None:
    """What is wrong with a request that can be answered at its application's address: a word and a sentence."""
    scope, challenge = members.get("scope"), members.get("code_challenge")
    if members.get("response_type") != "code":
        return "unsupported_response_type", "Only the response_type code is offered"
    if scope and not scopes.are_known(scope):
        return "invalid_scope", "An unsupported scope was requested"
    if application.is_public and not challenge:
        return "invalid_request", "An application without a secret has to send a code_challenge"
    if challenge and members.get("code_challenge_method") != "S256":
        return "invalid_request", "The code_challenge_method has to be S256"
    if challenge and not _CHALLENGE.fullmatch(challenge):
        return "invalid_request", "The code_challenge is no base64url of a SHA-256"
    if len(members.get("state", "")) > _LONGEST_STATE:
        return "invalid_request", f"The state has more than {_LONGEST_STATE} characters"
    return None
