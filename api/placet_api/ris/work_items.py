"""Work items: the collection, one, and acting on one by sending it back with the action to take."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from placet import Action, FoundWorkItem, WorkItemStatus, cursor_of
from placet.commands import ActOnWorkItem
from placet.core.records import split_work_item_id
from placet.errors import InvalidInput
from placet.query.ast import In, Node, all_of, fields_of
from placet.query.fields import WORK_ITEMS as WORK_ITEM_FIELDS
from placet_api.answers import Answer, to_json
from placet_api.body import list_of, name_of, person_of, text_of
from placet_api.links import WORK_ITEMS
from placet_api.params import Paging
from placet_api.ris.collections import Collection, Rows
from placet_api.ris.data_items import Ambiguous, read_data_items
from placet_api.ris.render import ACTION_NAMES, data_item_values
from placet_api.ris.request import Request
from placet_api.ris.searches import Search

_ACTIONS = {name.casefold(): action for action, names in ACTION_NAMES.items() for name in names}
_STATUS = WORK_ITEM_FIELDS.field("Status")
_OPEN = In(_STATUS, (WorkItemStatus.OPEN.value, WorkItemStatus.CLAIMED.value))
_ANY_STATUS = In(_STATUS, tuple(status.value for status in WorkItemStatus))
_KNOWN = ", ".join(f"{action.value} {names[0]}" for action, names in ACTION_NAMES.items())


def _value(request: Request, found: FoundWorkItem) -> object:
    return request.render.work_item(found, request.accept_language, request.actor)


async def _read(request: Request, wanted: Node | None, paging: Paging, limit: int) -> Rows:
    found = await request.engine.work_items(
        wanted, actor=request.actor.dn, limit=limit, after=paging.after, newest_first=paging.newest_first
    )
    return Rows([to_json(_value(request, each)).decode() for each in found], lambda at: cursor_of(found[at]))


async def _fetch(request: Request, ids: Sequence[str]) -> Mapping[str, str]:
    wanted = all_of([In(WORK_ITEM_FIELDS.field("WorkId"), tuple(ids)), _ANY_STATUS])
    found = await request.engine.work_items(wanted, actor=request.actor.dn, limit=len(ids))
    return {each.item.id: to_json(_value(request, each)).decode() for each in found}


def _open_ones(wanted: Node | None) -> Node | None:
    """As by a filter: the open and claimed ones, unless a status is asked for."""
    return None if wanted is not None and _STATUS in fields_of(wanted) else _OPEN


work_items = Collection(
    kind=WORK_ITEMS,
    fields=WORK_ITEM_FIELDS,
    newest_first=False,
    of_items=True,
    read=_read,
    search=Search(WORK_ITEMS, "workitems", "WorkId", _fetch, "CreationTime", _open_ones),
)


async def every_work_item(request: Request) -> Answer:
    return await work_items.answer(request)


async def one_work_item(request: Request) -> Answer:
    request.query()
    found = await request.engine.work_item(request.id("work item"), actor=request.actor.dn)
    return request.answer_found(_value(request, found), found)


async def act(request: Request) -> Answer:
    """Take the one action that the body names; 200 with the item as it then is."""
    request.query()
    item_id = request.id("work item")
    body = await request.body()
    _require_same_item(body, item_id)
    action = read_action(body)
    process_id, number = split_work_item_id(item_id)
    command = ActOnWorkItem(
        process_id=process_id,
        number=number,
        actor=request.actor.dn,
        action=action,
        data=await _data(request, item_id, body),
        comment=text_of(body, "Comment"),
        to=person_of(body, "Addressee") if action is Action.REASSIGN else None,
        revision=await request.expected_revision(process_id),
    )
    outcome = await request.engine.handle(command)
    assert outcome.item is not None
    assert outcome.process is not None
    assert outcome.definition is not None
    found = FoundWorkItem(outcome.item, outcome.process, outcome.definition)
    return request.answer_found(_value(request, found), found)


def _require_same_item(body: Mapping[str, Any], item_id: str) -> None:
    given = text_of(body, "GUID")
    if given is not None and given.lower() != item_id:
        raise InvalidInput(f"The body is of work item {given[:40]!r} and the path of {item_id}; send the item itself.")


async def _data(request: Request, item_id: str, body: Mapping[str, Any]) -> dict[str, Any]:
    try:
        return read_data_items(body)
    except Ambiguous:
        found = await request.engine.work_item(item_id, actor=request.actor.dn)
        data = found.process.data
        shown = {name: data_item_values(item, data.get(name)) for name, item in found.definition.data.items()}
        return read_data_items(body, shown)


# -- which action --------------------------------------------------------------------------------


def read_action(body: Mapping[str, Any]) -> Action:
    """The action that `AvailableActions` names by its `Code`, its `Value` or both."""
    entries = list_of(body, "AvailableActions")
    if len(entries) != 1:
        raise InvalidInput(
            f"AvailableActions has {len(entries)} entries; leave the one action to take, by Code or Value. "
            f"The actions are {_KNOWN}."
        )
    by_code, by_value = _by_code(entries[0].get("Code")), _by_value(text_of(entries[0], "Value"))
    if by_code is not None and by_value is not None and by_code is not by_value:
        raise InvalidInput(
            f"AvailableActions: Code {by_code.value} is {ACTION_NAMES[by_code][0]}, and Value says "
            f"{ACTION_NAMES[by_value][0]}; give one of them, or both of the same action."
        )
    action = by_code if by_code is not None else by_value
    if action is None:
        raise InvalidInput(f"AvailableActions: the entry has neither Code nor Value; the actions are {_KNOWN}.")
    return action


def _by_code(given: Any) -> Action | None:
    if given in (None, ""):
        return None
    if isinstance(given, bool) or not isinstance(given, (str, int)):
        raise InvalidInput(f"AvailableActions: Code is {name_of(given)}; give the code of an action: {_KNOWN}.")
    for action in Action:
        if str(given).strip() == str(action.value):
            return action
    raise InvalidInput(f"AvailableActions: there is no Code {str(given)[:40]!r}; the actions are {_KNOWN}.")


def _by_value(given: str | None) -> Action | None:
    if given is None:
        return None
    action = _ACTIONS.get(given.strip().casefold())
    if action is None:
        raise InvalidInput(f"AvailableActions: there is no Value {given[:40]!r}; the actions are {_KNOWN}.")
    return action
