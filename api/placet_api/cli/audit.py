"""`placet audit`."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict
from typing import Annotated, Any

from cyclopts import Parameter

from placet_api.cli.columns import Column
from placet_api.cli.desk import AuditView
from placet_api.cli.options import ADMINISTRATION, ROWS, Administration, Rows
from placet_api.cli.output import moment, note, print_json, print_table
from placet_api.cli.times import From, To, read_time

_COLUMNS = [
    Column("At"),
    Column("What", least=12),
    Column("By", least=8),
    Column("Target", least=12),
    Column("Change", least=16, rank=2),
    Column("Address", rank=2),
]


async def audit(
    *,
    kind: str | None = None,
    actor: Annotated[str | None, Parameter(metavar="USER")] = None,
    target: str | None = None,
    from_: From = None,
    to: To = None,
    rows: Rows = ROWS,
    where: Administration = ADMINISTRATION,
) -> None:
    """List what was changed about people and rights and what was refused, newest first.

    With --as or --server it takes the permission PM_SETUP_ADVANCE. For example:

        placet audit
        placet audit --kind sign_in.refused --from 2030-01-07

    Parameters
    ----------
    kind
        one kind, such as role.created, or all of a sort, such as role
    actor
        who did it, a user name or DN, or the name that was tried
    target
        whom or what it was done to
    """
    from placet.directory import audit as trail

    wanted = trail.Wanted(
        kind=kind, actor=actor, target=target, from_at=read_time("--from", from_), to_at=read_time("--to", to)
    )
    async with where.desk() as desk:
        found = await desk.audit(wanted, rows.at_most)
    if rows.form == "json":
        print_json([_values(row) for row in found])
    elif found:
        print_table(_COLUMNS, [_cells(row) for row in found])
        if len(found) == rows.at_most:
            note(f"Shown are {len(found)}; there may be more: --limit 0 shows all.")
    else:
        note("There are none.")


def _cells(row: AuditView) -> list[str]:
    return [moment(row.at), row.kind, *row.names, _change(row.before or {}, row.after or {}), row.address]


def _change(before: Mapping[str, Any], after: Mapping[str, Any]) -> str:
    """What is different afterwards."""
    changed = [name for name in {**before, **after} if before.get(name) != after.get(name)]
    return ", ".join(f"{name}: {_value(before.get(name))} → {_value(after.get(name))}" for name in changed)


def _value(value: object) -> str:
    return "-" if value in (None, "") else value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


def _values(row: AuditView) -> dict[str, object]:
    return {name: value for name, value in asdict(row).items() if name != "names"}
