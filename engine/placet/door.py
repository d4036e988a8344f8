"""The door: the one way by which commands go in and what is stored comes out, and who it is that asks."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable
from typing import Any, TypeVar

from placet.clock import Clock
from placet.commands import Command
from placet.core.access import Act, require_act
from placet.core.names import is_dn
from placet.core.texts import LONGEST_NAME, check_text
from placet.errors import InvalidInput
from placet.store.batch import Outcome
from placet.store.incidents import FoundIncident
from placet.store.search import FoundProcess
from placet.store.world import World

T = TypeVar("T")


class Door(ABC):
    """What verbs, views and the other parts of an engine need of the whole."""

    clock: Clock
    _world: World
    _is_system = False  # whether a call without an actor is the embedding application's own

    @abstractmethod
    async def handle(self, command: Command) -> Outcome: ...

    @abstractmethod
    async def process(self, process_id: str, *, actor: str | None = None) -> FoundProcess: ...

    @abstractmethod
    async def incident(self, incident_id: str, *, actor: str | None = None) -> FoundIncident: ...

    @abstractmethod
    async def refresh(self) -> None: ...

    @abstractmethod
    def new_id(self) -> str: ...

    @abstractmethod
    async def _read(self, work: Callable[[Any], T], *, brief: bool = False) -> T:
        """Run a store function in a read transaction of its own; `brief` as in `Database.read`."""

    @abstractmethod
    async def _ask(self, work: Callable[[Any], T], *, within: float | None = None, at_length: bool = False) -> T:
        """As `_read`, of what somebody has put in his own words; it may run twice, so it must change nothing.

        Raises `QueryTooSlow`; with `within` `TookTooLong` instead, after so many seconds. What is done `at_length` is
        known to take longer than most, and runs once.
        """

    @abstractmethod
    async def _write(self, work: Callable[[Any], T]) -> T:
        """Run a store function in a write transaction of its own."""

    async def _dn(self, actor: str | None) -> str | None:
        """Who asks, as a DN; None is the embedding application itself, where it has said so."""
        if actor is None:
            self._require_system()
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

    async def _permitted(self, actor: str | None, act: Act) -> str | None:
        """Who asks, as a DN, once it is known that his role allows what he asks for."""
        dn = await self._dn(actor)
        require_act(self._world.directory, dn, act)
        return dn

    def _require_system(self) -> None:
        if not self._is_system:
            raise InvalidInput(
                "Nobody is named who does this; give actor='anna' (a user name or DN), "
                "or let the application itself do it, through engine.as_system()."
            )
