"""What `placet` offers by public name says what it does and fails with, in the code and on the reference page."""

from __future__ import annotations

import dataclasses
import inspect
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

import placet
import placet_api
from placet import Comment, Engine, Event, Process, WorkItem, errors, testing
from placet.errors import PlacetError

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs/reference/library.md").read_text("utf-8")
ERRORS = {name: each for name, each in vars(errors).items() if isinstance(each, type) and issubclass(each, PlacetError)}
CLASSES = {name: each for name in placet.__all__ if isinstance(each := getattr(placet, name), type)} | {
    "Bench": testing.Bench
}
WITHOUT_REASON = re.compile(r"# type: ignore(?!\[[\w, -]+\] +# \S)")


def own_docstring(thing: Any) -> str:
    """The docstring that somebody wrote: not that of a parent, nor the signature that a dataclass makes."""
    text = vars(thing).get("__doc__") if isinstance(thing, type) else thing.__doc__
    made = text is not None and isinstance(thing, type) and text.startswith(f"{thing.__name__}(")
    return "" if text is None or made else text


def members(cls: type) -> Iterator[tuple[str, Any]]:
    """The public functions and properties of a class, those of its own parents included."""
    for name, value in inspect.getmembers_static(cls):
        function = value.fget if isinstance(value, property) else value
        if inspect.isfunction(function) and function.__module__.startswith("placet") and not name.startswith("_"):
            yield name, value


def methods() -> dict[str, Any]:
    return {name: value for name, value in members(Engine) if inspect.isfunction(value)}


def raised(docstring: str) -> list[str]:
    """The errors that a docstring names behind the word, in their order."""
    _, _, behind = docstring.replace("raises", "Raises").partition("Raises ")
    return [name for name in dict.fromkeys(re.findall(r"`(\w+)`", behind)) if name in ERRORS]


def call(name: str, function: Any) -> str:
    """A call as the page has it: `pause(process_id, *, actor)`."""
    words: list[str] = []
    for parameter in list(inspect.signature(function).parameters.values())[1:]:
        if parameter.kind is parameter.KEYWORD_ONLY and "*" not in words:
            words.append("*")
        words.append(parameter.name)
    return f"{name}({', '.join(words)})"


def code_files() -> list[Path]:
    return [path for root in ("engine", "api") for path in sorted((ROOT / root).rglob("*.py"))]


@pytest.mark.parametrize("name", [*placet.__all__, *placet_api.__all__])
def test_every_public_name_says_what_it_is_and_is_on_the_page(name: str):
    thing = getattr(placet, name, None) or getattr(placet_api, name)

    assert isinstance(thing, str) or own_docstring(thing)
    assert f"`{name}`" in PAGE or f"## {name}\n" in PAGE


@pytest.mark.parametrize("name", CLASSES)
def test_every_public_method_says_what_it_does(name: str):
    silent = [member for member, value in members(CLASSES[name]) if not inspect.getdoc(value)]

    assert silent == []


def test_the_page_has_every_method_of_the_engine_with_its_parameters_and_errors():
    rows = re.findall(r"^\| `(\w+\(.*?\))` \| [^|]+ \| ([^|]*)\|$", PAGE, re.MULTILINE)

    expected = {call(name, each): raised(inspect.getdoc(each) or "") for name, each in methods().items()}
    assert {row: re.findall(r"`(\w+)`", named) for row, named in rows} == expected


@pytest.mark.parametrize("record", [Process, WorkItem, Comment, Event])
def test_the_page_has_every_field_of_a_record(record: type):
    section = PAGE.partition(f"### `{record.__name__}`\n")[2].partition("\n#")[0]
    named = re.findall(r"`(\w+)`", " ".join(re.findall(r"^\| (`.+?) \|", section, re.MULTILINE)))
    properties = {name for name, value in members(record) if isinstance(value, property)}

    assert set(named) == {each.name for each in dataclasses.fields(record)} | properties
    assert len(named) == len(set(named))


def test_the_page_has_every_error_with_its_code():
    rows = re.findall(r"^\| `([a-z-]+)` \| `(\w+)` \| (.+) \|$", PAGE, re.MULTILINE)

    assert {name: code for code, name, _ in rows} == {name: each.code for name, each in ERRORS.items()}
    assert len({each.code for each in ERRORS.values()}) == len(ERRORS)
    assert [name for name, each in ERRORS.items() if not own_docstring(each)] == []


def test_what_the_type_checker_is_told_to_ignore_has_a_code_and_a_reason():
    bare = [
        f"{path.relative_to(ROOT)}:{number}"
        for path in code_files()
        for number, line in enumerate(path.read_text("utf-8").splitlines(), 1)
        if WITHOUT_REASON.search(line)
    ]

    assert bare == []


@pytest.mark.parametrize("line", ["x  # type: ignore", "x  # type: ignore[misc]", "x  # type: ignore[misc]  #"])
def test_a_line_without_them_is_found(line: str):
    assert WITHOUT_REASON.search(line)
    assert not WITHOUT_REASON.search("x  # type: ignore[misc, arg-type]  # asyncpg tells no types")
