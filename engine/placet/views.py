"""What can be seen: one process or work item, pages of them, comments and the trail. Rights are part of every query."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Callable
from datetime import datetime
from typing import Any

from placet.arguments import Filters, filter_of, id_of, page_of, place_of_item
from placet.core.access import Act, Answer, Row, answer, require_act, require_active
from placet.core.records import Comment, Event
from placet.core.waiting import Standing, Wait
from placet.core.why_waiting import why_waiting
from placet.door import Door
from placet.errors import NotFound
from placet.jobs.dispatcher import LEASE
from placet.query.fields import PROCESSES, WORK_ITEMS
from placet.store import listing, search, trail
from placet.store.incidents import FoundIncident, Wanted, find_incident, page_of_incidents
from placet.store.listing import ProcessListing
from placet.store.names import Names
from placet.store.page import Page
from placet.store.search import FoundProcess, FoundWorkItem
from placet.store.standing import find_standing
from placet.store.visible import reader
from placet.store.whose import find_row

_BRIEF = 200  # rows that are read so quickly that nobody minds waiting for them


class Views(Door):
    """Each sees everything that was answered before it was asked, as far as the actor may see it."""

    async def process(self, process_id: str, *, actor: str | None = None) -> FoundProcess:
        """One process with its definition version.

        Raises `NotFound` without such a process, also where the actor may not see it; `InvalidInput` for an unknown
        actor.
        """
        found: FoundProcess | None = await self._search(actor, search.find_process, id_of(process_id))
        if found is None:
            raise NotFound(f"There is no process {process_id}.")
        return found

    async def work_item(self, item_id: str, *, actor: str | None = None) -> FoundWorkItem:
        """One work item, open or not, with its process.

        Raises `NotFound` without such an item, also where the actor may not see it; `InvalidInput` for an unknown
        actor.
        """
        found: FoundWorkItem | None = await self._search(actor, search.find_work_item, id_of(item_id, "work item"))
        if found is None:
            raise NotFound(f"There is no work item {item_id}.")
        return found

    async def processes(
        self,
        filters: Filters = None,
        *,
        actor: str | None = None,
        limit: int = 100,
        after: tuple[Any, ...] | None = None,
        newest_first: bool = True,
    ) -> list[FoundProcess]:
        """A page of up to `limit` processes in the order in which they were started, the newest first.

        `filters` is a text such as `ProcessStatus=Running`, or several that all have to hold; `after` is
        `cursor_of(page[-1])` of the page before.

        Raises `InvalidFilter` for a filter that cannot be read; `InvalidInput` for an unknown actor, a negative limit
        or an `after` of something else.
        """
        tree, page = filter_of(filters, PROCESSES), page_of(limit, after, newest_first, of_items=False)
        found: list[FoundProcess] = await self._search(actor, search.page_of_processes, tree, page)
        return found

    async def list_processes(
        self,
        filters: Filters = None,
        *,
        actor: str | None = None,
        limit: int = 1000,
        after: tuple[Any, ...] | None = None,
        newest_first: bool = True,
    ) -> ProcessListing:
        """As `processes`, as bare rows without data items: four times as fast, for reading out whole collections.

        `after` is `listing.cursor(-1)` of the page before.

        Raises `InvalidFilter` for a filter that cannot be read; `InvalidInput` for an unknown actor, a negative limit
        or an `after` of something else.
        """
        tree, page = filter_of(filters, PROCESSES), page_of(limit, after, newest_first, of_items=False)
        found: ProcessListing = await self._search(actor, listing.list_processes, tree, page)
        return found

    async def work_items(
        self,
        filters: Filters = None,
        *,
        actor: str | None = None,
        limit: int = 100,
        after: tuple[Any, ...] | None = None,
        newest_first: bool = False,
    ) -> list[FoundWorkItem]:
        """A page of up to `limit` work items, oldest first: open and claimed ones unless a filter asks for a `Status`.

        `filters` and `after` are as in `processes`.

        Raises `InvalidFilter` for a filter that cannot be read; `InvalidInput` for an unknown actor, a negative limit
        or an `after` of something else.
        """
        tree, page = filter_of(filters, WORK_ITEMS), page_of(limit, after, newest_first, of_items=True)
        found: list[FoundWorkItem] = await self._search(actor, search.page_of_work_items, tree, page)
        return found

    async def inbox(self, person: str, *, limit: int = 100) -> list[FoundWorkItem]:
        """Up to `limit` open and claimed work items that ask a person, himself or through his groups, oldest first.

        Raises `InvalidInput` for an unknown person or a negative limit.
        """
        return await self.work_items("Addressee=self", actor=person, limit=limit)

    async def incidents(
        self,
        *,
        actor: str | None = None,
        process_id: str | None = None,
        resolved: bool = False,
        limit: int = 100,
        after: tuple[Any, ...] | None = None,
        newest_first: bool = False,
    ) -> list[FoundIncident]:
        """A page of up to `limit` open incidents, oldest first: of one process or of all; with `resolved` also others.

        `after` is `cursor_of(page[-1])` of the page before.

        Raises `NotAllowed` without the permission PM_SUPERVISOR; `InvalidInput` for an unknown actor, a negative limit
        or an `after` of something else.
        """
        await self._permitted(actor, Act.RETRY)
        wanted = Wanted(None if process_id is None else id_of(process_id), resolved)
        page = page_of(limit, after, newest_first, of_items=True)
        found: list[FoundIncident] = await self._search(actor, page_of_incidents, wanted, page)
        return found

    async def incident(self, incident_id: str, *, actor: str | None = None) -> FoundIncident:
        """One incident, open or not, with its process.

        Raises `NotFound` without such an incident, also where the actor may not see its process; `NotAllowed` without
        the permission PM_SUPERVISOR; `InvalidInput` for an unknown actor.
        """
        await self._permitted(actor, Act.RETRY)
        place = place_of_item(incident_id, "incident")
        found: FoundIncident | None = await self._search(actor, find_incident, place)
        if found is None:
            raise NotFound(f"There is no incident {incident_id}.")
        return found

    async def comments(self, process_id: str, *, actor: str | None = None, system: bool | None = None) -> list[Comment]:
        """The comments of a process, oldest first; `system` keeps only the engine's (True) or only people's (False).

        Raises `NotFound` without such a process, also where the actor may not see it; `InvalidInput` for an unknown
        actor.
        """
        found = await self.process(process_id, actor=actor)
        return await self._read(
            lambda tx: trail.comments_of(tx, found.process.id, Names(self._world.names), system=system)
        )

    async def timeline(self, process_id: str, *, actor: str | None = None) -> list[Event]:
        """Every event of a process, oldest first.

        Raises `NotFound` without such a process, also where the actor may not see it; `InvalidInput` for an unknown
        actor.
        """
        found = await self.process(process_id, actor=actor)
        return await self._read(lambda tx: trail.events_of(tx, found.process.id, Names(self._world.names)))

    async def waiting(self, process_id: str, *, actor: str | None = None) -> list[Wait]:
        """Why a process waits: an answer for each point where it stands; none for one that has ended.

        `placet.core.waiting_words` says each in words.

        Raises `NotFound` without such a process, also where the actor may not see it; `InvalidInput` for an unknown
        actor.
        """
        standing: Standing | None = await self._search(actor, find_standing, id_of(process_id))
        if standing is None:
            raise NotFound(f"There is no process {process_id}.")
        directory, now = self._world.directory, self.clock.now()
        return why_waiting(standing, directory, now, resting=self._resting, lease=LEASE)

    @abstractmethod
    def _resting(self, lane: str) -> datetime | None:
        """Until when this node leaves alone what the jobs of a lane call, None where it does not."""

    async def access(self, person: str, process_id: str, *, actor: str | None = None) -> dict[Act, Answer]:
        """What a person may do, with one process and altogether, and why or what it would take.

        Raises `NotFound` without such a process, also where the actor may not see it; `NotAllowed` to ask of somebody
        else without the permission PM_USERS; `InvalidInput` for an unknown person or actor.
        """
        asked, asking = await self._dn(person), await self._dn(actor)
        if asking is not None and asking != asked:
            require_act(self._world.directory, asking, Act.MANAGE_PEOPLE)
        row: Row | None = await self._search(actor, find_row, id_of(process_id))
        if row is None:
            raise NotFound(f"There is no process {process_id}.")
        now, name = self.clock.now(), row.process.initiator
        return {act: answer(self._world.directory, asked, act, row, name=name, now=now) for act in Act}

    async def _search(self, actor: str | None, find: Callable[..., Any], wanted: Any, *page: Page) -> Any:
        dn = await self._dn(actor)
        require_active(self._world.directory, dn)
        return await self._read(
            lambda tx: find(tx, self._world, wanted, reader(self._world, dn, self.clock.now(), tx), *page),
            brief=all(part.limit <= _BRIEF for part in page),
        )
