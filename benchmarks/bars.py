"""What is asked and what was measured: one line per bar, for people and as JSON."""

from __future__ import annotations

import json
import statistics
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Result:
    """One measured quantity; `limit` is what it is held to, None where it is printed as information only."""

    name: str
    values: Sequence[float]
    unit: str = ""
    limit: float | None = None
    at_least: bool = False  # the limit is a floor and not a ceiling
    note: str = ""

    @property
    def median(self) -> float:
        return statistics.median(self.values)

    @property
    def holds(self) -> bool | None:
        if self.limit is None:
            return None
        return self.median >= self.limit if self.at_least else self.median <= self.limit

    @property
    def asked(self) -> str:
        if self.limit is None:
            return ""
        return f"{'≥' if self.at_least else '≤'} {_number(self.limit)} {self.unit}".rstrip()

    @property
    def spread(self) -> str:
        if len(self.values) == 1:
            return ""
        return f"{_number(min(self.values))} – {_number(max(self.values))}"


@dataclass(slots=True)
class Report:
    """Everything that one run has found out."""

    machine: str
    results: list[Result] = field(default_factory=list)
    remarks: list[str] = field(default_factory=list)

    def add(self, *results: Result) -> None:
        for result in results:
            self.results.append(result)
            print(f"  {_line(result)}", flush=True)

    def remark(self, text: str) -> None:
        self.remarks.append(text)
        print(f"  {text}", flush=True)

    def save(self, path: Path) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        lines = [asdict(result) | {"median": result.median, "holds": result.holds} for result in self.results]
        document = {"machine": self.machine, "results": lines, "remarks": self.remarks}
        path.write_text(json.dumps(document, indent=1, ensure_ascii=False) + "\n")

    def markdown(self) -> str:
        """The bars as a table of a document."""
        rows = [_cells(result) for result in self.results if result.limit is not None]
        lines = [f"| {name} | {asked} | {measured} | {spread} |" for name, asked, measured, spread, _ in rows]
        return "\n".join(["| bar | asked | measured | min – max |", "|---|---|---|---|", *lines, ""])

    def table(self) -> str:
        """The bars alone, in columns."""
        rows = [("bar", "asked", "measured", "min – max", "")]
        rows += [_cells(result) for result in self.results if result.limit is not None]
        widths = [max(len(row[column]) for row in rows) for column in range(5)]
        lines = ["  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in rows]
        return "\n".join([lines[0], "─" * max(map(len, lines)), *lines[1:]])

    @property
    def all_hold(self) -> bool:
        return all(result.holds is not False for result in self.results)


def _cells(result: Result) -> tuple[str, str, str, str, str]:
    verdict = {True: "holds", False: "MISSED", None: ""}[result.holds]
    return result.name, result.asked, f"{_number(result.median)} {result.unit}".rstrip(), result.spread, verdict


def _line(result: Result) -> str:
    name, asked, measured, spread, verdict = _cells(result)
    parts = [f"{name}: {measured}", f"({spread})" if spread else "", f"asked {asked}: {verdict}" if asked else ""]
    return " ".join(part for part in [*parts, result.note] if part)


def _number(value: float) -> str:
    if abs(value) >= 100:
        return f"{value:,.0f}".replace(",", " ")
    return f"{value:.3g}"
