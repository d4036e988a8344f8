"""The crash kit on both databases, with the seed that it always has here; `make crash` takes another each time."""

from __future__ import annotations

import collections
import itertools
import os
import shlex
import subprocess

import pytest

from tests.crash.kit.__main__ import arguments, plans
from tests.crash.kit.plan import ANYWHERE, OVER_A_WIRE, Plan, edges, schedule, steps
from tests.crash.kit.run import run
from tests.programs import ROOT

SEED, SECONDS = 1, 60
SQLITE = Plan(SEED, SECONDS, "sqlite", 1)
POSTGRESQL = Plan(SEED, SECONDS, "postgresql", 3)


@pytest.mark.parametrize("plan", [SQLITE, POSTGRESQL], ids=lambda plan: plan.database)
@pytest.mark.timeout(600)
async def test_nothing_is_lost_whatever_breaks(plan: Plan):
    verdict = await run(plan)
    print(verdict)

    assert verdict.faults == []
    assert verdict.deaths > 0
    assert verdict.asked
    assert verdict.history.unanswered > 0
    assert verdict.history.acknowledged > 100


# -- a run follows from its seed -----------------------------------------------------------------------


@pytest.mark.parametrize("plan", [SQLITE, POSTGRESQL], ids=lambda plan: plan.database)
def test_the_same_seed_breaks_and_asks_the_same(plan: Plan):
    again = Plan(plan.seed, plan.seconds, plan.database, plan.nodes)

    assert schedule(again) == schedule(plan)
    for number in range(plan.clients):
        assert [*itertools.islice(steps(again, number), 200)] == [*itertools.islice(steps(plan, number), 200)]
    for number in range(plan.nodes):
        assert [*itertools.islice(edges(again, number), 50)] == [*itertools.islice(edges(plan, number), 50)]


def test_another_seed_breaks_and_asks_something_else():
    other = Plan(SEED + 1, SECONDS, "postgresql", 3)

    assert schedule(other) != schedule(POSTGRESQL)
    assert next(steps(other, 0)) != next(steps(POSTGRESQL, 0))


@pytest.mark.parametrize("seed", range(5))
def test_everything_that_can_break_does(seed: int):
    on_a_file = collections.Counter(fault.kind for fault in schedule(Plan(seed, SECONDS, "sqlite", 1)))
    over_wires = schedule(Plan(seed, SECONDS, "postgresql", 3))

    assert set(on_a_file) == set(ANYWHERE)
    assert {fault.kind for fault in over_wires} == {*ANYWHERE, *OVER_A_WIRE}
    assert {fault.node for fault in over_wires} == {0, 1, 2}
    assert all(fault.at + fault.seconds <= SECONDS for fault in over_wires)
    assert any(later.at < earlier.at + earlier.seconds for earlier, later in itertools.pairwise(over_wires))


# -- what is typed -------------------------------------------------------------------------------------


def asked_for(command: str) -> list[Plan]:
    """The plans of a command as it is typed."""
    alone = {name: value for name, value in os.environ.items() if not name.startswith("MAKE")}  # a make may run this
    words = [*shlex.split(command), "--dry-run"]
    printed = subprocess.run(words, cwd=ROOT, env=alone, capture_output=True, text=True, check=True)
    _, _, given = printed.stdout.replace("\\\n", " ").rpartition("-m tests.crash.kit")
    return plans(arguments(shlex.split(given)))


@pytest.mark.parametrize("plan", [SQLITE, POSTGRESQL, Plan(7, 0.5, "postgresql", 2)], ids=str)
def test_what_is_printed_runs_it_again(plan: Plan):
    assert asked_for(str(plan)) == [plan]


def test_without_arguments_all_of_it_runs_with_one_new_seed():
    first, second = asked_for("make crash"), asked_for("make crash")

    assert [(plan.database, plan.nodes) for plan in first] == [("sqlite", 1), ("postgresql", 1), ("postgresql", 3)]
    assert {plan.seconds for plan in first} == {60}
    assert {plan.seed for plan in first} != {plan.seed for plan in second}


def test_a_number_of_nodes_holds_for_each_database():
    assert [(plan.database, plan.nodes) for plan in asked_for("make crash NODES=2")] == [
        ("sqlite", 2),
        ("postgresql", 2),
    ]


@pytest.mark.parametrize(
    ("given", "reason"),
    [
        ("--nodes=0", "'0' nodes do nothing; give 1 or more"),
        ("--nodes=many", "'many' is no number of nodes; give 1 or more"),
        ("--seconds=-1", "'-1' is no time to break anything in; give seconds above 0"),
        ("--seconds=soon", "'soon' is no time to break anything in; give seconds above 0"),
        ("--database=oracle", "sqlite"),
    ],
)
def test_what_cannot_be_run_is_told(given: str, reason: str, capsys: pytest.CaptureFixture[str]):
    with pytest.raises(SystemExit):
        arguments([given])

    assert reason in capsys.readouterr().err
