"""The database says no for a while: everybody is told to come back, nothing is half done, and then it works again."""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import AsyncIterator
from functools import partial
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from placet import Engine, ManualClock
from placet.commands import StartProcess
from placet.errors import Unavailable
from placet.store import lane as lane_module
from placet.store.database import sqlite
from tests.builders import ANNA
from tests.crash import node
from tests.crash.child import running
from tests.programs import processes
from tests.store.harness import an_engine, count, load, load_trail


@pytest.fixture
def file(sqlite_template: Path, tmp_path: Path) -> Path:
    path = tmp_path / "placet.db"
    path.write_bytes(sqlite_template.read_bytes())
    return path


@pytest.fixture
async def engine(file: Path, clock: ManualClock) -> AsyncIterator[Engine]:
    async with an_engine(f"sqlite:///{file}", clock) as engine:
        yield engine


def pragma(engine: Engine, text: str) -> Any:
    """Set something on the writing connection of a SQLite file."""
    connection: Any = engine.store._lanes[0]._connection
    return connection._connection.raw.execute(f"PRAGMA {text}").fetchone()[0]


async def start(engine: Engine, reason: str = "none") -> str:
    command = StartProcess(process_id=engine.new_id(), definition="Ask", actor=ANNA, data={"reason": reason})
    return (await engine.as_system().handle(command)).process_id


async def test_a_full_disk(engine: Engine):
    before = await start(engine)
    free = pragma(engine, "page_count") + 4
    pragma(engine, f"max_page_count={free}")

    answers = await asyncio.gather(*(start(engine, "x" * 5000) for _ in range(40)), return_exceptions=True)

    assert {type(answer) for answer in answers} == {Unavailable}
    assert "full" in str(answers[0])
    assert await _everything(engine) == {before}
    pragma(engine, "max_page_count=1000000")
    after = await asyncio.gather(*(start(engine, "x" * 5000) for _ in range(40)))
    assert await _everything(engine) == {before, *after}


async def _everything(engine: Engine) -> set[str]:
    """The ids of all processes; each has its item, its events and its indexed value, and nothing else is there."""
    ids = {found.process.id for found in await engine.as_system().processes(limit=1000)}
    for table, each in (("work_item", 1), ("event", 2), ("data_value", 1)):
        assert await count(engine, table) == each * len(ids)
    return ids


async def test_another_program_that_locks_the_file(engine: Engine, file: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(sqlite, "BUSY_SECONDS", 0.2)
    before = await start(engine)
    other = sqlite3.connect(file, isolation_level=None)
    other.execute("BEGIN IMMEDIATE")

    with pytest.raises(Unavailable, match="locked"):
        await start(engine)
    assert (await engine.as_system().process(before)).process.id == before  # readers are not kept waiting
    waiting = asyncio.create_task(start(engine))
    await asyncio.sleep(0)
    other.execute("ROLLBACK")
    other.close()

    after = await waiting
    assert await _everything(engine) == {before, after}


@pytest.fixture
def one_batch(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let a batch end by its size alone."""
    monkeypatch.setattr(lane_module, "DECIDING_SECONDS", 60)


@pytest.mark.usefixtures("one_batch")
async def test_a_commit_that_fails_is_tried_again(engine: Engine, monkeypatch: pytest.MonkeyPatch):
    commits = fail_commits(engine, monkeypatch, lane_module.TRIES - 1)

    started = await asyncio.gather(*(start(engine) for _ in range(20)))

    assert await _everything(engine) == set(started)
    assert commits == ["refused", "refused", "done"]


@pytest.mark.usefixtures("one_batch")
async def test_a_commit_that_fails_every_time_is_told(engine: Engine, monkeypatch: pytest.MonkeyPatch):
    fail_commits(engine, monkeypatch, lane_module.TRIES)

    answers = await asyncio.gather(*(start(engine) for _ in range(20)), return_exceptions=True)

    assert {type(answer) for answer in answers} == {Unavailable}
    assert await _everything(engine) == set()
    after = await start(engine)
    assert await _everything(engine) == {after}


def fail_commits(engine: Engine, monkeypatch: pytest.MonkeyPatch, times: int) -> list[str]:
    """Let the next commits fail before they reach the database."""
    connection = engine.store._lanes[0]._connection
    commit, commits = connection.commit, []

    async def replaced(last: Any) -> None:
        if len(commits) < times:
            commits.append("refused")
            raise sqlite3.OperationalError("disk I/O error")
        commits.append("done")
        await commit(last)

    monkeypatch.setattr(connection, "commit", replaced)
    return commits


async def test_two_programs_write_at_the_same_time(database_url: str, clock: ManualClock, tmp_path: Path):
    async with an_engine(database_url, clock) as engine:
        process_id = await start(engine)
        comment = partial(node.comment, together=processes.Barrier(2))
        async with (
            running(comment, database_url, tmp_path, process_id, 400) as first,
            running(comment, database_url, tmp_path, process_id, 400) as second,
        ):
            assert [await first.ended(), await second.ended()] == [0, 0], first.output + second.output

        comments, events = await load_trail(engine, process_id)
        assert len(comments) == 800
        assert [comment.number for comment in comments] == list(range(1, 801))
        assert len({event.command_id for event in events}) == 801 + 1  # of the start's two events one carries it
        assert (await load(engine, process_id)).process.revision == 801
        turns = [comment.text for comment in comments]
        changes = sum(one != other for one, other in pairwise(turns))
        assert changes >= 2, "one program had to wait for the end of the other"


async def test_a_file_that_is_taken_away_takes_no_more_commands(clock: ManualClock, tmp_path: Path):
    """What went on being written to it would be lost with it."""
    file = tmp_path / "placet.db"
    async with an_engine(f"sqlite:///{file}", clock) as engine:
        await start(engine)
        file.rename(tmp_path / "elsewhere.db")

        with pytest.raises(Unavailable, match="removed or replaced"):
            await start(engine)

        (tmp_path / "elsewhere.db").rename(file)
        await start(engine)
