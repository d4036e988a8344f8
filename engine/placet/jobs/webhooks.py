"""The courier: tells receivers what has happened, each process's events in order, at least once.

It takes deliveries by a lease that it renews while they are under way; when it dies, the lease runs out and another
takes them. While there is no webhook it asks the database nothing.
"""

from __future__ import annotations

import asyncio
import random
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timedelta
from functools import partial
from typing import Any

from placet.clock import Clock
from placet.connectors.records import Retry
from placet.directory.caller import Caller
from placet.errors import PlacetError, Unavailable
from placet.jobs.calls import wait
from placet.jobs.circuit import Bounds, Circuit
from placet.jobs.trouble import Trouble
from placet.log import get_logger
from placet.store import deliveries, trail
from placet.store.deliveries import Delivery, Failed, Outcomes
from placet.store.directory_version import Transaction
from placet.store.trail import Position
from placet.store.world import World
from placet.store.writer import Writer
from placet.webhooks.catalog import LiveWebhooks
from placet.webhooks.manage import Webhooks
from placet.webhooks.pump import Pump
from placet.webhooks.records import Webhook
from placet.webhooks.sender import Sender, Told

log = get_logger("placet.jobs")

#: How often a delivery is tried before it is dead: over a day or so.
RETRY = Retry(attempts=12, first=timedelta(seconds=10), factor=3.0, longest=timedelta(hours=12))
#: How often who has taken a delivery says that he is still at it.
_RENEW_SECONDS = 0.5
#: How many deliveries of one webhook are under way at once.
AT_ONCE = 8
#: And after how many failures in a row it is left alone for how long.
BOUNDS = Bounds(AT_ONCE, breaker_failures=10, breaker_seconds=30)
#: How long the courier sleeps at most: other programs' commits are not told here.
_POLL_SECONDS = 0.5
#: How long deliveries that are under way when the engine closes may take to end.
_GRACE_SECONDS = 2.0
#: How long to wait for who writes in another transaction or has taken something, before another look.
_HELD_BACK_SECONDS = 0.02
_LONGEST_ERROR = 500


class Courier:
    """Delivers the webhooks of one database; `chance` gives numbers from 0 to 1."""

    def __init__(
        self,
        store: Writer,
        world: World,
        clock: Clock,
        sender: Sender,
        webhooks: Webhooks,
        chance: Callable[[], float] = random.random,
    ) -> None:
        self._store, self._world, self._clock, self._sender = store, world, clock, sender
        self._webhooks, self._chance = webhooks, chance
        self._live, self._pump = LiveWebhooks(store, world), Pump(store, world, clock)
        self._under_way: dict[int, tuple[Delivery, asyncio.Task[None]]] = {}
        self._circuits: dict[str, Circuit] = defaultdict(Circuit)  # by webhook
        self._ended = Outcomes([], [], [])
        self._woken, self._idle = asyncio.Event(), asyncio.Event()
        self._next: datetime | None = None
        self._closing = self._draining = False
        self._task: asyncio.Task[None] | None = None
        self._renewing: asyncio.Task[None] | None = None
        self._trouble = Trouble(log, "webhooks could not be looked after")

    def start(self) -> None:
        self._task = asyncio.create_task(self._run(), name="placet-courier")
        self._renewing = asyncio.create_task(self._renew(), name="placet-leases")

    async def drain(self) -> None:
        """Take nothing more, and return once nothing is under way here any more."""
        self._draining = True
        if self._task is not None:
            self._idle.clear()
            self._woken.set()
            await self._idle.wait()

    async def close(self) -> None:
        """Let what is under way come to its end for a little while; the rest is for whoever runs jobs next."""
        self._closing = True
        self._woken.set()
        if self._task is None:
            return
        await self._task
        if self._under_way:
            _, late = await asyncio.wait([task for _, task in self._under_way.values()], timeout=_GRACE_SECONDS)
            self._ended.let_go += [delivery for delivery, task in self._under_way.values() if task in late]
            for task in late:
                task.cancel()
            await asyncio.gather(*late, return_exceptions=True)
        if self._renewing is not None:
            self._renewing.cancel()
            await asyncio.wait([self._renewing])
        try:
            await self._turn({})
        except PlacetError as failure:  # their leases run out all the same
            log.warning("deliveries could not be put back", error=str(failure))

    def note(self) -> None:
        """Something has been committed."""
        if self._live.may_be_some:
            self._woken.set()

    async def settled(self) -> None:
        """Return once there is nothing to deliver any more by the clock; for tests."""
        if self._task is None:
            raise Unavailable("This engine runs no timers and jobs; open it with run_jobs=True.")
        await self._not_while(trail.held_back)
        while True:
            self._idle.clear()
            self._woken.set()
            await self._idle.wait()
            if not await self._not_while(deliveries.are_held):
                return

    async def _not_while(self, is_so: Callable[[Any], bool]) -> bool:
        """Wait until something is so no more; gives whether it was."""
        waited = False
        while self._live.may_be_some and await self._store.read(is_so):
            await self._clock.wait(None, asyncio.Event(), _HELD_BACK_SECONDS)
            waited = True
        return waited

    async def reached(self) -> Position | None:
        """Up to where all that receivers are to be told of is on its way; None where that is not known yet.

        What is not active is to be told of all once it is active again.
        """
        return await self._pump.reached(await self._live.every() if self._live.may_be_some else ())

    # -- taking ----------------------------------------------------------------------------------

    async def _run(self) -> None:
        while not self._closing:
            self._woken.clear()
            try:
                did = await self._look()
                self._trouble.over()
            except PlacetError as failure:
                did = False
                self._trouble.met(str(failure))
            except Exception:
                did = False
                log.exception("the courier failed")
            if did or self._woken.is_set():
                continue
            if not self._under_way:
                self._idle.set()
            await self._clock.wait(self._next, self._woken, _POLL_SECONDS)

    async def _look(self) -> bool:
        """See what has happened and what is due; gives whether there was anything."""
        is_on = self._live.may_be_some and not self._draining
        active = {each.id: each for each in await self._live.active()} if is_on else {}
        found = await self._pump.run(list(active.values())) if active else False
        unusable = self._pump.unusable if active else {}  # or it is of a look before this one
        for id_, reason in unusable.items():
            await self._disable(active.pop(id_), f"Its filter cannot be asked any more: {reason}")
        due = await self._store.read(deliveries.due) if active else {}
        now = self._clock.now()
        self._next = min((at for at in due.values() if at > now), default=None)
        room = {id_: self._circuits[id_].room(BOUNDS, now) for id_, at in due.items() if at <= now and id_ in active}
        taken = await self._turn({id_: most for id_, most in room.items() if most > 0})
        await self._begin(active, taken)
        return found or bool(taken)

    async def _turn(self, wanted: Mapping[str, int]) -> Sequence[Delivery]:
        """Write down what has ended, and take what may begin."""
        ended, self._ended = self._ended, Outcomes([], [], [])
        if not (ended or wanted):
            return ()
        now = self._clock.now()

        def work(tx: Transaction) -> list[Delivery]:
            if ended:
                deliveries.settle(tx, ended, now)
            return deliveries.take(tx, wanted, now)

        try:
            return await self._store.write(work, refresh=False)
        except BaseException:
            self._ended.add(ended)
            raise

    async def _renew(self) -> None:
        """Say now and then that this node is still at what is under way, whatever else it has to do."""
        while True:
            await self._clock.wait(None, asyncio.Event(), _RENEW_SECONDS)
            held = [delivery for delivery, _ in self._under_way.values()]
            if not held:
                continue
            try:
                await self._store.write(partial(deliveries.keep, held=held), refresh=False)
            except PlacetError as failure:
                log.warning("deliveries under way could not be kept", error=str(failure))

    # -- telling ---------------------------------------------------------------------------------

    async def _begin(self, active: Mapping[str, Webhook], taken: Sequence[Delivery]) -> None:
        bodies = await self._sender.bodies({id_: each.name for id_, each in active.items()}, taken)
        for delivery in taken:
            body = bodies.get(delivery.id)
            if body is None:  # the process is not kept any more
                self._ended.arrived.append(delivery)
                self._woken.set()
            elif delivery.id in self._under_way:  # its lease has run out meanwhile: it goes on with the new one
                self._under_way[delivery.id] = delivery, self._under_way[delivery.id][1]
            else:
                self._circuits[delivery.webhook_id].began()
                task = asyncio.create_task(self._deliver(active[delivery.webhook_id], delivery, body))
                self._under_way[delivery.id] = delivery, task

    async def _deliver(self, webhook: Webhook, delivery: Delivery, body: bytes) -> None:
        circuit = self._circuits[webhook.id]
        try:
            told = await self._sender.tell(webhook, delivery.event_id, body)
            if told.gone:
                await self._disable(webhook, "Its receiver answered 410 Gone.")
        except Exception:
            log.exception("a delivery failed", webhook=webhook.name, event_id=delivery.event_id)
            told = Told("It failed inside the engine; the log says how.")
        finally:
            circuit.ended()
            delivery, _ = self._under_way.pop(delivery.id)
            self._woken.set()
        circuit.learn(BOUNDS, self._clock.now(), works=told.works)
        if told.error is None:
            self._ended.arrived.append(delivery)
        else:
            self._ended.failed.append(self._failed(delivery, told))

    async def _disable(self, webhook: Webhook, trouble: str) -> None:
        log.warning("a webhook is left alone until an operator looks after it", webhook=webhook.name, trouble=trouble)
        await self._webhooks.disable(webhook, trouble, Caller(None, self._world.directory, self._clock.now()))

    def _failed(self, delivery: Delivery, told: Told) -> Failed:
        """When to try again; never, after the last try. Who is gone may come back and is sent it then."""
        now, error = self._clock.now(), (told.error or "")[:_LONGEST_ERROR]
        if delivery.tries >= RETRY.attempts and not told.gone:
            return Failed(delivery, now, error, None)
        return Failed(delivery, now, error, now + wait(RETRY, delivery.tries, told.retry_after, self._chance))
