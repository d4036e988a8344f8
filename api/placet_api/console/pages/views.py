"""Saved views: keeping the query that one looks at under a name, for oneself or for everybody."""

from __future__ import annotations

from placet.errors import PlacetError
from placet.saved_views import NewView
from placet_api.answers import Answer
from placet_api.console.form import Form
from placet_api.console.page import Page
from placet_api.console.results.views import view_url
from placet_api.console.routes import get, post
from placet_api.console.trying import caller
from placet_api.errors import message_of


async def show(page: Page) -> Answer:
    """The query page with what a view has."""
    view = await page.engine.saved_views.one(caller(page), page.parameters["view"])
    return page.redirect(view_url(page, view))


async def save(page: Page) -> Answer:
    """Keep a query as a view of one's own."""
    wanted = _wanted(await page.form())
    try:
        view = await page.engine.saved_views.add(caller(page), wanted)
    except PlacetError as failure:
        back = page.url("/query", of=wanted.resource, q=wanted.text or None)
        return page.redirect(back, said=message_of(failure), tone="bad")
    return page.redirect(view_url(page, view), said=f"Saved as {view.name}.")


async def change(page: Page) -> Answer:
    """Put another name or query in place of a view's, or share it."""
    form = await page.form()
    view = await page.engine.saved_views.change(caller(page), page.parameters["view"], _wanted(form))
    return page.redirect(view_url(page, view), said=f"{view.name} is changed.")


async def remove(page: Page) -> Answer:
    """Remove a view; its query stays on the page."""
    by = caller(page)
    view = await page.engine.saved_views.one(by, page.parameters["view"])
    await page.engine.saved_views.remove(by, view.id)
    back = page.url("/query", of=view.resource, q=view.text or None)
    return page.redirect(back, said=f"The view {view.name} is removed; its query is still here.")


def _wanted(form: Form) -> NewView:
    return NewView(name=form.get("name"), text=form.get("q"), resource=form.get("of"), shared="shared" in form)


ROUTES = (
    get("/query/views/{view}", show),
    post("/query/views", save),
    post("/query/views/{view}", change),
    post("/query/views/{view}/remove", remove),
)
