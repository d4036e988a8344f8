"""The bare handlers of `bare`, on PostgreSQL: `python -m uvicorn bare_postgres:app` with BARE_DATABASE naming its URL.

`/gathering` commits one row through a writer that takes whatever has gathered, in one statement on one asyncpg
connection; `/sqlalchemy` one transaction a request through SQLAlchemy and a pool of asyncpg connections.
"""

from __future__ import annotations

import asyncio
import os
import time
import uuid
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import asyncpg
import orjson
from sqlalchemy import Column, Double, Integer, MetaData, Table, Text, insert
from sqlalchemy.ext.asyncio import create_async_engine
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

URL = os.environ["BARE_DATABASE"]
POOL = 16

CREATE = """
CREATE TABLE IF NOT EXISTS request (
    id text PRIMARY KEY, status integer NOT NULL, created_at double precision NOT NULL, data text NOT NULL
)
"""
INSERT = """
INSERT INTO request (id, status, created_at, data)
SELECT * FROM unnest($1::text[], $2::integer[], $3::double precision[], $4::text[])
"""
request_table = Table(
    "request",
    MetaData(),
    Column("id", Text, primary_key=True),
    Column("status", Integer, nullable=False),
    Column("created_at", Double, nullable=False),
    Column("data", Text, nullable=False),
)


class GatheringWriter:
    """What arrives while one batch commits is the next batch."""

    def __init__(self, connection: asyncpg.Connection) -> None:
        self._connection = connection
        self._gathered: list[tuple[tuple[Any, ...], asyncio.Future[None]]] = []
        self._some = asyncio.Event()
        self._task = asyncio.create_task(self._run())

    def write(self, row: tuple[Any, ...]) -> asyncio.Future[None]:
        written = asyncio.get_running_loop().create_future()
        self._gathered.append((row, written))
        self._some.set()
        return written

    async def _run(self) -> None:
        while True:
            await self._some.wait()
            self._some.clear()
            batch, self._gathered = self._gathered, []
            await self._connection.execute(INSERT, *zip(*(row for row, _ in batch), strict=True))
            for _, written in batch:
                if not written.done():
                    written.set_result(None)


def row_of(body: bytes) -> tuple[Any, ...]:
    return uuid.uuid4().hex, 1, time.time(), orjson.dumps(orjson.loads(body)).decode()


async def gathering(request: Request) -> Response:
    await request.app.state.gathering.write(row_of(await request.body()))
    return Response(status_code=204)


async def through_sqlalchemy(request: Request) -> Response:
    row = row_of(await request.body())
    async with request.app.state.sa_engine.begin() as connection:
        await connection.execute(insert(request_table), dict(zip(request_table.c.keys(), row, strict=True)))
    return Response(status_code=204)


async def empty(_: Request) -> Response:
    return Response(status_code=204)


@asynccontextmanager
async def lifespan(application: Starlette) -> AsyncIterator[None]:
    connection = await asyncpg.connect(URL)
    await connection.execute(CREATE)
    application.state.gathering = GatheringWriter(connection)
    address = "postgresql+asyncpg://" + URL.partition("://")[2]
    application.state.sa_engine = create_async_engine(address, pool_size=POOL, max_overflow=0)
    yield


app = Starlette(
    routes=[
        Route("/gathering", gathering, methods=["POST"]),
        Route("/sqlalchemy", through_sqlalchemy, methods=["POST"]),
        Route("/empty", empty, methods=["GET", "POST"]),
        Route("/readyz", empty),
    ],
    lifespan=lifespan,
)
