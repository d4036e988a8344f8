"""The bare handlers that Placet is measured beside: Starlette with nothing behind it but what the path says.

`python -m uvicorn bare:app` with BARE_DATABASE naming a SQLite file. `/gathering` commits one row through a writer
thread that takes whatever has gathered, `/sqlalchemy` one transaction a request through SQLAlchemy on aiosqlite,
`/rows` answers rows that are ready in memory, `/empty` nothing, `/held` never; `/holding` says how many wait for that.
"""

from __future__ import annotations

import asyncio
import os
import queue
import sqlite3
import threading
import time
import uuid
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import orjson
from sqlalchemy import Column, Double, Integer, MetaData, Table, Text, event, insert
from sqlalchemy.ext.asyncio import create_async_engine
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

DATABASE = os.environ["BARE_DATABASE"]
READY_ROWS = orjson.loads(Path(os.environ["BARE_ROWS"]).read_bytes()) if os.environ.get("BARE_ROWS") else []

SQL = "INSERT INTO request (id, status, created_at, data) VALUES (?, ?, ?, ?)"
request_table = Table(
    "request",
    MetaData(),
    Column("id", Text, primary_key=True),
    Column("status", Integer, nullable=False),
    Column("created_at", Double, nullable=False),
    Column("data", Text, nullable=False),
    sqlite_with_rowid=False,
)


def connect() -> sqlite3.Connection:
    connection = sqlite3.connect(DATABASE, isolation_level=None, check_same_thread=False)
    connection.execute("PRAGMA journal_mode=WAL")
    connection.execute("PRAGMA synchronous=FULL")
    return connection


class GatheringWriter:
    """What arrives while one batch commits is the next batch; one transaction each, in a thread."""

    def __init__(self) -> None:
        self._loop = asyncio.get_running_loop()
        self._connection = connect()
        self._gathered: list[tuple[tuple[Any, ...], asyncio.Future[None]]] = []
        self._batches: queue.SimpleQueue[list[tuple[tuple[Any, ...], asyncio.Future[None]]]] = queue.SimpleQueue()
        self._is_busy = False
        threading.Thread(target=self._run, daemon=True).start()

    def write(self, row: tuple[Any, ...]) -> asyncio.Future[None]:
        written = self._loop.create_future()
        self._gathered.append((row, written))
        if not self._is_busy:
            self._is_busy = True
            self._loop.call_soon(self._hand_over)  # after the other requests that are ready now
        return written

    def _hand_over(self) -> None:
        self._batches.put(self._gathered)
        self._gathered = []

    def _run(self) -> None:
        while True:
            batch = self._batches.get()
            self._connection.execute("BEGIN IMMEDIATE")
            self._connection.executemany(SQL, [row for row, _ in batch])
            self._connection.execute("COMMIT")
            self._loop.call_soon_threadsafe(self._answer, batch)

    def _answer(self, batch: list[tuple[tuple[Any, ...], asyncio.Future[None]]]) -> None:
        for _, written in batch:
            if not written.done():
                written.set_result(None)
        if self._gathered:
            self._hand_over()
        else:
            self._is_busy = False


class SqlalchemyWriter:
    """One transaction a request; one connection, since SQLite has one writer."""

    def __init__(self) -> None:
        self._sa_engine = create_async_engine(f"sqlite+aiosqlite:///{DATABASE}", pool_size=1, max_overflow=0)
        self._insert = insert(request_table)
        event.listen(self._sa_engine.sync_engine, "connect", _durable)

    async def write(self, row: tuple[Any, ...]) -> None:
        async with self._sa_engine.begin() as connection:
            await connection.execute(self._insert, dict(zip(request_table.c.keys(), row, strict=True)))


def _durable(connection: Any, _record: object) -> None:
    cursor = connection.cursor()
    cursor.execute("PRAGMA journal_mode=WAL")
    cursor.execute("PRAGMA synchronous=FULL")
    cursor.close()


def row_of(body: bytes) -> tuple[Any, ...]:
    return uuid.uuid4().hex, 1, time.time(), orjson.dumps(orjson.loads(body)).decode()


async def gathering(request: Request) -> Response:
    await request.app.state.gathering.write(row_of(await request.body()))
    return Response(status_code=204)


async def through_sqlalchemy(request: Request) -> Response:
    await request.app.state.sqlalchemy.write(row_of(await request.body()))
    return Response(status_code=204)


async def rows(request: Request) -> Response:
    return Response(orjson.dumps(request.app.state.rows), media_type="application/json")


async def empty(_: Request) -> Response:
    return Response(status_code=204)


async def held(request: Request) -> Response:
    request.app.state.holding += 1
    try:
        while (await request.receive())["type"] != "http.disconnect":
            pass
    finally:
        request.app.state.holding -= 1
    return Response(status_code=204)


async def holding(request: Request) -> Response:
    return Response(str(request.app.state.holding))


@asynccontextmanager
async def lifespan(application: Starlette) -> AsyncIterator[None]:
    connection = connect()
    columns = "id TEXT PRIMARY KEY, status INTEGER NOT NULL, created_at REAL NOT NULL, data TEXT NOT NULL"
    connection.execute(f"CREATE TABLE request ({columns}) WITHOUT ROWID")
    connection.close()
    application.state.gathering = GatheringWriter()
    application.state.sqlalchemy = SqlalchemyWriter()
    application.state.rows = READY_ROWS
    application.state.holding = 0
    yield


app = Starlette(
    routes=[
        Route("/gathering", gathering, methods=["POST"]),
        Route("/sqlalchemy", through_sqlalchemy, methods=["POST"]),
        Route("/rows", rows),
        Route("/empty", empty, methods=["GET", "POST"]),
        Route("/held", held),
        Route("/holding", holding),
        Route("/readyz", empty),
    ],
    lifespan=lifespan,
)
