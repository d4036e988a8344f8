"""`/v1/proxies`: who may start processes in whose name."""

from __future__ import annotations

from typing import Any

from placet.directory import proxies
from placet.directory.proxies import NewProxy, ProxyRow
from placet.errors import InvalidInput
from placet.query.times import format_time
from placet_api.admin.paging import PAGING, cursor_of, limit_of, part
from placet_api.admin.times import time_of
from placet_api.answers import Answer
from placet_api.body import person_of
from placet_api.ris.request import NO_CONTENT, Request

_ID = "[0-9a-f]{32}"


async def every_proxy(request: Request) -> Answer:
    """Those that concern who asks, or with PM_SUPERVISOR all, in the order in which they were made."""
    query = request.query(PAGING)
    limit, after = limit_of(query), cursor_of(query, _ID)
    found = await proxies.page(request.engine.store, request.caller, after=after, limit=limit + 1)
    rows, headers = part(request, found, limit, lambda row: row.id)
    return request.answer([_described(request, row) for row in rows], headers=headers)


async def one_proxy(request: Request) -> Answer:
    request.query()
    row = await proxies.find(request.engine.store, request.caller, request.id("proxy grant"))
    return request.answer_tagged(_described(request, row), f"{row.id}.{request.engine.directory.version}")


async def add(request: Request) -> Answer:
    """Let somebody start processes in the name of who asks, or with PM_SUPERVISOR of anybody."""
    request.query()
    body = await request.body()
    proxy = person_of(body, "Proxy")
    if proxy is None:
        raise InvalidInput("The body has no Proxy; name who may start processes, by user name or DN.")
    wanted = NewProxy(
        proxy=proxy, person=person_of(body, "Person"), from_at=time_of(body, "From"), to_at=time_of(body, "To")
    )
    row = await proxies.add(request.engine.store, request.caller, wanted)
    await request.engine.refresh()
    location = (b"location", _link(request, row).encode())
    return request.answer(_described(request, row), status=201, headers=(location,))


async def remove(request: Request) -> Answer:
    request.query()
    await proxies.remove(request.engine.store, request.caller, request.id("proxy grant"))
    await request.engine.refresh()
    return NO_CONTENT


def _described(request: Request, row: ProxyRow) -> dict[str, Any]:
    return {
        "GUID": row.id,
        "Link": _link(request, row),
        "Person": request.render.person(row.person),
        "Proxy": request.render.person(row.proxy),
        "From": format_time(row.from_at),
        "To": format_time(row.to_at) if row.to_at else "",
        "Created": format_time(row.created_at),
    }


def _link(request: Request, row: ProxyRow) -> str:
    return f"{request.render.links.prefix}/proxies/{row.id}"
