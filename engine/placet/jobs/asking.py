"""Calls that somebody waits for, as for the choices of a form: by the circuit of their service, ahead of its jobs."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from placet.clock import Clock
from placet.connectors.caller import Answer, Caller
from placet.connectors.catalog import LiveCatalog
from placet.connectors.choices import LONGEST_WAIT, LeftAlone
from placet.connectors.records import Connector
from placet.jobs.calls import bounds_of
from placet.jobs.circuit import Bounds, Circuit, Circuits


class Asking:
    """Makes such calls, each once, and without a key: they change nothing."""

    def __init__(self, catalog: LiveCatalog, caller: Caller, circuits: Circuits, clock: Clock) -> None:
        self._catalog, self._caller, self._circuits, self._clock = catalog, caller, circuits, clock

    async def call(self, connector: Connector, inputs: Mapping[str, Any]) -> Answer:
        """The answer; raises `LeftAlone`, and what `Caller.call` raises."""
        service = (await self._catalog.now()).service_of(connector)
        name, bounds = bounds_of(service)
        circuit = self._circuits.of(name)
        await self._turn(circuit, bounds)
        try:
            answer = await self._caller.call(connector, inputs, key=None)
            circuit.learn(bounds, self._clock.now(), works=not answer.transient)
        finally:
            circuit.end_turn()
        return answer

    async def _turn(self, circuit: Circuit, bounds: Bounds) -> None:
        try:
            async with asyncio.timeout(LONGEST_WAIT):  # nobody waits for longer
                is_on = await circuit.turn(bounds, self._clock.now())
        except TimeoutError:
            raise LeftAlone("its service has enough to do; try again in a moment.") from None
        if not is_on:
            raise LeftAlone(_until(circuit.broken_until, self._clock.now()))


def _until(end: datetime | None, now: datetime) -> str:
    """Why a service is not called, and for how long."""
    seconds = 0 if end is None else round((end - now).total_seconds())
    left = f"for another {seconds} s" if seconds > 0 else "for a moment"
    return f"its service did not work, and is left alone {left}."
