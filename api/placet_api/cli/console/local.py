"""What only the terminal console asks, answered by an engine of this program's own."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from placet import Engine
from placet.diagram import stands_on, steps_taken, to_text
from placet_api.actions import Offer, offers, see
from placet_api.cli.local import LocalBackend, view_definition, view_field
from placet_api.cli.views import DataItemView, FieldView, Named
from placet_api.hands import EngineHands


class LocalProcesses:
    """`placet_api.cli.console.sources.ProcessDesk` on an opened engine, in the name of a user."""

    def __init__(self, engine: Engine, actor: str) -> None:
        self._engine = engine.as_system()
        dn = LocalBackend(engine, actor).actor
        assert dn is not None
        self._actor: str = dn
        self.hands = EngineHands(self._engine, dn)

    async def me(self) -> Named:
        return Named(self._actor, self._engine.directory.display_name(self._actor))

    async def offers(self, process_id: str) -> Sequence[Offer]:
        return offers(await see(self._engine, process_id, self._actor))

    async def data_items(self, process_id: str) -> Sequence[DataItemView]:
        found = await self._engine.process(process_id, actor=self._actor)
        return view_definition(found.definition).data

    async def diagram(self, process_id: str) -> str:
        found = await self._engine.process(process_id, actor=self._actor)
        events = await self._engine.timeline(process_id, actor=self._actor)
        way = steps_taken(found.process, events)
        return to_text(found.definition, highlight=stands_on(found.process), way=way)

    async def form(self, definition: str, data: Mapping[str, Any]) -> Sequence[FieldView]:
        view = await self._engine.form(definition, actor=self._actor, data=data)
        return [view_field(state) for state in view.fields]

    async def item_form(self, item_id: str, data: Mapping[str, Any]) -> Sequence[FieldView]:
        view = await self._engine.work_item_form(item_id, actor=self._actor, data=data)
        return [view_field(state) for state in view.fields]
