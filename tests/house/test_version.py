"""One version, wherever it is written."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

import placet

ROOT = Path(__file__).parents[2]


def declared_version() -> str:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))
    return str(project["project"]["version"])


def test_the_newest_heading_of_the_changelog_is_the_version():
    headings = re.findall(r"^## (\S+)", (ROOT / "CHANGELOG.md").read_text("utf-8"), re.MULTILINE)

    assert headings[0] == declared_version()


def test_the_package_knows_its_version():
    assert placet.__version__ == declared_version()
