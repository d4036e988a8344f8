"""Sessions: a secret that stands for somebody who has signed in, until it is given back or its time is up."""

from __future__ import annotations

import secrets
from collections import OrderedDict
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from hashlib import sha256

from placet.clock import Clock
from placet.core.people import Person
from placet.directory.admission import is_admitted
from placet.directory.database import Database
from placet.directory.passwords import stamp_of
from placet.errors import NotAuthenticated, Unavailable
from placet.store import audit, sessions
from placet.store.directory_version import Transaction
from placet.store.sessions import SessionRow

FRESH = timedelta(seconds=5)  # so long a session that was found needs no look at the database
SEEN_EVERY = timedelta(minutes=1)  # so often it is written down that a session is used
_BYTES = 32
_LONGEST = 64  # characters of a secret; a real one has 43
_REMEMBERED = 10_000

ENDED = "This session has ended, or there never was such a one; sign in again with POST /v1/session."


@dataclass(frozen=True, slots=True)
class Session:
    """A session of a person, whose rights are looked up anew with each request; `until` is when it ends if unused.

    `stamp` is that of the password that he had when it was looked up; `seen_at` is when it was used last, as stored.
    """

    person: Person
    stamp: str
    hash: bytes = field(repr=False)
    until: datetime
    seen_at: datetime
    fresh_until: datetime
    version: int


class Sessions:
    """The sessions of one database.

    `directory_version` is the version of the people that are held in memory: once it moves on, no session counts
    before it was looked up again.
    """

    def __init__(
        self,
        database: Database,
        clock: Clock,
        idle: timedelta,
        at_most: timedelta,
        directory_version: Callable[[], int] = lambda: 0,
    ) -> None:
        """A session ends once it was not used for as long as `idle`, and `at_most` so long after it began."""
        self._database, self._clock, self._directory_version = database, clock, directory_version
        self._idle, self._at_most = idle, at_most
        self._known: OrderedDict[bytes, Session] = OrderedDict()
        self._ended = 0

    async def begin(self, person: Person, stamp: str, address: str = "") -> tuple[str, Session] | None:
        """A new session of somebody who has just signed in, and its secret, which is kept nowhere.

        None where he may not sign in any more, or has another password than that of the stamp.
        """
        secret, now = secrets.token_urlsafe(_BYTES), self._clock.now()
        row = SessionRow(
            hash=_hash(secret),
            user_id=person.id,
            dn=person.dn,
            user_name=person.user_name,
            address=address,
            created_at=now,
            seen_at=now,
            expires_at=now + self._at_most,
        )

        def work(tx: Transaction) -> bool:
            if not is_admitted(tx, person.id, now, stamp):
                return False
            sessions.add(tx, row)
            audit.add(tx, at=now, kind="session.begun", actor=person.dn, address=address, target=person.dn)
            return True

        version = self._directory_version()
        if not await self._database.write(work):
            return None
        begun = self._session(row, version, stamp)
        self._remember(begun)
        return secret, begun

    def cached(self, secret: str, *, is_use: bool = True) -> Session | None:
        """A session that was looked up seconds ago, in a few microseconds and without waiting.

        None also where a use of it has to be written down.
        """
        found, now = self._known.get(_hash(secret)), self._clock.now()
        if found is None or found.version != self._directory_version() or now >= found.fresh_until:
            return None
        return None if is_use and now - found.seen_at >= SEEN_EVERY else found

    async def find(self, secret: str, *, is_use: bool = True) -> Session:
        """The session of a secret, which lasts on from now if this is a use of it.

        Raises `NotAuthenticated` where it has ended.
        """
        if not 0 < len(secret) <= _LONGEST:
            raise NotAuthenticated(ENDED)
        hashed, version, ended = _hash(secret), self._directory_version(), self._ended
        row = await self._database.read(lambda tx: sessions.find(tx, hashed))
        now = self._clock.now()
        if row is None or now >= self._until(row):
            raise NotAuthenticated(ENDED)
        moves = is_use and now - row.seen_at >= SEEN_EVERY
        stamp = stamp_of(row.password_hash)
        found = self._session(replace(row, seen_at=now) if moves else row, version, stamp)
        if ended == self._ended:  # else one was ended while this was read, and maybe this one
            self._remember(found)
        if moves:
            with suppress(Unavailable):  # who only reads is served by a database that takes no writes
                await self._database.write(lambda tx: sessions.move_seen(tx, hashed, now))
        return found

    async def end(self, session: Session, address: str = "") -> None:
        """End a session; one that has ended meanwhile stays so."""
        now, dn = self._clock.now(), session.person.dn

        def work(tx: Transaction) -> None:
            if sessions.end(tx, session.hash):
                audit.add(tx, at=now, kind="session.ended", actor=dn, address=address, target=dn)

        await self._database.write(work)
        self._ended += 1
        self._known.pop(session.hash, None)

    def _until(self, row: SessionRow) -> datetime:
        return min(row.expires_at, row.seen_at + self._idle)

    def _session(self, row: SessionRow, version: int, stamp: str) -> Session:
        until = self._until(row)
        person = Person(row.dn, row.user_name, id=row.user_id)
        return Session(person, stamp, row.hash, until, row.seen_at, min(until, self._clock.now() + FRESH), version)

    def _remember(self, session: Session) -> None:
        self._known[session.hash] = session
        self._known.move_to_end(session.hash)
        if len(self._known) > _REMEMBERED:
            self._known.popitem(last=False)


def _hash(secret: str) -> bytes:
    return sha256(secret.encode("utf-8", "surrogatepass")).digest()
