"""An engine on random rows, and the facts of what is in them; `contents` says which rows."""

from __future__ import annotations

import pytest

from placet import Engine


@pytest.fixture
async def engine(database_url, clock):
    async with Engine(database_url, clock=clock, run_jobs=False) as engine:
        yield engine


@pytest.fixture
def filled(contents, database_url):
    return contents.facts(database_url)
