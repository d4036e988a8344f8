"""Engines: the node that answers, and which engines moved the processes that are open."""

from __future__ import annotations

from placet import __version__
from placet.core.access import Act
from placet.settings import hide_secret
from placet_api.answers import Answer
from placet_api.console.page import Page
from placet_api.console.routes import get


async def show(page: Page) -> Answer:
    """What this node is and does, and what waits to be done."""
    engine = page.engine
    overview = await engine.overview(actor=page.person.dn) if page.may(Act.READ) else None
    return page.render(
        "engines/engines.html",
        engine=engine,
        version=__version__,
        database=hide_secret(engine.settings.database_url),
        people=len(engine.directory.people),
        overview=overview,
    )


ROUTES = (get("/engines", show, act=Act.OPERATE),)
