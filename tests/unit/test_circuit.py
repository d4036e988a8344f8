"""When a service is left alone, and for how long."""

from __future__ import annotations

import asyncio
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


async def test_who_waits_in_person_comes_before_jobs_and_in_his_order():
    circuit, bounds = Circuit(), Bounds(concurrency=1)
    circuit.began()
    people = [asyncio.create_task(circuit.turn(bounds, NINE)) for _ in range(3)]
    await asyncio.wait(people, timeout=0)
    people[1].cancel()
    for each in (people[0], people[2]):
        circuit.ended()
        assert circuit.room(bounds, NINE) == 0, "it is his, and no job's"
        assert await each

    told = []
    circuit.on_end = lambda: told.append(circuit.room(bounds, NINE))
    circuit.end_turn()
    assert told == [1]


async def test_who_goes_away_just_as_it_is_his_turn_gives_it_to_the_next():
    circuit, bounds = Circuit(), Bounds(concurrency=1)
    circuit.began()
    people = [asyncio.create_task(circuit.turn(bounds, NINE)) for _ in range(2)]
    await asyncio.wait(people, timeout=0)
    circuit.ended()
    people[0].cancel()

    assert await people[1]
    assert circuit.running == 1


async def test_who_waits_is_turned_away_once_the_service_is_left_alone():
    circuit, bounds = Circuit(), Bounds(concurrency=1, breaker_failures=1)
    circuit.began()
    waiting = asyncio.create_task(circuit.turn(bounds, NINE))
    await asyncio.wait({waiting}, timeout=0)
    circuit.learn(bounds, NINE, works=False)
    circuit.ended()

    assert await waiting is False
    assert await circuit.turn(bounds, after(seconds=29)) is False
    assert await circuit.turn(bounds, after(seconds=30)) is True
    assert await circuit.turn(bounds, after(seconds=30)) is False, "one is tried"
