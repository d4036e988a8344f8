"""The engine: opens a database, takes commands and searches, runs what comes due."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from datetime import datetime
from pathlib import Path
from types import TracebackType
from typing import Any, Self, TypeAlias

from placet.clock import Clock, SystemClock
from placet.commands import (
    ActOnWorkItem,
    AddComment,
    Command,
    PauseProcess,
    ResumeProcess,
    StartProcess,
    TerminateProcess,
)
from placet.core.definition import Definition
from placet.core.ids import is_id
from placet.core.people import Directory
from placet.core.records import Comment, Event, split_work_item_id, work_item_id
from placet.core.statuses import Action
from placet.core.texts import check_command
from placet.directory.load import LoadSummary, load_directory_file
from placet.directory.sign_in import SignIn
from placet.errors import InvalidInput, NotAllowed, NotFound
from placet.jobs.scheduler import Scheduler
from placet.loader import load_directory, parse_definition
from placet.query.ast import Node
from placet.query.criterion import parse_filters
from placet.query.fields import PROCESSES, WORK_ITEMS
from placet.settings import Settings
from placet.store import definitions, search, trail
from placet.store.batch import Outcome
from placet.store.database import open_database, opened
from placet.store.migrate import Migrated, migrate, require_newest
from placet.store.names import Names
from placet.store.search import FoundProcess, FoundWorkItem, Page, ProcessListing
from placet.store.trail import Position
from placet.store.world import World
from placet.store.writer import Writer

Filters: TypeAlias = "Sequence[str] | Node | None"

_EVENTS_AT_ONCE = 500
_POLL_SECONDS = 0.5


class Engine:
    """One engine on one database, for the length of an `async with` block.

        async with Engine("sqlite:///placet.db", definitions="definitions") as engine:
            process = await engine.start("Leave request", initiator="anna", data={"days": 3})

    Wherever an `actor` is asked for it is a DN or a user name; None is the embedding application itself, which may
    do everything. Every method may raise the errors of `placet.errors`.
    """

    def __init__(
        self,
        database_url: str | None = None,
        *,
        definitions: str | Path | None = None,
        settings: Settings | None = None,
        clock: Clock | None = None,
        run_jobs: bool = True,
        migrate_empty: bool = True,
    ) -> None:
        self.settings = (settings or Settings()).with_values("argument", database_url=database_url)
        self.clock = clock or SystemClock()
        self._definitions, self._run_jobs, self._migrate_empty = definitions, run_jobs, migrate_empty
        self._database = open_database(self.settings.database_url)
        self._world = World()
        self._committed = asyncio.Event()
        engine_id = self.settings.engine_id
        self._writer = Writer(self._database, self._world, self.clock, engine_id, self._on_commit)
        self._scheduler = Scheduler(self._writer, self._world, self.clock, self.settings.idempotency_hours)
        self.sign_in = SignIn(self._writer, self.clock, lambda: self._world.directory.version)
        self.is_open = False

    async def __aenter__(self) -> Self:
        await self.open()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, failure: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.close()

    async def open(self) -> None:
        """Make the tables of an empty database, load definitions, start what comes due."""
        try:
            if self._migrate_empty:
                await migrate(self._database, only_empty=True)
            else:
                await require_newest(self._database)
            await self._writer.open()
            await self.refresh()
            if self._definitions is not None:
                await self.load_definitions(self._definitions)
        except BaseException:
            await self._writer.close()
            await self._database.close()
            raise
        if self._run_jobs:
            self._scheduler.start()
        self.is_open = True

    async def close(self) -> None:
        """Answer every command that was accepted, then let go of the database."""
        self.is_open = False
        await self._scheduler.close()
        await self._writer.close()
        await self._database.close()
        self._committed.set()

    def _on_commit(self, due_at: datetime | None) -> None:
        self._scheduler.note(due_at)
        committed, self._committed = self._committed, asyncio.Event()
        committed.set()

    async def refresh(self) -> None:
        """Look again at definitions and people that another program may have changed."""
        await self._database.read(self._world.refresh)

    async def settled(self) -> None:
        """Return once nothing is due any more by the clock."""
        await self._scheduler.settled()

    @property
    def directory(self) -> Directory:
        """The people and groups as this engine last saw them."""
        return self._world.directory

    @property
    def store(self) -> Writer:
        """Where functions of `placet.directory` read and write."""
        return self._writer

    # -- definitions -----------------------------------------------------------------------------

    async def load_definitions(self, folder: str | Path) -> list[tuple[Definition, int, bool]]:
        """Deploy every file of a folder: each definition with its version, and whether that is new.

        Raises `InvalidDefinition` with all faults of all files, and then deploys none of them.
        """
        return await self._deploy(await asyncio.to_thread(load_directory, folder), revive=False)

    async def deploy(self, text: str, file: str = "<text>") -> tuple[Definition, int, bool]:
        """Deploy one definition from its YAML text; one that was retired starts processes again."""
        return (await self._deploy([parse_definition(text, file)], revive=True))[0]

    async def _deploy(self, given: Sequence[Definition], *, revive: bool) -> list[tuple[Definition, int, bool]]:
        now = self.clock.now()
        deployed = await self._writer.write(lambda tx: definitions.deploy(tx, given, now, revive=revive))
        await self.refresh()
        return deployed

    async def retire(self, definition: str) -> None:
        """Let a definition (GUID, DN or name) start nothing any more; its processes go on."""
        guid = (await self.definition(definition)).guid
        await self._writer.write(lambda tx: definitions.retire(tx, guid))
        await self.refresh()

    async def definitions(self) -> list[Definition]:
        """The newest version of every definition, by DN; the retired ones are marked."""

        def newest(tx: Any) -> list[Definition]:
            self._world.refresh(tx)
            return [self._world.definition(tx, version.row) for version in self._world.catalog.latest()]

        return await self._database.read(newest)

    async def definition(self, guid_or_dn_or_name: str) -> Definition:
        """The newest version of one definition; raises `NotFound`."""

        def newest(tx: Any) -> Definition:
            self._world.refresh(tx)
            return self._world.definition(tx, self._world.catalog.find(guid_or_dn_or_name).row)

        return await self._database.read(newest)

    # -- commands --------------------------------------------------------------------------------

    async def handle(self, command: Command) -> Outcome:
        """Take any command; the answer comes once it is durable."""
        check_command(command)
        if isinstance(command, AddComment):
            await self._require_visible(command)  # who may read a process may comment on it
        try:
            return await self._writer.submit(command)
        except (NotAllowed, NotFound):
            await self._require_visible(command)
            raise

    async def _require_visible(self, command: Command) -> None:
        """Who may not even know of a process is told that what he names is not there, whether it is or not."""
        if command.actor is None or isinstance(command, StartProcess):
            return
        try:
            await self.process(command.process_id, actor=command.actor)
        except NotFound:
            number = command.number if isinstance(command, (ActOnWorkItem, AddComment)) else None
            if number is None:
                raise
            raise NotFound(f"There is no work item {work_item_id(command.process_id, number)}.") from None

    def new_id(self) -> str:
        """An id for a process that is about to be started."""
        return self._writer.new_id()

    async def start(
        self,
        definition: str,
        *,
        actor: str | None = None,
        initiator: str | None = None,
        recipient: str | None = None,
        data: Mapping[str, Any] | None = None,
        correlation_id: str | None = None,
        idempotency_key: str | None = None,
    ) -> FoundProcess:
        """Start a definition (GUID, DN or name) and return the process as it then is."""
        request = [definition, initiator, recipient, data or {}, correlation_id]
        fingerprint = json.dumps(request, default=str, sort_keys=True) if idempotency_key is not None else None
        command = StartProcess(
            process_id=self.new_id(),
            actor=self._dn(actor),
            definition=definition,
            initiator=self._dn(initiator),
            recipient=recipient,
            data=data or {},
            correlation_id=correlation_id,
            idempotency_key=idempotency_key,
            fingerprint=fingerprint,
        )
        outcome = await self.handle(command)
        if outcome.process is None or outcome.definition is None:
            return await self.process(outcome.process_id)
        return FoundProcess(outcome.process, outcome.definition)

    async def act(
        self,
        item_id: str,
        action: str | Action,
        *,
        actor: str | None = None,
        data: Mapping[str, Any] | None = None,
        comment: str | None = None,
        to: str | None = None,
    ) -> FoundWorkItem:
        """Do something with a work item: approve, deny, refuse, claim, release, reassign, comment or return."""
        process_id, number = self.split(item_id)
        command = ActOnWorkItem(
            process_id=process_id,
            number=number,
            actor=self._dn(actor),
            action=_action(action),
            data=data or {},
            comment=comment,
            to=to,
        )
        outcome = await self.handle(command)
        assert outcome.item is not None
        assert outcome.process is not None
        assert outcome.definition is not None
        return FoundWorkItem(outcome.item, outcome.process, outcome.definition)

    async def terminate(
        self, process_id: str, *, actor: str | None = None, error: bool = False, reason: str | None = None
    ) -> None:
        """End a process as Terminated + Retracted, with `error` as Terminated + Error."""
        command = TerminateProcess(process_id=_id(process_id), actor=self._dn(actor), error=error, reason=reason)
        await self.handle(command)

    async def pause(self, process_id: str, *, actor: str | None = None) -> None:
        """Stop a process: its items can be read but not acted on, and its timers stand still."""
        await self.handle(PauseProcess(process_id=_id(process_id), actor=self._dn(actor)))

    async def resume(self, process_id: str, *, actor: str | None = None) -> None:
        """Let a stopped process go on."""
        await self.handle(ResumeProcess(process_id=_id(process_id), actor=self._dn(actor)))

    async def comment(self, process_id: str, text: str, *, actor: str | None = None) -> None:
        """Add a comment to a process that the actor may read."""
        await self.handle(AddComment(process_id=_id(process_id), text=text, actor=self._dn(actor)))

    # -- reading ---------------------------------------------------------------------------------

    async def process(self, process_id: str, *, actor: str | None = None) -> FoundProcess:
        """One process with its definition; raises `NotFound` also where the actor may not see it."""
        found: FoundProcess | None = await self._search(actor, search.find_process, _id(process_id))
        if found is None:
            raise NotFound(f"There is no process {process_id}.")
        return found

    async def work_item(self, item_id: str, *, actor: str | None = None) -> FoundWorkItem:
        """One work item with its process; raises `NotFound` also where the actor may not see it."""
        found: FoundWorkItem | None = await self._search(actor, search.find_work_item, _id(item_id, "work item"))
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
        """A page of processes, newest first; `filters` are texts such as `ProcessStatus=Running` that all must hold."""
        tree = filters if not isinstance(filters, Sequence) else parse_filters(filters, PROCESSES)
        page = Page(limit, after, newest_first)
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
        """As `processes`, as bare rows without data items: four times as fast, for reading out whole collections."""
        tree = filters if not isinstance(filters, Sequence) else parse_filters(filters, PROCESSES)
        page = Page(limit, after, newest_first)
        found: ProcessListing = await self._search(actor, search.list_processes, tree, page)
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
        """A page of work items, oldest first: the open and claimed ones unless a filter asks for a `Status`."""
        tree = filters if not isinstance(filters, Sequence) else parse_filters(filters, WORK_ITEMS)
        page = Page(limit, after, newest_first)
        found: list[FoundWorkItem] = await self._search(actor, search.page_of_work_items, tree, page)
        return found

    async def inbox(self, person: str, *, limit: int = 100) -> list[FoundWorkItem]:
        """What waits for somebody, himself or through his groups, oldest first."""
        return await self.work_items(["Addressee=self"], actor=person, limit=limit)

    async def comments(self, process_id: str, *, actor: str | None = None, system: bool | None = None) -> list[Comment]:
        """The comments of a process, oldest first; `system` keeps only the engine's (True) or only people's (False)."""
        await self.process(process_id, actor=actor)
        return await self._database.read(
            lambda tx: trail.comments_of(tx, process_id, Names(self._world.names), system=system)
        )

    async def timeline(self, process_id: str, *, actor: str | None = None) -> list[Event]:
        """Every event of a process, oldest first."""
        await self.process(process_id, actor=actor)
        return await self._database.read(lambda tx: trail.events_of(tx, process_id, Names(self._world.names)))

    async def _search(self, actor: str | None, find: Callable[..., Any], *args: Any) -> Any:
        dn = self._dn(actor)

        def work(tx: Any) -> Any:
            first, *rest = args
            return find(tx, self._world, first, search.reader(self._world, dn), *rest)

        return await self._database.read(work)

    async def events(self, after: str | None = None) -> AsyncIterator[tuple[str, Event]]:
        """All events of all processes as they happen, each with its position; resumes after a position and misses none.

        Without `after` it begins with what happens from now on; `"0-0"` begins with the first event there is. On
        PostgreSQL an event is held back while any transaction of the server that began before it still writes.
        """
        position = await self._database.read(trail.last_position) if after is None else Position.parse(after)
        while self.is_open:
            committed, here = self._committed, position  # taken before the look, so that no commit is slept through
            found = await self._database.read(
                lambda tx, here=here: trail.events_after(tx, here, Names(self._world.names), _EVENTS_AT_ONCE)  # type: ignore[misc]
            )
            for position, event in found:  # the last one is where the next look begins
                yield str(position), event
            if not found:
                await _wait(committed)

    # -- people ----------------------------------------------------------------------------------

    async def load_people(self, path: str | Path, *, keep_passwords: bool = False) -> LoadSummary:
        """Take users and groups from a JSON or YAML file."""
        summary = await load_directory_file(self._writer, path, keep_passwords=keep_passwords)
        await self.refresh()
        return summary

    def _dn(self, actor: str | None) -> str | None:
        """The DN of a user name; what is a DN already stays."""
        if actor is None:
            return None
        person = self._world.directory.person(actor)
        return actor if person is None else person.dn

    @staticmethod
    def split(item_id: str) -> tuple[str, int]:
        """The process id and number behind a work item's id; raises `NotFound` for what cannot be one."""
        return split_work_item_id(_id(item_id, "work item"))


async def migrate_database(url: str) -> Migrated:
    """Make the tables of a database, or bring them up to this release; two programs at once do it one by one."""
    async with opened(url) as database:
        return await migrate(database)


async def _wait(committed: asyncio.Event) -> None:
    """Wait for a commit; another program's are not told, so that the database is asked now and then."""
    try:
        async with asyncio.timeout(_POLL_SECONDS):
            await committed.wait()
    except TimeoutError:
        return


def _id(text: str, what: str = "process") -> str:
    """An id in its stored form; raises `NotFound` for what cannot be one."""
    folded = text.lower()
    if not is_id(folded):
        raise NotFound(f"There is no {what} {text[:40]!r}; an id is 32 hex digits.")
    return folded


def _action(action: str | Action) -> Action:
    if isinstance(action, Action):
        return action
    try:
        return Action[action.upper()]
    except KeyError:
        known = ", ".join(each.name.lower() for each in Action)
        raise InvalidInput(f"{action!r} is not an action; the actions are {known}.") from None
