"""Loads the demonstration: people, definitions, and the log replayed through ordinary commands with its own clock."""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import groupby
from pathlib import Path
from typing import TypeAlias

from placet.clock import Clock, ManualClock, SystemClock
from placet.core.records import Process
from placet.demo.cast import Cast
from placet.demo.files import PEOPLE
from placet.demo.permits import Case, read_log
from placet.demo.stories import Scene, Story, stories_of
from placet.demo.today import LAST, PERMIT, todays_stories
from placet.engine import Engine
from placet.settings import Settings
from placet.store.search import cursor_of

_PAGE = 500

#: Told how many commands of how many are done.
Progress: TypeAlias = Callable[[int, int], None]


@dataclass(frozen=True, slots=True)
class DemoSummary:
    """What a load did: all zeros where an earlier one had done everything."""

    people: int = 0
    definitions: int = 0
    processes: int = 0
    commands: int = 0


@dataclass(slots=True)
class _Run:
    """A story on its way: how many scenes are done, and the process as the last one left it."""

    story: Story
    done: int = 0
    process_id: str = ""
    newest_item: int = 0

    @property
    def next(self) -> Scene:
        return self.story.scenes[self.done]

    def note(self, process: Process) -> None:
        """Take over a process as stored; every command has raised its revision by one."""
        self.process_id, self.newest_item = process.id, process.item_count
        self.done = min(process.revision, len(self.story.scenes))


async def load_demo(
    database_url: str,
    definitions: Path,
    progress: Progress = lambda done, total: None,
    *,
    direct_url: str = "",
    clock: Clock | None = None,
) -> DemoSummary:
    """Load the demonstration into a database that no engine works on yet; `clock` tells what today is.

    Where there is a `direct_url`, `database_url` leads to a pooler of transactions.

    A load that was interrupted is taken up where it stopped, and one that is complete returns at once: one of
    today's requests is started after everything else, and it tells.
    """
    cases = await asyncio.to_thread(read_log)
    first = min(event.at for case in cases for event in case.events if event.is_of_permit)
    at = ManualClock(first)
    settings = Settings(database_url=database_url, database_direct_url=direct_url)
    async with Engine(settings=settings, clock=at, run_jobs=False) as engine:
        if await _is_complete(engine):
            return DemoSummary()
        people = [await engine.as_system().load_people(path, keep_passwords=True) for path in PEOPLE]
        deployed = await engine.as_system().load_definitions(definitions)
        stories = all_stories(engine, cases, (clock or SystemClock()).now())
        processes, commands = await replay(engine, at, stories, progress)
    return DemoSummary(
        people=sum(summary.users_added for summary in people),
        definitions=sum(is_new for _, _, is_new in deployed),
        processes=processes,
        commands=commands,
    )


def all_stories(engine: Engine, cases: Sequence[Case], now: datetime) -> list[Story]:
    """The stories of the log and those of today, with the people that the engine knows."""
    cast = Cast(engine.directory)
    return [story for case in cases for story in stories_of(case, PERMIT, cast)] + todays_stories(now, cast)


async def replay(engine: Engine, clock: ManualClock, stories: Sequence[Story], progress: Progress) -> tuple[int, int]:
    """Do what stories have left to do, in the order of time; gives how many processes and commands that were.

    What happened at one time in several processes is sent at once. Sending more would give later events an earlier
    time, since a batch has one.
    """
    runs = [_Run(story) for story in stories]
    await _take_up(engine, runs)
    before = [run.done for run in runs]
    total = sum(len(story.scenes) for story in stories)
    schedule = [(scene.at, run) for run in runs for scene in run.story.scenes[run.done :]]
    schedule.sort(key=lambda entry: entry[0])  # stable: what one process does at one time stays in its order
    done = sum(before)
    for at, entries in groupby(schedule, key=lambda entry: entry[0]):
        clock.move_to(max(at, clock.now()))
        for together in _apart([run for _, run in entries]):
            await asyncio.gather(*(_play(engine, run) for run in together))
            done += len(together)
            progress(done, total)
    return sum(not count for count in before), total - sum(before)


def _apart(runs: Sequence[_Run]) -> Iterator[list[_Run]]:
    """Turns in which no two runs belong to one case, since what a case does has an order."""
    turns: list[list[_Run]] = []
    nth: dict[str, int] = defaultdict(int)
    for run in runs:
        place = nth[run.story.correlation_id]
        nth[run.story.correlation_id] += 1
        if place == len(turns):
            turns.append([])
        turns[place].append(run)
    yield from turns


async def _play(engine: Engine, run: _Run) -> None:
    if run.done:
        command = run.next.command(run.process_id, run.newest_item)
    else:
        command = run.next.start(engine.new_id(), run.story.definition, run.story.correlation_id)
    outcome = await engine.store.submit(command)  # the log has comments of people who may not read the process
    assert outcome.process is not None
    run.note(outcome.process)


async def _take_up(engine: Engine, runs: Sequence[_Run]) -> None:
    """Find the processes of an earlier load: those of one correlation id are in the order of its stories."""
    waiting: dict[tuple[str, str], list[_Run]] = defaultdict(list)
    for run in runs:
        waiting[run.story.definition, run.story.correlation_id].append(run)
    for definition in sorted({run.story.definition for run in runs}):
        async for process in _processes(engine, definition):
            if same := waiting.get((definition, process.correlation_id or "")):
                same.pop(0).note(process)


async def _processes(engine: Engine, definition: str) -> AsyncIterator[Process]:
    """All processes of a definition, oldest first."""
    after = None
    while page := await engine.as_system().processes(
        [f"Definition={definition}"], limit=_PAGE, after=after, newest_first=False
    ):
        for found in page:
            yield found.process
        after = cursor_of(page[-1])


async def _is_complete(engine: Engine) -> bool:
    return bool(await engine.as_system().processes([f"CorrelationId={LAST}"], limit=1))
