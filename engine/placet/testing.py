"""Run a definition in a test, with made-up people and a clock that the test moves.

    async with testing.run("definitions/leave_request.yaml", people={"anna": {"manager": "ben"}}) as bench:
        await bench.start("anna", days=3)
        await bench.move(days=1)  # ben is reminded
        process = await bench.approve("ben", comment="Enjoy it.")
        assert process.approval_status is ApprovalStatus.APPROVED

It is the real engine on a SQLite database of its own, gone when the block ends.
"""

from __future__ import annotations

import asyncio
import json
import tempfile
from collections.abc import AsyncIterator, Iterable, Mapping
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, TypeAlias

from placet.clock import ManualClock
from placet.core.definition import Definition
from placet.core.names import common_name, is_dn
from placet.core.people import Directory
from placet.core.records import Comment, Event, Process
from placet.core.statuses import Action
from placet.engine import Engine
from placet.errors import InvalidInput
from placet.store import jobs, work_items
from placet.store.search import FoundWorkItem

#: User names, or what is known of each: `manager`, `groups` and the other keys of a file of people.
People: TypeAlias = Iterable[str] | Mapping[str, Mapping[str, Any]]

#: A Monday morning.
NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)


@asynccontextmanager
async def run(definition: str | Path, *, people: People = (), now: datetime = NOON) -> AsyncIterator[Bench]:
    """Open a bench with one definition: a file, a folder of files, or the YAML text itself.

    Managers and groups that `people` mention are made up, and so is whoever starts a process without being there.
    Raises `InvalidDefinition` and `InvalidDirectory`, and `InvalidInput` for a file that cannot be read.
    """
    clock = ManualClock(now)
    with tempfile.TemporaryDirectory(prefix="placet-") as folder:
        async with Engine(f"sqlite:///{folder}/placet.db", clock=clock) as engine:
            bench = Bench(engine, clock, Path(folder))
            await bench.add_people(people)
            await bench.deploy(definition)
            yield bench


def _read(file: Path) -> str:
    try:
        return file.read_text("utf-8")
    except OSError as failure:
        reason = f"cannot be read ({failure.strerror})"
        raise InvalidInput(f"{file} {reason}; give a definition file, a folder of them, or YAML text.") from None


class Bench:
    """An engine under test; where a method takes a `process_id`, None is the process started last."""

    def __init__(self, engine: Engine, clock: ManualClock, folder: Path) -> None:
        self.engine = engine
        self.clock = clock
        self._folder = folder
        self._definitions: list[Definition] = []
        self._latest: str | None = None

    # -- what there is -----------------------------------------------------------------------------

    async def deploy(self, definition: str | Path) -> None:
        """Add a definition, or its next version: a file, a folder of files, or YAML text."""
        if isinstance(definition, str) and "\n" in definition:
            deployed = [await self.engine.as_system().deploy(definition)]
        elif await asyncio.to_thread(Path(definition).is_dir):
            deployed = await self.engine.as_system().load_definitions(definition)
        else:
            text = await asyncio.to_thread(_read, Path(definition))
            deployed = [await self.engine.as_system().deploy(text, str(definition))]
        self._definitions += [each for each, _, _ in deployed]

    async def add_people(self, people: People) -> None:
        """Add users with their managers and groups, or change those who are there."""
        document = _directory_file(people, self.engine.directory)
        if document["users"]:
            path = self._folder / "people.json"
            await asyncio.to_thread(path.write_text, json.dumps(document), "utf-8")
            await self.engine.as_system().load_people(path)

    # -- what people do ----------------------------------------------------------------------------

    async def start(
        self,
        initiator: str,
        data: Mapping[str, Any] | None = None,
        /,
        *,
        definition: str | None = None,
        recipient: str | None = None,
        correlation_id: str | None = None,
        **items: Any,
    ) -> Process:
        """Start a process; data items are given by name, and in `data` where a name is taken by a parameter.

        `definition` (name, DN or GUID) is only needed where the bench has several.
        """
        await self.add_people([initiator])
        found = await self.engine.as_system().start(
            definition or self._only_definition(),
            initiator=initiator,
            recipient=recipient,
            data={**(data or {}), **items},
            correlation_id=correlation_id,
        )
        self._latest = found.process.id
        return await self.process()

    async def approve(self, person: str, process_id: str | None = None, **how: Any) -> Process:
        """Let a person approve what waits for him; `how` as in `act`. Gives the process as it then is."""
        return await self.act(person, Action.APPROVE, process_id, **how)

    async def deny(self, person: str, process_id: str | None = None, **how: Any) -> Process:
        """Let a person deny what waits for him; of a request that came back to him this is the withdrawal."""
        return await self.act(person, Action.DENY, process_id, **how)

    async def send_back(self, person: str, process_id: str | None = None, **how: Any) -> Process:
        """Let a person return what waits for him to its initiator for changes."""
        return await self.act(person, Action.RETURN, process_id, **how)

    async def act(
        self,
        person: str,
        action: str | Action,
        process_id: str | None = None,
        *,
        activity: str | None = None,
        data: Mapping[str, Any] | None = None,
        comment: str | None = None,
        to: str | None = None,
    ) -> Process:
        """Let a person do anything with the one work item that waits for him, in `activity` where there are several.

        Raises AssertionError where nothing or more than one thing waits for him, and what the engine refuses it with.
        """
        item = await self._item(person, process_id, activity)
        acted = await self.engine.act(item.item.id, action, actor=person, data=data, comment=comment, to=to)
        await self.engine.settled()
        return await self.process(acted.process.id)

    # -- time --------------------------------------------------------------------------------------

    async def move(self, **amount: float) -> None:
        """Let time pass, in the words of `datetime.timedelta`; what comes due on the way does so at its own time."""
        end = self.clock.now() + timedelta(**amount)
        await self.engine.settled()
        while (due := await self._next_due()) is not None and self.clock.now() < due <= end:
            self.clock.move_to(due)
            await self.engine.settled()
        self.clock.move_to(end)
        await self.engine.settled()

    async def _next_due(self) -> datetime | None:
        found = [await self.engine.store.read(look) for look in (work_items.next_due, jobs.next_due)]
        return min((at for at in found if at is not None), default=None)

    # -- what can be seen --------------------------------------------------------------------------

    async def process(self, process_id: str | None = None) -> Process:
        """A process as it is now."""
        return (await self.engine.as_system().process(self._id(process_id))).process

    async def inbox(self, person: str) -> list[FoundWorkItem]:
        """What waits for a person, himself or through his groups, oldest first; nothing for who is not there."""
        known = is_dn(person) or self.engine.directory.person(person) is not None
        return await self.engine.inbox(person) if known else []

    async def waiting(self, process_id: str | None = None) -> list[tuple[str, str]]:
        """The activity and the addressee's common name of every open work item of a process, oldest first."""
        found = await self.engine.as_system().work_items([f"ProcessId={self._id(process_id)}"])
        return [(each.item.activity, common_name(each.item.addressee)) for each in found]

    async def timeline(self, process_id: str | None = None) -> list[Event]:
        """Every event of a process, oldest first."""
        return await self.engine.as_system().timeline(self._id(process_id))

    async def comments(self, process_id: str | None = None) -> list[Comment]:
        """Every comment of a process, oldest first."""
        return await self.engine.as_system().comments(self._id(process_id))

    # -- finding -----------------------------------------------------------------------------------

    def _id(self, process_id: str | None) -> str:
        found = process_id or self._latest
        assert found is not None, "No process has been started; call bench.start first or name one."
        return found

    def _only_definition(self) -> str:
        names = sorted({definition.name: definition.dn for definition in self._definitions})
        assert len(names) == 1, f"Name the definition to start; there are {', '.join(names)}."
        return names[0]

    async def _item(self, person: str, process_id: str | None, activity: str | None) -> FoundWorkItem:
        wanted = self._id(process_id)
        waiting = [each for each in await self.inbox(person) if each.process.id == wanted]
        found = [each for each in waiting if activity in (None, each.item.activity)]
        if len(found) == 1:
            return found[0]
        where = f" in {activity}" if activity else ""
        if found:
            several = ", ".join(each.item.activity for each in found)
            raise AssertionError(f"{len(found)} work items wait for {person}{where}; choose an activity of {several}.")
        others = ", ".join(f"{name} ({activity})" for activity, name in await self.waiting(wanted)) or "nobody"
        raise AssertionError(f"Nothing waits for {person}{where}; the process waits for {others}.")


def _directory_file(people: People, directory: Directory) -> dict[str, list[dict[str, Any]]]:
    """What a file of people has to have for these, and for the managers and groups that they mention."""
    given = {name: dict(people[name]) for name in people} if isinstance(people, Mapping) else {n: {} for n in people}
    managers = [user["manager"] for user in given.values() if user.get("manager")]
    groups = {group for user in given.values() for group in user.get("groups") or ()}
    missing = [name for name in (*given, *managers) if directory.person(name) is None and not is_dn(name)]
    users = {name: user for name, user in given.items() if user} | {name: given.get(name, {}) for name in missing}
    return {
        "groups": [{"grp_title": title} for title in sorted(groups) if not is_dn(title)],
        "users": [{"usr_username": name, **user} for name, user in users.items()],
    }
