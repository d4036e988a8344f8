"""One process: why it waits, what happened, what it carries, and what can be done about it."""

from __future__ import annotations

from typing import Any

from placet.errors import Conflict, InvalidInput
from placet_api.actions import Kind, Offer, Seen, Subject, action, offers, see
from placet_api.answers import Answer
from placet_api.console.action_form import data_fields, values_of
from placet_api.console.item_actions import MEANINGS
from placet_api.console.page import Page
from placet_api.console.process_view import gather
from placet_api.console.routes import get, post
from placet_api.hands import EngineHands


async def show(page: Page) -> Answer:
    """The page; a script that has the present revision of it gets nothing new."""
    view = await gather(page.engine, page.parameters["id"], page.person.dn, is_whole=page.asked("all") == "1")
    if not page.is_partial:
        return page.render("process/show.html", view=view)
    if page.asked("revision") == str(view.found.process.revision):
        return Answer(204)
    return page.fragment("process/parts.html", view=view)


async def ask(page: Page) -> Answer:
    """The form of an action: a page of its own, or for a script the dialog."""
    seen, offer = await _offer(page, page.asked("of"), page.asked("thing"), page.asked("do"))
    found, asks = seen.found, offer.action.asks
    takes_data, is_item = any(each.kind is Kind.DATA for each in asks), offer.action.of is Subject.WORK_ITEM
    values: dict[str, Any] = {
        "seen": seen,
        "offer": offer,
        "asks": [each for each in asks if each.kind is not Kind.DATA],
        "fields": data_fields(found.definition, found.process.data) if takes_data and not is_item else [],
        "meaning": MEANINGS.get(offer.action.name, ""),
        "item_form": takes_data and is_item,  # which data of a work item can be changed is said by its own form
    }
    if page.is_partial:
        return page.fragment("process/dialog.html", **values)
    return page.render("process/act.html", **values)


async def act(page: Page) -> Answer:
    form = await page.form()
    seen, offer = await _offer(page, form.get("of"), form.get("thing"), form.get("do"))
    values = values_of(offer.action, form, seen.found.definition)
    await offer.action.carry_out(EngineHands(page.engine, page.person.dn), offer.id, values)
    return page.redirect(page.url("/processes", seen.found.process.id), said=offer.action.done)


async def _offer(page: Page, of: str, thing: str, name: str) -> tuple[Seen, Offer]:
    """The action that a form is of; raises `Conflict` where it is not open to the reader now."""
    wanted = next((action(each, name) for each in Subject if each.value == of), None)
    if wanted is None:
        raise InvalidInput(f"There is no action {name[:40]!r} on a {of[:40]!r}.")
    seen = await see(page.engine, page.parameters["id"], page.person.dn)
    offer = next((each for each in offers(seen) if each.action is wanted and each.id == thing), None)
    if offer is None:
        raise Conflict(
            f"{wanted.title} is not possible here: it has been done meanwhile, the {wanted.of.value} stands otherwise "
            "by now, or you may not do it. Look at the process again."
        )
    return seen, offer


ROUTES = (get("/processes/{id}", show), get("/processes/{id}/act", ask), post("/processes/{id}/act", act))
