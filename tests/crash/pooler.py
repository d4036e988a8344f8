"""PgBouncer between engines and the tests' PostgreSQL, in transaction mode."""

from __future__ import annotations

import asyncio
import itertools
import os
import re
import shutil
import sys
import tempfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from urllib.parse import urlsplit

from placet.settings import Settings
from tests.postgres import ProgramsMissing, free_port, unprivileged

#: Not everybody's PATH has all of them.
PLACES = ("/usr/sbin", "/usr/local/sbin", "/usr/local/bin", "/opt/homebrew/bin")

#: Two sessions of the server for all who connect; the rest is as the package has it, so that nothing is asked of it.
CONFIGURATION = """
[databases]
* = host={host} port={port}

[pgbouncer]
listen_addr = 127.0.0.1
listen_port = {listens}
unix_socket_dir =
auth_type = trust
auth_file = {folder}/users.txt
pool_mode = {mode}
default_pool_size = 2
logfile = {folder}/pgbouncer.log
"""

#: It stops once its input ends, which is when the test run ends in any way.
SUPERVISOR = """
"$1" --quiet "$2/pgbouncer.ini" &
read -r _
kill $!
wait $!
"""


class Pooler:
    """A running PgBouncer: `url` is a database by way of it, `direct_url` the same past it."""

    def __init__(self, url: str, direct_url: str, log_file: Path) -> None:
        self.url, self.direct_url, self.log_file = url, direct_url, log_file

    def settings(self, settings: Settings, **more: str) -> Settings:
        """The settings of a node that goes by the pooler."""
        return settings.with_values("test", database_url=self.url, database_direct_url=self.direct_url, **more)

    def log(self) -> str:
        return self.log_file.read_text()

    def clients(self) -> int:
        """How many connections were ever made to it."""
        return len(re.findall(r"login attempt", self.log()))

    def most_sessions(self) -> int:
        """How many sessions of the server it had at most at a time."""
        changes = re.findall(r" S-\w+: .*(new connection to server|closing because)", self.log())
        return max(itertools.accumulate(1 if change.startswith("new") else -1 for change in changes))


def find_pgbouncer() -> str:
    """The program, or raise ProgramsMissing with what to install."""
    found = shutil.which("pgbouncer", path=os.pathsep.join([os.environ.get("PATH", ""), *PLACES]))
    if found is None:
        raise ProgramsMissing(
            "The tests of poolers need PgBouncer and found none: install your system's package (Debian and Ubuntu:"
            " apt-get install pgbouncer; Fedora: dnf install pgbouncer; macOS: brew install pgbouncer)."
        )
    return found


@asynccontextmanager
async def pooled(direct_url: str, mode: str = "transaction") -> AsyncIterator[Pooler]:
    """A PgBouncer before a database, for the length of a block."""
    program, parts, listens = find_pgbouncer(), urlsplit(direct_url), free_port()
    with tempfile.TemporaryDirectory(prefix="placet-pooler-") as folder:
        _configure(Path(folder), host=parts.hostname, port=parts.port, listens=listens, mode=mode)
        supervisor = await asyncio.create_subprocess_exec(
            *("/bin/sh", "-c", SUPERVISOR, "pooler", program, folder),
            stdin=asyncio.subprocess.PIPE,
            cwd=folder,
            start_new_session=True,  # an interrupt from the keyboard is for the tests
            **unprivileged(folder),  # PgBouncer refuses to run as root
        )
        url = direct_url.replace(f":{parts.port}/", f":{listens}/")
        pooler = Pooler(url, direct_url, Path(folder, "pgbouncer.log"))
        try:
            await _listens(listens, pooler)
            yield pooler
        finally:
            assert supervisor.stdin is not None
            supervisor.stdin.close()
            await supervisor.wait()


def _configure(folder: Path, **values: object) -> None:
    (folder / "pgbouncer.ini").write_text(CONFIGURATION.format(folder=folder, **values))
    (folder / "users.txt").write_text('"postgres" ""\n')


async def _listens(port: int, pooler: Pooler) -> None:
    """Return once a port answers; there is no event to wait for."""
    loop = asyncio.get_running_loop()
    until = loop.time() + 20
    while True:
        try:
            _, writer = await asyncio.open_connection("127.0.0.1", port)
        except OSError:
            assert loop.time() < until, f"PgBouncer does not listen:\n{pooler.log()}"
            await asyncio.sleep(0.02)
        else:
            writer.close()
            await writer.wait_closed()
            return


if __name__ == "__main__":
    try:
        print(find_pgbouncer())
    except ProgramsMissing as missing:
        sys.exit(str(missing))
