"""The reference pages of the command line and of the settings say what the code says."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import fields
from pathlib import Path

import pytest
from cyclopts import App

from placet.settings import Settings
from placet_api.cli.exits import ABOUT
from placet_api.cli.main import app

REFERENCE = Path(__file__).parents[2] / "docs/reference"
COMMANDS = (REFERENCE / "commands.md").read_text("utf-8")
SETTINGS = (REFERENCE / "settings.md").read_text("utf-8")
SHARED = {"--database", "--as", "--server", "--format"}


def commands(app: App, path: tuple[str, ...] = ("placet",)) -> Iterator[tuple[str, set[str]]]:
    """Every command as it is typed, with its options."""
    for name in app:
        if name.startswith("-"):
            continue
        command = app[name]
        if command.default_command is None:
            yield from commands(command, (*path, name))
        else:
            arguments = command.assemble_argument_collection()
            yield " ".join((*path, name)), {each for one in arguments for each in one.names if each.startswith("-")}


OPTIONS = dict(commands(app))


def section(command: str) -> str:
    found = re.search(rf"^### {command}\n(.*?)(?=^##)", COMMANDS + "\n##", re.MULTILINE | re.DOTALL)
    return found.group(1) if found else ""


def test_every_command_has_its_section_and_no_other_has_one():
    assert re.findall(r"^### (placet .+)$", COMMANDS, re.MULTILINE) == sorted(OPTIONS, key=COMMANDS.index)


@pytest.mark.parametrize("command", OPTIONS)
def test_a_section_names_all_options_of_its_command_and_shows_it_at_work(command: str):
    text, _, example = section(command).partition("```console")
    named = set(re.findall(r"`(--?[a-z-]+)", text))

    assert OPTIONS[command] - SHARED <= named
    assert named <= OPTIONS[command] | SHARED
    assert f"{command} " in f"{example.splitlines()[1]} "


def test_the_exit_statuses_are_those_of_the_code():
    rows = re.findall(r"^\| (\d+) \| (.+) \|$", COMMANDS, re.MULTILINE)

    assert [(int(status), about) for status, about in rows] == [(int(status), about) for status, about in ABOUT.items()]


def test_the_settings_are_those_of_the_code():
    rows = re.findall(r"^\| `(\w+)` \| `(\w+)` \| (.+?) \| (.+) \|$", SETTINGS, re.MULTILINE)

    assert rows == [
        (each.name, f"PLACET_{each.name.upper()}", f"`{each.default}`" if each.default != "" else "none", about)
        for each in fields(Settings)
        if (about := each.metadata.get("about"))
    ]
