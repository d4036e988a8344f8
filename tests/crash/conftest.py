"""A database with people, and a folder with definitions, for the children that are killed."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from placet import Engine
from tests.crash.definitions import people, write_definitions


@pytest.fixture(scope="session")
def people_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("people") / "people.json"
    with asyncio.Runner(loop_factory=asyncio.new_event_loop) as runner:
        path.write_text(runner.run(people()))
    return path


@pytest.fixture
def empty_folder(tmp_path: Path) -> Path:
    """The folder of a node that never ran."""
    write_definitions(tmp_path / "definitions")
    return tmp_path


@pytest.fixture
async def folder(durable_database_url: str, people_file: Path, empty_folder: Path) -> Path:
    """The folder of a node; its database has the clerks and the definitions."""
    async with Engine(durable_database_url, definitions=empty_folder / "definitions", run_jobs=False) as engine:
        await engine.as_system().load_people(people_file)
    return empty_folder
