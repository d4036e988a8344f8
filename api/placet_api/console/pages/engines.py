"""Engines: all nodes on the database, the one that answers, and which of them moved the processes that are open."""

from __future__ import annotations

from placet import NodeStatus, __version__
from placet.core.access import Act
from placet.settings import hide_secret
from placet_api.answers import Answer
from placet_api.console.page import Page
from placet_api.console.routes import get, post
from placet_api.console.trying import tried


async def show(page: Page, trouble: str = "", status: int = 200) -> Answer:
    """Which nodes there are, what this one is and does, and what waits to be done."""
    engine = page.engine
    nodes = await engine.nodes(actor=page.person.dn)
    running = {each.id for each in nodes if each.status is NodeStatus.RUNNING}
    return page.render(
        "engines/engines.html",
        status=status,
        trouble=trouble,
        engine=engine,
        nodes=nodes,
        others_run=lambda node: bool(running - {node.id}),
        version=__version__,
        database=hide_secret(engine.settings.database_url),
        people=len(engine.directory.people),
        overview=await engine.overview(actor=page.person.dn) if page.may(Act.READ) else None,
    )


async def drain(page: Page) -> Answer:
    """Have a node take no more work."""

    async def again(trouble: str, status: int) -> Answer:
        return await show(page, trouble, status)

    id_ = page.parameters["id"]
    work = page.engine.drain_node(id_, actor=page.person.dn)
    said = f"{id_} takes no more work; this page tells when nothing of it runs any more."
    return await tried(page, work, again, page.url("/engines"), said)


ROUTES = (get("/engines", show, act=Act.OPERATE), post("/engines/{id}/drain", drain, act=Act.OPERATE))
