"""The documents show the pictures that there are, and there are those of every page."""

from __future__ import annotations

import re

from tests.browser.screenshots import FOLDER, MOST_BYTES, PAGES, SCHEMES, SIZES
from tests.programs import ROOT

GALLERY = (ROOT / "docs/reference/console-pictures.md").read_text("utf-8")


def test_there_is_a_picture_of_every_page_in_every_size_and_scheme():
    wanted = {f"{name}-{scheme}-{width}.webp" for name in PAGES for scheme in SCHEMES for width in SIZES}

    assert {path.name for path in FOLDER.iterdir() if path.suffix != ".svg"} == wanted  # charts are benchmarks' own
    assert set(re.findall(r'"\.\./images/([^"]+)"', GALLERY)) == wanted


def test_no_picture_is_large_or_without_words():
    assert [path.name for path in FOLDER.iterdir() if path.stat().st_size >= MOST_BYTES] == []
    assert re.findall(r"<img (?![^>]*alt=\"[^\"]+\")", GALLERY) == []
