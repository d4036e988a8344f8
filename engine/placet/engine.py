"""The engine: opens a database, takes commands, and runs what comes due."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Callable, Collection, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self, TypeVar

from placet import __version__
from placet.clock import Clock, SystemClock
from placet.commands import (
    ActOnWorkItem,
    AddComment,
    ChangeData,
    Command,
    PauseProcess,
    ResolveIncident,
    ResumeProcess,
    StartProcess,
    TerminateProcess,
)
from placet.connectors.choices import ChoiceSource
from placet.connectors.client import Client
from placet.connectors.manage import FOLDER, Connectors
from placet.connectors.request import check_inputs
from placet.core.form_choices import Answers, ChoicesWanted, Question
from placet.core.people import Directory
from placet.core.records import work_item_id
from placet.core.statuses import NodeStatus
from placet.core.texts import check_command
from placet.deployment import Deployment
from placet.directory.caller import Caller
from placet.directory.changes import Progress
from placet.directory.load import LoadSummary, load_directory_file
from placet.directory.lost_key import check_key
from placet.directory.oauth import OAuth
from placet.directory.refused import Refused
from placet.directory.secrets import Vault
from placet.directory.sessions import Sessions
from placet.directory.sign_in import SignIn
from placet.errors import Conflict, NotAllowed, NotFound, Unavailable
from placet.forms import Forms
from placet.gauges import Gauges, watch_at_hand
from placet.insights import Insights
from placet.jobs.asking import Asking
from placet.jobs.calls import CallRunner
from placet.jobs.circuit import Circuits
from placet.jobs.mail import MailRunner
from placet.jobs.observed import Observed
from placet.jobs.own_node import OwnNode
from placet.jobs.port import jobs_of
from placet.jobs.retention import Retention
from placet.jobs.runner import Runner
from placet.jobs.scheduler import Scheduler
from placet.jobs.webhooks import Courier
from placet.log import PROCESS_ID, get_logger
from placet.mail.post import Post
from placet.mail.server import server_of
from placet.nodes import Nodes, default_engine_id, start_here
from placet.overview import Figures
from placet.readiness import Readiness
from placet.saved_views import SavedViews
from placet.settings import Settings
from placet.store.batch import Outcome
from placet.store.database import Questions, liveness, open_database, opened
from placet.store.migrate import Migrated, migrate, require_newest
from placet.store.world import World
from placet.store.writer import Writer
from placet.stream import Stream
from placet.system import System
from placet.telemetry import Telemetry
from placet.telemetry.tracing import Tracing
from placet.verbs import Verbs
from placet.views import Views
from placet.webhooks.manage import Webhooks
from placet.webhooks.sender import Sender

if TYPE_CHECKING:
    from opentelemetry.trace import TracerProvider

log = get_logger("placet.engine")

T = TypeVar("T")

_MOST_ASKED = 3  # times that the choices of one submission are asked for, as its process moves on meanwhile
_TO_WHOLE = (AddComment, ChangeData, PauseProcess, ResolveIncident, ResumeProcess, TerminateProcess)


class Engine(Deployment, Verbs, Views, Insights, Forms, Nodes, Stream):
    """One engine on one database, for the length of an `async with` block.

        async with Engine("sqlite:///placet.db", definitions="definitions") as engine:
            process = await engine.start("Leave request", actor="anna", data={"days": 3})

    Wherever an `actor` is asked for it is a DN or a user name, and his role says what he may do. The embedding
    application itself may do everything, through `as_system`: there a call without an actor is its own; anywhere else
    one raises `InvalidInput`. Times are aware UTC. Every method raises `Unavailable` while the engine is not open or
    its database is away: the same call may work later.
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
        address: str | None = None,
        tracer_provider: TracerProvider | None = None,
    ) -> None:
        """Make an engine that is yet to be opened.

        `database_url` goes over that of the settings; `definitions` is a folder to load at each opening; without
        `run_jobs` no timer fires, and the engine is no node among the others; without `migrate_empty` a database has to
        have its tables; `address` is where it answers requests, for the list of nodes. Spans go to `tracer_provider`
        of OpenTelemetry, or else to the one that the program has set by then, if any.

        Raises `InvalidInput` for a URL that names no database, or a folder that is not there.
        """
        super().__init__()
        self.settings = (settings or Settings()).with_values("argument", database_url=database_url)
        self.clock = clock or SystemClock()
        self.is_open = False
        self.opened_at: datetime | None = None
        self._definitions, self._run_jobs, self._migrate_empty = definitions, run_jobs, migrate_empty
        self._database = open_database(self.settings.database_url, self.settings.database_direct_url)
        self._questions = Questions(self._database, self.settings.query_seconds)
        self._connected = self._was_closed = False
        self._reads, self._all_read = 0, asyncio.Event()
        self._world = World(self.clock)
        of_host = os.getpid() if run_jobs else None
        self.engine_id = self.settings.engine_id or default_engine_id(self.settings.database_url, of_host)
        self.telemetry = telemetry = Telemetry(tracing=Tracing(tracer_provider, self.settings.trace_services))
        self._writer = Writer(self._database, self._world, self.clock, self.engine_id, self._on_commit, telemetry)
        self._figures = Figures(self._world, self.clock, lambda: self._writer.waiting)
        self._scheduler = Scheduler(self._writer, self._world, self.clock, self.settings.idempotency_hours)
        self._readiness = Readiness(self._read, self._write, self.clock)
        self._gauges = Gauges(telemetry.metrics, self._read, self._world, self.clock)
        watch_at_hand(telemetry.metrics, self._status, self._numbers())
        self._system = System(self)
        self.refused = Refused(self._writer, self.clock)
        self.sign_in = SignIn(
            self._writer, self.clock, lambda: self._world.directory.version, refused=self.refused.sign_in
        )
        self.sessions = Sessions(
            self._writer,
            self.clock,
            timedelta(minutes=self.settings.session_idle_minutes),
            timedelta(hours=self.settings.session_hours),
            lambda: self._world.directory.version,
        )
        self.vault = Vault(self.settings)
        self.opens_secrets = True  # whether the keys of this node fit all that is stored
        self.oauth = OAuth(self._writer, self.clock, self.vault, self.sign_in, lambda: self._world.directory)
        self.outbound = Client(self.settings)
        self.connectors = Connectors(
            self._writer, self.clock, self.vault, self.outbound, lambda: self._system.definitions(), telemetry
        )
        server = server_of(self.settings)
        self._post = None if server is None else Post(server, self.clock, telemetry.metrics)
        self._world.public_url = None if server is None else self.settings.public_url
        circuits = Circuits()
        asking = Asking(self.connectors.catalog, self.connectors.calls, circuits, self.clock)
        self._choice_source = ChoiceSource(asking, self.connectors.catalog.now, self.clock)
        runners: dict[str, Runner] = {
            "call": Observed(CallRunner(self.connectors.catalog, self.connectors.calls), telemetry),
            "mail": Observed(MailRunner(self._writer, lambda: self._world.directory, self._post), telemetry),
        }
        self._dispatcher = jobs_of(self.settings, self._writer, self.clock, runners, circuits)
        sender = Sender(self.outbound, self._writer, self.vault, self._world, self.clock, telemetry.metrics)
        self.webhooks = Webhooks(self._writer, self.clock, self.vault, sender, self._world)
        self.saved_views = SavedViews(self._writer)
        lock = liveness(self.settings.database_url, self.settings.database_direct_url, self.engine_id)
        self._node = OwnNode(start_here(self.engine_id, address, __version__), self._writer, lock, self._drain)
        self._courier = Courier(self._writer, self._world, self.clock, sender, self.webhooks)
        self._retention = Retention(
            self._writer,
            self._world,
            self.clock,
            self.settings.idempotency_hours,
            self._courier.reached,
            lambda: self._node.is_first,
        )

    async def __aenter__(self) -> Self:
        await self.open()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, failure: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.close()

    # -- its life --------------------------------------------------------------------------------

    async def open(self) -> None:
        """Make the tables of an empty database, load definitions, start what comes due; an engine is opened once.

        Connectors are read from the folder `connectors` of the definitions, where there is one.

        Raises `InvalidDefinition` and `InvalidConnectors` with all faults of their files; `Conflict` for a database
        of another release, and where the engine has been opened before; `InvalidInput` for a file that is no database.
        """
        if self._connected or self._was_closed:
            raise Conflict("This engine has been opened before; make another Engine for the same database.")
        self.telemetry.tracing.begin()
        try:
            await self._connect()
            if self._run_jobs:
                await self._node.enter()
            if self._definitions is not None:
                await self._load_connectors(Path(self._definitions) / FOLDER)
                await self.as_system().load_definitions(self._definitions)
            if self._run_jobs:
                await self._node.begin()
        except BaseException:
            await self._disconnect()
            raise
        if self._run_jobs:
            self._scheduler.start()
            self._dispatcher.start()
            self._courier.start()
            self._retention.start()
        self.opened_at = self.clock.now()
        self.is_open = True

    async def close(self) -> None:
        """Answer every command that was accepted and every read that has begun, then let go of the database."""
        self.is_open, self._was_closed = False, True
        self._tell_readers()
        await self._scheduler.close()
        await self._dispatcher.close()
        await self._courier.close()
        await self._retention.close()
        await self.refused.close()
        await self._gauges.close()
        await self._disconnect()

    async def _connect(self) -> None:
        if self._migrate_empty:
            await migrate(self._database, only_empty=True, clock=self.clock)
        else:
            await require_newest(self._database)
        await self._writer.open()
        self._connected = True
        await self.refresh()
        self.opens_secrets = await check_key(self._writer, self.vault, is_node=self._run_jobs)

    async def _disconnect(self) -> None:
        await self._choice_source.close()
        await self.connectors.close()
        await self.outbound.close()
        if self._post is not None:
            await self._post.close()
        await self._node.leave()
        await self._writer.close()
        self._connected = False
        while self._reads:
            self._all_read.clear()
            await self._all_read.wait()
        await self._database.close()
        await self._node.release()

    async def _drain(self) -> None:
        """Take no more work, and return once nothing runs here any more but what is asked for."""
        await asyncio.gather(
            self._scheduler.close(), self._dispatcher.drain(), self._courier.drain(), self._retention.close()
        )

    async def _load_connectors(self, folder: Path) -> None:
        made = await self.connectors.import_folder(Caller(None, self.directory, self.clock.now()), folder)
        for text in made.notes:
            log.warning("a connector file was not taken as a whole", reason=text)

    def _on_commit(self, due_at: datetime | None, leaves_at: datetime | None) -> None:
        self._readiness.succeeded()
        self._scheduler.note(due_at)
        self._dispatcher.note(leaves_at)
        self._courier.note()
        self._tell_readers()

    async def settled(self) -> None:
        """Return once nothing is due any more by the clock, for tests and replays; needs `run_jobs`.

        What a service that is left alone for now is to be asked is not due.
        """
        decided = -1
        while decided != self._writer.commands:  # either may have given the other something to do
            decided = self._writer.commands
            await self._scheduler.settled()
            await self._dispatcher.settled()
            await self._courier.settled()

    # -- the door --------------------------------------------------------------------------------

    async def handle(self, command: Command) -> Outcome:
        """Take any command; the answer comes once it is durable.

        Its `actor` is a DN. Raises what the method of its name raises, and `RevisionMismatch` where the process has
        moved on from the revision that the command names.
        """
        if command.actor is None:
            self._require_system()
        return await self._submit(command)

    async def _submit(self, command: Command) -> Outcome:
        before = PROCESS_ID.set(command.process_id)
        try:
            return await self._checked(command)
        finally:
            PROCESS_ID.reset(before)

    async def _checked(self, command: Command) -> Outcome:
        check_command(command)
        if isinstance(command, _TO_WHOLE):
            await self._require_visible(command)  # a permission reaches no further than what one may read
        try:
            return await self._decided(command)
        except (NotAllowed, NotFound):
            await self._require_visible(command)
            raise
        except Unavailable as failure:
            self._readiness.failed(failure)
            raise

    async def _decided(self, command: Command) -> Outcome:
        """The outcome of a command, with the choices that its form turns out to need."""
        for _ in range(_MOST_ASKED):
            try:
                return await self._writer.submit(command)
            except ChoicesWanted as wanted:
                assert isinstance(command, (StartProcess, ActOnWorkItem))
                answers = await self._choices(wanted.questions)
                command = replace(command, choices={**command.choices, **answers})
        raise Conflict("The data that the choices depend on keeps changing; read the form again and send it anew.")

    async def _choices(self, questions: Collection[Question]) -> Answers:
        return await self._choice_source.answers(questions)

    async def _check_inputs(self, connector: str, inputs: Mapping[str, Any]) -> None:
        known = (await self.connectors.catalog.now()).connectors.find(connector)
        if known is not None:
            check_inputs(known, inputs)

    def _resting(self, lane: str) -> datetime | None:
        return self._dispatcher.resting(lane)

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

    async def require_ready(self) -> None:
        """Return if this node should be sent requests.

        Raises `Unavailable` where it drains, or where the database did not take what was written and still does not.
        """
        self._node.require_taking()
        await self._readiness.check()

    def _status(self) -> NodeStatus:
        if not self.is_open:
            return NodeStatus.SHUTDOWN if self._was_closed else NodeStatus.STARTING
        try:
            self._node.require_taking()
        except Unavailable:
            return NodeStatus.DRAINING
        return NodeStatus.RUNNING

    def _numbers(self) -> dict[str, Callable[[], float]]:
        return {
            "placet_commands_waiting": lambda: self._writer.waiting,
            "placet_reads_in_progress": lambda: self._reads,
            "placet_event_readers": lambda: self._readers,
            "placet_directory_version": lambda: self._world.directory.version,
        }

    def new_id(self) -> str:
        """An id for a process that is about to be started by a command."""
        return self._writer.new_id()

    async def _read(self, work: Callable[[Any], T], *, brief: bool = False) -> T:
        with self._reading():
            return await self._database.read(work, brief=brief)

    async def _ask(self, work: Callable[[Any], T], *, within: float | None = None, at_length: bool = False) -> T:
        with self._reading():
            if within is None:
                return await self._questions.ask(work, at_length=at_length)
            return await self._questions.ask_within(work, within)

    def in_one_limit(self) -> AbstractContextManager[None]:
        """Let all queries, counts, facets and explanations of a block together take no longer than one of them may."""
        return self._questions.together()

    @contextmanager
    def _reading(self) -> Iterator[None]:
        """Keeps the database open for a read."""
        if not self._connected:
            raise Unavailable("The engine is not open; read inside its `async with` block.")
        self._reads += 1
        try:
            yield
        finally:
            self._reads -= 1
            if not self._reads:
                self._all_read.set()

    async def _write(self, work: Callable[[Any], T]) -> T:
        return await self._writer.write(work)

    @property
    def runs_jobs(self) -> bool:
        """Whether timers, calls, mail and webhooks are this engine's work too."""
        return self._run_jobs

    @property
    def store(self) -> Writer:
        """Where functions of `placet.directory` read and write."""
        return self._writer

    # -- people ----------------------------------------------------------------------------------

    @property
    def directory(self) -> Directory:
        """The people and groups as this engine last saw them."""
        return self._world.directory

    async def refresh(self) -> None:
        """Look again at definitions and people that another program may have changed."""
        await self._read(self._world.refresh)

    def as_system(self) -> System:
        """This engine in the hands of the embedding application: the same methods, and without an actor it may all."""
        return self._system

    async def load_people(
        self, path: str | Path, *, keep_passwords: bool = False, progress: Progress | None = None
    ) -> LoadSummary:
        """Add the people, groups and roles of a JSON or YAML file, or change those who are there; all or none.

        With `keep_passwords` the file's passwords are only for users who have none yet. `progress` is told what is
        being done, how much of it has been, and of how much (0 where nobody knows), from any thread.

        A file gives roles as well, so that only the embedding application loads one, through `as_system`.

        Raises `InvalidDirectory` with all faults of the file; `InvalidInput` where it cannot be read, and from anybody
        else.
        """
        self._require_system()
        return await self._load_people(path, keep_passwords=keep_passwords, progress=progress)

    async def _load_people(
        self, path: str | Path, *, keep_passwords: bool, progress: Progress | None = None
    ) -> LoadSummary:
        told = progress or (lambda doing, done, of: None)
        summary = await load_directory_file(
            self._writer, path, keep_passwords=keep_passwords, clock=self.clock, progress=told
        )
        await self.refresh()
        return summary


async def migrate_database(url: str, direct_url: str = "") -> Migrated:
    """Make the tables of a database, or bring them up to this release; two programs at once do it one by one.

    Where there is a `direct_url`, `url` leads to a pooler of transactions.

    Raises `InvalidInput` for a URL that names no database; `Conflict` for one of a newer release; `Unavailable`.
    """
    async with opened(url, direct_url) as database:
        return await migrate(database)
