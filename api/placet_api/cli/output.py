"""How commands print: tables for people, JSON for scripts, one line for what went wrong."""

from __future__ import annotations

import re
import sys
from collections.abc import AsyncIterator, Sequence
from datetime import datetime
from itertools import zip_longest
from typing import IO, Any, TypeAlias

from rich.console import Console
from rich.text import Text

from placet_api.cli.columns import GAP, Column, fit

Cell: TypeAlias = str | Text

_STYLES = {
    "Running": "cyan",
    "Open": "cyan",
    "Claimed": "yellow",
    "Stopped": "yellow",
    "Approved": "green",
    "Denied": "red",
    "Retracted": "dim",
    "Error": "bold red",
    "Draining": "yellow",
    "Shutdown": "dim",
    "Timedout": "bold red",
}
_CONTROL = re.compile("[\x00-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]+")
_FIELDS = (Column("", least=8), Column("", least=20, wraps=True))


class _Console(Console):
    def on_broken_pipe(self) -> None:
        raise  # what it is called for: `main` leaves quietly


def console(stream: IO[str] | None = None) -> Console:
    """Where people read: as wide as the terminal; what goes into a file or a pipe is never cut short."""
    stream = stream or sys.stdout
    width = None if stream.isatty() else 10_000
    return _Console(file=stream, highlight=False, markup=False, emoji=False, width=width, soft_wrap=not stream.isatty())


def say(text: str | Text = "") -> None:
    """A line for people, on standard output."""
    console().print(text, soft_wrap=True)


def note(text: str) -> None:
    """A line beside the result, on standard error."""
    console(sys.stderr).print(Text(plain(text), style="dim"), soft_wrap=True)


def print_error(sentence: str) -> None:
    """What went wrong; of several lines the last ones are faults with their places."""
    first, *more = sentence.splitlines() or [""]
    here = console(sys.stderr)
    here.print(Text.assemble(("error:", "bold red"), " ", plain(first)), soft_wrap=True)
    for line in more:
        here.print(Text(plain(line)), soft_wrap=True)


def print_json(value: Any) -> None:
    """One JSON value on standard output and nothing else."""
    write(_dumps(value, indent=True) + b"\n")


async def print_json_array(values: AsyncIterator[Any]) -> None:
    """One JSON array, an element a line, printed as its elements come."""
    first = True
    async for value in values:
        write((b"[\n" if first else b",\n") + _dumps(value))
        first = False
    write(b"[]\n" if first else b"\n]\n")


def print_table(columns: Sequence[Column], rows: Sequence[Sequence[Cell]]) -> None:
    """A table without lines, fitted to the terminal."""
    _print_cells(columns, [[Text(column.title, "bold") for column in columns], *map(_texts, rows)])


def print_rows(columns: Sequence[Column], rows: Sequence[Sequence[Cell]]) -> None:
    """Rows that belong to a table which has been printed before."""
    _print_cells(columns, list(map(_texts, rows)))


def print_fields(fields: Sequence[tuple[str, Cell]]) -> None:
    """Names and values, a line each; what is empty is left out."""
    _print_cells(_FIELDS, [[Text(name, "dim"), *_texts([value])] for name, value in fields if value])


def _print_cells(columns: Sequence[Column], rows: Sequence[Sequence[Text]]) -> None:
    if not rows:
        return
    here = console()
    natural = [max(row[index].cell_len for row in rows) for index in range(len(columns))]
    widths = dict(enumerate(natural))
    if here.file.isatty():
        widths = fit(columns, [min(width, here.width) for width in natural], here.width)
    for row in rows:
        cells = [_lines(row[index], columns[index], width, here) for index, width in widths.items()]
        for line in zip_longest(*cells):
            padded = [part or Text(" " * width) for part, width in zip(line, widths.values(), strict=True)]
            text = Text(" " * GAP).join(padded)
            text.rstrip()
            here.print(text, soft_wrap=True)


def _lines(cell: Text, column: Column, width: int, here: Console) -> list[Text]:
    """What a cell has on each line of its row, brought to the width of its column."""
    lines = list(cell.wrap(here, width)) if column.wraps and cell.cell_len > width else [cell.copy()]
    for line in lines:
        line.truncate(width, overflow="ellipsis")
        line.align("right" if column.right else "left", width)
    return lines


def _texts(cells: Sequence[Cell]) -> list[Text]:
    return [cell if isinstance(cell, Text) else Text(plain(cell)) for cell in cells]


def heading(text: str) -> None:
    say()
    say(Text(text, style="bold"))


def status(word: str) -> Text:
    """A status word, coloured on terminals."""
    return Text(word, style=_STYLES.get(word, ""))


def plain(text: str) -> str:
    """A text without what a terminal would act on."""
    return _CONTROL.sub(" ", text)


def moment(at: datetime | None) -> str:
    """A time in the local zone, to the second."""
    return at.astimezone().strftime("%Y-%m-%d %H:%M:%S") if at else ""


def day(at: datetime | None) -> str:
    """A time in a narrow column: the hour of today, the day of this year, else the month."""
    if at is None:
        return ""
    local, now = at.astimezone(), datetime.now().astimezone()
    if local.date() == now.date():
        return f"{local:%H:%M}"
    return f"{local.day} {local:%b}" if local.year == now.year else f"{local:%Y-%m}"


def _dumps(value: Any, *, indent: bool = False) -> bytes:
    import orjson

    return orjson.dumps(value, option=orjson.OPT_UTC_Z | (orjson.OPT_INDENT_2 if indent else 0))


def write(data: bytes) -> None:
    """Bytes as they are, on standard output."""
    sys.stdout.buffer.write(data)
    sys.stdout.buffer.flush()
