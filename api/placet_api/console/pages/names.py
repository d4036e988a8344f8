"""Who can be named in a field: users, and groups where they may be, whose names begin with what is typed."""

from __future__ import annotations

import json

from placet.core.access import Act
from placet_api.answers import Answer, json_answer
from placet_api.console.page import SAFE, Page
from placet_api.console.routes import get

_LONGEST = 100
_MOST_GROUPS = 12


async def names(page: Page) -> Answer:
    """The names as a script offers them: what is put into the field, and what people call it."""
    typed = page.asked("q")[:_LONGEST]
    found = await page.engine.complete(
        f"Initiator = {json.dumps(typed, ensure_ascii=False)[:-1]}", actor=page.person.dn
    )
    people = [(_unquoted(each.text), each.hint) for each in found if each.kind == "person"]
    offered = [*people, *(_groups(page, typed) if page.asked("groups") else ())]
    return json_answer([{"value": value, "label": label} for value, label in offered], headers=SAFE)


def _unquoted(text: str) -> str:
    """A value without the quotes that the query language puts round some."""
    return str(json.loads(text)) if text.startswith('"') else text


def _groups(page: Page, typed: str) -> list[tuple[str, str]]:
    """Groups by their titles, for who knows of people at all."""
    if not (page.may(Act.READ) or page.may(Act.MANAGE_PEOPLE)):
        return []
    groups = page.engine.directory.groups.values()
    fitting = [each for each in groups if each.active and each.title.casefold().startswith(typed.casefold())]
    return [(each.dn, each.title) for each in sorted(fitting, key=lambda each: each.title.casefold())[:_MOST_GROUPS]]


ROUTES = (get("/names", names),)
