"""Hands that carry actions out: those of an engine here; others may ask a server to."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Protocol

from placet import Action as Code
from placet import Engine
from placet.system import System


class Hands(Protocol):
    """What an action is carried out by; each method may raise the errors of `placet.errors`."""

    async def comment(self, process_id: str, text: str) -> None: ...

    async def change_data(self, process_id: str, data: Mapping[str, Any], reason: str | None) -> None: ...

    async def pause(self, process_id: str) -> None: ...

    async def resume(self, process_id: str) -> None: ...

    async def terminate(self, process_id: str, reason: str | None, *, error: bool) -> None: ...

    async def act(
        self, item_id: str, action: Code, *, data: Mapping[str, Any], comment: str | None, to: str | None
    ) -> None: ...

    async def retry(self, incident_id: str, data: Mapping[str, Any], inputs: Mapping[str, Any]) -> None: ...

    async def skip(self, incident_id: str, result: Any) -> None: ...


class EngineHands:
    """Carries actions out on an engine, in somebody's name."""

    def __init__(self, engine: Engine | System, actor: str | None) -> None:
        self._engine, self._actor = engine, actor

    async def comment(self, process_id: str, text: str) -> None:
        await self._engine.comment(process_id, text, actor=self._actor)

    async def change_data(self, process_id: str, data: Mapping[str, Any], reason: str | None) -> None:
        await self._engine.change_data(process_id, data, actor=self._actor, reason=reason)

    async def pause(self, process_id: str) -> None:
        await self._engine.pause(process_id, actor=self._actor)

    async def resume(self, process_id: str) -> None:
        await self._engine.resume(process_id, actor=self._actor)

    async def terminate(self, process_id: str, reason: str | None, *, error: bool) -> None:
        await self._engine.terminate(process_id, actor=self._actor, error=error, reason=reason)

    async def act(
        self, item_id: str, action: Code, *, data: Mapping[str, Any], comment: str | None, to: str | None
    ) -> None:
        await self._engine.act(item_id, action, actor=self._actor, data=data, comment=comment, to=to)

    async def retry(self, incident_id: str, data: Mapping[str, Any], inputs: Mapping[str, Any]) -> None:
        await self._engine.retry_incident(incident_id, actor=self._actor, data=data, inputs=inputs)

    async def skip(self, incident_id: str, result: Any) -> None:
        await self._engine.skip_incident(incident_id, actor=self._actor, result=result)
