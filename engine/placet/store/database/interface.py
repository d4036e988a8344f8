"""What every kind of database offers, and what all of them hold to."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Protocol, TypeVar

import orjson
from sqlalchemy import Connection

T = TypeVar("T")

READERS = 4
#: Connections for what people ask in their own words, so that no reader of anything else waits for them.
QUESTIONERS = 4
#: Statements that the driver keeps prepared on each of these; they may be long, and others hardly ask the same.
PREPARED_QUESTIONS = 8


class TookTooLong(Exception):
    """A read was ended because it took longer than it may."""


class HasMoved(Exception):
    """What was decided may have been decided by what is not so any more; nothing of it was written."""


def _dumps(value: Any) -> str:
    return orjson.dumps(value).decode()


#: How SQLAlchemy writes and reads JSON documents, and that its errors, which are logged, keep values to themselves.
ENGINE_OPTIONS: dict[str, Any] = {
    "json_serializer": _dumps,
    "json_deserializer": orjson.loads,
    "hide_parameters": True,
}


class WriteConnection(Protocol):
    """One connection that writes: a transaction at a time, whose statements are plain synchronous functions."""

    loses_answers: bool  # whether a COMMIT may happen that was not answered
    keeps_the_loop: bool  # whether everybody on the loop waits while a statement runs

    async def begin(self) -> None: ...

    async def run(self, work: Callable[[Connection], T]) -> T: ...

    async def run_aside(self, work: Callable[[Connection], T]) -> T:
        """Run what takes long, and keep nobody else on the loop waiting for it."""

    @property
    def in_doubt(self) -> bool:
        """Whether a commit that failed may have happened."""

    async def commit(self, last: Callable[[Connection], None] | None = None) -> None:
        """Run what is to be written last, and commit; where that is the first statement as well, the two are one."""

    async def rollback(self) -> None: ...

    async def end_doubt(self) -> None:
        """Return once a transaction whose COMMIT was not answered has ended, one way or the other."""

    async def close(self) -> None: ...


class Database(Protocol):
    """One opened database."""

    writers: int  # how many connections may write at the same time

    async def connect_writer(self, *, patient: bool = False) -> WriteConnection:
        """A new connection; one that is patient puts no limit on how long a statement takes or waits."""

    async def read(self, work: Callable[[Connection], T], *, brief: bool = False) -> T:
        """Run a store function in a read transaction of its own; sees everything that was committed before.

        One that is `brief` meets a row or a page by an index. It may be run a second time, so it must change nothing.
        """

    async def read_within(self, work: Callable[[Connection], T], seconds: float) -> T:
        """As `read`, of what may take long, on a connection of a few that are for nothing else.

        Gives way to what is written meanwhile where the database lets it. Raises `TookTooLong` for a statement that is
        not done in time.
        """

    async def close(self) -> None: ...
