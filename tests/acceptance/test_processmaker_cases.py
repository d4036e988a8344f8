"""The acceptance cases of the roles service, as ordered suites over HTTP against a node with their people loaded."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import httpx2
import pytest

from tests.acceptance.processmaker_cases import ADMIN_PASSWORD, SUITES, Runner, write_fixture
from tests.programs import Placet


@pytest.fixture
def runner(database_url: str, tmp_path: Path) -> Iterator[Runner]:
    """A node whose people `placet directory load` has read from a file, and a token of their administrator."""
    (tmp_path / "definitions").mkdir()
    variables = {"PLACET_DATABASE_URL": database_url, "PLACET_SECRET_KEY": "of the tests, 32 characters long"}
    placet = Placet(tmp_path, variables)
    loaded = placet("directory", "load", str(write_fixture(tmp_path / "people.json")))
    assert loaded.status == 0, loaded.err
    added = placet("applications", "add", "Cases")
    assert added.status == 0, added.err
    known = dict(re.findall(r"(client_id|client_secret) +(\S+)", added.out))
    with placet.serve() as node, httpx2.Client(base_url=node.url) as client:
        signing_in = {"grant_type": "password", "username": "admin", "password": ADMIN_PASSWORD, **known}
        token = client.post("/workflow/oauth2/token", json=signing_in).json()["access_token"]
        yield Runner(client, {"Authorization": f"Bearer {token}"}, known)


@pytest.mark.parametrize("suite", ["RB", "RN"])
def test_the_suite_holds(runner: Runner, suite: str):
    assert len(SUITES[suite]["cases"]) == SUITES[suite]["count"]

    assert runner.run_suite(suite) == []


def test_without_the_service_no_suite_holds(runner: Runner):
    runner.base = "/api/1.0/elsewhere"

    assert len(runner.run_suite("RB", but=frozenset({"RB-018", "RB-019", "RB-020"}))) > 15
