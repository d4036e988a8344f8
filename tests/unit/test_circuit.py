"""When a service is left alone, and for how long."""

from __future__ import annotations

from datetime import timedelta

from placet.jobs.circuit import Bounds, Circuit
from tests.builders import NINE

BOUNDS = Bounds(concurrency=4, breaker_failures=3, breaker_seconds=30)


def broken() -> Circuit:
    circuit = Circuit()
    for _ in range(BOUNDS.breaker_failures):
        circuit.learn(BOUNDS, NINE, works=False)
    return circuit


def after(**amount: float):
    return NINE + timedelta(**amount)


def test_after_failures_in_a_row_nobody_is_called_and_then_one():
    circuit = broken()

    assert [circuit.room(BOUNDS, after(seconds=seconds)) for seconds in (0, 29, 30)] == [0, 0, 1]
    circuit.began()
    assert circuit.room(BOUNDS, after(seconds=31)) == 0
    circuit.ended()
    circuit.learn(BOUNDS, after(seconds=31), works=True)
    assert circuit.room(BOUNDS, after(seconds=31)) == BOUNDS.concurrency


def test_a_failure_between_successes_breaks_nothing():
    circuit = Circuit()
    for works in (False, False, True) * 5:
        circuit.learn(BOUNDS, NINE, works=works)

    assert circuit.room(BOUNDS, NINE) == BOUNDS.concurrency


def test_a_clock_that_is_set_back_leaves_no_service_alone_for_longer():
    circuit = broken()

    back = after(hours=-2)
    assert (circuit.is_broken(back), circuit.room(BOUNDS, back)) == (False, 1)
    circuit.learn(BOUNDS, back, works=False)  # it still does not work: from now on it is left alone again
    seconds = (0, 29, 30)
    assert [circuit.is_broken(back + timedelta(seconds=each)) for each in seconds] == [True, True, False]
