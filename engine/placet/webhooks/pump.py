"""The pump: what has happened becomes what is on its way, for each webhook from the place where it had come to."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial

from placet.clock import Clock
from placet.directory.database import Database
from placet.errors import InvalidFilter
from placet.store import deliveries, trail
from placet.store import webhooks as store
from placet.store.directory_version import Transaction
from placet.store.trail import END, Position, Step
from placet.store.world import World
from placet.webhooks.records import Webhook

_AT_ONCE = 500  # events that are looked at

Keys = Sequence[tuple[str, int]]


@dataclass(slots=True)
class _Place:
    """Where a webhook has come to: as it is `stored`, and up to where nothing more for it was found."""

    stored: Position
    seen: Position


class Pump:
    """Turns events into deliveries; another node may do the same, and each event becomes one once.

    A place is stored with the deliveries that it stands for, or after many events that were for nobody: those are
    looked at again by who begins anew, and by no other.
    """

    def __init__(self, database: Database, world: World, clock: Clock) -> None:
        self._database, self._world, self._clock = database, world, clock
        self._places: dict[str, _Place] = {}
        self.unusable: dict[str, str] = {}  # what is wrong, since they were checked, with the filters of webhooks

    async def run(self, webhooks: Sequence[Webhook]) -> bool:
        """Look at the next events; gives whether there were any. What is `unusable` stays where it was."""
        self.unusable.clear()
        self._places = {each.id: self._places[each.id] for each in webhooks if each.id in self._places}
        groups: dict[Position, list[Webhook]] = defaultdict(list)
        for each in webhooks:
            if (place := await self._place(each)) is not None:
                groups[place.seen].append(each)
        found = [await self._look(position, group) for position, group in groups.items()]
        return any(found)

    async def reached(self, webhooks: Sequence[Webhook]) -> Position | None:
        """Up to where all that these are to be told of is on its way; None where that has not been looked at yet."""
        reached = END
        for each in webhooks:
            place = self._places.get(each.id) if each.active else await self._stored(each)  # where it stays
            if place is None:
                return None
            reached = min(reached, place.seen)
        return reached

    async def _stored(self, webhook: Webhook) -> _Place | None:
        """The place of a webhook as the database has it; None where there is no such webhook any more."""
        stored = await self._database.read(partial(store.place, webhook_id=webhook.id))
        return None if stored is None else _Place(stored, stored)

    async def _place(self, webhook: Webhook) -> _Place | None:
        place = self._places.get(webhook.id) or await self._stored(webhook)
        if place is not None:
            self._places[webhook.id] = place
        return place

    async def _look(self, position: Position, webhooks: Sequence[Webhook]) -> bool:
        steps, wanted = await self._database.read(partial(self._found, position=position, webhooks=webhooks))
        if not steps:
            return False
        last, is_long = steps[-1].position, len(steps) == _AT_ONCE
        moving = {id_: keys for id_, keys in wanted.items() if keys or is_long}
        moved = await self._database.write(partial(self._move, to=last, wanted=moving)) if moving else set()
        for each in webhooks:
            if each.id in self.unusable:
                continue
            if each.id in moved:
                self._places[each.id] = _Place(last, last)
            elif each.id in moving:
                del self._places[each.id]  # another node was faster, and knows up to where
            else:
                self._places[each.id].seen = last
        return True

    def _found(
        self, tx: Transaction, position: Position, webhooks: Sequence[Webhook]
    ) -> tuple[Sequence[Step], Mapping[str, Keys]]:
        """The next events, and those that each webhook is to be told of."""
        steps = trail.steps_after(tx, position, _AT_ONCE)
        wanted: dict[str, Keys] = {}
        for each in webhooks:
            try:
                wanted[each.id] = self._for(tx, each, steps)
            except InvalidFilter as failure:
                self.unusable[each.id] = failure.message
        return steps, wanted

    def _for(self, tx: Transaction, webhook: Webhook, steps: Sequence[Step]) -> Keys:
        asked = [step for step in steps if webhook.asks_for(step.kind)]
        if asked and webhook.wanted is not None:
            processes = {step.process_id for step in asked}
            ids = store.matching(tx, self._world, webhook.wanted, processes, self._clock.now())
            asked = [step for step in asked if step.process_id in ids]
        return [(step.process_id, step.number) for step in asked]

    def _move(self, tx: Transaction, to: Position, wanted: Mapping[str, Keys]) -> set[str]:
        """Write down the deliveries with the places that they stand for; gives the webhooks for which that was new."""
        now, moved = self._clock.now(), set()
        for webhook_id, keys in sorted(wanted.items()):
            if store.move_on(tx, webhook_id, self._places[webhook_id].stored, to):
                deliveries.add(tx, webhook_id, keys, now)
                moved.add(webhook_id)
        return moved
