"""The reference page has the keys of the terminal console's help, and the help those that its pages listen to."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from textual.binding import Binding

from placet_api.cli.console.app import Console
from placet_api.cli.console.help_screen import KEYS
from placet_api.cli.console.inbox import Inbox
from placet_api.cli.console.process_screen import ProcessPage
from placet_api.cli.console.query_screen import QueryPage

PAGE = (Path(__file__).parents[2] / "docs/reference/console.md").read_text("utf-8").partition("## In a terminal")[2]
PAGES = {"Everywhere": Console, "Query": QueryPage, "Process": ProcessPage, "Inbox": Inbox}
SHOWN = {"slash": "/", "escape": "Esc", "space": "Space"}


def test_the_reference_has_the_keys_of_the_help():
    sections = re.findall(r"^### (\w+)\n(.*?)(?=^##|\Z)", PAGE, re.MULTILINE | re.DOTALL)
    rows = {title: re.findall(r"^\| `([^`]+)` \| (.+) \|$", text, re.MULTILINE) for title, text in sections}

    assert rows == {title: list(keys) for title, keys in KEYS.items()}


@pytest.mark.parametrize("title", PAGES)
def test_the_help_has_the_keys_of_a_page(title: str):
    told = {key for key, _ in [*KEYS["Everywhere"], *KEYS[title]]}
    bound = {each.key for each in map(Binding.make_bindings, [PAGES[title].BINDINGS]) for each in each}

    assert {shown(key) for key in bound if not key.isdigit()} <= told


def shown(key: str) -> str:
    if key.startswith("ctrl+"):
        return f"Ctrl-{key[-1].upper()}"
    return SHOWN.get(key, key.upper() if re.fullmatch(r"f\d", key) else key)
