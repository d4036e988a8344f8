"""The door: the one way by which commands go in and what is stored comes out, and who it is that asks."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable
from typing import Any, TypeVar

from placet.clock import Clock
from placet.commands import Command
from placet.core.names import is_dn
from placet.core.texts import LONGEST_NAME, check_text
from placet.errors import InvalidInput
from placet.store.batch import Outcome
from placet.store.search import FoundProcess
from placet.store.world import World

T = TypeVar("T")


class Door(ABC):
    """What verbs, views and the other parts of an engine need of the whole."""

    clock: Clock
    _world: World

    @abstractmethod
    async def handle(self, command: Command) -> Outcome: ...

    @abstractmethod
    async def process(self, process_id: str, *, actor: str | None = None) -> FoundProcess: ...

    @abstractmethod
    async def refresh(self) -> None: ...

    @abstractmethod
    def new_id(self) -> str: ...

    @abstractmethod
    async def _read(self, work: Callable[[Any], T], *, brief: bool = False) -> T:
        """Run a store function in a read transaction of its own; `brief` as in `Database.read`."""

    @abstractmethod
    async def _write(self, work: Callable[[Any], T]) -> T:
        """Run a store function in a write transaction of its own."""

    async def _dn(self, actor: str | None) -> str | None:
        """Who asks, as a DN; None, the embedding application, stays None."""
        if actor is None:
            return None
        person = self._world.directory.person(actor)
        if person is None and not is_dn(actor):
            await self.refresh()  # another program may have added him
            person = self._world.directory.person(actor)
            if person is None:
                known = "neither a user name that is known nor a DN such as cn=name,ou=users,o=placet"
                raise InvalidInput(f"The actor {actor[:100]!r} is {known}.")
        check_text("actor", actor, LONGEST_NAME)
        return actor if person is None else person.dn
