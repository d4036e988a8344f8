"""The pages for users: every command, request and program on them is run, and does what the page says.

The requests of `docs/reference/rest.md` are sent by `test_ris_docs.py`.
"""

from __future__ import annotations

import asyncio
import re
import shutil
import sys
from collections.abc import Iterator
from pathlib import Path

import asyncpg
import pytest

from placet.demo import load_demo
from placet.loader import parse_definition
from tests.acceptance.pages import Ids, blocks
from tests.acceptance.reader import Reader, run_sql
from tests.acceptance.terminals import Program
from tests.postgres import Databases
from tests.programs import ROOT

DOCS = ROOT / "docs"
PAGES = {
    str(path.relative_to(ROOT)): path.read_text("utf-8")
    for path in [ROOT / "README.md", ROOT / "CHANGELOG.md", ROOT / "CONTRIBUTING.md", *sorted(DOCS.rglob("*.md"))]
}
ON_POSTGRESQL = ["docs/how-to/run-on-postgresql.md", "docs/how-to/add-nodes.md", "docs/how-to/upgrade.md"]
READ_ALONG = ["README.md", "docs/tutorial/first-process.md", "docs/how-to/write-a-definition.md"]
READ_ALONG += ["docs/how-to/embed-the-engine.md", "docs/how-to/oauth-clients.md", "docs/how-to/people-and-roles.md"]
READ_ALONG += [*ON_POSTGRESQL, "docs/how-to/change-the-secret-key.md", "docs/how-to/mail.md"]
READ_ALONG += [
    "docs/tutorial/find-and-fix-a-stuck-approval.md",
    "docs/how-to/receive-events.md",
    "docs/tutorial/choices-from-another-service.md",
]
READ_ALONG += ["docs/how-to/search-and-export.md", "docs/how-to/observe.md"]
READ_ELSEWHERE = {"docs/reference/rest.md": "http", "docs/reference/commands.md": "console"}


@pytest.fixture(scope="module")
def demonstration(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The demonstration's database as `make run` leaves it, but for the administrator, whom the first node makes."""
    database = tmp_path_factory.mktemp("demonstration") / "placet-demo.db"
    with asyncio.Runner(loop_factory=asyncio.new_event_loop) as runner:
        runner.run(load_demo(f"sqlite:///{database}", ROOT / "definitions", lambda done, total: None))
    return database


@pytest.fixture
def checkout(tmp_path: Path, demonstration: Path) -> Path:
    """A folder laid out as a checkout in which `make run` has been typed."""
    shutil.copytree(ROOT / "definitions", tmp_path / "definitions")
    for name in ("engine", "api"):
        (tmp_path / name).symlink_to(ROOT / name)
    (tmp_path / ".venv").symlink_to(sys.prefix)
    for file in demonstration.parent.glob("placet-demo.db*"):
        shutil.copy(file, tmp_path)
    return tmp_path


@pytest.fixture
def program(checkout: Path, monkeypatch: pytest.MonkeyPatch) -> Program:
    return Program(checkout, monkeypatch)


@pytest.fixture
def postgresql(databases: Databases) -> Iterator[str]:
    """The URL of a PostgreSQL that has neither the role nor the database of the page; all workers share it in turn."""
    with asyncio.Runner(loop_factory=asyncio.new_event_loop) as runner:
        turn = runner.run(asyncpg.connect(f"{databases.address}/postgres"))
        runner.run(turn.execute("SELECT pg_advisory_lock(1)"))
        _drop(databases.address)
        yield databases.address
        _drop(databases.address)
        runner.run(turn.close())


def _drop(address: str) -> None:
    for what in ("DATABASE IF EXISTS placet", "ROLE IF EXISTS placet"):
        run_sql(address, f"DROP {what}")


@pytest.mark.parametrize("name", READ_ALONG)
def test_a_page_does_what_it_says(name: str, checkout: Path, program: Program, request: pytest.FixtureRequest):
    if "placet mail" in PAGES[name]:
        request.getfixturevalue("mail_server")
    postgresql = request.getfixturevalue("postgresql") if name in ON_POSTGRESQL else ""
    with Reader(checkout, program, postgresql) as reader:
        reader.read(PAGES[name])


def test_nothing_that_can_be_run_is_on_a_page_that_nobody_reads_along():
    runnable = {
        (name, block.language)
        for name, page in PAGES.items()
        if name not in READ_ALONG
        for block in blocks(page)
        if block.language in ("console", "http", "python")
    }

    assert runnable == set(READ_ELSEWHERE.items())


def test_every_definition_on_a_page_loads():
    found = [(name, block.text) for name, page in PAGES.items() for block in blocks(page) if block.language == "yaml"]
    definitions = [(name, text) for name, text in found if "activities:" in text]

    assert {"docs/how-to/write-a-definition.md", "docs/reference/definitions.md"} <= {name for name, _ in definitions}
    for name, text in definitions:
        assert parse_definition(text, name).activities


@pytest.mark.parametrize("name", PAGES)
def test_every_link_leads_somewhere(name: str):
    here = ROOT / name
    for target, _, heading in re.findall(r"\]\((?!https?:)([^)#]*)(#([^)]+))?\)", PAGES[name]):
        there = (here.parent / target).resolve() if target else here
        assert there.exists(), f"{target} is not there"
        if heading:
            titles = re.findall(r"^#+ (.+)$", there.read_text("utf-8"), re.MULTILINE)
            assert heading in [re.sub(r"[^\w -]", "", title.lower()).replace(" ", "-") for title in titles]


def test_the_index_names_every_page():
    linked = {f"docs/{target}" for target in re.findall(r"\]\(([^)]+\.md)\)", PAGES["docs/README.md"])}

    assert linked == {name for name in PAGES if name.startswith("docs/")} - {"docs/README.md"}


@pytest.mark.parametrize(
    ("printed", "real"),
    [
        ("Approved.\n", "Denied.\n"),
        ("one\n", "one\ntwo\n"),
        ("one\ntwo\n", "one\n"),
        ("At 2026-11-22 00:45:42 it ended.\n", "At noon it ended.\n"),
        ("{\n  …\n  \"Status\": 2\n}\n", "{\n  \"Id\": 1,\n  \"Status\": 3\n}\n"),
        ("01a200b732c3704895bd6013abe10000\n", "01a200b732c3704895bd6013abe10001\n"),
        ("01a200b732c3704895bd6013abe10000 and 01a200b732c3704895bd6013abe10001\n",
         "01a200b732c3704895bd6013abe10000 and 01a200b732c3704895bd6013abe20001\n"),
    ],
)  # fmt: skip
def test_output_that_differs_from_print_is_told(printed: str, real: str):
    with pytest.raises(AssertionError, match="printed is"):
        Ids().hold(printed, real)


def test_an_id_stands_for_what_the_first_output_showed():
    ids = Ids()
    ids.hold("ID   01a200b732c3704895bd6013abe10000\n…\n", "ID  01a1ff34723970ca8861ca0c1c360000\nand more\n")

    assert ids.fill("approve 01a200b732c3704895bd6013abe10001") == "approve 01a1ff34723970ca8861ca0c1c360001"
    with pytest.raises(KeyError):
        ids.fill("approve 01a200b712bc703e8390ee82dd390001")
