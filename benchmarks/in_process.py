"""Start and approve in process, 64 at a time, beside SpiffWorkflow doing the same unit."""

from __future__ import annotations

import json
from pathlib import Path

from bars import Result
from environment import environment
from population import DATA, prepare
from workspace import Workspace, python

AT_A_TIME = 64
SPIFF = "spiffworkflow==3.2.0"


def run(space: Workspace) -> None:
    interpreter = environment(space, "spiffworkflow", SPIFF)
    placet, alone, spiff, ratios, commits, probes = [], [], [], [], [], []
    for _ in range(space.repeats):
        with space.scratch() as folder:
            probes.append(space.probe())
            url = f"sqlite:///{folder}/placet.db"
            prepare(url, folder)
            many = json.loads(python("unit_placet.py", url, space.seconds, AT_A_TIME))
            placet.append(many["rate"])
            commits.append(many["commits_per_command"])
            alone.append(json.loads(python("unit_placet.py", url, space.seconds / 2, 1))["rate"])
            if interpreter:
                spiff.append(_spiff(interpreter, folder, space.seconds))
                ratios.append(placet[-1] / spiff[-1])
    space.report_disk(probes)
    space.report.add(
        Result("Placet, 64 at a time", placet, "units/s", note="a unit is a start and an approval, both durable"),
        Result("Placet, one at a time", alone, "units/s"),
        Result("commits per command, in process", commits, limit=0.1),
    )
    if spiff:
        space.report.add(
            Result("SpiffWorkflow, saved at each step", spiff, "units/s"),
            Result("start + approve / SpiffWorkflow", ratios, "×", limit=5, at_least=True),
        )


def _spiff(interpreter: Path, folder: Path, seconds: float) -> float:
    printed = python("unit_spiff.py", folder / "spiff.db", seconds, given=json.dumps(DATA), interpreter=interpreter)
    rate: float = json.loads(printed)["rate"]
    return rate
