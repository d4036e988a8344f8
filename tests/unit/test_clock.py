"""Where time comes from."""

import asyncio
from datetime import UTC, datetime, timedelta, timezone

import pytest

from placet.clock import ManualClock, SystemClock, to_millisecond
from tests.builders import HOUR, NINE


def test_times_are_whole_milliseconds_in_utc():
    assert to_millisecond(NINE.replace(microsecond=1999)).microsecond == 1000
    now = SystemClock().now()
    assert now.microsecond % 1000 == 0
    assert now.tzinfo is UTC
    elsewhere = datetime(2026, 3, 2, 11, 0, 0, 1999, timezone(timedelta(hours=2)))
    assert ManualClock(elsewhere).now() == NINE.replace(microsecond=1000)


def test_a_manual_clock_only_goes_ahead():
    clock = ManualClock(NINE)
    clock.move(hours=1)
    clock.move_to(NINE + HOUR)

    with pytest.raises(ValueError, match="cannot go back"):
        clock.move_to(NINE)
    assert clock.now() == NINE + HOUR


async def test_who_waits_is_woken_by_a_move():
    clock, woken = ManualClock(NINE), asyncio.Event()
    waiting = asyncio.create_task(clock.wait(NINE + HOUR, woken, at_most=60))
    await asyncio.sleep(0)
    assert not waiting.done()

    clock.move(hours=1)
    await waiting

    assert woken.is_set()


async def test_nobody_waits_for_what_has_been():
    await ManualClock(NINE).wait(NINE, asyncio.Event(), at_most=60)
    await SystemClock().wait(NINE - 1000 * HOUR * 24, asyncio.Event(), at_most=60)


async def test_a_wait_ends_when_woken_or_after_its_limit():
    woken = asyncio.Event()
    for clock in (ManualClock(NINE), SystemClock()):
        await clock.wait(None, woken, at_most=0.001)
        woken.set()
        await clock.wait(None, woken, at_most=60)
        woken.clear()
