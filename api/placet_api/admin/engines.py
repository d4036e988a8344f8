"""`/v1/engines`: the nodes on this database, and letting one of them run empty."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from placet import EngineNode
from placet.query.times import format_time
from placet_api.answers import Answer
from placet_api.ris.request import Request


async def every_engine(request: Request) -> Answer:
    """All of them, those that live first; takes PM_SETUP_ADVANCE, as everything here does."""
    request.query()
    found = await request.engine.nodes(actor=request.actor.dn)
    return request.answer([_described(request, each) for each in found])


async def one_engine(request: Request) -> Answer:
    request.query()
    return request.answer(_described(request, await request.engine.node(request.target.id, actor=request.actor.dn)))


async def drain(request: Request) -> Answer:
    """Have one take no more work; the answer is the engine as it is then."""
    request.query()
    node = await request.engine.drain_node(request.target.id, actor=request.actor.dn)
    return request.answer(_described(request, node))


def _described(request: Request, node: EngineNode) -> dict[str, Any]:
    return {
        "EngineId": node.id,
        "Link": f"{request.render.links.prefix}/engines/{node.id}",
        "Status": node.status.value,
        "Address": node.address or "",
        "Host": node.host,
        "PID": node.pid,
        "Version": node.version,
        "Started": format_time(node.started_at),
        "RunningSince": _time(node.running_since),
        "Beat": format_time(node.beat_at),
        "DrainingSince": _time(node.draining_since),
        "Drained": _time(node.drained_at),
        "Ended": _time(node.ended_at),
    }


def _time(moment: datetime | None) -> str:
    return "" if moment is None else format_time(moment)
