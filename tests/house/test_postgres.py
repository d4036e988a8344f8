"""The tests' own PostgreSQL: which programs it takes, what it says without them, and that it never stays behind."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import asyncpg
import pytest

from tests.crash import pooler
from tests.postgres import PROGRAMS, ProgramsMissing, find_programs

ROOT = Path(__file__).parents[2]

DIES_AT_ONCE = """
import os, signal
from tests.postgres import Databases, Server
server = Server()
databases = Databases(server.address)
print(databases._runner.run(databases._connection.fetchval("SHOW data_directory")), flush=True)
os.kill(os.getpid(), signal.SIGKILL)
"""


def programs_of_version(version: str, directory: Path) -> Path:
    for program in PROGRAMS:
        path = directory / program
        path.write_text(f"#!/bin/sh\necho '{program} (PostgreSQL) {version}'\n")
        path.chmod(0o755)
    return directory


@pytest.mark.parametrize("version", ["15.0", "18.1", "19beta1"])
def test_a_recent_server_is_taken(version: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("PLACET_TEST_PG_BINDIR", str(programs_of_version(version, tmp_path)))

    assert find_programs() == tmp_path


def test_an_old_server_is_refused_with_advice(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("PLACET_TEST_PG_BINDIR", str(programs_of_version("14.12", tmp_path)))

    with pytest.raises(ProgramsMissing, match=rf"found only version 14 in {tmp_path}: install .* apt-get install"):
        find_programs()


def test_a_missing_server_is_refused_with_advice(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("PLACET_TEST_PG_BINDIR", str(tmp_path))

    with pytest.raises(ProgramsMissing, match=rf"found none in {tmp_path}: install .* apt-get install"):
        find_programs()


def test_a_missing_pooler_is_told_with_advice(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setattr(pooler, "PLACES", ())

    with pytest.raises(ProgramsMissing, match=r"need PgBouncer and found none: install .* apt-get install pgbouncer"):
        pooler.find_pgbouncer()


def test_a_killed_run_leaves_no_server_and_no_file():
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}

    # This returns when nobody holds the other end of stderr any more, and the server's supervisor holds it to its end.
    run = subprocess.run([sys.executable, "-c", DIES_AT_ONCE], env=environment, capture_output=True, text=True)

    assert run.returncode == -signal.SIGKILL, run.stderr
    assert not Path(run.stdout.strip()).parent.exists()


@pytest.mark.parametrize("turn", [1, 2])
@pytest.mark.parametrize("empty_database_url", ["postgresql"], indirect=True)
async def test_each_test_has_a_database_of_its_own(turn: int, empty_database_url: str):
    connection = await asyncpg.connect(empty_database_url)

    await connection.execute("CREATE TABLE made_once (id integer)")

    await connection.close()
