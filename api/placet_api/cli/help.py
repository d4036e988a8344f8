"""How `--help` is laid out: a heading for each part, names on the left, what they mean on the right."""

from __future__ import annotations

from typing import Any

from cyclopts.help import HelpEntry, HelpPanel
from rich.console import Console, ConsoleOptions
from rich.table import Table
from rich.text import Text


class PlainHelp:
    """A formatter for cyclopts, in the style of the tables of all commands."""

    def __call__(self, console: Console, options: ConsoleOptions, panel: HelpPanel) -> None:
        if not panel.entries:
            return
        table = Table.grid(padding=(0, 2, 0, 0))
        table.add_column(no_wrap=True)
        table.add_column()
        for entry in panel.entries:
            table.add_row(Text("  " + " ".join(entry.display_labels_with_metavar)), _meaning(entry))
        console.print(Text(str(panel.title), style="bold"))
        console.print(table)
        console.print()

    def render_usage(self, console: Console, options: ConsoleOptions, usage: Any) -> None:
        if usage:
            console.print("Usage:", usage)

    def render_description(self, console: Console, options: ConsoleOptions, description: Any) -> None:
        if description:
            console.print(description)


def _meaning(entry: HelpEntry) -> Text:
    """What an option means, with its choices and its default behind."""
    parts = [entry.description.primary_renderable, *entry.description.texts] if entry.description else []
    if entry.choices:
        parts.append(Text(f"[{' | '.join(entry.choices)}]"))
    if entry.default not in (None, "False"):
        parts.append(Text(f"[default: {entry.default}]"))
    return Text(" ".join(word for part in parts for word in part.plain.split()))
