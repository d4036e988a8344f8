"""All webhooks at hand, read again when another program has changed them; where there are none nothing is read."""

from __future__ import annotations

from collections.abc import Sequence

from placet.directory.database import Database
from placet.store import webhooks as store
from placet.store.directory_version import Transaction
from placet.store.webhooks import WebhookRow
from placet.store.world import World
from placet.webhooks.records import Webhook, parse_filter


class LiveWebhooks:
    """The webhooks of a database, as far as `world` has heard of changes of them."""

    def __init__(self, database: Database, world: World) -> None:
        self._database, self._world = database, world
        self._number = 0
        self._found: Sequence[Webhook] = ()

    @property
    def may_be_some(self) -> bool:
        """Whether there has ever been one."""
        return self._world.counters.get(store.COUNTER, 0) > 0

    async def active(self) -> Sequence[Webhook]:
        """Those that are told of events."""
        return [each for each in await self.every() if each.active]

    async def every(self) -> Sequence[Webhook]:
        """Those that are told of events, and those for which everything waits."""
        if self._world.counters.get(store.COUNTER, 0) > self._number:
            self._number, self._found = await self._database.read(load_numbered)
        return self._found


def load_numbered(tx: Transaction) -> tuple[int, Sequence[Webhook]]:
    """All webhooks by name, and how many changes of them there had been."""
    number = store.number(tx)  # first: what changes after it is read again
    return number, load(tx)


def load(tx: Transaction) -> Sequence[Webhook]:
    """All webhooks by name."""
    return [webhook_of(row) for row in store.all_rows(tx)]


def webhook_of(row: WebhookRow) -> Webhook:
    return Webhook(
        id=row.id,
        name=row.name,
        url=row.url,
        events=tuple(row.events),
        filter=row.filter,
        wanted=parse_filter(row.filter),
        sealed=bytes(row.secret),
        active=row.active,
        trouble=row.trouble,
        revision=row.revision,
        created_at=row.created_at,
        updated_at=row.updated_at,
    )
