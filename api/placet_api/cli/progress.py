"""How far something long has come, on the terminal that watches it."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

LARGE = 20_000  # bytes of a file that takes long enough for somebody to wonder


@contextmanager
def told_on_terminal(file: Path) -> Iterator[Callable[[str, int, int], None] | None]:
    """A bar on standard error that is told what is done, how much of it has been and of how much.

    None where nobody watches, or where a file is done before he would have read it.
    """
    if not sys.stderr.isatty() or not file.is_file() or file.stat().st_size < LARGE:
        yield None
        return
    from rich.console import Console  # here, since most commands need neither
    from rich.progress import Progress

    with Progress(console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task("", total=None)
        yield lambda doing, done, of: bar.update(task, description=doing, completed=done, total=of or None)
