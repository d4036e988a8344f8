"""The options that many commands share."""

from __future__ import annotations

import os
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Literal

from cyclopts import Group, Parameter
from cyclopts.validators import Number

from placet_api.cli.exits import WrongUsage

if TYPE_CHECKING:
    from placet import Engine, Settings
    from placet_api.cli.backend import Backend
    from placet_api.cli.desk import Desk

# The parts of `placet --help`.
RUNNING = Group("Running a node", sort_key=1)
DEFINITIONS = Group("Definitions and people", sort_key=2)
PROCESSES = Group("Processes and work items", sort_key=3)

Format = Annotated[Literal["table", "json"], Parameter(name="--format", help="for people or for programs")]
Data = Annotated[list[str] | None, Parameter(name="--data", negative="", metavar="NAME=VALUE")]

AT_MOST = 100  # rows of a table, unless --limit says otherwise


@Parameter(name="*")
@dataclass(frozen=True)
class Rows:
    """How much of a list is shown, and as what."""

    limit: Annotated[int | None, Parameter(name="--limit", validator=Number(gte=0), metavar="N")] = None
    """so many at most; 0 for all [default: 100 in a table, all as json]"""
    form: Format = "table"

    @property
    def at_most(self) -> int | None:
        """How many rows are asked for; None is all."""
        if self.limit is None:
            return AT_MOST if self.form == "table" else None
        return self.limit or None


@Parameter(name="*")
@dataclass(frozen=True)
class OnDatabase:
    """For commands that work on a database."""

    database: Annotated[str | None, Parameter(name="--database", metavar="URL")] = None
    """sqlite:///path or postgresql://user:password@host/name [default: the setting database_url]"""

    def settings(self) -> Settings:
        """The settings that hold here: --database over PLACET_* over placet.toml."""
        from placet.settings import read_settings

        return read_settings().with_values("--database", database_url=self.database)

    @asynccontextmanager
    async def engine(self) -> AsyncIterator[Engine]:
        """The engine on that database, without timers: only `serve` runs those."""
        from placet import Engine
        from placet_api.cli.logging import set_up_logging

        settings = self.settings()
        set_up_logging(settings.log_level)
        async with Engine(settings=settings, run_jobs=False, migrate_empty=False) as engine:
            yield engine


@Parameter(name="*")
@dataclass(frozen=True)
class OnDatabaseOnly(OnDatabase):
    """For commands that no server carries out, whoever asks it to."""

    server: Annotated[str | None, Parameter(name="--server", show=False)] = None

    def settings(self) -> Settings:
        if self.server:
            raise WrongUsage("This works on a database and not through a server; leave --server out.")
        server = os.environ.get("PLACET_SERVER")
        if server and not self.database:
            raise WrongUsage(
                f"This works on a database and not through the server that PLACET_SERVER names, {server}; "
                "say which database with --database, or unset PLACET_SERVER."
            )
        return super().settings()


@contextmanager
def refusals_noted(engine: Engine, actor: str | None) -> Iterator[None]:
    """Take note in the audit trail of what the user who acts may not do."""
    from placet.errors import NotAllowed

    try:
        yield
    except NotAllowed as failure:
        person = None if actor is None else engine.directory.person(actor)
        if person is not None:
            engine.refused.right(person.dn, "", "command line", failure.message)
        raise


@Parameter(name="*")
@dataclass(frozen=True)
class Anywhere:
    """For commands that work on a database or through a running server."""

    database: Annotated[str | None, Parameter(name="--database", metavar="URL")] = None
    """sqlite:///path or postgresql://user:password@host/name [default: the setting database_url]"""
    actor: Annotated[str | None, Parameter(name="--as", metavar="USER")] = None
    """on a database, the user who acts, with what that user may do and see [default: the engine itself, which may do
    everything]"""
    server: Annotated[str | None, Parameter(name="--server", metavar="URL")] = None
    """URL of a running server to ask instead; PLACET_USER and PLACET_PASSWORD sign in [default: PLACET_SERVER]"""

    @asynccontextmanager
    async def backend(self) -> AsyncIterator[Backend]:
        """Where the command is carried out."""
        server = self.named_server()
        if server:
            from placet_api.cli.remote import open_remote

            async with open_remote(server) as remote:
                yield remote
            return
        actor = self.local_actor()
        from placet_api.cli.local import LocalBackend

        async with OnDatabase(self.database).engine() as engine:
            backend = LocalBackend(engine, actor)
            with refusals_noted(engine, actor):
                yield backend

    def named_server(self) -> str | None:
        """The URL of the server to ask; None where the command works on a database."""
        named = None if self.database else os.environ.get("PLACET_SERVER")
        if named and self.actor and not self.server:
            raise WrongUsage(
                f"--as works on a database, and PLACET_SERVER names a server, {named}: it knows who signs in. "
                "Leave --as out, or name the database with --database."
            )
        server = self.server or named
        if server and (self.database or self.actor):
            raise WrongUsage("--server goes with neither --database nor --as: the server knows who signs in.")
        return server

    def local_actor(self) -> str | None:
        """Who acts on a database; None is the engine itself."""
        return self.actor


@Parameter(name="*")
@dataclass(frozen=True)
class Administration(Anywhere):
    """For commands that change people and rights, or tell of them."""

    @asynccontextmanager
    async def desk(self) -> AsyncIterator[Desk]:
        """Where the command is carried out."""
        server = self.named_server()
        database = OnDatabase(self.database)
        if server:
            from placet_api.cli.remote_desk import open_remote_desk

            async with open_remote_desk(server, database.settings()) as remote:
                yield remote
            return
        from placet_api.cli.local_desk import LocalDesk

        async with database.engine() as engine:
            desk = LocalDesk(engine, self.actor)
            with refusals_noted(engine, self.actor):
                yield desk


@Parameter(name="*")
@dataclass(frozen=True)
class AnywhereNamed(Anywhere):
    """For what goes on the trail of a process as somebody's decision."""

    actor: Annotated[str | None, Parameter(name="--as", metavar="USER")] = None
    """on a database, the user who decides [default: PLACET_USER]"""

    def local_actor(self) -> str:
        actor = self.actor or os.environ.get("PLACET_USER")
        if not actor:
            raise WrongUsage("Nobody is named who decides this; say --as USER, or set PLACET_USER.")
        return actor


# What holds where no such option is given.
ON_DATABASE, ON_DATABASE_ONLY, ANYWHERE, ANYWHERE_NAMED = OnDatabase(), OnDatabaseOnly(), Anywhere(), AnywhereNamed()
ADMINISTRATION = Administration()
ROWS = Rows()
