"""`placet console`: opens the terminal console."""

from __future__ import annotations

import sys

from placet_api.cli.exits import WrongUsage
from placet_api.cli.options import ANYWHERE_NAMED, AnywhereNamed


async def console(*, where: AnywhereNamed = ANYWHERE_NAMED) -> None:
    """Search, follow and answer processes in this terminal.

    F1 shows what the keys do, Ctrl-Q leaves. For example:

        placet console --as ben
        placet console --server http://127.0.0.1:8080
    """
    if not (sys.stdin.isatty() and sys.stdout.isatty()):
        raise WrongUsage("The console needs a terminal to draw on; for scripts there is `placet query`.")
    from placet_api.cli.console.app import Console
    from placet_api.cli.console.sources import open_sources

    async with open_sources(where) as sources:
        await Console(sources).run_async()
