"""The engine in the hands of the embedding application, which may do everything."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Callable, Collection, Mapping
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from placet.commands import Command
from placet.core.form_choices import Answers, Question
from placet.core.people import Directory
from placet.deployment import Deployment
from placet.directory.changes import Progress
from placet.directory.load import LoadSummary
from placet.forms import Forms
from placet.insights import Insights
from placet.nodes import Nodes
from placet.overview import Figures
from placet.query.ast import Node
from placet.store.batch import Outcome
from placet.store.world import World
from placet.stream import EventPage, Events
from placet.verbs import Verbs
from placet.views import Views

if TYPE_CHECKING:
    from placet.engine import Engine

T = TypeVar("T")


class System(Deployment, Verbs, Views, Insights, Forms, Nodes, Events):
    """The verbs and views of an engine, whose calls without an actor are the application's own.

    An actor that is given is asked for his rights as he is anywhere.
    """

    _is_system = True

    def __init__(self, engine: Engine) -> None:
        self._engine, self.clock = engine, engine.clock

    @property
    def _world(self) -> World:  # type: ignore[override]  # the engine's own
        return self._engine._world

    @property
    def _figures(self) -> Figures:  # type: ignore[override]  # the engine's own
        return self._engine._figures

    @property
    def directory(self) -> Directory:
        """The people and groups as the engine last saw them."""
        return self._engine.directory

    async def handle(self, command: Command) -> Outcome:
        """As `Engine.handle`, also without an actor."""
        return await self._engine._submit(command)

    def _event_pages(
        self, after: str | None, actor: str | None, query: str | Node | None
    ) -> AsyncGenerator[EventPage, None]:
        return self._engine._event_pages(after, actor, query)

    async def load_people(
        self, path: str | Path, *, keep_passwords: bool = False, progress: Progress | None = None
    ) -> LoadSummary:
        """As `Engine.load_people`."""
        return await self._engine._load_people(path, keep_passwords=keep_passwords, progress=progress)

    async def refresh(self) -> None:
        """As `Engine.refresh`."""
        await self._engine.refresh()

    def new_id(self) -> str:
        """As `Engine.new_id`."""
        return self._engine.new_id()

    def _resting(self, lane: str) -> datetime | None:
        return self._engine._resting(lane)

    async def _check_inputs(self, connector: str, inputs: Mapping[str, Any]) -> None:
        await self._engine._check_inputs(connector, inputs)

    async def _choices(self, questions: Collection[Question]) -> Answers:
        return await self._engine._choices(questions)

    async def _read(self, work: Callable[[Any], T], *, brief: bool = False) -> T:
        return await self._engine._read(work, brief=brief)

    async def _ask(self, work: Callable[[Any], T], *, within: float | None = None, at_length: bool = False) -> T:
        return await self._engine._ask(work, within=within, at_length=at_length)

    async def _write(self, work: Callable[[Any], T]) -> T:
        return await self._engine._write(work)
