"""What no file may say: paths of the machine it was written on, and where packages were downloaded from."""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]

# Put together here, so that this file does not say them either. A path begins where no word, dot or brace comes
# before it: a route such as "{prefix}/work" is not one.
PATHS = [f"/{name}" for name in ("work", "root")] + [".." + "/shared"]
HOSTS = [".".join(parts) for parts in (("pypi", "org"), ("files", "pythonhosted", "org"), ("registry", "npmjs", "org"))]
FORBIDDEN = re.compile(
    rf"(?<![\w.}}])(?:{'|'.join(map(re.escape, PATHS))})(?![\w-])|(?:{'|'.join(map(re.escape, HOSTS))})",
)


def committed_files() -> list[Path]:
    """Return the files that git has or would take, so that a slip shows before it is committed."""
    if not (ROOT / ".git").exists() or not shutil.which("git"):  # unpacked from an archive: nothing else lies there
        made = re.compile(r"/(?:\.(?!ci/)|__pycache__/|build/|dist/|var/)")
        files = (path for path in ROOT.rglob("*") if path.is_file())
        return [path for path in files if not made.search(f"/{path.relative_to(ROOT)}")]
    listing = subprocess.run(
        ["git", "-c", "safe.directory=*", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    return [ROOT / name for name in listing.stdout.split("\0") if name and (ROOT / name).is_file()]


def forbidden_words(text: str) -> list[str]:
    return [match.group() for match in FORBIDDEN.finditer(text)]


def test_no_file_names_a_machine_or_a_package_registry():
    said = {
        str(path.relative_to(ROOT)): words
        for path in committed_files()
        if (words := forbidden_words(path.read_text("utf-8", errors="ignore")))
    }

    assert said == {}


@pytest.mark.parametrize("needle", [*PATHS, *HOSTS])
def test_a_forbidden_word_is_found(needle: str):
    assert forbidden_words(f"see {needle}/main for it") == [needle]


@pytest.mark.parametrize("text", ["/v1/wf/workitems", "{prefix}/work", "/workflow", "work/life", "/roots"])
def test_an_ordinary_word_is_not(text: str):
    assert forbidden_words(text) == []
