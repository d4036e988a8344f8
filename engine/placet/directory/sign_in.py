"""Signing in with a name and a password, made cheap for clients that send both with every request."""

from __future__ import annotations

import asyncio
import secrets
from base64 import b64decode
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from hashlib import blake2b
from weakref import WeakValueDictionary

from placet.clock import Clock
from placet.core.names import fold_dn, fold_user_name, is_dn, user_dn
from placet.core.people import Person
from placet.directory.attempts import FailedSignIns
from placet.directory.database import Database
from placet.directory.passwords import (
    LONGEST,
    decoy_hash,
    hash_password,
    is_text,
    needs_rehash,
    stamp_of,
    verify_password,
)
from placet.errors import NotAuthenticated
from placet.store import people, roles
from placet.store.directory_version import Transaction
from placet.store.people import UserRow

FRESH = timedelta(seconds=5)  # so long a verified credential needs no look at the database
KNOWN = timedelta(minutes=10)  # so long it needs that look, but no argon2
_REMEMBERED = 4096  # credentials
_LONGEST_NAME = 1024

REFUSAL = "User name and password do not fit an active account; check both, or ask an administrator for a new password."


@dataclass(frozen=True, slots=True)
class Verified:
    """Credentials that were right, whose they are, and the stamp of the password."""

    person: Person
    stamp: str
    password_hash: str = field(repr=False)
    version: int
    fresh_until: datetime
    known_until: datetime


@dataclass(frozen=True, slots=True)
class _Found:
    """A stored user, and what he is with his role at the time of the look."""

    user: UserRow
    person: Person


class SignIn:
    """Who stands behind a name and a password.

    `directory_version` is the version of the people that are held in memory: once it moves on, no cached credential
    counts before it was compared with the database again. `refused` is told of each refusal, with a DN or, where nobody
    has it, the name that was tried, and the address.
    """

    def __init__(
        self,
        database: Database,
        clock: Clock,
        directory_version: Callable[[], int] = lambda: 0,
        *,
        refused: Callable[[str, str], None] = lambda who, address: None,
    ) -> None:
        self._database, self._clock, self._directory_version = database, clock, directory_version
        self._refused = refused
        self._key = secrets.token_bytes(32)
        self._verified: OrderedDict[bytes, Verified] = OrderedDict()
        self._failures = FailedSignIns(clock)
        self._turns: WeakValueDictionary[bytes, asyncio.Lock] = WeakValueDictionary()
        self._decoy = decoy_hash()

    def cached(self, user: str, password: str) -> Verified | None:
        """Credentials that were verified seconds ago, in a few microseconds and without waiting."""
        entry = self._verified.get(self._digest(user, password))
        if entry is None or entry.version != self._directory_version() or self._clock.now() >= entry.fresh_until:
            return None
        return entry

    def stamp(self, user: str, password: str) -> str:
        """The stamp of the password for which credentials were right the last time; empty where they never were."""
        entry = self._verified.get(self._digest(user, password))
        return "" if entry is None else entry.stamp

    async def person(self, user: str, password: str, address: str = "") -> Person:
        """The person of a DN or user name and a password that come from an address.

        Raises `NotAuthenticated`, the same for an unknown user, a wrong password and an inactive account, and
        `TooManyAttempts` after 10 failures for one person from one address within 5 minutes, or 100 from anywhere
        within an hour. Neither stops who has signed in with this password before.
        """
        if not _could_be(user, _LONGEST_NAME) or not _could_be(password, LONGEST):
            self._refused(user[:_LONGEST_NAME], address)
            raise NotAuthenticated(REFUSAL)
        digest = self._digest(user, password)
        async with self._turns.setdefault(digest, asyncio.Lock()):  # of many equal requests one verifies
            known = self.cached(user, password)
            return await self._verify(digest, user, password, address) if known is None else known.person

    async def _verify(self, digest: bytes, user: str, password: str, address: str) -> Person:
        # The version comes before the look at the database: a change in between makes the entry old, never wrong.
        version = self._directory_version()
        found = await self._database.read(lambda tx: _find(tx, user, self._clock.now()))
        account = None if found is None else found.user
        known = self._right_before(digest, account)
        if found is not None and known is not None and found.person.active and self._clock.now() < known.known_until:
            self._remember(digest, found, version, known.known_until)
            return found.person
        who = _counted_as(user, account)
        try:
            if known is None:
                self._failures.begin(who, address)
            found = await self._checked(found, password)
        except NotAuthenticated:
            self._refused(user if account is None else account.dn, address)
            raise
        if known is None:
            self._failures.succeed(who, address)
        if needs_rehash(found.user.password_hash or ""):
            found = await self._rehash(found, password)
        self._remember(digest, found, version, self._clock.now() + KNOWN)
        return found.person

    async def _checked(self, found: _Found | None, password: str) -> _Found:
        """Who was found, if he is active and the password fits."""
        # Nobody is told by the time an answer takes whether a name exists: a decoy is verified where there is no hash.
        stored = found.user.password_hash if found is not None else None
        fits = await verify_password(stored or self._decoy, password)
        if found is None or stored is None or not fits or not found.person.active:
            raise NotAuthenticated(REFUSAL)
        return found

    def _right_before(self, digest: bytes, account: UserRow | None) -> Verified | None:
        """What is remembered of credentials that were right under the present password, however long ago."""
        entry = self._verified.get(digest)
        unchanged = entry is not None and account is not None and account.password_hash == entry.password_hash
        return entry if unchanged else None

    async def _rehash(self, found: _Found, password: str) -> _Found:
        """Store the password at today's costs, unless it was changed while this one was verified."""
        user, new = found.user, await hash_password(password)
        old = user.password_hash
        replaced = await self._database.write(lambda tx: people.replace_password(tx, user.id, old, new))
        return replace(found, user=replace(user, password_hash=new)) if replaced else found

    def _remember(self, digest: bytes, found: _Found, version: int, known_until: datetime) -> None:
        fresh_until = self._clock.now() + FRESH
        stored = found.user.password_hash or ""
        self._verified[digest] = Verified(found.person, stamp_of(stored), stored, version, fresh_until, known_until)
        self._verified.move_to_end(digest)
        if len(self._verified) > _REMEMBERED:
            self._verified.popitem(last=False)

    def _digest(self, user: str, password: str) -> bytes:
        """What stands for credentials in memory; the length keeps `a` + `bc` apart from `ab` + `c`."""
        text = f"{len(user)} {user}{password}".encode("utf-8", "surrogatepass")
        return blake2b(text, key=self._key, digest_size=16).digest()


def parse_rest_authorization(value: str) -> tuple[str, str]:
    """User and password of a `RESTAuthorization` header: the base64 of `user:password`, no scheme in front.

    The first colon ends the user, who is a DN or a user name. Raises `NotAuthenticated`.
    """
    return _decoded("RESTAuthorization", value)


def parse_basic(value: str) -> tuple[str, str]:
    """User and password of an `Authorization: Basic` header; raises `NotAuthenticated`."""
    scheme, _, token = value.strip().partition(" ")
    if scheme.casefold() != "basic":
        raise NotAuthenticated(
            "The Authorization header has another scheme than Basic; send Basic and base64 of user:password."
        )
    return _decoded("Authorization", token)


def _decoded(header: str, token: str) -> tuple[str, str]:
    try:
        raw = b64decode(token.strip(), validate=True)
    except ValueError:  # what it was is not repeated: it may be a password
        raise NotAuthenticated(f"The {header} header is not base64; send the base64 of user:password.") from None
    user, colon, password = _text(raw).partition(":")
    if not colon:
        raise NotAuthenticated(f"The {header} header has no colon in it; send the base64 of user:password.")
    return user, password


def _text(raw: bytes) -> str:
    try:
        return raw.decode()
    except UnicodeDecodeError:  # older clients send what they were typed in
        return raw.decode("latin-1")


def _find(tx: Transaction, name: str, now: datetime) -> _Found | None:
    user = people.find_user(tx, name)
    return None if user is None else _Found(user, user.person(roles.role_of(tx, user), now.date()))


def _counted_as(user: str, account: UserRow | None) -> str:
    """Under which name a failure counts: the same for a user name and a DN, also where nobody has them."""
    if account is not None:
        return fold_dn(account.dn)
    # As for who is there, also with his look-alikes: else counting would tell which names there are.
    return fold_dn(user if is_dn(user) else user_dn(fold_user_name(user)))


def _could_be(text: str, longest: int) -> bool:
    return 0 < len(text) <= longest and "\0" not in text and is_text(text)
