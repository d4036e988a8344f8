"""The reference of the audit trail has every kind of entry as the code has it."""

from __future__ import annotations

import re
from pathlib import Path

from placet.store.audit import KINDS

PAGE = (Path(__file__).parents[2] / "docs/reference/sessions-absences-audit.md").read_text("utf-8")


def test_the_kinds_are_those_of_the_code():
    assert re.findall(r"^\| `(\w+\.\w+)` \| (.+) \|$", PAGE, re.MULTILINE) == list(KINDS.items())
