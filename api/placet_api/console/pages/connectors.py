"""Connectors, the services that they call and how those are signed in at: the list, and one connector with its test."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from placet.connectors.records import BodyType, Connector, PaginationKind, ParameterType, Place, Service
from placet.connectors.shape import METHODS
from placet.core.access import Act
from placet.errors import InvalidInput
from placet_api.admin.connectors.rendering import trial
from placet_api.answers import Answer
from placet_api.console import connector_forms as forms
from placet_api.console.form import Form
from placet_api.console.page import Page
from placet_api.console.routes import get, post
from placet_api.console.trying import REFUSALS, Again, caller, tried
from placet_api.errors import status_of

_TABS = {"connectors": "Connectors", "services": "Services", "configurations": "Authentication"}
_SPARE_ROWS = 3
_FIELDS = (
    *("service", "description", "method", "url", "body", "timeout", "success", "output", "headers"),
    *(f"retry.{name}" for name in ("attempts", "first", "factor", "longest", "jitter")),
    *(f"pagination.{name}" for name in ("kind", "parameter", "first", "next", "items", "pages")),
)


async def every(page: Page) -> Answer:
    """Connectors, services or configurations, as `tab` says."""
    connectors, who = page.engine.connectors, caller(page)
    tab = page.asked("tab", "connectors")
    tab = tab if tab in _TABS else "connectors"
    found: dict[str, Sequence[Any]] = {
        "connectors": await connectors.every(who),
        "services": await connectors.services.every(who),
        "configurations": await connectors.configurations.every(who),
    }
    return page.render(
        f"connectors/{tab}.html",
        tabs=[(title, name, len(found[name])) for name, title in _TABS.items()],
        tab=tab,
        rows=found[tab],
        catalog=await connectors.catalog.now(),
        webhooks=len(await page.engine.webhooks.every(who)),
    )


# -- one -------------------------------------------------------------------------------------------


async def new(page: Page) -> Answer:
    """The form of a connector that is not there yet; `service` may name whose it will be."""
    blank = forms.connector_shown(Connector(id="", name="", service_id=""), page.asked("service"))
    return await _show(page, None, blank, 0)


async def one(page: Page) -> Answer:
    stored = await _stored(page)
    return await _show(page, stored, await _as_stored(page, stored), stored.revision)


async def _stored(page: Page) -> Connector:
    return await page.engine.connectors.one(caller(page), page.parameters["id"])


async def _as_stored(page: Page, stored: Connector) -> forms.Values:
    catalog = await page.engine.connectors.catalog.now()
    return forms.connector_shown(stored, catalog.service_of(stored).name)


async def _show(
    page: Page,
    stored: Connector | None,
    typed: forms.Values,
    revision: int,
    *,
    trouble: str = "",
    status: int = 200,
    shown: Mapping[str, Any] | None = None,
    inputs: Mapping[str, str] | None = None,
) -> Answer:
    services: Sequence[Service] = await page.engine.connectors.services.every(caller(page))
    on_top, at = forms.sorted_out(trouble, _FIELDS)
    return page.render(
        "connectors/connector.html",
        status=status,
        stored=stored,
        typed=typed,
        revision=revision,
        trouble=on_top,
        at=at,
        shown=shown,
        inputs=inputs or {},
        services=services,
        methods=METHODS,
        bodies=list(BodyType),
        places=list(Place),
        types=list(ParameterType),
        paginations=list(PaginationKind),
        spare=_SPARE_ROWS,
    )


async def add(page: Page) -> Answer:
    typed = forms.typed_connector(await page.form())

    async def work() -> None:
        await page.engine.connectors.add(caller(page), typed["name"], forms.connector_asked(typed))

    return await tried(page, work(), _again(page, None, typed, 0), page.url("/connectors"), f"{typed['name']} is kept.")


async def change(page: Page) -> Answer:
    """Put what was typed in the place of what is stored, unless that has changed since the form was made."""
    form, stored = await page.form(), await _stored(page)
    typed, revision = forms.typed_connector(form), revision_in(form)

    async def work() -> None:
        asked = forms.connector_asked(typed, stored)
        await page.engine.connectors.change(caller(page), stored.id, typed["name"], asked, revision=revision)

    again = _again(page, stored, typed, revision)
    return await tried(page, work(), again, page.url("/connectors", stored.id), "The changes are kept.")


def revision_in(form: Form) -> int:
    """The revision of which a form was made."""
    text = form.get("revision")
    if not (text.isascii() and text.isdigit() and len(text) < 10):
        raise InvalidInput(f"The revision {text[:20]!r} is not a number; open the page again.")
    return int(text)


async def remove(page: Page) -> Answer:
    form, stored = await page.form(), await _stored(page)
    revision = revision_in(form)
    again = _again(page, stored, await _as_stored(page, stored), revision)
    work = page.engine.connectors.remove(caller(page), stored.id, revision=revision)
    return await tried(page, work, again, page.url("/connectors"), f"{stored.name} is removed.")


def _again(page: Page, stored: Connector | None, typed: forms.Values, revision: int) -> Again:
    async def again(trouble: str, status: int) -> Answer:
        return await _show(page, stored, typed, revision, trouble=trouble, status=status)

    return again


# -- its test --------------------------------------------------------------------------------------


async def test(page: Page) -> Answer:
    """Call what was typed once, kept or not, and show what came back; nothing is kept of it."""
    form = await page.form()
    stored = await _stored(page) if "id" in page.parameters else None
    typed, revision = forms.typed_connector(form), revision_in(form)
    inputs = forms.typed_inputs(form, typed)
    try:
        asked, given = forms.connector_asked(typed, stored), forms.inputs_asked(typed, inputs)
        found = await page.engine.connectors.test(caller(page), given, None if stored is None else stored.id, asked)
    except REFUSALS as refusal:
        status = status_of(refusal)
        return await _show(page, stored, typed, revision, trouble=refusal.message, status=status, inputs=inputs)
    return await _show(page, stored, typed, revision, shown=trial(found), inputs=inputs)


_ACT = Act.OPERATE
ROUTES = (
    get("/connectors", every, act=_ACT),
    get("/connectors/new", new, act=_ACT),
    post("/connectors/new", add, act=_ACT),
    post("/connectors/new/test", test, act=_ACT),
    get("/connectors/{id}", one, act=_ACT),
    post("/connectors/{id}", change, act=_ACT),
    post("/connectors/{id}/test", test, act=_ACT),
    post("/connectors/{id}/remove", remove, act=_ACT),
)
