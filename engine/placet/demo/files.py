"""The files of the demonstration, in a checkout and where Placet is installed."""

from __future__ import annotations

from pathlib import Path

_HERE = Path(__file__).parent
PEOPLE = (_HERE / "people.yaml", _HERE / "university.yaml")


def definitions_folder() -> Path:
    """The folder of the definitions: the wheel has a copy of the one that lies at the top of a checkout."""
    copy = _HERE / "definitions"
    return copy if copy.is_dir() else _HERE.parents[2] / "definitions"
