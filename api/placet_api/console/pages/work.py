"""One work item with its form, and what is done with it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from placet import Action, FoundWorkItem
from placet.core.definition import DataItem
from placet.core.refusals import Case, actions_for
from placet.core.statuses import WorkItemStatus
from placet.errors import Conflict, InvalidData, InvalidInput, NotAllowed, NotFound
from placet.forms import FormView
from placet_api.answers import Answer
from placet_api.console.data_words import about, label_of
from placet_api.console.form import Form
from placet_api.console.form_controls import PREFIX, read, sections
from placet_api.console.item_actions import ANSWERS, ITEM_ACTIONS, STAYS, answers_of
from placet_api.console.page import Page
from placet_api.console.pages.inbox import why
from placet_api.console.routes import get, post
from placet_api.hands import EngineHands


async def one(page: Page) -> Answer:
    """A work item: what is asked, what was decided, and the form to answer it."""
    return await _item(page, Form(), {})


async def update(page: Page) -> Answer:
    """The same with what is filled in so far; nothing is answered."""
    typed = await page.form()
    return await _item(page, typed, {}, is_update=True)


async def answer(page: Page) -> Answer:
    """Carry out one action with the work item."""
    typed = await page.form()
    item_id, name = page.parameters["id"], typed.get("do")
    wanted = ITEM_ACTIONS.get(name)
    if wanted is None:
        raise InvalidInput(f"do: {name[:40]!r} is nothing that is done with a work item.")
    values: dict[str, object] = {ask.name: typed.get(ask.name) or None for ask in wanted.asks}
    try:
        if "data" in values:
            values["data"] = await _data(page, typed)
        await wanted.carry_out(EngineHands(page.engine, page.person.dn), item_id, values)
    except InvalidData as refusal:
        return await _item(page, typed, dict(refusal.faults), status=422)
    except (Conflict, NotAllowed, NotFound, InvalidInput) as refusal:
        return await _item(page, typed, {}, trouble=page.told(refusal.message), status=409)
    to = page.url("/work-items", item_id) if name in STAYS else page.url("/inbox")
    return page.redirect(to, said=wanted.done)


async def _data(page: Page, typed: Form) -> dict[str, object]:
    """What was changed in the form."""
    if not any(name.startswith(PREFIX) for name, _ in typed.pairs):
        return {}
    view, faults = await _view(page, typed)
    if faults:
        raise InvalidData.of(faults.items())
    if view is None:  # somebody was quicker; the engine says who, and with what
        return {}
    return read(typed, view.fields)


async def _view(page: Page, typed: Form) -> tuple[FormView | None, dict[str, str]]:
    """The form with what was filled in, None where the reader cannot answer it; and what cannot be read of that."""
    item_id, actor = page.parameters["id"], page.person.dn
    try:
        view = await page.engine.work_item_form(item_id, actor=actor)
    except (NotAllowed, Conflict):
        return None, {}
    faults: dict[str, str] = {}
    for _ in range(len(view.fields) + 1):
        try:
            data = {name: value for name, value in read(typed, view.fields).items() if name not in faults}
            return await page.engine.work_item_form(item_id, actor=actor, data=data), faults
        except InvalidData as refusal:
            if not set(dict(refusal.faults)) - set(faults):
                return view, faults
            faults |= dict(refusal.faults)
    return view, faults


async def _item(
    page: Page,
    typed: Form,
    faults: dict[str, str],
    *,
    trouble: str = "",
    status: int = 200,
    is_update: bool = False,
) -> Answer:
    try:
        found = await page.engine.work_item(page.parameters["id"], actor=page.person.dn)
        view, unreadable = await _view(page, typed)
    except NotFound:
        if page.is_partial:
            raise NotFound("This work item is not yours any more: somebody else has it by now.") from None
        return page.render("work/gone.html", status=404, comment=typed.get("comment"))
    possible = actions_for(
        Case(found.process, found.item, found.definition, page.person.dn, page.engine.directory, page.now)
    )
    values: dict[str, Any] = {
        "found": found,
        "why": why(page, found),
        "is_open": found.item.status in (WorkItemStatus.OPEN, WorkItemStatus.CLAIMED),
        "sections": sections(view, typed, faults | unreadable) if view is not None else [],
        "data": _shown(found, view),
        "answers": answers_of(possible, is_returned=found.item.returned),
        "others": [
            each for name, each in ITEM_ACTIONS.items() if name not in ANSWERS and Action[name.upper()] in possible
        ],
        "comments": await page.engine.comments(found.process.id, actor=page.person.dn, system=False),
        "typed": typed,
        "faults": faults,
        "trouble": trouble,
    }
    if is_update and page.is_partial:
        return page.fragment("start/fields.html", sections=values["sections"])
    return page.render("work/item.html", status=status, **values)


@dataclass(frozen=True, slots=True)
class _Shown:
    """A data item with its value: what it is called, and what is told of that on pointing."""

    label: str
    about: str
    item: DataItem
    value: object


def _shown(found: FoundWorkItem, view: FormView | None) -> Sequence[_Shown]:
    """The data of the process that the form does not show already."""
    in_form = {state.name for state in view.fields if state.visible} if view is not None else set()
    return [
        _Shown(label_of(found.definition, name), about(item), item, found.process.data[name])
        for name, item in found.definition.asked.items()
        if name not in in_form and found.process.data.get(name) is not None
    ]


ROUTES = (
    get("/work-items/{id}", one),
    post("/work-items/{id}/form", update),
    post("/work-items/{id}", answer),
)
