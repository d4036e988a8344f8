"""What every test may ask for: a clock, a fresh database on each of the two servers, and one PostgreSQL for the run."""

from __future__ import annotations

import asyncio
import itertools
import os
import shutil
import tempfile
from collections import defaultdict
from collections.abc import Callable, Coroutine, Iterator
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from typing import Any, TypeAlias

import hypothesis
import pytest

from placet.clock import ManualClock
from placet.settings import Settings
from tests.postgres import Databases, ProgramsMissing, Server

pytest_plugins = ["tests.groups"]

PARTS = ("unit", "store", "acceptance", "property", "crash", "house", "browser")
BROWSER = Path(__file__).parent / "browser"
WORKER = os.environ.get("PYTEST_XDIST_WORKER", "main")
SERVER = pytest.StashKey[Server]()

#: What a database has in it besides its tables: fills the migrated one behind a URL.
Contents: TypeAlias = Callable[[str], Coroutine[Any, Any, None]]

MEMORY, ROOM = Path("/dev/shm"), 4 << 30  # where Linux keeps files in memory, and the bytes that a run may need there
DISK = Path(tempfile.gettempdir())

# The usual run is the same every time; the long one looks for what nobody has seen yet. Neither measures speed.
hypothesis.settings.register_profile("usual", deadline=None, derandomize=True, print_blob=True)
hypothesis.settings.register_profile("long", deadline=None, max_examples=2000, print_blob=True)


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--long", action="store_true", help="repeat random tests many times, with new random numbers")


def pytest_configure(config: pytest.Config) -> None:
    hypothesis.settings.load_profile("long" if config.getoption("--long") else "usual")
    if "TMPDIR" not in os.environ and os.access(MEMORY, os.W_OK) and shutil.disk_usage(MEMORY).free > ROOM:
        tempfile.tempdir = str(MEMORY)  # no test waits for a disk but those of durability


def pytest_ignore_collect(collection_path: Path, config: pytest.Config) -> bool | None:
    """Leave the browser tests to a run of their own, which names them: their event loop is one for the whole run."""
    named = any(Path(each.partition("::")[0]).resolve().is_relative_to(BROWSER) for each in config.args)
    return True if collection_path == BROWSER and not named else None


@pytest.hookimpl(optionalhook=True)
def pytest_configure_node(node: Any) -> None:
    """Start the server once for all workers of pytest-xdist and tell each where it is."""
    try:
        node.workerinput["postgresql"] = _postgresql(node.config)
    except ProgramsMissing as missing:
        pytest.exit(str(missing), returncode=1)


def pytest_unconfigure(config: pytest.Config) -> None:
    if SERVER in config.stash:
        config.stash[SERVER].stop()


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Print how many tests each part has and how long they took, all workers taken together."""
    tests: dict[str, set[str]] = defaultdict(set)
    seconds: dict[str, float] = defaultdict(float)
    for report in itertools.chain.from_iterable(terminalreporter.stats.values()):
        if isinstance(report, pytest.TestReport):
            part = report.nodeid.removeprefix("tests/").split("/")[0]
            tests[part].add(report.nodeid)
            seconds[part] += report.duration
    terminalreporter.section("time per part")
    for part in sorted(tests, key=lambda part: PARTS.index(part) if part in PARTS else len(PARTS)):
        terminalreporter.write_line(f"{part:<12}{len(tests[part]):>6} tests{seconds[part]:>9.1f} s")


@pytest.fixture
def clock() -> ManualClock:
    """A clock that stands at nine o'clock UTC on a Monday until the test moves it."""
    return ManualClock(datetime(2026, 3, 2, 9, tzinfo=UTC))


@pytest.fixture
def rounds(request: pytest.FixtureRequest) -> int:
    """How often a random durability test repeats itself: a few times, or with `--long` for as long as a coffee."""
    return 100 if request.config.getoption("--long") else 3


@pytest.fixture
def contents() -> Contents:
    """What is in the test's database from the beginning: nothing; a part of the tests may have something there."""
    return nothing


async def nothing(url: str) -> None:
    """Leave a database as it is."""


@pytest.fixture(params=["sqlite", "postgresql"])
def database_url(request: pytest.FixtureRequest, tmp_path: Path, contents: Contents) -> Iterator[str]:
    """The URL of a migrated database of the test's own."""
    if request.param == "sqlite":
        yield _copied(request.getfixturevalue("sqlite_templates")(contents), tmp_path)
    else:
        template = request.getfixturevalue("postgresql_templates")(contents)
        yield from _created(request.getfixturevalue("databases"), template)


@pytest.fixture(params=["sqlite", "postgresql"])
def empty_database_url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """The URL of a database of the test's own without any table."""
    if request.param == "sqlite":
        yield f"sqlite:///{tmp_path}/placet.db"
    else:
        yield from _created(request.getfixturevalue("databases"))


@pytest.fixture(params=["sqlite", "postgresql"])
def durable_database_url(request: pytest.FixtureRequest) -> Iterator[str]:
    """The URL of an empty database that syncs every commit to the disk, as it does in production."""
    if request.param == "sqlite":
        with tempfile.TemporaryDirectory(prefix="placet-", dir=DISK) as folder:
            yield f"sqlite:///{folder}/placet.db"
    else:
        yield from _created(request.getfixturevalue("durable_databases"))


@pytest.fixture
def settings(database_url: str) -> Settings:
    """The settings of a node on a migrated database, that listens on a free port."""
    return Settings(database_url=database_url, port=0)


@pytest.fixture(scope="session")
def databases(request: pytest.FixtureRequest) -> Iterator[Databases]:
    """The databases of the run's one PostgreSQL."""
    databases = Databases(_postgresql(request.config))
    yield databases
    databases.close()


@pytest.fixture(scope="session")
def durable_databases() -> Iterator[Databases]:
    """The databases of a second PostgreSQL, started for those tests that need its commits on the disk."""
    server = Server(DISK, durable=True)
    try:
        databases = Databases(server.address)
        yield databases
        databases.close()
    finally:
        server.stop()


@pytest.fixture(scope="session")
def sqlite_templates(tmp_path_factory: pytest.TempPathFactory) -> Callable[[Contents], Path]:
    """Migrated SQLite files that tests copy, each filled when it is first asked for."""

    _keep_statements()

    @cache
    def template(contents: Contents) -> Path:
        path = tmp_path_factory.mktemp("template") / "placet.db"
        path.touch()
        _fill(f"sqlite:///{path}", contents)
        return path

    return template


@pytest.fixture(scope="session")
def postgresql_templates(databases: Databases) -> Callable[[Contents], str]:
    """The names of migrated databases that tests copy, each filled when it is first asked for."""

    _keep_statements()

    @cache
    def template(contents: Contents) -> str:
        name = f"template_{WORKER}_{next(_numbers)}"
        _fill(databases.create(name), contents)
        return name

    return template


@pytest.fixture(scope="session")
def sqlite_template(sqlite_templates: Callable[[Contents], Path]) -> Path:
    """A migrated SQLite file that tests copy."""
    return sqlite_templates(nothing)


@pytest.fixture(scope="session")
def postgresql_template(postgresql_templates: Callable[[Contents], str]) -> str:
    """The name of a migrated database that tests copy."""
    return postgresql_templates(nothing)


def _postgresql(config: pytest.Config) -> str:
    """Return the address of the run's server; without workers it is started by the first test that needs it."""
    if hasattr(config, "workerinput"):
        return str(config.workerinput["postgresql"])
    if SERVER not in config.stash:
        config.stash[SERVER] = Server()
    return config.stash[SERVER].address


def _copied(template: Path, directory: Path) -> str:
    shutil.copy(template, directory / "placet.db")
    return f"sqlite:///{directory}/placet.db"


_numbers = itertools.count(1)


def _created(databases: Databases, template: str = "template0") -> Iterator[str]:
    name = f"placet_{WORKER}_{next(_numbers)}"
    yield databases.create(name, template)
    databases.drop(name)


def _keep_statements() -> None:
    from tests import statements  # here, so that a unit test alone does not wait for SQLAlchemy

    statements.keep()


def _fill(url: str, contents: Contents) -> None:
    """Bring an empty database to the newest schema, and put into it what it is to have."""
    from placet.store.database import opened  # here for the same reason
    from placet.store.migrate import migrate

    async def work() -> None:
        async with opened(url) as database:
            await migrate(database)
        await contents(url)

    with asyncio.Runner(loop_factory=asyncio.new_event_loop) as runner:  # leaves the tests' own loop alone
        runner.run(work())
