"""Connectors from files: a connector file, or operations of an OpenAPI document."""

from __future__ import annotations

from typing import Any

from placet.core.access import Act
from placet.errors import InvalidInput
from placet_api.answers import Answer
from placet_api.console.form import Form
from placet_api.console.page import Page
from placet_api.console.routes import get, post
from placet_api.console.trying import REFUSALS, caller
from placet_api.errors import status_of

_FILE = "connectors"


async def import_form(page: Page) -> Answer:
    return page.render("connectors/import.html", text="", trouble="", made=None)


async def import_(page: Page) -> Answer:
    """Add or change what a connector file asks for; its secrets stay unset, for no variable is read."""
    text = _text(await page.form())
    try:
        if not text.strip():
            raise InvalidInput("There is no text; choose a file, or write what it would have.")
        made = await page.engine.connectors.import_text(caller(page), text, _FILE, environment={})
    except REFUSALS as refusal:
        status = status_of(refusal)
        return page.render("connectors/import.html", status=status, text=text, trouble=refusal.message, made=None)
    return page.render("connectors/import.html", text="", trouble="", made=made)


async def openapi_form(page: Page) -> Answer:
    return page.render("connectors/openapi.html", text="", service="", url="", trouble="", found=None, picked=[])


async def openapi(page: Page) -> Answer:
    """Show what a document offers, or make connectors of the operations that were ticked."""
    form = await page.form()
    text, service, url, picked = _text(form), form.get("service"), form.get("url"), form.all("operation")
    typed: dict[str, Any] = {"text": text, "service": service, "url": url, "picked": picked}
    try:
        if not text.strip():
            raise InvalidInput("There is no document; choose a file of YAML or JSON, or paste its text.")
        found = await page.engine.connectors.import_openapi(
            caller(page), text, service=service, operations=picked, url=url or None
        )
    except REFUSALS as refusal:
        status = status_of(refusal)
        return page.render("connectors/openapi.html", status=status, trouble=refusal.message, found=None, **typed)
    if not picked:
        return page.render("connectors/openapi.html", trouble="", found=found, **typed)
    counts = found.made.counts
    said = f"{counts.added} added, {counts.changed} changed, {counts.same} as they were."
    return page.redirect(page.url("/connectors"), said=said)


def _text(form: Form) -> str:
    """A file goes before what was written."""
    return form.raw("file") or form.raw("text")


_ACT = Act.OPERATE
ROUTES = (
    get("/connectors/import", import_form, act=_ACT),
    post("/connectors/import", import_, act=_ACT),
    get("/connectors/openapi", openapi_form, act=_ACT),
    post("/connectors/openapi", openapi, act=_ACT),
)
