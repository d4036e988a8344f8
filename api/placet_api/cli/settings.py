"""`placet settings`."""

from __future__ import annotations

from placet_api.cli.options import Format
from placet_api.cli.output import Column, print_json, print_table

_COLUMNS = [Column("Setting"), Column("Value", flexible=True), Column("From"), Column("What it is", spare=True)]


def settings(*, form: Format = "table") -> None:
    """List every setting, its value and where that comes from; secrets stay hidden."""
    from placet.settings import read_settings

    rows = read_settings().about()
    if form == "json":
        print_json([dict(zip(("name", "value", "source", "about"), row, strict=True)) for row in rows])
    else:
        print_table(_COLUMNS, rows)
