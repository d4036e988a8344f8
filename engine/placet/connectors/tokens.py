"""The tokens that other services gave us: fetched once for many callers, kept encrypted, renewed in time."""

from __future__ import annotations

import asyncio
import json
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from placet.clock import Clock
from placet.connectors.client import CallFailed, Client
from placet.connectors.grants import SECONDS, Granted, NotGranted, TokenRequest, ask, first_request, refresh_request
from placet.connectors.records import Configuration
from placet.core.permissions import Permission
from placet.directory.audit import note
from placet.directory.caller import Caller
from placet.directory.database import Database
from placet.directory.secrets import Vault
from placet.errors import Unavailable
from placet.log import get_logger
from placet.store import outbound_tokens
from placet.store.directory_version import Transaction
from placet.store.outbound_tokens import OutboundTokenRow
from placet.store.sealed import TOKENS

log = get_logger("placet.connectors")

_EARLY = 30  # seconds before its end a token is renewed, or sooner where it is short-lived
_RENEWING = timedelta(seconds=2 * SECONDS)
_LOOK_AGAIN = 0.1  # seconds, while another node renews
_WRITE_AGAIN = 0.5  # seconds, while the database takes nothing


@dataclass(frozen=True, slots=True)
class _Token:
    access: str = field(repr=False)
    refresh: str | None = field(repr=False)
    revision: int  # of the configuration that it was asked for with
    expires_at: datetime | None


class Tokens:
    """The tokens of all configurations, in memory and in the database.

    Of many who need one at once, one asks for it, also among several nodes where a token before is used up by that.
    What was given counts from then on, and is written down as soon as the database takes it: the refresh token that
    is stored may be used up by it.
    """

    def __init__(self, client: Client, database: Database, vault: Vault, clock: Clock) -> None:
        self._client, self._database, self._vault, self._clock = client, database, vault, clock
        self._held: dict[str, _Token] = {}
        self._asking: dict[tuple[str, int], asyncio.Task[_Token]] = {}
        self._unwritten: dict[str, OutboundTokenRow] = {}
        self._writing: asyncio.Task[None] | None = None

    async def access(self, configuration: Configuration, *, refused: str = "") -> str:
        """An access token for an opened configuration, which is not the one that the service has `refused`.

        Raises `CallFailed` where none is given.
        """
        if not configuration.id:  # it is only being tested
            return (await self.fetch(configuration)).access
        held = self._held.get(configuration.id)
        if held is not None and self._counts(held, configuration, refused):
            return held.access
        found = await self._shared(configuration, refused)
        if found.access == refused:  # whoever began that did not know yet that it is refused
            found = await self._shared(configuration, refused)
        return found.access

    async def fetch(self, configuration: Configuration) -> Granted:
        """Ask for a token as if there had been none, and keep nothing."""
        return await ask(self._client, first_request(configuration, self._clock.now()))

    async def mark(self, configuration: Configuration) -> str:
        """What tells whether others have been kept since."""
        return await self._database.read(lambda tx: outbound_tokens.mark(tx, configuration.id))

    async def keep(self, configuration: Configuration, granted: Granted, caller: Caller, mark: str) -> bool:
        """Keep what an operator was given; False where the configuration or what was kept is not as `mark` was.

        Raises `Unavailable` without a key for secrets, and `NotAllowed` where he has no right to any more.
        """
        token = self._token(configuration, granted, None)
        row = self._row(configuration, token)

        def work(tx: Transaction) -> bool:
            caller.as_stored(tx).require(Permission.OPERATE)
            kept = outbound_tokens.keep_first(tx, row, mark)
            if kept:
                note(tx, caller, "configuration.authorized", configuration.name)
            return kept

        kept = await self._database.write(work)
        if kept:
            self._held[configuration.id] = token
            self._unwritten.pop(configuration.id, None)
        return kept

    async def close(self) -> None:
        """Give up what is being asked for, and write down what the database has not taken yet, if it does now."""
        ending = list(self._asking.values()) + ([] if self._writing is None else [self._writing])
        for task in ending:
            task.cancel()
        await asyncio.gather(*ending, return_exceptions=True)
        for id_ in list(self._unwritten):
            try:
                await self._write_down(id_)
            except Unavailable as failure:
                log.error("a token is lost: the database did not take it", configuration=id_, error=str(failure))

    def _counts(self, token: _Token, configuration: Configuration, refused: str) -> bool:
        is_over = token.expires_at is not None and token.expires_at <= self._clock.now()
        return token.revision == configuration.revision and token.access != refused and not is_over

    async def _shared(self, configuration: Configuration, refused: str) -> _Token:
        key = (configuration.id, configuration.revision)
        task = self._asking.get(key)
        if task is None:
            task = self._asking[key] = asyncio.create_task(self._found(configuration, refused))
            task.add_done_callback(lambda done: self._asked(key, done))
        return await asyncio.shield(task)  # who asks no longer leaves it to the others

    def _asked(self, key: tuple[str, int], task: asyncio.Task[_Token]) -> None:
        del self._asking[key]
        if not task.cancelled():
            task.exception()  # nobody may be waiting for it any more

    async def _found(self, configuration: Configuration, refused: str) -> _Token:
        """A token that is stored and counts, or a new one."""
        await self._write_down(configuration.id)  # what is stored is used up before that
        for _ in range(int(_RENEWING.total_seconds() / _LOOK_AGAIN)):
            row = await self._database.read(lambda tx: outbound_tokens.find(tx, configuration.id))
            token = self._opened(row, configuration)
            if token is not None and self._counts(token, configuration, refused):
                self._held[configuration.id] = token
                return token
            if row is None or token is None or token.refresh is None or token.revision != configuration.revision:
                return await self._first(configuration)
            if await self._may_renew(row):
                return await self._renewed(configuration, token.refresh)
            await asyncio.sleep(_LOOK_AGAIN)
        raise CallFailed("Another node has been asking for a token, and none has come.", transient=True)

    async def _may_renew(self, row: OutboundTokenRow) -> bool:
        now = self._clock.now()
        return await self._database.write(lambda tx: outbound_tokens.begin_renewing(tx, row, now, now + _RENEWING))

    async def _renewed(self, configuration: Configuration, refresh: str) -> _Token:
        try:
            return await self._asked_for(configuration, refresh_request(configuration, refresh), refresh)
        except NotGranted as failure:
            if not failure.transient:
                return await self._first(configuration)
            await self._database.write(lambda tx: outbound_tokens.end_renewing(tx, configuration.id))
            raise
        except CallFailed:
            await self._database.write(lambda tx: outbound_tokens.end_renewing(tx, configuration.id))
            raise

    async def _first(self, configuration: Configuration) -> _Token:
        return await self._asked_for(configuration, first_request(configuration, self._clock.now()), None)

    async def _asked_for(self, configuration: Configuration, wanted: TokenRequest, refresh: str | None) -> _Token:
        token = self._token(configuration, await ask(self._client, wanted), refresh)
        self._unwritten[configuration.id] = self._row(configuration, token)
        self._held[configuration.id] = token
        try:
            await self._write_down(configuration.id)
        except Unavailable as failure:
            log.warning("a token could not be written down", configuration=configuration.name, error=str(failure))
            if self._writing is None or self._writing.done():
                self._writing = asyncio.create_task(self._write_later(), name="placet-tokens")
        return token

    async def _write_later(self) -> None:
        """Write down what has not been, again and again until the database takes it."""
        while self._unwritten:
            await asyncio.sleep(_WRITE_AGAIN)
            with suppress(Unavailable):
                for id_ in list(self._unwritten):
                    await self._write_down(id_)

    async def _write_down(self, id_: str) -> None:
        """Keep the last token of a configuration, unless that was changed or removed since; raises `Unavailable`."""
        row = self._unwritten.get(id_)
        if row is None:
            return
        kept = await self._database.write(lambda tx: outbound_tokens.keep(tx, row))
        if self._unwritten.get(id_) is row:
            del self._unwritten[id_]
            held = self._held.get(id_)
            if not kept and held is not None and held.revision == row.revision:
                del self._held[id_]

    def _token(self, configuration: Configuration, granted: Granted, refresh: str | None) -> _Token:
        """What was given, with the refresh token before it where no other came with it."""
        return _Token(granted.access, granted.refresh or refresh, configuration.revision, self._end_of(granted))

    def _row(self, configuration: Configuration, token: _Token) -> OutboundTokenRow:
        text = json.dumps({"access": token.access, "refresh": token.refresh})
        sealed = self._vault.seal(text, of=TOKENS.row_name(configuration.id))
        return OutboundTokenRow(
            configuration_id=configuration.id, revision=token.revision, tokens=sealed, expires_at=token.expires_at
        )

    def _end_of(self, granted: Granted) -> datetime | None:
        """When to ask for the next one: a little before this one ends."""
        if granted.seconds is None:
            return None
        return self._clock.now() + timedelta(seconds=max(granted.seconds - _EARLY, granted.seconds * 0.8))

    def _opened(self, row: OutboundTokenRow | None, configuration: Configuration) -> _Token | None:
        if row is None:
            return None
        try:
            tokens = json.loads(self._vault.open(row.tokens, of=TOKENS.row_name(configuration.id)))
        except Unavailable:  # the key is gone, and what it protected can be asked for again
            return None
        return _Token(tokens["access"], tokens["refresh"], row.revision, row.expires_at)
