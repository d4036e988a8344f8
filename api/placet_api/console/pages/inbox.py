"""What waits for the reader, to be answered one by one or several at once, and what he has asked for himself."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from placet import FoundProcess, FoundWorkItem, cursor_of
from placet.core.access import Act, is_same
from placet.errors import InvalidInput, NotFound, PlacetError
from placet_api.answers import Answer
from placet_api.console.data_words import known_by
from placet_api.console.form import Form
from placet_api.console.item_actions import ITEM_ACTIONS
from placet_api.console.page import Page
from placet_api.console.routes import get, post
from placet_api.errors import message_of
from placet_api.params import decode_cursor, encode_cursor

_AT_ONCE = 50
_MOST_TOGETHER = 200
_TOGETHER = {"approve": "approved", "deny": "denied", "refuse": "refused", "claim": "claimed", "release": "released"}


async def show(page: Page) -> Answer:
    """The inbox, or with `tab=requests` what the reader has asked for."""
    if page.asked("tab") == "requests":
        return await _requests(page)
    return await _inbox(page)


# -- what waits for him ----------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Entry:
    """A work item, what tells its request from others, and by what it is the reader's if it is not asked of himself."""

    found: FoundWorkItem
    known: Sequence[tuple[str, str]]
    why: str


@dataclass(frozen=True, slots=True)
class _Refused:
    """What could not be done with a work item that was chosen; `entry` None where the reader may not see it."""

    id: str
    entry: _Entry | None
    reason: str


async def _inbox(
    page: Page, typed: Form | None = None, trouble: str = "", refused: Sequence[_Refused] = (), status: int = 200
) -> Answer:
    """The oldest first; with what was chosen and typed where that could not be taken, or not all of it."""
    after = page.asked("after")
    found = await page.engine.work_items(
        "Addressee=self",
        actor=page.person.dn,
        limit=_AT_ONCE + 1,
        after=decode_cursor(after, of_items=True) if after else None,
    )
    shown = found[:_AT_ONCE]
    values: dict[str, Any] = {
        "entries": [_entry(page, each) for each in shown],
        "more": encode_cursor(cursor_of(shown[-1])) if len(found) > _AT_ONCE else None,
        "first": not after,
        "typed": typed or Form(),
        "together": {name: ITEM_ACTIONS[name] for name in _TOGETHER},
    }
    if page.is_partial:
        return page.fragment("work/waiting.html", status=status, **values)
    late = sum(1 for each in shown if each.item.due_at is not None and each.item.due_at < page.now)
    return page.render("work/inbox.html", status=status, trouble=trouble, refused=refused, late=late, **values)


def _entry(page: Page, found: FoundWorkItem) -> _Entry:
    return _Entry(found, known_by(page, found.definition, found.process), why(page, found))


def why(page: Page, found: FoundWorkItem) -> str:
    """By what a work item is the reader's; empty where it is asked of himself."""
    addressee = found.item.addressee
    if is_same(addressee, page.person.dn):
        return ""
    if page.engine.directory.group(addressee) is not None:
        return f"as one of {page.name(addressee)}"
    return f"for {page.name(addressee)}, who is absent"


async def together(page: Page) -> Answer:
    """Answer several at once: each by itself, so that one that cannot be done keeps none of the others."""
    form = await page.form()
    name, ids = form.get("do"), list(dict.fromkeys(form.all("item")))
    if name not in _TOGETHER:
        raise InvalidInput(f"do: {name[:40]!r} is none of {', '.join(_TOGETHER)}.")
    if not ids:
        return await _inbox(page, form, "Nothing was done: tick the requests that it is about first.", status=422)
    if len(ids) > _MOST_TOGETHER:
        raise InvalidInput(f"{len(ids)} work items are too many at once; at most {_MOST_TOGETHER} are answered.")
    refused = [each for item_id in ids if (each := await _refused(page, name, item_id, form)) is not None]
    said = f"{len(ids) - len(refused)} {_TOGETHER[name]}."
    if not refused:
        return page.redirect(page.url("/inbox"), said=said)
    return await _inbox(page, None, f"{said} {len(refused)} could not be {_TOGETHER[name]}:", refused, status=409)


async def _refused(page: Page, name: str, item_id: str, form: Form) -> _Refused | None:
    """Do it with one work item; what is said where that cannot be done."""
    actor, entry = page.person.dn, None
    with suppress(NotFound, InvalidInput):  # as he sees it now: afterwards it may be somebody else's
        entry = _entry(page, await page.engine.work_item(item_id, actor=actor))
    try:
        await page.engine.act(item_id, name, actor=actor, comment=form.get("comment") or None)
    except NotFound:
        return _Refused(item_id, entry, "It is not yours any more: somebody else has it by now.")
    except PlacetError as refusal:
        return _Refused(item_id, entry, page.told(message_of(refusal)))
    return None


# -- what he has asked for -------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Request:
    """A process of the reader's, what tells it from others, and for whom (by DN) or at which activities it waits."""

    found: FoundProcess
    known: Sequence[tuple[str, str]]
    waits_for: Sequence[str]
    waits_at: Sequence[str]


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
        requests=[await _request(page, each) for each in shown],
        more=encode_cursor(cursor_of(shown[-1])) if len(found) > _AT_ONCE else None,
        first=not after,
        may_start=page.may(Act.START),
    )


async def _request(page: Page, found: FoundProcess) -> _Request:
    waits = []
    if found.process.completed_at is None:
        with suppress(NotFound):  # removed since it was found
            waits = await page.engine.waiting(found.process.id, actor=page.person.dn)
    people = dict.fromkeys(asked.item.addressee for each in waits for asked in each.asked)
    others = dict.fromkeys(each.name for each in waits if not each.asked and each.name)
    return _Request(found, known_by(page, found.definition, found.process), list(people), list(others))


ROUTES = (get("/inbox", show), post("/inbox/act", together))
