"""A load of the demonstration that is cut off goes on where it stopped, and does nothing twice."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

from placet import Engine, ManualClock
from placet.demo.permits import read_log
from placet.demo.replay import PEOPLE, all_stories, replay
from placet.demo.stories import Story
from placet.demo.today import LAST

DEFINITIONS = Path(__file__).parents[2] / "definitions"
TODAY = datetime(2026, 3, 2, 9, tzinfo=UTC)
CASES = {"83689", "73990", "62665", "43924", "18592", "75554", "74517"}  # the most eventful ones


class CutOff(Exception):
    """The load stops here, as by a signal."""


async def prepare(engine: Engine) -> list[Story]:
    for path in PEOPLE:
        await engine.as_system().load_people(path, keep_passwords=True)
    await engine.as_system().load_definitions(DEFINITIONS)
    return all_stories(engine, [case for case in read_log() if case.number in CASES], TODAY)


async def load(url: str, commands: int | None) -> tuple[list[Story], tuple[int, int] | None]:
    """Load in an engine of its own, cut off after so many commands."""
    clock = ManualClock(datetime(2017, 1, 9, tzinfo=UTC))
    left = commands

    def progress(done: int, total: int) -> None:
        nonlocal left
        if left is not None:
            left -= 1
            if left < 0:
                raise CutOff

    async with Engine(url, clock=clock, run_jobs=False) as engine:
        stories = await prepare(engine)
        try:
            return stories, await replay(engine, clock, stories, progress)
        except CutOff:
            return stories, None


async def told(url: str, stories: Sequence[Story]) -> list[tuple[object, ...]]:
    """Every event that the stories left, without ids, which are random."""
    ids = {story.correlation_id for story in stories}
    async with Engine(url, run_jobs=False) as engine:
        found = await engine.as_system().processes(limit=1000, newest_first=False)
        assert {each.process.correlation_id for each in found} <= ids
        events = [
            (each.process.correlation_id, event.at, event.number, event.kind, event.actor)
            for each in found
            for event in await engine.as_system().timeline(each.process.id)
        ]
    return sorted(events, key=lambda event: event[:3])


async def test_a_load_that_is_cut_off_again_and_again_ends_like_one_that_is_not(database_url: str, tmp_path: Path):
    tries = 0
    while True:
        stories, finished = await load(database_url, 4 + tries)
        tries += 1
        if finished:
            break
    whole = f"sqlite:///{tmp_path}/whole.db"
    await load(whole, None)

    assert tries > 5
    assert await told(database_url, stories) == await told(whole, stories)
    assert await load(database_url, None) == (stories, (0, 0))


async def test_the_request_that_tells_of_a_complete_load_is_the_last_one(tmp_path: Path):
    async with Engine(f"sqlite:///{tmp_path}/placet.db", run_jobs=False) as engine:
        stories = await prepare(engine)
    times = {story.correlation_id: story.scenes[-1].at for story in stories}

    assert times.pop(LAST) == TODAY
    assert all(at < TODAY for at in times.values())
