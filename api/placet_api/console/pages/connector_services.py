"""Services: whose connectors there are, each maybe with an image."""

from __future__ import annotations

from placet.connectors.images import MAX_BYTES, media_type_of
from placet.connectors.records import Service
from placet.core.access import Act
from placet_api.answers import Answer
from placet_api.console import connector_forms as forms
from placet_api.console.form import Form
from placet_api.console.page import Page
from placet_api.console.pages.connectors import revision_in
from placet_api.console.routes import get, post
from placet_api.console.trying import Again, caller, tried

_IMAGE = "image"
_FIELDS = (
    *("product_name", "product_version", "api_version", "configuration"),
    *(f"limits.{name}" for name in ("concurrency", "breaker_failures", "breaker_seconds")),
)


async def new(page: Page) -> Answer:
    """The form of a service that is not there yet; `configuration` may name how it is signed in at."""
    blank = forms.service_shown(Service(id="", name=""), page.asked("configuration"))
    return await _show(page, None, blank, 0)


async def one(page: Page) -> Answer:
    stored = await _stored(page)
    return await _show(page, stored, await _as_stored(page, stored), stored.revision)


async def _stored(page: Page) -> Service:
    return await page.engine.connectors.services.one(caller(page), page.parameters["id"])


async def _as_stored(page: Page, stored: Service) -> forms.Values:
    catalog = await page.engine.connectors.catalog.now()
    used = catalog.configurations.by_id.get(stored.configuration_id or "")
    return forms.service_shown(stored, "" if used is None else used.name)


async def _show(
    page: Page, stored: Service | None, typed: forms.Values, revision: int, trouble: str = "", status: int = 200
) -> Answer:
    connectors = page.engine.connectors
    on_top, at = forms.sorted_out(trouble, _FIELDS)
    catalog = await connectors.catalog.now()
    return page.render(
        "connectors/service.html",
        status=status,
        stored=stored,
        typed=typed,
        revision=revision,
        trouble=on_top,
        at=at,
        configurations=await connectors.configurations.every(caller(page)),
        connectors=[each for each in catalog.connectors.all() if stored is not None and each.service_id == stored.id],
        most_kibibytes=MAX_BYTES // 1024,
    )


async def add(page: Page) -> Answer:
    form = await page.form(_IMAGE)
    typed = forms.typed_service(form)

    async def work() -> None:
        _check_image(form)  # before anything is kept
        made = await page.engine.connectors.services.add(caller(page), typed["name"], forms.service_asked(typed))
        await _keep_image(page, form, made.id)

    to = page.url("/connectors", tab="services")
    return await tried(page, work(), _again(page, None, typed, 0), to, f"{typed['name']} is kept.")


async def change(page: Page) -> Answer:
    form, stored = await page.form(_IMAGE), await _stored(page)
    typed, revision = forms.typed_service(form), revision_in(form)

    async def work() -> None:
        _check_image(form)
        services, asked = page.engine.connectors.services, forms.service_asked(typed)
        await services.change(caller(page), stored.id, typed["name"], asked, revision=revision)
        await _keep_image(page, form, stored.id)

    to = page.url("/connectors/services", stored.id)
    return await tried(page, work(), _again(page, stored, typed, revision), to, "The changes are kept.")


def _check_image(form: Form) -> None:
    if content := form.files.get(_IMAGE):
        media_type_of(content)


async def _keep_image(page: Page, form: Form, id_: str) -> None:
    """Keep the image that was chosen, if one was; or take away the one that there is."""
    content = form.files.get(_IMAGE) or None  # a browser sends an empty one where none was chosen
    if content is not None or form.get("take.image") == "true":
        await page.engine.connectors.services.set_image(caller(page), id_, content)


async def remove(page: Page) -> Answer:
    form, stored = await page.form(), await _stored(page)
    revision = revision_in(form)
    again = _again(page, stored, await _as_stored(page, stored), revision)
    work = page.engine.connectors.services.remove(caller(page), stored.id, revision=revision)
    return await tried(page, work, again, page.url("/connectors", tab="services"), f"{stored.name} is removed.")


def _again(page: Page, stored: Service | None, typed: forms.Values, revision: int) -> Again:
    async def again(trouble: str, status: int) -> Answer:
        return await _show(page, stored, typed, revision, trouble, status)

    return again


_ACT = Act.OPERATE
ROUTES = (
    get("/connectors/services/new", new, act=_ACT),
    post("/connectors/services/new", add, act=_ACT),
    get("/connectors/services/{id}", one, act=_ACT),
    post("/connectors/services/{id}", change, act=_ACT),
    post("/connectors/services/{id}/remove", remove, act=_ACT),
)
