"""`/v1/audit`: what was changed about people and rights, and what was refused."""

from __future__ import annotations

from typing import Any

from placet.core.names import is_dn
from placet.directory import audit
from placet.directory.audit import AuditRow, Wanted
from placet.query.times import format_time
from placet_api.admin.paging import PAGING, cursor_of, limit_of, part
from placet_api.admin.times import named_time
from placet_api.answers import Answer
from placet_api.ris.request import Request

_FILTERS = PAGING | {"kind", "actor", "target", "from", "to"}
_NUMBER = "[0-9]{1,18}"


async def every_entry(request: Request) -> Answer:
    """The entries that the filters leave, the newest first; takes PM_SETUP_ADVANCE."""
    query = request.query(_FILTERS)
    wanted = Wanted(
        kind=query.one("kind"),
        actor=query.one("actor"),
        target=query.one("target"),
        from_at=named_time("from", query.one("from")),
        to_at=named_time("to", query.one("to")),
    )
    limit, before = limit_of(query), cursor_of(query, _NUMBER)
    engine = request.engine
    await engine.refused.write()
    before_id = None if before is None else int(before)
    found = await audit.page(engine.store, request.caller, wanted, before_id=before_id, limit=limit + 1)
    rows, headers = part(request, found, limit, lambda row: str(row.id))
    return request.answer([_described(request, row) for row in rows], headers=headers)


def _described(request: Request, row: AuditRow) -> dict[str, Any]:
    return {
        "Number": str(row.id),
        "At": format_time(row.at),
        "Kind": row.kind,
        "Actor": _actor(request, row.actor),
        "Address": row.address,
        "Target": row.target,
        "TargetName": request.engine.directory.display_name(row.target) if is_dn(row.target) else "",
        "Before": row.before,
        "After": row.after,
    }


def _actor(request: Request, actor: str | None) -> dict[str, str]:
    """Who it was; of a name that nobody has, the name alone."""
    if actor is None or is_dn(actor):
        return request.render.person(actor)
    return {"DN": "", "Value": actor, "GUID": "", "Link": ""}
