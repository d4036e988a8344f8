"""Applications: the programs that may ask for access tokens in people's names."""

from __future__ import annotations

from placet.core.access import Act
from placet.directory.applications import Registration
from placet_api.answers import Answer
from placet_api.console.page import Page
from placet_api.console.routes import get, post
from placet_api.console.trying import caller, tried


async def show(page: Page, trouble: str = "", status: int = 200) -> Answer:
    """One's own, or all for who holds every permission, each with its secret."""
    found = await page.engine.oauth.applications.every(caller(page))
    may_see_people = page.may(Act.MANAGE_PEOPLE)
    return page.render(
        "people/applications.html",
        status=status,
        applications=found,
        trouble=trouble,
        may_see_people=may_see_people,
    )


async def register(page: Page) -> Answer:
    form = await page.form()
    wanted = Registration(
        name=form.get("name"),
        description=form.get("description"),
        web_site=form.get("web_site"),
        redirect_uris=[line.strip() for line in form.raw("redirect_uris").splitlines() if line.strip()],
        is_public=form.get("public") == "true",
    )

    async def again(trouble: str, status: int) -> Answer:
        return await show(page, trouble, status)

    work = page.engine.oauth.applications.register(caller(page), wanted)
    return await tried(page, work, again, page.url("/applications"), f"{wanted.name} is registered.")


async def remove(page: Page) -> Answer:
    async def again(trouble: str, status: int) -> Answer:
        return await show(page, trouble, status)

    work = page.engine.oauth.applications.remove(caller(page), page.parameters["id"])
    said = "The application is removed; its tokens count no longer."
    return await tried(page, work, again, page.url("/applications"), said)


_ACT = Act.REGISTER_APPLICATIONS
ROUTES = (
    get("/applications", show, act=_ACT),
    post("/applications", register, act=_ACT),
    post("/applications/{id}/remove", remove, act=_ACT),
)
