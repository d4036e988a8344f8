"""What runs jobs on both databases: what it takes and when, and what it does with what comes back or does not."""

import asyncio
from contextlib import asynccontextmanager
from datetime import timedelta

import pytest

from placet.core.records import UNABLE_SINCE, work_item_id
from placet.core.statuses import ProcessStatus
from placet.errors import InvalidInput, Unavailable
from placet.jobs.circuit import Bounds, Circuits
from placet.jobs.port import jobs_of
from placet.jobs.postponing import PATIENCE
from placet.jobs.runner import Done, Runner, TryAgain
from placet.store import jobs
from tests.store.harness import an_engine, load, load_trail

CALL = """
name: Call
data: {{who: {{type: string}}, found: {{type: integer}}}}
start: call
activities:
  call:
    kind: connector
    connector: {connector}
    inputs: {{who: "has(data.who) ? data.who : null"}}
    outputs: {{found: response.message}}
    paths: {{success: done}}
  done: {{kind: finish}}
"""
MAIL = """
name: Mail
start: mail
activities:
  mail: {kind: email, to: "'bob@example.org'", subject: S, text: T, next: done}
  done: {kind: finish}
"""
GOOD = {"success": True, "code": 200, "message": 7, "headers": {}, "error": None, "result": 7}


class Scripted(Runner):
    """Gives what it is told to, one thing after the other, and the last one for ever; notes every job that it ran."""

    def __init__(self, *results, bounds=None):
        self.results, self.ran = list(results) or [Done("success", GOOD)], []
        self.shared = bounds or Bounds()
        self.may_end = asyncio.Event()
        self.may_end.set()
        self.began = asyncio.Condition()
        self.now = self.most = 0

    async def run(self, job):
        self.ran.append(job)
        self.now += 1
        self.most = max(self.most, self.now)
        async with self.began:
            self.began.notify_all()
        try:
            await self.may_end.wait()
        finally:
            self.now -= 1
        result = self.results.pop(0) if len(self.results) > 1 else self.results[0]
        if isinstance(result, Exception):
            raise result
        return result

    async def bounds(self, lane):
        return "service", self.shared

    async def has_begun(self, count):
        async with asyncio.timeout(20), self.began:
            await self.began.wait_for(lambda: len(self.ran) >= count)


@asynccontextmanager
async def a_node(url, clock, runner):
    """An engine whose calls are made by `runner`."""
    users, other = CALL.format(connector="Users"), CALL.format(connector="Other").replace("name: Call", "name: Other")
    async with an_engine(url, clock, users, other, runners={"call": runner}) as engine:
        yield engine


async def started(engine, *, definition="Call", **data):
    return (await engine.start(definition, actor="anna", data=data)).process.id


async def job_of(engine, process_id):
    (job,) = (await load(engine, process_id)).jobs.values()
    return job


async def how_many(engine):
    """How many jobs there still are."""
    return await engine.store.read(lambda tx: tx.exec_driver_sql("SELECT count(*) FROM job").scalar())


async def test_a_call_is_run_and_its_process_goes_on(database_url, clock):
    runner = Scripted()
    async with a_node(database_url, clock, runner) as engine:
        process_id = await started(engine, who="Ann")

        await engine.settled()

        found = await load(engine, process_id)
        assert (found.process.process_status, found.process.data) == (
            ProcessStatus.COMPLETED,
            {"who": "Ann", "found": 7},
        )
        assert found.jobs == {}
        assert [job.payload["inputs"] for job in runner.ran] == [{"who": "Ann"}]
        _, events = await load_trail(engine, process_id)
        assert [event.kind for event in events][1:3] == ["call.requested", "call.succeeded"]


async def test_what_is_told_of_calls_is_not_taken_for_the_work_of_others(database_url, clock):
    """Or calls would give way to themselves."""
    async with a_node(database_url, clock, Scripted()) as engine:
        before = engine.store.commands
        for _ in range(3):
            await started(engine)
        await engine.settled()

        assert engine._dispatcher.worker.told == engine.store.commands - before - 3 == 3


async def test_what_may_work_later_is_tried_later(database_url, clock):
    runner = Scripted(TryAgain(timedelta(seconds=30), "not now", {"code": 503}), Done("success", GOOD))
    async with a_node(database_url, clock, runner) as engine:
        process_id = await started(engine)
        await engine.settled()

        job = await job_of(engine, process_id)
        assert job.timer_at == clock.now() + timedelta(seconds=30)
        (tried,) = job.payload["tries"]
        assert (tried["at"], tried["code"], tried["error"]) == (clock.now().isoformat(), 503, "not now")

        clock.move(seconds=29)
        await engine.settled()
        assert len(runner.ran) == 1
        clock.move(seconds=1)
        await engine.settled()

        assert [each.payload["key"] for each in runner.ran] == [f"{process_id}-1"] * 2
        assert (await load(engine, process_id)).process.process_status is ProcessStatus.COMPLETED


@pytest.mark.parametrize(
    ("result", "reason"),
    [
        (Done("timedout", None, "nothing came"), "nothing came"),
        (InvalidInput("There is no such connector."), "There is no such connector."),
        (ZeroDivisionError(), "It failed inside the engine; the log says how."),
        (Done("fault", {"code": 503}, "a\0b"), "a\N{REPLACEMENT CHARACTER}b"),
    ],
)
async def test_whatever_goes_wrong_is_told_and_nobody_waits_for_ever(database_url, clock, result, reason):
    async with a_node(database_url, clock, Scripted(result)) as engine:
        process_id = await started(engine)
        await engine.settled()

        (incident,) = await engine.as_system().incidents()
        assert (incident.incident.process_id, incident.incident.reason) == (process_id, reason)
        assert len(incident.incident.payload["tries"]) == 1


async def test_a_hanging_call_keeps_nobody_else_from_working(database_url, clock):
    runner = Scripted()
    runner.may_end.clear()
    async with a_node(database_url, clock, runner) as engine:
        hanging = await started(engine)
        await runner.has_begun(1)
        assert (await job_of(engine, hanging)).timer == 1

        others = [await started(engine) for _ in range(3)]
        await runner.has_begun(4)
        runner.may_end.set()
        await engine.settled()

        assert not (await load(engine, hanging)).jobs
        assert all([not (await load(engine, other)).jobs for other in others])
        assert len(runner.ran) == 4


async def test_no_more_run_at_once_than_a_service_may_be_asked(database_url, clock):
    runner = Scripted(bounds=Bounds(concurrency=3))
    runner.may_end.clear()
    async with a_node(database_url, clock, runner) as engine:
        for number in range(20):
            await started(engine, definition=("Call", "Other")[number % 2])
        await runner.has_begun(3)
        held = "SELECT count(*) FROM job WHERE timer > 0"
        assert await engine.store.read(lambda tx: tx.exec_driver_sql(held).scalar()) <= 9  # the rest is for other nodes
        runner.may_end.set()
        await engine.settled()

        assert (len(runner.ran), runner.most) == (20, 3)


async def test_a_service_that_does_not_work_is_left_alone_for_a_while(database_url, clock):
    down = TryAgain(timedelta(0), "down")
    runner = Scripted(*[down] * 4, Done("success", GOOD), bounds=Bounds(2, breaker_failures=3, breaker_seconds=60))
    async with a_node(database_url, clock, runner) as engine:
        for _ in range(10):
            await started(engine)
        await engine.settled()
        broke = len(runner.ran)
        assert broke in (3, 4)  # one more may have been on its way

        clock.move(seconds=59)
        await engine.settled()
        assert len(runner.ran) == broke
        runner.results = [down, Done("success", GOOD)]
        clock.move(seconds=1)
        await engine.settled()
        assert len(runner.ran) == broke + 1  # one trial, and it failed

        clock.move(seconds=60)
        await engine.settled()
        assert await how_many(engine) == 0


async def test_a_service_that_refuses_works(database_url, clock):
    """Who says no is there; only who does not answer, or not now, is left alone."""
    no = Done("fault", {"code": 404}, "no such thing")
    async with a_node(database_url, clock, Scripted(no, bounds=Bounds(2, breaker_failures=2))) as engine:
        for _ in range(6):
            await started(engine)
        await engine.settled()

        assert len(await engine.as_system().incidents()) == 6


async def test_who_says_not_now_to_one_call_may_be_asked_for_the_next(database_url, clock):
    """So it is with mail: one full mailbox is no reason to keep everybody else's letters."""
    full = TryAgain(timedelta(minutes=1), "this mailbox is full", works=True)
    runner = Scripted(full, bounds=Bounds(2, breaker_failures=2))
    async with a_node(database_url, clock, runner) as engine:
        for _ in range(6):
            await started(engine)
        await engine.settled()

        assert len(runner.ran) == 6


async def test_a_response_that_no_row_can_hold_is_not_the_end_of_the_process(database_url, clock):
    async with a_node(database_url, clock, Scripted(Done("success", GOOD | {"message": 10**30}))) as engine:
        await started(engine)
        await engine.settled()

        (incident,) = await engine.as_system().incidents()
        assert incident.incident.reason == "What came back could not be taken."


# -- what cannot even be begun -------------------------------------------------------------------------

AWAY = Unavailable("The key for secrets is missing; put the file back.")


async def test_what_cannot_be_begun_waits_and_is_no_try(database_url, clock):
    runner = Scripted(AWAY, AWAY, TryAgain(timedelta(seconds=1), "busy", {"code": 503}), Done("success", GOOD))
    async with a_node(database_url, clock, runner) as engine:
        process_id = await started(engine)
        await engine.settled()
        job = await job_of(engine, process_id)
        assert (job.payload["tries"], job.timer_at) == ([], clock.now() + timedelta(seconds=5))

        for _ in range(2):
            clock.move(seconds=5)
            await engine.settled()
        job = await job_of(engine, process_id)
        assert [tried["code"] for tried in job.payload["tries"]] == [503]
        assert UNABLE_SINCE not in job.payload
        clock.move(seconds=1)
        await engine.settled()

        assert (await load(engine, process_id)).process.process_status is ProcessStatus.COMPLETED


async def test_what_cannot_be_begun_for_long_is_an_incident(database_url, clock):
    runner = Scripted(AWAY)
    async with a_node(database_url, clock, runner) as engine:
        process_id = await started(engine)
        await engine.settled()
        began = clock.now()
        while not (found := await engine.as_system().incidents()):
            clock.move_to((await job_of(engine, process_id)).timer_at)
            await engine.settled()

        assert PATIENCE <= clock.now() - began <= PATIENCE + timedelta(minutes=1)
        assert len(runner.ran) < 30  # it waits longer and longer
        (incident,) = [each.incident for each in found]
        text = "For 10 minutes it could not be begun: The key for secrets is missing; put the file back."
        assert (incident.reason, incident.payload["tries"]) == (text, [])

        runner.results, before = [AWAY, Done("success", GOOD)], len(runner.ran)
        await engine.retry_incident(work_item_id(process_id, incident.number), actor="admin")
        await engine.settled()
        assert len(runner.ran) == before + 1  # and has as long again
        clock.move(seconds=5)
        await engine.settled()
        assert (await load(engine, process_id)).process.process_status is ProcessStatus.COMPLETED


async def test_a_mail_that_could_not_be_begun_for_long_has_as_long_again_when_it_is_retried(database_url, clock):
    runner = Scripted(AWAY)
    async with an_engine(database_url, clock, MAIL, runners={"mail": runner}) as engine:
        process_id = await started(engine, definition="Mail")
        await engine.settled()
        clock.move_to(clock.now() + PATIENCE)
        await engine.settled()
        (found,) = await engine.as_system().incidents()
        await engine.retry_incident(work_item_id(process_id, found.incident.number), actor="admin")
        await engine.settled()

        job = await job_of(engine, process_id)
        assert (job.payload[UNABLE_SINCE], job.timer_at) == (
            clock.now().isoformat(),
            clock.now() + timedelta(seconds=5),
        )


async def test_what_cannot_be_begun_says_nothing_of_the_service(database_url, clock):
    runner = Scripted(AWAY, bounds=Bounds(2, breaker_failures=2))
    async with a_node(database_url, clock, runner) as engine:
        for _ in range(8):
            await started(engine)
        await engine.settled()

        assert len(runner.ran) == 8
        runner.results = [Done("success", GOOD)]
        clock.move(seconds=5)
        await engine.settled()
        assert await how_many(engine) == 0


async def test_a_clock_that_is_set_back_leaves_no_service_alone_for_longer(database_url, clock):
    down = TryAgain(timedelta(seconds=1), "down")
    runner = Scripted(down, bounds=Bounds(2, breaker_failures=2, breaker_seconds=30))
    async with a_node(database_url, clock, runner) as engine:
        for _ in range(2):
            await started(engine)
        await engine.settled()
        clock._now -= timedelta(hours=2)
        runner.results = [Done("success", GOOD)]
        later = await started(engine)
        await engine.settled()

        assert (await load(engine, later)).process.process_status is ProcessStatus.COMPLETED


async def test_a_full_lane_is_no_obstacle_to_another(database_url, clock):
    class Apart(Scripted):
        async def bounds(self, lane):
            return lane, Bounds(concurrency=1)

        async def run(self, job):
            if job.lane.endswith("users"):
                await self.may_end.wait()
            return await super().run(job)

    runner = Apart()
    runner.may_end.clear()
    async with a_node(database_url, clock, runner) as engine:
        for _ in range(30):
            await started(engine)
        other = await started(engine, definition="Other")
        await runner.has_begun(1)
        assert runner.ran[0].process_id == other
        runner.may_end.set()
        await engine.settled()


async def test_an_engine_that_closes_lets_what_runs_come_to_its_end(database_url, clock):
    runner = Scripted()
    runner.may_end.clear()
    async with a_node(database_url, clock, runner) as engine:
        process_id = await started(engine)
        await runner.has_begun(1)
        closing = asyncio.create_task(engine.close())
        await asyncio.sleep(0)
        runner.may_end.set()
        await closing

    async with an_engine(database_url, clock) as engine:
        assert not (await load(engine, process_id)).jobs


async def test_what_does_not_come_to_its_end_is_run_by_the_next(database_url, clock, monkeypatch):
    monkeypatch.setattr("placet.jobs.worker.GRACE_SECONDS", 0)
    runner, again = Scripted(), Scripted()
    runner.may_end.clear()
    async with a_node(database_url, clock, runner) as engine:
        process_id = await started(engine)
        await runner.has_begun(1)

    async with a_node(database_url, clock, again) as engine:
        await engine.settled()

        assert not (await load(engine, process_id)).jobs
        assert [job.payload["key"] for job in (*runner.ran, *again.ran)] == [f"{process_id}-1"] * 2


async def test_an_outcome_is_told_again_until_the_database_takes_it(database_url, clock, monkeypatch):
    runner = Scripted()
    async with a_node(database_url, clock, runner) as engine:
        runner.may_end.clear()
        process_id = await started(engine)
        await runner.has_begun(1)
        submit, refused = engine.store.submit, []

        def away(command):
            if not refused:
                refused.append(command)
                raise Unavailable("the database is away")
            return submit(command)

        monkeypatch.setattr(engine.store, "submit", away)
        monkeypatch.setattr("placet.jobs.worker.AGAIN_SECONDS", 0)
        runner.may_end.set()
        await engine.settled()

        assert (len(refused), len(runner.ran)) == (1, 1)
        assert not (await load(engine, process_id)).jobs


async def test_two_nodes_run_each_job_once(database_url, clock):
    runners = [Scripted(), Scripted()]
    async with a_node(database_url, clock, runners[0]) as engine:
        other = jobs_of(engine.settings, engine.store, clock, {"call": runners[1]}, Circuits())
        for _ in range(40):
            await started(engine)
        other.start()
        await other.settled()
        await engine.settled()
        await other.close()

        ran = [job.process_id for runner in runners for job in runner.ran]
        assert (len(ran), len(set(ran))) == (40, 40)
        assert await how_many(engine) == 0


async def test_the_scheduler_leaves_alone_what_leaves_the_house(database_url, clock):
    async with an_engine(database_url, clock, CALL.format(connector="Users")) as engine:
        await started(engine)

        assert await engine.store.read(lambda tx: jobs.due(tx, clock.now(), 10)) == []
        assert await engine.store.read(jobs.next_due) is None
