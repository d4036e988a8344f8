"""Everything that operators do with webhooks."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from typing import TypeVar

from placet.clock import Clock
from placet.connectors.changes import require_revision
from placet.connectors.checks import name_fault, unknown
from placet.core.ids import IdMaker, is_id
from placet.core.permissions import Permission
from placet.directory.audit import note
from placet.directory.caller import Caller
from placet.directory.database import Database
from placet.directory.secrets import Vault
from placet.errors import Conflict, InvalidInput, NotFound
from placet.store import deliveries
from placet.store import webhooks as store
from placet.store.asking import resolved
from placet.store.deliveries import Delivery
from placet.store.directory_version import Transaction
from placet.store.webhooks import WebhookRow
from placet.store.world import World
from placet.webhooks import catalog
from placet.webhooks.records import Wanted, Webhook, checked_events, parse_filter
from placet.webhooks.sender import Ping, Sender, require_url
from placet.webhooks.signing import Secrets, checked_secret, opened, seal

__all__ = ["Delivery", "Ping", "Webhooks", "WithSecret"]

T = TypeVar("T")

MOST = 100
PAGE = 100
_LONGEST_FILTER = 10_000

_ids = IdMaker()


@dataclass(frozen=True, slots=True)
class WithSecret:
    """A webhook with its secret, which is told this once."""

    webhook: Webhook
    secret: str = field(repr=False)


class Webhooks:
    """Who is told of which events; everything takes PM_SETUP_ADVANCE, and raises `NotAllowed` without.

    A webhook is told of every process that its filter wants, whoever started it and whoever added the webhook.
    """

    def __init__(self, database: Database, clock: Clock, vault: Vault, sender: Sender, world: World) -> None:
        self._database, self._clock, self._vault, self._sender = database, clock, vault, sender
        self._world = world

    async def every(self, caller: Caller) -> Sequence[Webhook]:
        """All of them by name."""
        caller.require(Permission.OPERATE)
        return await self._database.read(catalog.load)

    async def one(self, caller: Caller, name_or_id: str) -> Webhook:
        """One of them; raises `NotFound`."""
        return _found(await self.every(caller), name_or_id)

    async def counts(self, caller: Caller) -> Mapping[str, tuple[int, int]]:
        """How many deliveries are on their way and how many are dead, by the id of the webhook; those without, not."""
        caller.require(Permission.OPERATE)
        return await self._database.read(deliveries.counts)

    async def add(self, caller: Caller, wanted: Wanted, secret: str | None = None) -> WithSecret:
        """Add one that is told of what happens from now on; without a secret one is made.

        Raises `InvalidInput`, `InvalidFilter`, and `Conflict` where the name is taken or there are too many.
        """
        caller.require(Permission.OPERATE)
        checked, text = self._checked(wanted), checked_secret(secret)

        def work(tx: Transaction) -> Webhook:
            stored = _locked(tx)
            _require_free(stored, checked.name, None)
            if len(stored) >= MOST:
                raise Conflict(f"There are {MOST} webhooks already; remove one first.")
            id_ = _ids.make(caller.at)
            made = replace(checked, id=id_, sealed=seal(self._vault, id_, Secrets(text)), created_at=caller.at)
            store.add(tx, _row(made))
            note(tx, caller, "webhook.added", made.name, after=_told(made))
            return made

        return WithSecret(await self._changed(caller, work), text)

    async def change(self, caller: Caller, name_or_id: str, wanted: Wanted, *, revision: int | None = None) -> Webhook:
        """Put another in its place, which has its secret and its deliveries; one made active goes on where it stopped.

        Raises what `add` raises, `NotFound`, and `RevisionMismatch` where it is not at this revision.
        """
        caller.require(Permission.OPERATE)
        checked = self._checked(wanted)

        def work(tx: Transaction) -> Webhook:
            every = _locked(tx)
            stored = _found(every, name_or_id)
            require_revision(stored, revision)
            _require_free(every, checked.name, stored.id)
            kept = {name: getattr(stored, name) for name in ("id", "sealed", "revision", "created_at", "updated_at")}
            made = replace(checked, trouble=None if checked.active else stored.trouble, **kept)
            if made == stored:
                return stored
            made = replace(made, revision=stored.revision + 1, updated_at=caller.at)
            store.change(tx, _row(made))
            before, after = _told(stored), _told(made)
            names = [name for name in after if before[name] != after[name]] or ["url"]  # what of it is not told
            was, is_ = ({name: each[name] for name in names} for each in (before, after))
            note(tx, caller, "webhook.changed", stored.name, was, is_)
            return made

        return await self._changed(caller, work)

    async def change_secret(self, caller: Caller, name_or_id: str, secret: str | None = None) -> WithSecret:
        """Sign by another secret, which is made where none is given; the one before it signs along for a day.

        Raises `InvalidInput`, `NotFound`, and `Unavailable` where the stored one does not open.
        """
        caller.require(Permission.OPERATE)
        text = checked_secret(secret)

        def work(tx: Transaction) -> Webhook:
            stored = _found(_locked(tx), name_or_id)
            secrets = opened(self._vault, stored.id, stored.sealed).followed_by(text, caller.at)
            made = replace(stored, sealed=seal(self._vault, stored.id, secrets), updated_at=caller.at)
            made = replace(made, revision=stored.revision + 1)
            store.change(tx, _row(made))
            note(tx, caller, "webhook.changed", stored.name, after={"signed_by": "another secret"})
            return made

        return WithSecret(await self._changed(caller, work), text)

    async def remove(self, caller: Caller, name_or_id: str, *, revision: int | None = None) -> None:
        """Remove one with all that was on its way; raises `NotFound` and `RevisionMismatch`."""
        caller.require(Permission.OPERATE)

        def work(tx: Transaction) -> None:
            stored = _found(_locked(tx), name_or_id)
            require_revision(stored, revision)
            store.remove(tx, stored.id)
            note(tx, caller, "webhook.removed", stored.name, before=_told(stored))

        await self._changed(caller, work)

    async def disable(self, webhook: Webhook, trouble: str, caller: Caller) -> None:
        """Leave one alone until an operator makes it active again."""

        def work(tx: Transaction) -> None:
            stored = {each.id: each for each in _locked(tx)}.get(webhook.id)
            if stored is None or not stored.active or (stored.url, stored.filter) != (webhook.url, webhook.filter):
                return
            made = replace(stored, active=False, trouble=trouble, revision=stored.revision + 1, updated_at=caller.at)
            store.change(tx, _row(made))
            note(tx, caller, "webhook.disabled", stored.name, after={"active": False, "trouble": trouble})

        await self._changed(caller, work)

    async def test(self, caller: Caller, name_or_id: str) -> Ping:
        """Send one a test, of no process, and show how it went; nothing is kept.

        Raises `NotFound`, and `Unavailable` where its secret does not open.
        """
        return await self._sender.ping(await self.one(caller, name_or_id), f"ping-{secrets.token_hex(8)}")

    # -- deliveries ------------------------------------------------------------------------------

    async def deliveries(
        self, caller: Caller, name_or_id: str, *, dead: bool, after: int = 0, limit: int | None = PAGE
    ) -> Sequence[Delivery]:
        """Those that are dead, or those on their way, in their order; `after` is the last one of the page before.

        Raises `NotFound`.
        """
        webhook = await self.one(caller, name_or_id)
        work = partial(deliveries.page, webhook_id=webhook.id, dead=dead, after=after, limit=limit)
        return await self._database.read(work)

    async def replay(self, caller: Caller, name_or_id: str, event_id: str | None = None) -> int:
        """Send what is dead on its way again, one event or all; gives how many.

        Raises `NotFound` where there is no such webhook, or the event is not dead; `InvalidInput` for what is no id of
        an event.
        """
        caller.require(Permission.OPERATE)
        key = None if event_id is None else _key(event_id)

        def work(tx: Transaction) -> int:
            stored = _found(catalog.load(tx), name_or_id)
            count = deliveries.replay(tx, stored.id, key, self._clock.now())
            if not count and key is not None:
                raise NotFound(f"The webhook {stored.name!r} has no dead delivery of the event {event_id}.")
            if count:
                note(tx, caller, "webhook.replayed", stored.name, after={"count": count, "event": event_id})
            return count

        return await self._changed(caller, work)

    def _checked(self, wanted: Wanted) -> Webhook:
        """What is asked for, as a record without its id; raises `InvalidInput` and `InvalidFilter`."""
        if (fault := name_fault(wanted.name)) is not None:
            raise InvalidInput(f"{wanted.name[:100]!r} {fault}.")
        if len(wanted.filter) > _LONGEST_FILTER:
            raise InvalidInput(
                f"The filter has {len(wanted.filter):,} characters; at most {_LONGEST_FILTER:,} are kept."
            )
        condition = parse_filter(wanted.filter)
        if condition is not None:
            resolved(condition, self._world, None, self._clock.now())  # whom it names has to be known
        return Webhook(
            id="",
            name=wanted.name,
            url=require_url(wanted.url),
            events=tuple(checked_events(wanted.events)),
            filter=wanted.filter,
            wanted=condition,
            active=wanted.active,
        )

    async def _changed(self, caller: Caller, work: Callable[[Transaction], T]) -> T:
        """Change something as whoever has the right at that moment, whatever is held in memory."""

        def permitted(tx: Transaction) -> T:
            caller.as_stored(tx).require(Permission.OPERATE)
            return work(tx)

        return await self._database.write(permitted)


def _locked(tx: Transaction) -> Sequence[Webhook]:
    """All webhooks; nobody else changes any of them until this transaction ends."""
    store.lock(tx)
    return catalog.load(tx)


def _found(known: Sequence[Webhook], name_or_id: str) -> Webhook:
    asked = name_or_id.casefold()
    for each in known:
        if asked in (each.name.casefold(), each.id):
            return each
    raise NotFound(unknown("webhook", name_or_id, [each.name for each in known]))


def _require_free(known: Sequence[Webhook], name: str, id_: str | None) -> None:
    for each in known:
        if each.name.casefold() == name.casefold() and each.id != id_:
            raise Conflict(f"There is a webhook {each.name!r} already; choose another name, or change that one.")


def _key(event_id: str) -> tuple[str, int]:
    process_id, _, number = event_id.partition("-")
    if not is_id(process_id) or not (number.isdecimal() and number.isascii() and len(number) < 10):
        raise InvalidInput(f"{event_id[:60]!r} is no id of an event; give one such as the deliveries have it.")
    return process_id, int(number)


def _row(webhook: Webhook) -> WebhookRow:
    assert webhook.created_at is not None
    return WebhookRow(
        id=webhook.id,
        name=webhook.name,
        folded=webhook.name.casefold(),
        url=webhook.url,
        events=list(webhook.events),
        filter=webhook.filter,
        secret=webhook.sealed,
        active=webhook.active,
        trouble=webhook.trouble,
        revision=webhook.revision,
        created_at=webhook.created_at,
        updated_at=webhook.updated_at,
    )


def _told(webhook: Webhook) -> dict[str, object]:
    """A webhook as the audit trail has it: of its URL what stands before the query, where others put secrets."""
    return {
        "name": webhook.name,
        "url": webhook.url.partition("?")[0],
        "events": list(webhook.events),
        "filter": webhook.filter,
        "active": webhook.active,
    }
