"""The whole result of a query as a file, in as much memory as one page of it takes."""

from __future__ import annotations

from placet.errors import InvalidInput
from placet_api.answers import Answer
from placet_api.console.page import SAFE, Page
from placet_api.console.results.asked import asked_of
from placet_api.console.routes import get
from placet_api.tables import CONTENT_TYPES, parts_from


async def export(page: Page) -> Answer:
    """A file to keep, which a browser writes while it is read."""
    asked, form = asked_of(page), page.asked("format", "csv")
    if form not in CONTENT_TYPES:
        raise InvalidInput(f"{form[:40]!r} is no format; take {', '.join(CONTENT_TYPES)}.")
    pages = page.engine.query_pages(asked.whole, asked.of, actor=page.person.dn, zone=page.zone.key)
    first = await anext(pages, None)  # so that what is wrong with the query is told on a page
    name = f"{asked.of}-{page.now.astimezone(page.zone):%Y-%m-%d-%H%M}.{form}"
    headers = (
        (b"content-type", CONTENT_TYPES[form].encode()),
        (b"content-disposition", f'attachment; filename="{name}"'.encode()),
        *SAFE,
    )
    if page.scope["method"] == "HEAD":
        await pages.aclose()
        return Answer(200, headers=headers)
    return Answer(200, headers=headers, more=parts_from(form, first, pages))


ROUTES = (get("/query/export", export),)
