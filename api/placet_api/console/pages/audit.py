"""The audit trail: who changed what about people and rights, and what was refused."""

from __future__ import annotations

from placet.core.access import Act
from placet.directory import audit
from placet.directory.audit import KINDS, AuditRow, Wanted
from placet.errors import InvalidInput
from placet_api.answers import Answer
from placet_api.console.page import Page
from placet_api.console.routes import get
from placet_api.console.times import day_of
from placet_api.console.trying import caller

_AT_ONCE = 50


async def show(page: Page) -> Answer:
    """Entries, the newest first; `before` is the number of the last one of the page before."""
    engine = page.engine
    await engine.refused.write()  # what was refused just now is written in batches
    before = page.asked("before")
    if before and not (before.isascii() and before.isdigit() and len(before) < 19):
        raise InvalidInput(f"before: {before[:20]!r} is not the number of an entry; begin again at the first page.")
    trouble, found = "", list[AuditRow]()
    try:
        wanted = Wanted(
            kind=page.asked("kind") or None,
            actor=page.asked("actor") or None,
            target=page.asked("target") or None,
            from_at=day_of("from", page.asked("from"), page.zone),
            to_at=day_of("to", page.asked("to"), page.zone, later=1),
        )
        found = await audit.page(
            engine.store, caller(page), wanted, before_id=int(before) if before else None, limit=_AT_ONCE + 1
        )
    except InvalidInput as failure:
        trouble = failure.message
    asked = {name: page.asked(name) for name in ("kind", "actor", "target", "from", "to")}
    return page.render(
        "audit/audit.html",
        status=422 if trouble else 200,
        entries=found[:_AT_ONCE],
        more=found[_AT_ONCE - 1].id if len(found) > _AT_ONCE else None,
        first=not before,
        trouble=trouble,
        asked=asked,
        filters={name: value for name, value in asked.items() if value},
        groups=sorted({kind.partition(".")[0] for kind in KINDS}),
        kinds=KINDS,
    )


ROUTES = (get("/audit", show, act=Act.OPERATE),)
