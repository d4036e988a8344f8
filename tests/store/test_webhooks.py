"""Webhooks on both databases, told to a real server: what arrives, in which order, how often, and what never does."""

from __future__ import annotations

import asyncio
import hashlib
import hmac
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import datetime, timedelta
from functools import partial
from typing import Any

import pytest
from sqlalchemy import select, type_coerce, update
from sqlalchemy.types import BigInteger

from placet import Engine, ManualClock
from placet.directory.caller import Caller
from placet.directory.users import UserValues
from placet.directory.users import change as change_user
from placet.errors import InvalidInput
from placet.jobs.webhooks import AT_ONCE, BOUNDS, RETRY
from placet.settings import Settings
from placet.store import audit, deliveries, trail, webhooks
from placet.store.database import opened
from placet.store.tables import webhook_delivery
from placet.store.trail import Position
from placet.store.webhooks import WebhookRow
from placet.webhooks.pump import Pump
from placet.webhooks.records import Wanted
from tests.builders import ANNA
from tests.fault_server import FaultServer, refused_url
from tests.store.harness import ASK, add_people, an_id, count

SECRET = "a secret of 16 and more"
OTHER = "another secret that follows"
SETTINGS = Settings(secret_key="of the tests, 32 characters long", outbound_allow="127.0.0.0/8")
TWICE = ASK.replace("name: Ask", "name: Other")
STARTED = ("process.started",)


@pytest.fixture
async def receiver() -> AsyncIterator[FaultServer]:
    async with FaultServer() as receiver:
        yield receiver


@asynccontextmanager
async def a_node(url: str, clock: ManualClock, settings: Settings = SETTINGS, **more: Any) -> AsyncIterator[Engine]:
    """An engine that may call servers of this machine, and waits as long as it can between tries."""
    settings = settings.with_values("test", database_url=url)
    async with Engine(settings=settings, clock=clock, **more) as engine:
        engine._courier._sender.seconds = 20
        engine._courier._chance = lambda: 1.0
        if not engine.directory.people:
            await engine.store.write(add_people)
            for text in (ASK, TWICE):
                await engine.as_system().deploy(text)
        yield engine


@pytest.fixture
async def engine(database_url: str, clock: ManualClock) -> AsyncIterator[Engine]:
    async with a_node(database_url, clock) as engine:
        yield engine


def system(engine: Engine) -> Caller:
    return Caller(None, engine.directory, engine.clock.now())


async def add(engine: Engine, url: str, *events: str, name: str = "Theirs", filter_: str = "", **more: Any) -> str:
    wanted = Wanted(name=name, url=url, events=events, filter=filter_, **more)
    return (await engine.webhooks.add(system(engine), wanted, SECRET)).webhook.id


async def started(engine: Engine, definition: str = "Ask") -> str:
    return (await engine.start(definition, actor="anna")).process.id


async def readable(engine: Engine) -> None:
    """Return once no other transaction of the server holds an event back."""
    while await engine.store.read(trail.held_back):
        await engine.clock.wait(None, asyncio.Event(), 0.02)


async def dead(engine: Engine, name: str = "Theirs") -> list[tuple[str, int, str | None]]:
    found = await engine.webhooks.deliveries(system(engine), name, dead=True)
    return [(each.event_id, each.tries, each.last_error) for each in found]


def told(receiver: FaultServer) -> list[tuple[str, str]]:
    """The events that arrived, as ids of processes and kinds."""
    bodies = [request.json for request in receiver.requests]
    return [(body["process"]["id"], body["event"]["kind"]) for body in bodies]


def digest(secret: str, stamp: str, body: bytes) -> str:
    return hmac.new(secret.encode(), stamp.encode() + b"." + body, hashlib.sha256).hexdigest()


async def fail_to_the_end(engine: Engine, clock: ManualClock) -> None:
    """Let all tries of a delivery go by."""
    for _ in range(RETRY.attempts):
        await engine.settled()
        clock.move(hours=12)
    await engine.settled()


# -- what arrives ----------------------------------------------------------------------------------


async def test_an_event_arrives_signed_with_the_head_of_its_process(engine: Engine, receiver: FaultServer):
    await add(engine, receiver.url("/ok"), "process.*")
    process_id = await started(engine)
    await engine.settled()

    (request,) = receiver.requests
    headers, body = request.headers, request.json
    stamp = str(int(engine.clock.now().timestamp()))
    assert (request.method, headers["content-type"], headers["user-agent"]) == (
        "POST", "application/json", "Placet-Webhooks",
    )  # fmt: skip
    assert (headers["placet-event-id"], headers["placet-timestamp"]) == (f"{process_id}-1", stamp)
    assert headers["placet-signature"] == f"t={stamp},v1={digest(SECRET, stamp, request.body)}"
    assert (body["id"], body["webhook"]) == (f"{process_id}-1", "Theirs")
    assert body["event"] == {
        "kind": "process.started", "at": "2026-03-02T09:00:00.000Z", "number": 1, "actor": ANNA,
        "activity": None, "work_item": None, "detail": body["event"]["detail"],
    }  # fmt: skip
    process = body["process"]
    assert (process["id"], process["definition"]["name"], process["definition"]["version"]) == (process_id, "Ask", 1)
    assert (process["process_status"], process["approval_status"]) == ("Running", "Processing")
    assert (process["initiator"], process["completed_at"]) == (ANNA, None)
    assert "data" not in process
    assert await count(engine, "webhook_delivery") == 0


async def test_only_what_is_asked_for_arrives_and_only_from_then_on(engine: Engine, receiver: FaultServer):
    before = await started(engine)
    await readable(engine)
    await add(engine, receiver.url("/ok"), "work_item.*", "process.completed")
    await engine.settled()
    assert receiver.requests == []

    process_id = await started(engine)
    for each in (before, process_id):
        await engine.act(f"{each[:28]}0001", "approve", actor="bob")
    await engine.settled()

    assert sorted(told(receiver)) == sorted(
        [
            (process_id, "work_item.assigned"),
            *((each, kind) for each in (before, process_id) for kind in ("work_item.approved", "process.completed")),
        ]
    )


async def test_a_filter_leaves_processes_out(engine: Engine, receiver: FaultServer):
    found = await engine.as_system().definitions()
    ask = next(each for each in found if each.name == "Other").dn
    filter_ = f"Definition={ask}\nInitiator={ANNA}"
    await add(engine, receiver.url("/ok"), *STARTED, filter_=filter_)
    await started(engine)
    other = await started(engine, "Other")
    await engine.settled()

    assert told(receiver) == [(other, "process.started")]


@pytest.mark.parametrize(
    "filter_",
    [
        "Definition = Other and (Initiator = anna or Initiator = bob)",
        "Definition = Other\nInitiator = anna",
        "WorkItems.Status = Open and\n  Definition = 'Other' and CreationTime > -1h",
        "Definition=cn=Other,cn=RequestDefs,cn=AppConfig,o=placet\nnot (Initiator = bob)",
    ],
)
async def test_a_filter_is_in_the_query_language(engine: Engine, receiver: FaultServer, filter_: str):
    await add(engine, receiver.url("/ok"), *STARTED, filter_=filter_)
    await started(engine)
    other = await started(engine, "Other")
    await engine.settled()

    assert told(receiver) == [(other, "process.started")]


async def test_a_filter_that_names_nobody_any_more_keeps_its_events_until_somebody_mends_it(
    engine: Engine, receiver: FaultServer
):
    await add(engine, receiver.url("/ok"), *STARTED, filter_="Initiator = anna")
    await add(engine, receiver.url("/other"), *STARTED, name="others")
    uid = engine.directory.person("anna").id
    await change_user(engine.store, system(engine), uid, UserValues(user_name="annette"))
    process_id = (await engine.start("Other", actor="annette")).process.id
    await engine.settled()

    assert [request.path for request in receiver.requests] == ["/other"]
    found = await engine.webhooks.one(system(engine), "theirs")
    assert not found.active
    assert found.trouble.startswith("Its filter cannot be asked any more: ")
    assert "'anna'" in found.trouble
    mended = Wanted(name=found.name, url=found.url, events=found.events, filter="Initiator = annette")
    await engine.webhooks.change(system(engine), "theirs", mended)
    await engine.settled()

    assert told(receiver) == [(process_id, "process.started")] * 2


async def test_the_last_webhook_that_is_left_alone_leaves_the_courier_in_peace(
    engine: Engine, receiver: FaultServer, caplog: pytest.LogCaptureFixture
):
    await add(engine, receiver.url("/ok"), *STARTED, filter_="Initiator = anna")
    uid = engine.directory.person("anna").id
    await change_user(engine.store, system(engine), uid, UserValues(user_name="annette"))
    await engine.start("Other", actor="annette")
    await engine.settled()
    await engine.settled()

    assert not (await engine.webhooks.one(system(engine), "theirs")).active
    assert "the courier failed" not in caplog.text


async def test_a_relative_time_counts_from_the_event(engine: Engine, receiver: FaultServer, clock: ManualClock):
    await add(engine, receiver.url("/ok"), "process.*", filter_="CreationTime > -1h")
    process_id = await started(engine)
    await engine.settled()
    clock.move(hours=2)
    await engine.act(f"{process_id[:28]}0001", "approve", actor="bob")  # too late to be told of
    await engine.settled()

    assert told(receiver) == [(process_id, "process.started")]


@pytest.mark.parametrize("filter_", ["Initiator = nobody", "Initiator = me", "Colour = red", "sort CreationTime"])
async def test_a_filter_that_cannot_be_meant_is_refused(engine: Engine, receiver: FaultServer, filter_: str):
    with pytest.raises(InvalidInput):
        await add(engine, receiver.url("/ok"), filter_=filter_)


async def test_without_a_webhook_the_database_is_asked_nothing(engine: Engine, monkeypatch: pytest.MonkeyPatch):
    async def refuse(*_: Any, **__: Any) -> Any:
        raise AssertionError("the database was asked")

    courier = engine._courier
    monkeypatch.setattr(courier._pump, "run", refuse)
    reads: list[Any] = []
    original = engine.store.read

    class Counting:
        async def read(self, work: Any) -> Any:
            reads.append(work)
            return await original(work)

    monkeypatch.setattr(courier, "_store", Counting())
    monkeypatch.setattr(courier._live, "_database", Counting())
    await started(engine)
    await engine.settled()

    assert reads == []
    assert not courier._woken.is_set()


# -- order -----------------------------------------------------------------------------------------


async def test_a_later_event_of_a_process_waits_for_an_earlier_one_and_other_processes_go_on(
    engine: Engine, receiver: FaultServer, clock: ManualClock
):
    await add(engine, receiver.url("/error?times=2"), "process.*", "work_item.approved")
    slow = await started(engine)
    await engine.settled()
    await engine.act(f"{slow[:28]}0001", "approve", actor="bob")
    clock.move(seconds=9)
    await engine.settled()
    assert told(receiver) == [(slow, "process.started")]

    clock.move(seconds=1)
    await engine.settled()
    quick = await started(engine)
    await engine.settled()
    assert told(receiver)[1:] == [(slow, "process.started"), (quick, "process.started")]

    clock.move(seconds=30)
    await engine.settled()
    kinds = ["process.started"] * 3 + ["work_item.approved", "process.completed"]
    assert [kind for process_id, kind in told(receiver) if process_id == slow] == kinds


async def test_what_is_dead_lets_those_behind_it_go_and_is_replayed_after_them(
    engine: Engine, receiver: FaultServer, clock: ManualClock
):
    await add(engine, receiver.url(f"/error?times={RETRY.attempts}"), "process.*", "work_item.approved")
    process_id = await started(engine)
    await engine.act(f"{process_id[:28]}0001", "approve", actor="bob")
    await fail_to_the_end(engine, clock)

    kinds = [kind for _, kind in told(receiver)]
    assert kinds == ["process.started"] * RETRY.attempts + ["work_item.approved", "process.completed"]
    assert await dead(engine) == [(f"{process_id}-1", RETRY.attempts, "It answered 500 Internal Server Error.")]

    assert await engine.webhooks.replay(system(engine), "Theirs", f"{process_id}-1") == 1
    await engine.settled()
    assert told(receiver)[-1] == (process_id, "process.started")
    assert (await dead(engine), await count(engine, "webhook_delivery")) == ([], 0)


async def test_all_that_is_dead_is_replayed_in_its_order(engine: Engine, receiver: FaultServer, clock: ManualClock):
    await add(engine, receiver.url(f"/error?times={3 * RETRY.attempts}"), "process.*", "work_item.approved")
    process_id = await started(engine)
    await engine.act(f"{process_id[:28]}0001", "approve", actor="bob")
    for _ in range(3):
        await fail_to_the_end(engine, clock)
    assert len(await dead(engine)) == 3
    arrived = len(receiver.requests)

    assert await engine.webhooks.replay(system(engine), "Theirs") == 3
    await engine.settled()

    assert [kind for _, kind in told(receiver)[arrived:]] == [
        "process.started", "work_item.approved", "process.completed",
    ]  # fmt: skip
    assert await engine.webhooks.replay(system(engine), "Theirs") == 0


# -- what goes wrong -------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("target", "error"),
    [
        ("/error?code=500", "It answered 500 Internal Server Error."),
        ("/error?code=404", "It answered 404 Not Found."),
        ("/redirect?to=/ok", "It answered 302 Found."),
        ("/close", "127.0.0.1 broke off"),
        ("/hang", "127.0.0.1 gave no whole answer within 0.3 s."),
        ("/half", "127.0.0.1 broke off"),
        ("/drip", "127.0.0.1 gave no whole answer within 0.3 s."),
        ("/garbage", "127.0.0.1 broke off"),
        (None, "127.0.0.1 cannot be connected to"),
    ],
)
async def test_what_did_not_arrive_is_tried_again(
    engine: Engine, receiver: FaultServer, clock: ManualClock, target: str | None, error: str
):
    if "within 0.3 s" in error:
        engine._courier._sender.seconds = 0.3
    await add(engine, refused_url() if target is None else receiver.url(target), *STARTED)
    await started(engine)
    await engine.settled()

    (delivery,) = await engine.webhooks.deliveries(system(engine), "Theirs", dead=False)
    assert delivery.tries == 1
    assert (delivery.next_at, delivery.last_at) == (clock.now() + timedelta(seconds=10), clock.now())
    assert (delivery.last_error or "").startswith(error)
    assert receiver.seen("/ok") == []


@pytest.mark.parametrize(
    ("url", "error"),
    [
        ("http://127.0.0.1:1/", "Nothing is sent to the address 127.0.0.1"),
        ("http://localhost:1/", "Nothing is sent to the address"),
        ("http://[::1]/", "Nothing is sent to the address ::1"),
        ("http://169.254.169.254/latest/meta-data/", "Nothing is sent to the address 169.254.169.254"),
        ("http://10.0.0.1/", "Nothing is sent to the address 10.0.0.1"),
        ("http://[64:ff9b::7f00:1]/", "Nothing is sent to the address 64:ff9b::7f00:1"),
        ("http://[2002:7f00:1::]/", "Nothing is sent to the address 2002:7f00:1::"),
        ("http://[::ffff:127.0.0.1]/", "Nothing is sent to the address ::ffff:"),
    ],
)
async def test_nothing_is_sent_to_an_address_inside(database_url: str, clock: ManualClock, url: str, error: str):
    async with a_node(database_url, clock, SETTINGS.with_values("test", outbound_allow="")) as engine:
        await add(engine, url, *STARTED)
        await started(engine)
        await engine.settled()

        (delivery,) = await engine.webhooks.deliveries(system(engine), "Theirs", dead=False)
        assert (delivery.last_error or "").startswith(error)
        assert (await engine.webhooks.test(system(engine), "Theirs")).message.startswith(error)


@pytest.mark.parametrize(
    "url",
    [
        "ftp://example.org/", "file:///etc/passwd", "http://user:word@example.org/", "http://2130706433/",
        "http://0x7f.1/", "http://127.1/", "http://example.org:0/", "http://", "", "no url",
        "http://example.org/" + "x" * 2000,
    ],
)  # fmt: skip
async def test_a_hostile_url_is_refused_when_it_is_given(engine: Engine, url: str):
    with pytest.raises(InvalidInput):
        await add(engine, url)


async def test_who_asks_for_more_time_is_given_it(engine: Engine, receiver: FaultServer, clock: ManualClock):
    await add(engine, receiver.url("/error?code=429&after=3600&times=1"), *STARTED)
    await started(engine)
    await engine.settled()
    clock.move(minutes=59)
    await engine.settled()
    assert len(receiver.requests) == 1

    clock.move(minutes=1)
    await engine.settled()
    assert len(receiver.requests) == 2
    assert await count(engine, "webhook_delivery") == 0


async def test_the_event_id_stays_and_the_signature_is_of_the_moment(
    engine: Engine, receiver: FaultServer, clock: ManualClock
):
    await add(engine, receiver.url("/error?times=1"), *STARTED)
    await started(engine)
    await engine.settled()
    clock.move(seconds=10)
    await engine.settled()

    first, second = (request.headers for request in receiver.requests)
    assert first["placet-event-id"] == second["placet-event-id"]
    assert int(second["placet-timestamp"]) == int(first["placet-timestamp"]) + 10
    assert first["placet-signature"] != second["placet-signature"]


async def test_a_receiver_that_is_gone_is_left_alone_until_somebody_says_otherwise(
    engine: Engine, receiver: FaultServer, clock: ManualClock
):
    await add(engine, receiver.url("/error?code=410&times=1"), *STARTED)
    await started(engine)
    await engine.settled()
    await started(engine)
    clock.move(days=1)
    await engine.settled()

    assert len(receiver.requests) == 1
    found = await engine.webhooks.one(system(engine), "theirs")
    assert (found.active, found.trouble) == (False, "Its receiver answered 410 Gone.")
    wanted = Wanted(name=found.name, url=found.url, events=found.events)
    await engine.webhooks.change(system(engine), "Theirs", wanted)
    await engine.settled()

    assert len(receiver.requests) == 3
    assert await count(engine, "webhook_delivery") == 0


async def test_one_that_hangs_keeps_no_other_waiting(engine: Engine, receiver: FaultServer):
    await add(engine, receiver.url("/held"), *STARTED, name="Slow")
    await add(engine, receiver.url("/ok"), *STARTED, name="Quick")
    for _ in range(2 * AT_ONCE):
        await started(engine)

    await receiver.wait_for(2 * AT_ONCE, "/ok")
    await receiver.wait_for(AT_ONCE, "/held")
    assert len(receiver.seen("/held")) == AT_ONCE
    receiver.release.set()
    await engine.settled()
    assert len(receiver.seen("/held")) == 2 * AT_ONCE


async def test_a_receiver_that_does_not_work_is_left_alone_for_a_while(
    engine: Engine, receiver: FaultServer, clock: ManualClock
):
    await add(engine, receiver.url("/error?code=503"), *STARTED, name="Down")
    await add(engine, receiver.url("/ok"), *STARTED, name="Up")
    for _ in range(60):
        await started(engine)
    await engine.settled()

    broke = len(receiver.seen("/error"))
    assert BOUNDS.breaker_failures <= broke < BOUNDS.breaker_failures + AT_ONCE  # a few were on their way
    assert len(receiver.seen("/ok")) == 60
    clock.move(seconds=BOUNDS.breaker_seconds - 1)
    await engine.settled()
    assert len(receiver.seen("/error")) == broke
    clock.move(seconds=1)
    await engine.settled()
    assert len(receiver.seen("/error")) == broke + 1  # one trial
    tries = await engine.store.read(lambda tx: tx.exec_driver_sql("SELECT sum(tries) FROM webhook_delivery").scalar())
    assert tries == broke + 1  # what waits meanwhile loses none of its own


async def test_a_receiver_that_works_again_gets_everything(engine: Engine, receiver: FaultServer, clock: ManualClock):
    times = BOUNDS.breaker_failures
    await add(engine, receiver.url(f"/error?code=503&times={times}"), *STARTED)
    ids = {await started(engine) for _ in range(40)}
    await engine.settled()
    clock.move(seconds=BOUNDS.breaker_seconds)
    await engine.settled()

    assert {process_id for process_id, _ in told(receiver)} == ids
    assert await count(engine, "webhook_delivery") == 0


async def test_a_receiver_that_refuses_some_events_gets_the_others(
    engine: Engine, receiver: FaultServer, clock: ManualClock
):
    """Who says no is there: what he does not want is no reason to keep the rest from him."""
    await add(engine, receiver.url("/error?code=422&times=40"), *STARTED)
    for _ in range(45):
        await started(engine)
    await engine.settled()

    assert len(receiver.requests) == 45


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
async def test_however_many_wait_no_event_that_is_added_reads_all_of_them(engine: Engine):
    def plan(tx: Any) -> str:
        statement = str(deliveries._BEGIN.statement.compile(dialect=tx.dialect))
        return str(tx.exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}", (0,) * statement.count("?")).all())

    told = await engine.store.read(plan)
    assert told.count("uq_webhook_delivery_event (webhook_id=? AND process_id=?") == told.count("SEARCH") == 3, told


# -- nodes that stop, and several of them ----------------------------------------------------------


async def test_what_was_under_way_when_a_node_died_comes_again_once_its_lease_is_over(
    database_url: str, clock: ManualClock, receiver: FaultServer
):
    async with a_node(database_url, clock, run_jobs=False) as engine:
        await add(engine, receiver.url("/ok"), *STARTED)
        await started(engine)
        courier = engine._courier
        await readable(engine)
        assert await courier._pump.run(await courier._live.active())
        webhook_id = (await engine.webhooks.one(system(engine), "Theirs")).id
        (taken,) = await engine.store.write(
            lambda tx: deliveries.take(tx, {webhook_id: 1}, clock.now())
        )  # and here it dies

    async with a_node(database_url, clock) as engine:
        await engine._courier._look()
        assert not engine._courier._under_way
        await engine.store.write(move_leases, refresh=False)
        await engine.settled()

        assert [request.headers["placet-event-id"] for request in receiver.requests] == [taken.event_id]
        assert await count(engine, "webhook_delivery") == 0


async def test_what_is_under_way_is_kept_as_long_as_it_takes(
    database_url: str, clock: ManualClock, receiver: FaultServer
):
    async with a_node(database_url, clock) as engine:
        await add(engine, receiver.url("/held"), *STARTED)
        await started(engine)
        await receiver.wait_for(1)
        taken_until = await held_until(engine)
        async with asyncio.timeout(20):
            while await held_until(engine) == taken_until:
                await clock.wait(None, asyncio.Event(), 0.02)
        (delivery,) = await engine.webhooks.deliveries(system(engine), "Theirs", dead=False)
        assert delivery.tries == 1
        receiver.release.set()
        await engine.settled()

        assert await count(engine, "webhook_delivery") == 0


@pytest.mark.parametrize("minutes", [-1, 1])
async def test_nodes_whose_clocks_differ_do_not_take_each_other_s_deliveries(
    database_url: str, clock: ManualClock, receiver: FaultServer, minutes: int
):
    others = SETTINGS.with_values("test", engine_id="other"), ManualClock(clock.now() + timedelta(minutes=minutes))
    async with a_node(database_url, clock) as engine, a_node(database_url, others[1], others[0]) as other:
        await add(engine, receiver.url("/held"), *STARTED)
        await started(engine)
        await receiver.wait_for(1)
        for each in (engine, other):
            await each._courier._look()
        (delivery,) = await engine.webhooks.deliveries(system(engine), "Theirs", dead=False)
        receiver.release.set()
        await asyncio.gather(engine.settled(), other.settled())

        assert (delivery.tries, len(receiver.requests)) == (1, 1)
        assert await count(engine, "webhook_delivery") == 0


async def test_who_took_something_before_the_database_s_clock_was_set_back_does_not_keep_it(
    database_url: str, clock: ManualClock, receiver: FaultServer
):
    async with a_node(database_url, clock, run_jobs=False) as engine:
        await add(engine, receiver.url("/ok"), *STARTED)
        await started(engine)
        await readable(engine)
        assert await engine._courier._pump.run(await engine._courier._live.active())
        webhook_id = (await engine.webhooks.one(system(engine), "Theirs")).id

        def take(tx: Any) -> list[deliveries.Delivery]:
            return deliveries.take(tx, {webhook_id: 1}, clock.now())

        assert len(await engine.store.write(take)) == 1
        assert await engine.store.write(take) == []
        await engine.store.write(partial(move_leases, by=timedelta(hours=1)))
        assert len(await engine.store.write(take)) == 1


async def held_until(engine: Engine) -> datetime | None:
    return await engine.store.read(lambda tx: tx.execute(select(webhook_delivery.c.held_until)).scalar_one())


def move_leases(tx: Any, by: timedelta = -deliveries.LEASE - timedelta(seconds=1)) -> None:
    """Have all that is taken be taken for longer, or no longer."""
    until = type_coerce(webhook_delivery.c.held_until, BigInteger)
    tx.execute(update(webhook_delivery).values(held_until=until + by // timedelta(milliseconds=1)))


async def test_who_was_overtaken_changes_nothing(database_url: str, clock: ManualClock, receiver: FaultServer):
    async with a_node(database_url, clock, run_jobs=False) as engine:
        await add(engine, receiver.url("/ok"), *STARTED)
        await started(engine)
        await readable(engine)
        assert await engine._courier._pump.run(await engine._courier._live.active())
        webhook_id, now = (await engine.webhooks.one(system(engine), "Theirs")).id, clock.now()

        def take(tx: Any) -> list[deliveries.Delivery]:
            return deliveries.take(tx, {webhook_id: 1}, now)

        (slept,) = await engine.store.write(take)
        await engine.store.write(move_leases)
        (other,) = await engine.store.write(take)
        await engine.store.write(move_leases)
        moved = await held_until(engine)
        await engine.store.write(lambda tx: deliveries.keep(tx, [slept]))
        for outcomes in (deliveries.Outcomes([slept], [], []), deliveries.Outcomes([], [], [slept])):
            await engine.store.write(partial(deliveries.settle, outcomes=outcomes, now=now))
        assert await held_until(engine) == moved

        await engine.store.write(lambda tx: deliveries.keep(tx, [other]))
        assert await held_until(engine) != moved
        await engine.store.write(lambda tx: deliveries.settle(tx, deliveries.Outcomes([other], [], []), now))
        assert await count(engine, "webhook_delivery") == 0


async def test_a_node_that_closes_leaves_what_is_under_way_to_the_next(
    database_url: str, clock: ManualClock, receiver: FaultServer, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr("placet.jobs.webhooks._GRACE_SECONDS", 0.05)
    async with a_node(database_url, clock) as engine:
        await add(engine, receiver.url("/held"), *STARTED)
        await started(engine)
        await receiver.wait_for(1)
    receiver.release.set()

    async with a_node(database_url, clock) as engine:
        await engine.settled()
        assert len(receiver.requests) == 2
        assert await count(engine, "webhook_delivery") == 0


async def test_two_nodes_send_each_event_once_and_in_order(
    database_url: str, clock: ManualClock, receiver: FaultServer
):
    others = SETTINGS.with_values("test", engine_id="other")
    async with a_node(database_url, clock) as one, a_node(database_url, clock, others) as other:
        await add(one, receiver.url("/ok"))
        ids = await asyncio.gather(*(started(engine) for engine in (one, other) * 15))
        await asyncio.gather(*(one.act(f"{each[:28]}0001", "approve", actor="bob") for each in ids))
        async with asyncio.timeout(20):
            while not receiver.requests or await count(one, "webhook_delivery"):
                await asyncio.gather(one.settled(), other.settled())
        sent = [request.headers["placet-event-id"] for request in receiver.requests]
        for each in ids:
            events = await one.as_system().timeline(each)
            assert [id_ for id_ in sent if id_.startswith(each)] == [f"{each}-{event.number}" for event in events]
        assert len(sent) == len(set(sent))


async def test_what_one_node_has_seen_to_another_does_not_see_to_again(
    database_url: str, clock: ManualClock, receiver: FaultServer
):
    async with a_node(database_url, clock, run_jobs=False) as engine:
        await add(engine, receiver.url("/ok"), *STARTED)
        found = await engine._courier._live.active()
        one, other = (Pump(engine.store, engine._world, clock) for _ in range(2))
        for pump in (one, other):
            assert not await pump.run(found)  # so that both know its place
        for made in (1, 2):
            await started(engine)
            await readable(engine)
            for pump in (one, other):
                while await pump.run(found):
                    pass
            assert await count(engine, "webhook_delivery") == made


async def test_an_event_that_comes_while_the_one_before_it_is_written_off_does_not_wait_for_ever(
    database_url: str, clock: ManualClock
):
    process_id, webhook_id, now = an_id(), an_id(), clock.now()
    row = WebhookRow(
        id=webhook_id, name="Theirs", folded="theirs", url="", events=[], filter="", secret=b"", active=True,
        trouble=None, revision=1, created_at=now,
    )  # fmt: skip

    def first(tx: Any) -> list[deliveries.Delivery]:
        webhooks.add(tx, row)
        deliveries.add(tx, webhook_id, [(process_id, 1)], now)
        return deliveries.take(tx, {webhook_id: 1}, now)

    def second(tx: Any) -> None:
        assert webhooks.move_on(tx, webhook_id, Position(), Position(0, 2))
        deliveries.add(tx, webhook_id, [(process_id, 2)], now)

    async def add_second() -> None:
        await adding.begin()
        await adding.run(second)
        await adding.commit()

    async with opened(database_url) as database:
        ending, adding = [await database.connect_writer() for _ in range(2)]
        await ending.begin()
        arrived = await ending.run(first)
        await ending.commit()
        await ending.begin()
        await ending.run(lambda tx: deliveries.settle(tx, deliveries.Outcomes(arrived, [], []), now))
        task = asyncio.create_task(add_second())
        await asyncio.wait([task], timeout=0.3)  # it waits for the other transaction, and would else be done
        await ending.commit()
        await task
        (left,) = await database.read(lambda tx: deliveries.page(tx, webhook_id, dead=False, after=0, limit=None))
        for connection in (ending, adding):
            await connection.close()

    assert (left.event_number, left.next_at) == (2, now)


# -- secrets ---------------------------------------------------------------------------------------


async def test_both_secrets_sign_for_a_day_after_a_change(engine: Engine, receiver: FaultServer, clock: ManualClock):
    await add(engine, receiver.url("/ok"), *STARTED)
    await engine.webhooks.change_secret(system(engine), "Theirs", OTHER)
    for move in (23, 1):
        await started(engine)
        await engine.settled()
        clock.move(hours=move)
    await started(engine)
    await engine.settled()

    signed = []
    for request in receiver.requests:
        stamp = request.headers["placet-timestamp"]
        names = {digest(SECRET, stamp, request.body): "first", digest(OTHER, stamp, request.body): "second"}
        _, *parts = request.headers["placet-signature"].split(",")
        signed.append([names[part.removeprefix("v1=")] for part in parts])
    assert signed == [["second", "first"], ["second", "first"], ["second"]]


async def test_secrets_are_on_no_audit_entry_in_no_repr_and_encrypted(engine: Engine, receiver: FaultServer):
    added = await engine.webhooks.add(
        system(engine), Wanted(name="Theirs", url=receiver.url("/ok?token=in-the-url")), SECRET
    )
    made = await engine.webhooks.change_secret(system(engine), "Theirs")
    ping = await engine.webhooks.test(system(engine), "Theirs")
    await engine.webhooks.remove(system(engine), "Theirs")

    entries = await engine.store.read(lambda tx: audit.page(tx, audit.EVERYTHING, limit=None))
    told_of = str([*entries, added, made, ping.request])
    assert [entry.kind for entry in reversed(entries) if entry.kind.startswith("webhook")] == [
        "webhook.added", "webhook.changed", "webhook.removed",
    ]  # fmt: skip
    for secret in (SECRET, made.secret, "in-the-url", receiver.requests[0].headers["placet-signature"]):
        assert secret not in told_of
    assert len(made.secret) >= 32


async def test_removing_one_removes_what_was_on_its_way(engine: Engine, receiver: FaultServer):
    await add(engine, receiver.url("/error"), *STARTED)
    await started(engine)
    await engine.settled()
    assert await count(engine, "webhook_delivery") == 1

    await engine.webhooks.remove(system(engine), "Theirs")
    await engine.settled()
    assert await count(engine, "webhook_delivery") == 0
    assert await engine.webhooks.every(system(engine)) == []


SALARY = """
name: Salary
data: {salary: {type: string, required: true}}
start: call
activities:
  call: {kind: connector, connector: Typed, inputs: {n: data.salary}, paths: {success: done}}
  done: {kind: finish}
"""


async def test_no_words_that_may_quote_a_data_item_are_sent(engine: Engine, receiver: FaultServer):
    connector = f"{{service: Pay, url: '{receiver.url('/pay')}', parameters: {{n: {{type: integer}}}}}}"
    file = f"services: {{Pay: {{}}}}\nconnectors: {{Typed: {connector}}}"
    await engine.connectors.import_text(system(engine), file, "pay.yaml")
    await engine.as_system().deploy(SALARY)
    await add(engine, receiver.url("/ok"))
    process_id = (await engine.start("Salary", actor="anna", data={"salary": "salary of ben is 99999"})).process.id
    await engine.settled()

    bodies = [request.json["event"] for request in receiver.seen("/ok")]
    kinds = [body["kind"] for body in bodies]
    assert {"call.failed", "incident.opened"} <= set(kinds)
    assert all("reason" not in body["detail"] for body in bodies)
    assert "99999" not in str([request.body for request in receiver.requests])
    assert "99999" not in str(await engine.as_system().timeline(process_id))


@pytest.mark.parametrize("path", ["/large", "/members", "/bomb"])
async def test_of_an_answer_only_the_status_counts(engine: Engine, receiver: FaultServer, path: str):
    await add(engine, receiver.url(path), *STARTED)
    await started(engine)
    await engine.settled()

    assert await count(engine, "webhook_delivery") == 0
    assert len(receiver.requests) == 1
