"""Starting a request: which ones there are, and the form of each."""

from __future__ import annotations

import secrets
from typing import Any

from placet import Definition
from placet.core.access import Act
from placet.core.names import fold_dn
from placet.errors import Conflict, InvalidData, InvalidInput, NotAllowed, NotFound
from placet.forms import FormView
from placet_api.answers import Answer
from placet_api.console.form import Form
from placet_api.console.form_controls import PREFIX, read, sections
from placet_api.console.page import Page
from placet_api.console.routes import get, post

_MOST_STEPS = 5  # rounds of showing fields that others have made visible


async def every(page: Page) -> Answer:
    """The definitions that start processes, by category; `q` is part of a name or description."""
    words = page.asked("q").casefold().split()
    found = [each for each in await page.engine.definitions(actor=page.person.dn) if not each.retired]
    shown = [each for each in found if all(word in _said(each) for word in words)]
    by_category: dict[str, list[Definition]] = {}
    for each in sorted(shown, key=lambda each: (each.category.casefold(), each.name.casefold())):
        by_category.setdefault(each.category, []).append(each)
    may_change = page.may(Act.CHANGE_DEFINITIONS)
    return page.render(
        "start/every.html", categories=by_category, words=page.asked("q"), any=bool(found), may_change=may_change
    )


def _said(definition: Definition) -> str:
    return " ".join((definition.name, definition.category, definition.description)).casefold()


async def show(page: Page) -> Answer:
    """The form of one, empty or with what the address carries as `data.name`."""
    typed = Form(page.query.pairs)
    view, faults = await _view(page, typed)
    return _render(page, view, typed, faults if any(name.startswith(PREFIX) for name, _ in typed.pairs) else {})


async def update(page: Page) -> Answer:
    """The form as it is with what is filled in so far; nothing is started."""
    typed = await page.form()
    view, faults = await _view(page, typed)
    return _render(page, view, typed, faults)


async def start(page: Page) -> Answer:
    """Start it. However often the same form is sent, one process comes of it."""
    typed = await page.form()
    view, faults = await _view(page, typed)
    if faults:
        return _render(page, view, typed, faults, status=422)
    try:
        data = {name: value for name, value in read(typed, view.fields).items() if value is not None}
        found = await page.engine.start(
            view.definition.guid,
            actor=page.person.dn,
            recipient=typed.get("recipient") or None,
            initiator=typed.get("initiator") or None,
            data=data,
            correlation_id=typed.get("correlation") or None,
            idempotency_key=typed.get("key") or None,
        )
    except InvalidData as refusal:
        return _render(page, view, typed, dict(refusal.faults), status=422)
    except (InvalidInput, NotAllowed, Conflict, NotFound) as refusal:
        return _render(page, view, typed, {}, trouble=refusal.message, status=422)
    return page.redirect(page.url("/processes", found.process.id), said=f"{view.definition.name} is started.")


async def _view(page: Page, typed: Form) -> tuple[FormView, dict[str, str]]:
    """The form with what was filled in, and what of that cannot be read; those fields keep the value they had."""
    definition, actor = page.parameters["id"], page.person.dn
    view = await page.engine.form(definition, actor=actor)
    faults: dict[str, str] = {}
    known: dict[str, Any] = {}
    for _ in range(_MOST_STEPS):
        try:
            data = {name: value for name, value in read(typed, view.fields).items() if name not in faults}
        except InvalidData as refusal:
            return view, faults | dict(refusal.faults)
        data = {name: value for name, value in data.items() if value is not None}
        if data == known:
            break
        known = data
        try:
            view = await page.engine.form(definition, actor=actor, data=data)
        except InvalidData as refusal:
            faults |= dict(refusal.faults)
    return view, faults


def _granted(page: Page) -> list[tuple[str, str]]:
    """Those in whose name he may start requests: DN and name."""
    me = fold_dn(page.person.dn)
    stand_ins = [each for granted in page.engine.directory.proxies.values() for each in granted]
    names = {each.person for each in stand_ins if each.stand_in == me and each.holds(page.now)}
    return sorted(((dn, page.name(dn)) for dn in names), key=lambda each: each[1].casefold())


def _render(
    page: Page, view: FormView, typed: Form, faults: dict[str, str], *, trouble: str = "", status: int = 200
) -> Answer:
    shown = {PREFIX + state.name for state in view.fields if state.visible}
    values: dict[str, Any] = {
        "view": view,
        "definition": view.definition,
        "sections": sections(view, typed, faults),
        "typed": typed,
        "trouble": trouble,
        "faults": faults,
        "unseen": {name: fault for name, fault in faults.items() if PREFIX + name not in shown},
        "key": typed.get("key") or secrets.token_urlsafe(18),
        "may_name_anybody": page.may(Act.START_AS_PROXY),
        "granted": _granted(page),
    }
    if page.is_partial and status == 200:
        return page.fragment("start/fields.html", **values)
    return page.render("start/form.html", status=status, **values)


ROUTES = (
    get("/start", every, act=Act.START),
    get("/start/{id}", show, act=Act.START),
    post("/start/{id}/form", update, act=Act.START),
    post("/start/{id}", start, act=Act.START),
)
