"""What `--help` says of every command: what it is for, what each option means, and examples that could be typed."""

from __future__ import annotations

import shlex
from collections.abc import Iterator

import pytest
from cyclopts import App

from placet_api.cli.main import app, run

WIDTH = 80


def commands(app: App, path: tuple[str, ...] = ()) -> Iterator[tuple[str, ...]]:
    """The words of every command."""
    for name in app:
        if name.startswith("-"):
            continue
        if app[name].default_command is None:
            yield from commands(app[name], (*path, name))
        else:
            yield (*path, name)


@pytest.fixture(params=commands(app), ids=" ".join)
def words(request: pytest.FixtureRequest) -> tuple[str, ...]:
    return request.param


@pytest.fixture
def printed(words: tuple[str, ...], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> list[str]:
    """What the command's help prints on an ordinary terminal."""
    monkeypatch.setenv("COLUMNS", str(WIDTH))
    assert run([*words, "--help"]) == 0
    return capsys.readouterr().out.splitlines()


def test_the_help_begins_with_one_sentence_and_is_no_wider_than_a_terminal(printed: list[str]):
    summary = " ".join(printed[2 : printed.index("", 2)])

    assert summary.endswith(".")
    assert max(len(line) for line in printed) <= WIDTH


def test_every_parameter_is_described(words: tuple[str, ...]):
    arguments = app[words[0]] if len(words) == 1 else app[words[0]][words[1]]

    for argument in arguments.assemble_argument_collection(parse_docstring=True):
        if argument.show and not argument.children:
            assert argument.parameter.help, argument.name


def test_every_example_can_be_typed(words: tuple[str, ...], printed: list[str]):
    examples = [line.strip() for line in printed if line.startswith(f"    placet {' '.join(words)}")]

    assert examples
    for example in examples:
        program, *typed = shlex.split(example.partition(" < ")[0])
        command, _, _ = app.parse_args(typed, print_error=False, exit_on_error=False)
        assert program == "placet"
        assert command is (app[words[0]] if len(words) == 1 else app[words[0]][words[1]]).default_command
