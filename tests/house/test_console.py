"""The console's templates and files keep to what its pages' policy allows, and its reference page to its navigation."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from placet_api.console.navigation import ENTRIES

ROOT = Path(__file__).parents[2]
CONSOLE = ROOT / "api/placet_api/console"
TEMPLATES = sorted(CONSOLE.rglob("templates/**/*.html"))
OWN = sorted(path for path in CONSOLE.glob("static/*.*") if path.suffix in (".js", ".css"))
VENDORED = sorted(path.name for path in CONSOLE.glob("static/vendor/*.*") if path.suffix not in (".md", ".txt"))
PAGE = (ROOT / "docs/reference/console.md").read_text("utf-8")

#: What a browser refuses on a page, or what would let in what somebody has written.
FORBIDDEN = {
    "a style of its own": re.compile(r"""\sstyle=|<style"""),
    "a script of its own": re.compile(r"""<script(?![^>]*\ssrc=)|\son[a-z]+=|hx-on|javascript:|["']js:"""),
    "another host": re.compile(r"""(?:src|href|action|hx-[a-z]+)=["'](?:https?:)?//"""),
    "unescaped text": re.compile(r"(?<!diagram )(?<!svg )\|\s*safe\b"),  # pictures are the engine's own
}


@pytest.mark.parametrize("path", TEMPLATES, ids=lambda path: str(path.relative_to(CONSOLE)))
@pytest.mark.parametrize("what", FORBIDDEN)
def test_a_template_has_nothing_that_its_page_must_not_do(path: Path, what: str):
    assert FORBIDDEN[what].findall(path.read_text("utf-8")) == []


@pytest.mark.parametrize("path", OWN, ids=lambda path: path.name)
def test_our_files_ask_no_other_host_and_run_no_text(path: Path):
    text = path.read_text("utf-8")

    assert re.findall(r"https?://|\beval\(|new Function|innerHTML\s*\+=|document\.write|@import", text) == []


@pytest.mark.parametrize("name", VENDORED)
def test_a_vendored_file_is_told_of_and_has_its_licence_beside_it(name: str):
    folder = CONSOLE / "static/vendor"

    assert f"`{name}`" in (folder / "README.md").read_text("utf-8")
    assert (folder / f"{re.split('[.-]', name)[0]}.LICENSE.txt").exists()


def test_the_reference_has_the_pages_and_their_keys():
    rows = re.findall(r"^\| ([^|]+) \| `/console([^`]*)` \| `g` `(.)` \|", PAGE, re.MULTILINE)

    assert rows == [(each.title, each.path, each.key) for each in ENTRIES]


def test_no_two_pages_have_one_key():
    assert len({each.key for each in ENTRIES}) == len(ENTRIES)
