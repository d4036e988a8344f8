"""How commands print: tables for people, JSON for scripts, one line for what went wrong."""

from __future__ import annotations

import re
import sys
from collections.abc import AsyncIterator, Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import IO, TYPE_CHECKING, Any, TypeAlias, TypeVar

from rich.cells import cell_len
from rich.console import Console
from rich.table import Table
from rich.text import Text

if TYPE_CHECKING:
    from placet_api.cli.options import Format

T = TypeVar("T")
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
}
_CONTROL = re.compile("[\x00-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]+")
_GAP = 2


@dataclass(frozen=True, slots=True)
class Column:
    """A column of a table. Where room is scarce `spare` ones are left out, `flexible` ones cut short."""

    title: str
    flexible: bool = False
    spare: bool = False
    wraps: bool = False
    right: bool = False


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
    _write(_dumps(value, indent=True) + b"\n")


async def print_json_array(values: AsyncIterator[Any]) -> int:
    """One JSON array, an element a line, printed as its elements come; returns how many there were."""
    count = 0
    async for value in values:
        _write((b",\n" if count else b"[\n") + _dumps(value))
        count += 1
    _write(b"\n]\n" if count else b"[]\n")
    return count


async def print_rows(
    values: AsyncIterator[T], columns: Sequence[Column], row: Callable[[T], Sequence[Cell]], form: Format
) -> int:
    """All values as an array, or as a table with a `row` of cells for each; returns how many there were."""
    if form == "json":
        return await print_json_array(values)
    rows = [row(value) async for value in values]
    if rows:
        print_table(columns, rows)
    else:
        note("There are none.")
    return len(rows)


def print_table(columns: Sequence[Column], rows: Sequence[Sequence[Cell]]) -> None:
    """A table without lines, fitted to the terminal."""
    here = console()
    cells = [[cell if isinstance(cell, Text) else Text(plain(cell)) for cell in row] for row in rows]
    kept = _kept(columns, cells, here.width)
    table = Table(box=None, padding=(0, _GAP, 0, 0), pad_edge=False, header_style="bold")
    for index in kept:
        column = columns[index]
        table.add_column(
            Text(column.title),
            justify="right" if column.right else "left",
            no_wrap=not column.wraps,
            overflow="fold" if column.wraps else "ellipsis",
            min_width=None if column.flexible or column.wraps else _width(column, index, cells),
        )
    for row in cells:
        table.add_row(*(row[index] for index in kept))
    _print_trimmed(here, table)


def _kept(columns: Sequence[Column], rows: Sequence[Sequence[Text]], width: int) -> list[int]:
    """The columns that there is room for: the last spare one is left out first."""
    widths = [_width(column, index, rows) + _GAP for index, column in enumerate(columns)]
    kept = list(range(len(columns)))
    for index in reversed(range(len(columns))):
        if sum(widths[each] for each in kept) - _GAP > width and columns[index].spare:
            kept.remove(index)
    return kept


def _width(column: Column, index: int, rows: Sequence[Sequence[Text]]) -> int:
    return max(cell_len(column.title), *(row[index].cell_len for row in rows))


def print_fields(fields: Sequence[tuple[str, Cell]]) -> None:
    """Names and values, a line each; what is empty is left out."""
    shown = [(name, value) for name, value in fields if value]
    table = Table.grid(padding=(0, _GAP, 0, 0))
    table.add_column(style="dim", no_wrap=True)
    table.add_column(overflow="fold")
    for name, value in shown:
        table.add_row(name, value if isinstance(value, Text) else Text(plain(value)))
    _print_trimmed(console(), table)


def _print_trimmed(here: Console, table: Table) -> None:
    """Print a table without the blanks that fill its last column."""
    with here.capture() as printed:
        here.print(table, soft_wrap=False, crop=False)
    here.file.write("\n".join(line.rstrip() for line in printed.get().split("\n")))
    here.file.flush()


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


def _write(data: bytes) -> None:
    sys.stdout.buffer.write(data)
    sys.stdout.buffer.flush()
