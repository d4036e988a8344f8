"""A throw-away PostgreSQL server for one test run, started from the programs that the machine has.

`python tests/postgres.py` prints the directory of the programs that would be used, or says what to install.
"""

from __future__ import annotations

import asyncio
import os
import pwd
import re
import shutil
import socket
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import asyncpg

OLDEST = 15
PROGRAMS = ("initdb", "pg_ctl", "postgres")
INITDB = "initdb --pgdata=data --username=postgres --auth=trust --encoding=UTF8 --locale=C.UTF-8 --no-sync"
FROM_A_WHEEL = Path(__file__).parents[1] / ".venv" / "postgresql"  # where install_postgres.sh puts them

ALWAYS = {
    "listen_addresses": "127.0.0.1",
    "max_connections": "200",
    "timezone": "Asia/Kathmandu",  # nothing may depend on the server's own zone, and this one is nobody's default
}
CARELESS = {"fsync": "off", "full_page_writes": "off"}

# The shell that starts the server also stops it and clears up once its input ends, which is when the test run closes
# the pipe and equally when the test run is killed: no server outlives its run.
SUPERVISOR = """
cd "$1" || exit
if $3 >start.log 2>&1 &&
    pg_ctl start --silent --wait --pgdata=data --log=server.log --options="$2" >>start.log 2>&1
then echo ready
else cat ./*.log
fi
read -r _
pg_ctl stop --silent --mode=immediate --pgdata=data >/dev/null 2>&1
rm -rf "$1"
"""


class ProgramsMissing(Exception):
    """This machine has no PostgreSQL server that will do; the message says what to install."""


class Server:
    """A running server with its files in a folder; it stops with `stop`, or when who started it ends in any way.

    `made_by` is the command that makes its files.
    """

    def __init__(self, folder: Path | None = None, *, durable: bool = False, made_by: str = INITDB) -> None:
        programs = find_programs()
        self.port = free_port()
        work = tempfile.mkdtemp(prefix="placet-pg-", dir=folder)
        settings = {**ALWAYS, **({} if durable else CARELESS), "port": str(self.port), "unix_socket_directories": work}
        options = " ".join(f"-c {name}={value}" for name, value in settings.items())
        self._supervisor = subprocess.Popen(
            ["/bin/sh", "-c", SUPERVISOR, "postgres", work, options, made_by],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            env={**_without_postgres(os.environ), "PATH": f"{programs}{os.pathsep}{os.environ['PATH']}"},
            start_new_session=True,  # an interrupt from the keyboard is for the tests; they stop the server when done
            text=True,
            **unprivileged(work),
        )
        assert self._supervisor.stdout is not None
        answer = self._supervisor.stdout.readline()
        if answer != "ready\n":
            rest, _ = self._supervisor.communicate()
            raise RuntimeError(f"PostgreSQL in {programs} does not start:\n{answer}{rest}")

    @property
    def address(self) -> str:
        """The URL of the server, without a database."""
        return f"postgresql://postgres@127.0.0.1:{self.port}"

    def stop(self) -> None:
        """End the server and remove all that it wrote."""
        self._supervisor.communicate()  # closes its input, which is the sign to stop


class Databases:
    """Makes and drops databases on one server; its connection stays open from one call to the next."""

    def __init__(self, address: str) -> None:
        self.address = address
        # Its own loop, which nobody else sees: the tests' loops come and go, and asyncio.run would unset theirs.
        self._runner = asyncio.Runner(loop_factory=asyncio.new_event_loop)
        self._connection = self._runner.run(self._connect())

    async def _connect(self) -> Any:
        return await asyncpg.connect(f"{self.address}/postgres")

    def create(self, name: str, template: str = "template0") -> str:
        """Return the URL of a new database that is a copy of `template`."""
        # Copying files is the quicker way here: 24 ms for making and dropping one, 58 by way of the log.
        self._runner.run(self._connection.execute(f'CREATE DATABASE "{name}" TEMPLATE "{template}" STRATEGY file_copy'))
        return f"{self.address}/{name}"

    def drop(self, name: str) -> None:
        """Drop a database together with the connections that a failed test has left open."""
        self._runner.run(self._connection.execute(f'DROP DATABASE "{name}" WITH (FORCE)'))

    def close(self) -> None:
        self._runner.run(self._connection.close())
        self._runner.close()


def find_programs() -> Path:
    """Return the directory of the first PostgreSQL that is recent enough, or raise ProgramsMissing."""
    candidates = list(_candidates())
    refused = []
    for directory in candidates:
        if not all((directory / program).is_file() for program in PROGRAMS):
            continue
        major = _major_version(directory)
        if major >= OLDEST:
            return directory
        refused.append(f"version {major} in {directory}")
    places = ", ".join(map(str, candidates)) or "the usual places"
    found = f"found only {', '.join(refused)}" if refused else f"found none in {places}"
    raise ProgramsMissing(
        f"The tests need the server programs of PostgreSQL {OLDEST} or later and {found}: install your system's"
        " PostgreSQL server (Debian and Ubuntu: apt-get install postgresql; Fedora: dnf install postgresql-server;"
        " macOS: brew install postgresql), or set PLACET_TEST_PG_BINDIR to the directory that has initdb, pg_ctl"
        " and postgres."
    )


def _candidates() -> Iterator[Path]:
    if chosen := os.environ.get("PLACET_TEST_PG_BINDIR"):
        yield Path(chosen)
        return
    if pg_config := shutil.which("pg_config"):
        said = subprocess.run([pg_config, "--bindir"], capture_output=True, text=True, check=False)
        if said.returncode == 0:  # Debian's stand-in for a missing server package prints advice instead
            yield Path(said.stdout.strip())
    yield from _newest_first(Path("/usr/lib/postgresql").glob("*/bin"))
    if postgres := shutil.which("postgres"):
        yield Path(postgres).resolve().parent
    yield from _newest_first(FROM_A_WHEEL.glob("*/pginstall*/bin"))


def _newest_first(directories: Iterator[Path]) -> list[Path]:
    return sorted(directories, key=lambda directory: [int(n) for n in re.findall(r"\d+", str(directory))], reverse=True)


def _major_version(programs: Path) -> int:
    said = subprocess.run([programs / "postgres", "--version"], capture_output=True, text=True, check=False).stdout
    version = re.search(r"\d+", said)
    return int(version[0]) if version else 0


def unprivileged(work: str) -> dict[str, Any]:
    """Return what Popen needs to run as somebody else than root, whom PostgreSQL refuses, and give that one `work`."""
    if os.geteuid() != 0:
        return {}
    names = {account.pw_name for account in pwd.getpwall()}
    account = pwd.getpwnam("postgres" if "postgres" in names else "nobody")
    os.chown(work, account.pw_uid, account.pw_gid)
    return {"user": account.pw_uid, "group": account.pw_gid, "extra_groups": []}


def _without_postgres(environment: os._Environ[str]) -> dict[str, str]:
    """Leave out PGDATA, PGPORT and their like, which would lead the programs to somebody's real server."""
    return {name: value for name, value in environment.items() if not name.startswith("PG")}


def free_port() -> int:
    """A port that nobody listens on just now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


if __name__ == "__main__":
    try:
        print(find_programs())
    except ProgramsMissing as missing:
        sys.exit(str(missing))
