"""Which Chromium the browser tests use: the system's, or the one that playwright has downloaded.

The shell without a window takes half the time of the whole browser, which draws one although nobody sees it.

`python tests/browser/chromium.py` prints its path, or says what to install.
"""

from __future__ import annotations

import shutil
import sys
from pathlib import Path

NAMES = ("chromium-headless-shell", "chromium", "chromium-browser", "google-chrome-stable", "google-chrome")
MISSING = (
    "There is no Chromium for the browser tests: install it (Debian: apt-get install chromium-headless-shell; others: "
    ".venv/bin/playwright install chromium)."
)


def find() -> str | None:
    """The program, or None where there is none."""
    for name in NAMES:
        if (path := shutil.which(name)) is not None:
            return path
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        path = playwright.chromium.executable_path
    return path if Path(path).exists() else None


if __name__ == "__main__":
    found = find()
    print(found or MISSING)
    sys.exit(found is None)
