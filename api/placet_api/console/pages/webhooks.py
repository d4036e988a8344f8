"""Webhooks: which other programs are told of which events, and what did not arrive."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from placet.core.access import Act
from placet.core.events import NUMBERS
from placet.errors import InvalidInput
from placet.webhooks.records import Wanted, Webhook
from placet_api.admin.webhooks import trial
from placet_api.answers import Answer
from placet_api.console.form import Form
from placet_api.console.page import Page
from placet_api.console.pages.connectors import revision_in
from placet_api.console.routes import get, post
from placet_api.console.trying import REFUSALS, Again, caller, tried
from placet_api.errors import status_of

_STATES = {"dead": "Dead", "waiting": "On their way"}
_AT_ONCE = 50
_BLANK = Wanted(name="", url="")
_GROUPS: dict[str, list[str]] = {}
for _kind in NUMBERS:
    _GROUPS.setdefault(f"{_kind.partition('.')[0]}.*", []).append(_kind)


async def every(page: Page) -> Answer:
    """All by name, with how many deliveries are on their way and how many are dead."""
    webhooks, who = page.engine.webhooks, caller(page)
    return page.render("webhooks/every.html", webhooks=await webhooks.every(who), counts=await webhooks.counts(who))


async def new(page: Page) -> Answer:
    return await _show(page, None, _BLANK, 0)


async def one(page: Page) -> Answer:
    stored = await _stored(page)
    return await _show(page, stored, _as_stored(stored), stored.revision)


async def _stored(page: Page) -> Webhook:
    return await page.engine.webhooks.one(caller(page), page.parameters["id"])


def _as_stored(stored: Webhook) -> Wanted:
    return Wanted(name=stored.name, url=stored.url, events=stored.events, filter=stored.filter, active=stored.active)


async def _show(
    page: Page,
    stored: Webhook | None,
    typed: Wanted,
    revision: int,
    trouble: str = "",
    status: int = 200,
    shown: Mapping[str, Any] | None = None,
) -> Answer:
    waiting, dead = 0, 0
    if stored is not None:
        waiting, dead = (await page.engine.webhooks.counts(caller(page))).get(stored.id, (0, 0))
    return page.render(
        "webhooks/one.html",
        status=status,
        stored=stored,
        typed=typed,
        revision=revision,
        trouble=trouble,
        shown=shown,
        groups=_GROUPS,
        waiting=waiting,
        dead=dead,
    )


def _wanted(form: Form) -> Wanted:
    return Wanted(
        name=form.get("name"),
        url=form.get("url"),
        events=form.all("event"),
        filter=form.get("filter"),
        active=form.get("active") == "true",
    )


def _again(page: Page, stored: Webhook | None, typed: Wanted, revision: int) -> Again:
    async def again(trouble: str, status: int) -> Answer:
        return await _show(page, stored, typed, revision, trouble, status)

    return again


async def add(page: Page) -> Answer:
    """Add one, and tell its secret this once."""
    form = await page.form()
    typed = _wanted(form)
    try:
        made = await page.engine.webhooks.add(caller(page), typed, form.raw("secret") or None)
    except REFUSALS as refusal:
        return await _show(page, None, typed, 0, refusal.message, status_of(refusal))
    return page.render("webhooks/secret.html", webhook=made.webhook, secret=made.secret, is_new=True)


async def change(page: Page) -> Answer:
    form, stored = await page.form(), await _stored(page)
    typed, revision = _wanted(form), revision_in(form)
    work = page.engine.webhooks.change(caller(page), stored.id, typed, revision=revision)
    to = page.url("/webhooks", stored.id)
    return await tried(page, work, _again(page, stored, typed, revision), to, "The changes are kept.")


async def remove(page: Page) -> Answer:
    form, stored = await page.form(), await _stored(page)
    revision = revision_in(form)
    work = page.engine.webhooks.remove(caller(page), stored.id, revision=revision)
    again = _again(page, stored, _as_stored(stored), revision)
    return await tried(page, work, again, page.url("/webhooks"), f"{stored.name} is removed.")


async def change_secret(page: Page) -> Answer:
    """Sign by another secret from now on, and tell it this once."""
    form, stored = await page.form(), await _stored(page)
    try:
        made = await page.engine.webhooks.change_secret(caller(page), stored.id, form.raw("secret") or None)
    except REFUSALS as refusal:
        return await _again(page, stored, _as_stored(stored), stored.revision)(refusal.message, status_of(refusal))
    return page.render("webhooks/secret.html", webhook=made.webhook, secret=made.secret, is_new=False)


async def test(page: Page) -> Answer:
    """Send the one that is stored a test, and show how it went."""
    stored = await _stored(page)
    shown = trial(await page.engine.webhooks.test(caller(page), stored.id))
    return await _show(page, stored, _as_stored(stored), stored.revision, shown=shown)


# -- deliveries ------------------------------------------------------------------------------------


async def deliveries(page: Page, trouble: str = "", status: int = 200) -> Answer:
    """What is dead, or with `state=waiting` on its way; `after` is the number of the last one of the page before."""
    stored, state, after = await _stored(page), page.asked("state", "dead"), page.asked("after", "0")
    if state not in _STATES:
        raise InvalidInput(f"state: {state[:40]!r} is none; ask for dead, or waiting.")
    if not (after.isascii() and after.isdigit() and len(after) < 16):
        raise InvalidInput(f"after: {after[:20]!r} is not the number of a delivery; begin again at the first page.")
    who = caller(page)
    found = await page.engine.webhooks.deliveries(
        who, stored.id, dead=state == "dead", after=int(after), limit=_AT_ONCE + 1
    )
    waiting, dead = (await page.engine.webhooks.counts(who)).get(stored.id, (0, 0))
    return page.render(
        "webhooks/deliveries.html",
        status=status,
        stored=stored,
        states=_STATES,
        state=state,
        counts={"dead": dead, "waiting": waiting},
        deliveries=found[:_AT_ONCE],
        more=found[_AT_ONCE - 1].id if len(found) > _AT_ONCE else None,
        first=after == "0",
        trouble=trouble,
    )


async def replay(page: Page) -> Answer:
    """Send what is dead on its way again: one event, or all."""
    form, stored = await page.form(), await _stored(page)

    async def again(trouble: str, status: int) -> Answer:
        return await deliveries(page, trouble, status)

    work = page.engine.webhooks.replay(caller(page), stored.id, form.get("event") or None)
    to = page.url("/webhooks", stored.id, "deliveries")
    return await tried(
        page, work, again, to, "It is on its way again." if form.get("event") else "All are on their way."
    )


_ACT = Act.OPERATE
ROUTES = (
    get("/webhooks", every, act=_ACT),
    get("/webhooks/new", new, act=_ACT),
    post("/webhooks/new", add, act=_ACT, secret=True),
    get("/webhooks/{id}", one, act=_ACT),
    post("/webhooks/{id}", change, act=_ACT),
    post("/webhooks/{id}/remove", remove, act=_ACT),
    post("/webhooks/{id}/secret", change_secret, act=_ACT, secret=True),
    post("/webhooks/{id}/test", test, act=_ACT),
    get("/webhooks/{id}/deliveries", deliveries, act=_ACT),
    post("/webhooks/{id}/replay", replay, act=_ACT),
)
