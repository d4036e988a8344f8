"""`placet settings`."""

from __future__ import annotations

from placet_api.cli.columns import Column
from placet_api.cli.options import Format
from placet_api.cli.output import print_json, print_table

_COLUMNS = [
    Column("Setting"),
    Column("Value", least=20),
    Column("From", rank=1),
    Column("What it is", least=30, rank=1),
]


def settings(*, form: Format = "table") -> None:
    """List every setting, its value and where that comes from; secrets stay hidden.

    For example:

        placet settings --format json
    """
    from placet.settings import read_settings

    rows = read_settings().about()
    if form == "json":
        print_json([dict(zip(("name", "value", "source", "about"), row, strict=True)) for row in rows])
    else:
        print_table(_COLUMNS, rows)
