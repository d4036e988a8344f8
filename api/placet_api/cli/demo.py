"""What `placet serve --demo` shows while it loads people and permits."""

from __future__ import annotations

import sys
from functools import partial
from pathlib import Path

from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn

from placet import Settings
from placet.demo import load_demo
from placet_api.cli.output import console, note

_WHAT = "Replaying travel permits"


async def load_with_progress(settings: Settings) -> None:
    """Load the demonstration, before an engine opens the database; one that has it is left as it is."""
    load = partial(
        load_demo, settings.database_url, Path(settings.definitions), direct_url=settings.database_direct_url
    )
    bar = Progress(
        TextColumn("{task.description}"), BarColumn(), TaskProgressColumn(), console=console(sys.stderr), transient=True
    )
    if not bar.console.is_terminal:
        await load(_Lines())
        return
    with bar:
        task = bar.add_task(_WHAT, total=None)
        await load(lambda done, total: bar.update(task, completed=done, total=total))


class _Lines:
    """A line for each tenth of the way, where there is no terminal to draw a bar on."""

    def __init__(self) -> None:
        self._tenth = 0

    def __call__(self, done: int, total: int) -> None:
        tenth = 10 * done // total if total else 0
        if tenth > self._tenth:
            self._tenth = tenth
            note(f"{_WHAT}: {10 * tenth} %")
