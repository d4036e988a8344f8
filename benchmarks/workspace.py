"""What every part is handed: how long and how often to measure, where, and the report it adds to."""

from __future__ import annotations

import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from bars import Report, Result
from machine import BUILD, ROOT, fdatasyncs_per_second

HERE = Path(__file__).parent


@dataclass(slots=True)
class Workspace:
    report: Report
    repeats: int
    seconds: float
    quick: bool
    folder: Path

    @contextmanager
    def scratch(self) -> Iterator[Path]:
        """A folder on the measured disk that is gone afterwards."""
        folder = Path(tempfile.mkdtemp(dir=self.folder))
        try:
            yield folder
        finally:
            shutil.rmtree(folder, ignore_errors=True)

    def probe(self) -> float:
        return fdatasyncs_per_second(self.folder)

    def report_disk(self, probes: Sequence[float]) -> None:
        self.report.add(Result("disk beside it", probes, "fdatasync/s of 4 KiB"))


def python(script: str, *args: object, given: str = "", interpreter: str | Path = sys.executable) -> str:
    """Run one of these scripts as a child; return what it printed."""
    command = [str(interpreter), str(HERE / script), *map(str, args)]
    done = subprocess.run(command, input=given, stdout=subprocess.PIPE, text=True, check=True, timeout=600)
    return done.stdout


__all__ = ["BUILD", "HERE", "ROOT", "Workspace", "python"]
