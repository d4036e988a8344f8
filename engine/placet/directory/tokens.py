"""Tokens: made, handed out once, and known afterwards by their SHA-256 alone."""

from __future__ import annotations

import hashlib
import re
import secrets
from collections import OrderedDict
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from placet.clock import Clock
from placet.directory.database import Database
from placet.errors import NotAuthenticated
from placet.store import audit, tokens
from placet.store.directory_version import Transaction
from placet.store.tokens import TokenKind, TokenRow

ACCESS, REFRESH, CODE = timedelta(days=1), timedelta(days=14), timedelta(seconds=30)
TICKET = timedelta(minutes=10)  # a page that was left open longer is asked anew
LIFETIMES: Mapping[TokenKind, timedelta] = {
    TokenKind.ACCESS: ACCESS,
    TokenKind.REFRESH: REFRESH,
    TokenKind.CODE: CODE,
    TokenKind.TICKET: TICKET,
}
FRESH = timedelta(seconds=5)  # so long an access token that was found needs no look at the database

_OF_REFRESHING = TokenKind.REFRESH, TokenKind.REPLACED
_TOKEN = re.compile("[0-9a-f]{40}")
_REMEMBERED = 4096

REFUSAL = "This access token is unknown, has expired or was taken back; ask for another one."


@dataclass(frozen=True, slots=True)
class Grant:
    """What tokens are given for: an application, a user (by uid), and a scope (None: nothing in particular)."""

    application: str
    user_id: str
    scope: str | None


@dataclass(frozen=True, slots=True)
class Issued:
    """What an application is given, the only time that it can be seen."""

    access_token: str = field(repr=False)
    refresh_token: str | None = field(repr=False)
    scope: str | None


@dataclass(frozen=True, slots=True)
class Holder:
    """For whom an access token speaks (a DN), and for what it may be used."""

    dn: str
    scope: str | None


@dataclass(frozen=True, slots=True)
class _Known:
    holder: Holder
    version: int
    until: datetime


def hash_of(token: str) -> bytes:
    """What is stored of a token."""
    return hashlib.sha256(token.encode()).digest()


def make(
    tx: Transaction,
    kind: TokenKind,
    grant: Grant,
    now: datetime,
    *,
    origin: bytes = b"",
    detail: Mapping[str, str] | None = None,
) -> str:
    """Store a new token and return it; without an `origin` it is the first of its own."""
    made = secrets.token_hex(20)
    row = TokenRow(
        hash=hash_of(made),
        kind=kind,
        application=grant.application,
        user_id=grant.user_id,
        scope=grant.scope,
        issued_at=now,
        expires_at=now + LIFETIMES[kind],
        origin=origin or hash_of(made),
        detail=detail,
    )
    tokens.add(tx, [row])
    return made


def issue(tx: Transaction, grant: Grant, now: datetime, *, origin: bytes = b"", refreshable: bool = True) -> Issued:
    """Store a new access token and, if it shall be `refreshable`, a refresh token; what has expired goes first."""
    tokens.remove_expired(tx, now)
    access = make(tx, TokenKind.ACCESS, grant, now, origin=origin)
    refresh = make(tx, TokenKind.REFRESH, grant, now, origin=origin or hash_of(access)) if refreshable else None
    return Issued(access, refresh, grant.scope)


class Tokens:
    """Who stands behind an access token, made cheap for clients that send it with every request.

    `directory_version` is the version of the people that are held in memory: once it moves on, every token is looked
    up again. One that another node took back counts here for `FRESH` at most.
    """

    def __init__(self, database: Database, clock: Clock, directory_version: Callable[[], int] = lambda: 0) -> None:
        self._database, self._clock, self._directory_version = database, clock, directory_version
        self._known: OrderedDict[bytes, _Known] = OrderedDict()
        self._ended = 0

    def cached(self, token: str) -> Holder | None:
        """The holder of a token that was found seconds ago, in a few microseconds and without waiting."""
        known = self._known.get(hash_of(token))
        if known is None or known.version != self._directory_version() or self._clock.now() >= known.until:
            return None
        return known.holder

    async def holder(self, token: str) -> Holder:
        """The holder of an access token; raises `NotAuthenticated` where it does not count, whatever the reason."""
        if not _TOKEN.fullmatch(token):
            raise NotAuthenticated(REFUSAL)
        hashed = hash_of(token)
        # The version comes before the look at the database: a change in between makes the entry old, never wrong.
        version, ended = self._directory_version(), self._ended
        found = await self._database.read(lambda tx: tokens.find_holder(tx, hashed))
        now = self._clock.now()
        if found is None or now >= found[0].expires_at:
            raise NotAuthenticated(REFUSAL)
        row, dn = found
        holder = Holder(dn, row.scope)
        if ended == self._ended:  # else one was ended while this was read, and maybe this one
            self._known[hashed] = _Known(holder, version, min(now + FRESH, row.expires_at))
        if len(self._known) > _REMEMBERED:
            self._known.popitem(last=False)
        return holder

    def forget(self) -> None:
        """Look every token up again, for some have ended."""
        self._ended += 1
        self._known.clear()

    async def expire(self, token: str, address: str = "") -> bool:
        """Let an access token count no longer; False where it is unknown."""
        return await self._end(token, address, lambda tx, hashed: tokens.expire(tx, hashed, self._clock.now()))

    async def remove(self, token: str, address: str = "") -> bool:
        """Remove an access token; False where it is unknown."""
        return await self._end(token, address, lambda tx, hashed: tokens.remove(tx, hashed, TokenKind.ACCESS))

    async def revoke(self, application: str, token: str, address: str = "") -> None:
        """Take back an application's token; with a refresh token goes all that came of the same sign-in."""

        def end(tx: Transaction, hashed: bytes) -> bool:
            refresh = tokens.find(tx, hashed, *_OF_REFRESHING)
            if refresh is not None and refresh.application == application:
                return tokens.end_of_origin(tx, refresh.origin) > 0
            access = tokens.find(tx, hashed, TokenKind.ACCESS)
            mine = access is not None and access.application == application
            return mine and tokens.remove(tx, hashed, TokenKind.ACCESS)

        await self._end(token, address, end)

    async def _end(self, token: str, address: str, end: Callable[[Transaction, bytes], bool]) -> bool:
        if not _TOKEN.fullmatch(token):
            return False

        def work(tx: Transaction) -> bool:
            hashed = hash_of(token)
            row = tokens.find(tx, hashed, TokenKind.ACCESS, *_OF_REFRESHING)
            if row is None or not end(tx, hashed):
                return False
            audit.add(
                tx, at=self._clock.now(), kind="token.revoked", actor=None, address=address, target=row.application
            )
            return True

        ended = await self._database.write(work)
        self.forget()
        return ended
