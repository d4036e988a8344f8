"""What waits for a transaction: in turn, each process with one lane, and no lane idle beside work that it may take."""

import asyncio

import pytest

from placet.commands import AddComment
from placet.errors import Unavailable
from placet.store.backlog import LEAST_IN_BATCH, Backlog

P, Q, R = (digit * 32 for digit in "abc")


def comment(process_id, text="x"):
    return AddComment(process_id=process_id, text=text, actor=None)


def a_function(tx):
    raise AssertionError("nobody runs it here")


@pytest.fixture
async def backlog():
    return Backlog(2)


def filled(backlog, *work):
    for each in work:
        backlog.add(each)


def works(pending):
    return [each.work for each in pending]


async def sleeping(backlog, lane):
    task = asyncio.create_task(backlog.wait(lane))
    await asyncio.sleep(0)
    return task


async def is_awake(task):
    for _ in range(3):
        await asyncio.sleep(0)
    return task.done()


async def test_what_waits_is_taken_in_turn(backlog):
    first, second = comment(P), comment(Q)
    filled(backlog, first, second)

    assert len(backlog) == 2
    assert works(backlog.take(0, 64)) == [first, second]
    assert (len(backlog), backlog.take(1, 64)) == (0, [])


async def test_a_process_is_with_one_lane_until_that_is_done(backlog):
    filled(backlog, comment(P))
    mine = backlog.take(1, 64)
    later, other = [comment(P, "1"), comment(P, "2")], comment(Q)
    filled(backlog, later[0], other, later[1])

    assert works(backlog.take(0, 64)) == [other]
    assert not backlog.has(0)
    assert backlog.has(1)
    backlog.done(mine)
    assert works(backlog.take(1, 64)) == later


async def test_functions_are_for_the_first_lane_alone_and_one_by_one(backlog):
    before, behind = comment(P), comment(Q)
    filled(backlog, before, a_function, a_function, behind)

    assert works(backlog.take(1, 64)) == [before, behind]
    for _ in range(2):
        taken = backlog.take(0, 64)
        assert works(taken) == [a_function]
        backlog.done(taken)


async def test_a_function_comes_in_its_turn(backlog):
    before, behind = comment(P), comment(Q)
    filled(backlog, before, a_function, behind)

    for expected in ([before], [a_function], [behind]):
        taken = backlog.take(0, 64)
        assert works(taken) == expected
        backlog.done(taken)


async def test_free_lanes_share_what_waits(backlog):
    filled(backlog, *(comment(f"{number:032x}") for number in range(100)))

    first = backlog.take(0, 64)
    assert len(first) == 50
    second = backlog.take(1, 64)
    assert len(second) == 50
    backlog.done(first)
    backlog.done(second)

    filled(backlog, *(comment(f"{number:032x}") for number in range(LEAST_IN_BATCH)))
    assert len(backlog.take(0, 64)) == LEAST_IN_BATCH


async def test_a_batch_is_no_larger_than_it_may_be(backlog):
    filled(backlog, *(comment(f"{number:032x}") for number in range(100)))

    assert len(backlog.take(0, 20)) == 20


async def test_who_sleeps_is_woken_for_what_he_may_take(backlog):
    one = await sleeping(backlog, 1)

    filled(backlog, a_function)
    assert not await is_awake(one)
    filled(backlog, comment(P))
    assert await is_awake(one)
    assert one.result() is True


async def test_nobody_is_woken_for_a_process_that_another_is_at(backlog):
    filled(backlog, comment(P))
    mine = backlog.take(0, 64)
    one = await sleeping(backlog, 1)

    filled(backlog, comment(P))
    assert not await is_awake(one)
    filled(backlog, comment(Q))
    assert await is_awake(one)
    backlog.done(mine)


async def test_who_leaves_a_share_wakes_another_for_it(backlog):
    filled(backlog, comment(P), comment(P), *(comment(f"{number:032x}") for number in range(LEAST_IN_BATCH)))
    one = await sleeping(backlog, 1)

    assert len(backlog.take(0, 1)) == 1
    assert await is_awake(one)


async def test_what_is_ready_in_the_same_turn_joins(backlog):
    one = await sleeping(backlog, 0)
    for process_id in (P, Q, R):
        asyncio.get_running_loop().call_soon(backlog.add, comment(process_id))

    assert await is_awake(one)
    assert len(backlog.take(0, 64)) == 3


async def test_a_closed_backlog_takes_nothing_and_wakes_everybody(backlog):
    filled(backlog, comment(P))
    one = await sleeping(backlog, 1)

    backlog.close()

    assert await is_awake(one)
    assert await backlog.wait(1) is False
    with pytest.raises(Unavailable, match="is stopping"):
        backlog.add(comment(Q))
    assert len(backlog.take(1, 64)) == 1
