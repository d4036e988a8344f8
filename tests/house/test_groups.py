"""The tests of a group share a worker of pytest-xdist, whatever its marks do; all others are spread."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.groups import BESIDE, GROUPS, group_of
from tests.programs import ROOT

FOUR_TESTS = "import pytest\n\n@pytest.mark.parametrize('turn', range(4))\ndef test_it(turn: int): pass\n"
OPTIONS = ["-pxdist.plugin", "-ptests.groups", "-n3", "--dist=loadgroup", "-v"]


def test_a_run_takes_the_groups(request: pytest.FixtureRequest):
    assert request.config.pluginmanager.has_plugin("tests.groups")


def test_a_group_has_one_worker_and_the_rest_are_spread(tmp_path: Path):
    alone, *grouped = [Path("tests", name) for name in ("unit/test_a.py", "crash/test_b.py", "crash/test_c.py")]
    for path in (alone, *grouped):
        (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / path).write_text(FOUR_TESTS)
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"}

    command = [sys.executable, "-m", "pytest", *OPTIONS]
    run = subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, text=True)

    assert run.returncode == 0, run.stdout + run.stderr
    ran = re.findall(r"\[(gw\d)\].* PASSED (\S+)::test_it\[\d\] *$", run.stdout, re.MULTILINE)
    assert len(ran) == 12
    assert len({worker for worker, path in ran if Path(path) in grouped}) == 1
    assert len({worker for worker, path in ran if Path(path) == alone}) > 1


@pytest.mark.parametrize("name", [*GROUPS, *BESIDE])
def test_what_is_named_is_there(name: str):
    path, _, test = name.partition("::")

    assert (ROOT / path).exists()
    assert not test or f"def {test}(" in (ROOT / path).read_text()


@pytest.mark.parametrize(
    ("test", "group"),
    [
        ("tests/crash/test_mail.py::test_one", "tests/crash/"),
        (f"{BESIDE[0]}[sqlite]", f"{BESIDE[0]}[sqlite]"),
        ("tests/acceptance/test_docs.py::test_one[README.md]", "tests/acceptance/test_docs.py"),
        ("tests/acceptance/test_docs_page.py::test_one", "tests/acceptance/test_docs_page.py::test_one"),
    ],
)
def test_a_group_is_known_by_the_name_of_the_test(test: str, group: str):
    assert group_of(test) == group
