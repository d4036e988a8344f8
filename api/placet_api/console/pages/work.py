"""What waits for the reader, what he has asked for himself, and one work item with its form."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from placet import Action, FoundWorkItem, cursor_of
from placet.core.access import Act, is_same
from placet.core.refusals import Case, actions_for
from placet.core.statuses import WorkItemStatus
from placet.errors import Conflict, InvalidData, InvalidInput, NotAllowed, NotFound, PlacetError
from placet.forms import FormView
from placet_api.actions import ACTIONS, Subject
from placet_api.answers import Answer
from placet_api.console.form import Form
from placet_api.console.form_controls import PREFIX, in_words, read, sections
from placet_api.console.page import Page
from placet_api.console.routes import get, post
from placet_api.hands import EngineHands
from placet_api.params import decode_cursor, encode_cursor

_AT_ONCE = 50
_MOST_TOGETHER = 200
_TOGETHER = {"approve": "approved", "deny": "denied", "refuse": "refused", "claim": "claimed", "release": "released"}
#: What can be done with a work item, by name.
_ACTIONS = {each.name: each for each in ACTIONS if each.of is Subject.WORK_ITEM}
_ANSWERS = ("approve", "deny", "refuse", "return")
_STAYS = ("claim", "release", "comment")  # afterwards there is more to do with the same item


# -- lists -----------------------------------------------------------------------------------------


async def show(page: Page) -> Answer:
    """The inbox, or with `tab=requests` what the reader has asked for."""
    if page.asked("tab") == "requests":
        return await _requests(page)
    return await _inbox(page, {})


async def _inbox(page: Page, outcomes: dict[str, str], status: int = 200) -> Answer:
    """What waits for him, the oldest first; `outcomes` are what could not be done, by work item."""
    after = page.asked("after")
    found = await page.engine.work_items(
        "Addressee=self",
        actor=page.person.dn,
        limit=_AT_ONCE + 1,
        after=decode_cursor(after, of_items=True) if after else None,
    )
    shown = found[:_AT_ONCE]
    return page.render(
        "work/inbox.html",
        status=status,
        entries=[_Entry(each, _why(page, each)) for each in shown],
        more=encode_cursor(cursor_of(shown[-1])) if len(found) > _AT_ONCE else None,
        first=not after,
        outcomes=outcomes,
        late=sum(1 for each in shown if each.item.due_at is not None and each.item.due_at < page.now),
        together=_TOGETHER,
        titles={name: each.title for name, each in _ACTIONS.items()},
    )


@dataclass(frozen=True, slots=True)
class _Entry:
    """A work item of the inbox, and by what it is the reader's where it is not addressed to himself."""

    found: FoundWorkItem
    why: str


def _why(page: Page, found: FoundWorkItem) -> str:
    addressee = found.item.addressee
    if is_same(addressee, page.person.dn):
        return ""
    if page.engine.directory.group(addressee) is not None:
        return f"as one of {page.name(addressee)}"
    return f"for {page.name(addressee)}, who is absent"


async def _requests(page: Page) -> Answer:
    after = page.asked("after")
    found = await page.engine.processes(
        "Initiator=self",
        actor=page.person.dn,
        limit=_AT_ONCE + 1,
        after=decode_cursor(after, of_items=False) if after else None,
    )
    shown = found[:_AT_ONCE]
    return page.render(
        "work/requests.html",
        processes=shown,
        more=encode_cursor(cursor_of(shown[-1])) if len(found) > _AT_ONCE else None,
        first=not after,
        may_start=page.may(Act.START),
    )


async def together(page: Page) -> Answer:
    """Answer several at once: each by itself, so that one that cannot be done keeps none of the others."""
    form = await page.form()
    name, ids = form.get("do"), form.all("item")
    if name not in _TOGETHER:
        raise InvalidInput(f"do: {name[:40]!r} is none of {', '.join(_TOGETHER)}.")
    if not ids:
        return page.redirect(page.url("/inbox"), said="Choose what it is about first.", tone="warn")
    if len(ids) > _MOST_TOGETHER:
        raise InvalidInput(f"{len(ids)} work items are too many at once; at most {_MOST_TOGETHER} are answered.")
    outcomes: dict[str, str] = {}
    for item_id in dict.fromkeys(ids):
        try:
            await page.engine.act(item_id, name, actor=page.person.dn, comment=form.get("comment") or None)
        except PlacetError as refusal:
            outcomes[item_id] = refusal.message
    done = len(dict.fromkeys(ids)) - len(outcomes)
    said = f"{done} {_TOGETHER[name]}."
    if not outcomes:
        return page.redirect(page.url("/inbox"), said=said)
    return await _inbox(page, {"": f"{said} {len(outcomes)} could not be {_TOGETHER[name]}:"} | outcomes, status=409)


# -- one -------------------------------------------------------------------------------------------


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
    wanted = _ACTIONS.get(name)
    if wanted is None:
        raise InvalidInput(f"do: {name[:40]!r} is nothing that is done with a work item.")
    values: dict[str, object] = {ask.name: typed.get(ask.name) or None for ask in wanted.asks}
    try:
        if "data" in values:
            values["data"] = await _data(page, typed)
        await wanted.carry_out(EngineHands(page.engine, page.person.dn), item_id, values)
    except InvalidData as refusal:
        return await _item(page, typed, dict(refusal.faults), status=422)
    except (Conflict, NotAllowed, InvalidInput) as refusal:
        return await _item(page, typed, {}, trouble=refusal.message, status=409)
    to = page.url("/work-items", item_id) if name in _STAYS else page.url("/inbox")
    return page.redirect(to, said=wanted.done)


async def _data(page: Page, typed: Form) -> dict[str, object]:
    """What was changed in the form: fields that say what is stored already are left out."""
    if not any(name.startswith(PREFIX) for name, _ in typed.pairs):
        return {}
    view, faults = await _view(page, typed)
    if faults:
        raise InvalidData.of(faults.items())
    if view is None:  # somebody was quicker; the engine says who, and with what
        return {}
    return {name: value for name, value in read(typed, view.fields).items() if _is_new(view, name, value)}


def _is_new(view: FormView, name: str, value: object) -> bool:
    state = next(each for each in view.fields if each.name == name)
    return not (value is None and state.stored is None)


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
    except NotFound:
        return page.render("work/gone.html", status=404)
    view, unreadable = await _view(page, typed)
    possible = actions_for(
        Case(found.process, found.item, found.definition, page.person.dn, page.engine.directory, page.now)
    )
    values: dict[str, Any] = {
        "found": found,
        "why": _why(page, found),
        "is_open": found.item.status in (WorkItemStatus.OPEN, WorkItemStatus.CLAIMED),
        "sections": sections(view, typed, faults | unreadable) if view is not None else [],
        "data": _shown(found, view),
        "answers": [_ACTIONS[name] for name in _ANSWERS if Action[name.upper()] in possible],
        "others": [
            each for name, each in _ACTIONS.items() if name not in _ANSWERS and Action[name.upper()] in possible
        ],
        "comments": await page.engine.comments(found.process.id, actor=page.person.dn, system=False),
        "typed": typed,
        "faults": faults,
        "trouble": trouble,
    }
    if is_update and page.is_partial:
        return page.fragment("start/fields.html", sections=values["sections"])
    return page.render("work/item.html", status=status, **values)


def _shown(found: FoundWorkItem, view: FormView | None) -> Sequence[tuple[str, object]]:
    """The data of the process that the form does not show already."""
    in_form = {state.name for state in view.fields if state.visible} if view is not None else set()
    return [
        (item.description or in_words(name), found.process.data.get(name))
        for name, item in found.definition.asked.items()
        if name not in in_form and found.process.data.get(name) is not None
    ]


ROUTES = (
    get("/inbox", show),
    post("/inbox/act", together),
    get("/work-items/{id}", one),
    post("/work-items/{id}/form", update),
    post("/work-items/{id}", answer),
)
