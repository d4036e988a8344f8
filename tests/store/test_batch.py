"""One transaction for many commands: who shares it, who is harmed by whom, and what is kept."""

import asyncio

import pytest
from sqlalchemy import exc

from placet.commands import ActOnWorkItem, AddComment, PauseProcess, StartProcess, TerminateProcess
from placet.core import decide as deciding
from placet.core.statuses import Action, Life
from placet.errors import Conflict, InvalidData, NotAllowed, NotFound
from placet.store import batch as batching
from placet.store import lane as writing
from tests.builders import ADMIN, ANNA, BOB, CARL, STRANGER
from tests.store.harness import ASK, an_engine, an_id, count, load, load_trail

KICK = """
name: Kick
start: kick
activities:
  kick: {kind: process, definition: Ask, wait: false, next: done}
  done: {kind: finish}
"""


@pytest.fixture
async def engine(database_url, clock, monkeypatch):
    monkeypatch.setattr(writing, "DECIDING_SECONDS", 60)  # so that a slow machine does not cut a batch short
    async with an_engine(database_url, clock) as engine:
        yield engine


def start(process_id=None, **more):
    return StartProcess(**{"process_id": process_id or an_id(), "definition": "Ask", "initiator": ANNA} | more)


def act(process_id, action, actor=BOB, number=1, **more):
    return ActOnWorkItem(process_id=process_id, number=number, action=Action[action.upper()], actor=actor, **more)


async def together(engine, *commands):
    """The answers to commands that arrive at the same time, and in how many transactions they were decided."""
    before = engine.store.batches
    answers = await asyncio.gather(*(engine.store.submit(command) for command in commands), return_exceptions=True)
    return answers, engine.store.batches - before


async def test_commands_that_arrive_together_share_a_transaction(engine):
    commands = [start() for _ in range(20)]

    answers, batches = await together(engine, *commands)

    assert batches < 10
    assert [answer.process_id for answer in answers] == [command.process_id for command in commands]
    assert await count(engine, "process") == 20


async def test_a_refused_command_harms_nobody(engine):
    good, bad, known = start(), start(data={"reason": 1}), start()
    await engine.as_system().handle(known)

    answers, _ = await together(
        engine,
        good,
        bad,
        act(known.process_id, "approve", STRANGER),
        start(definition="Unheard"),
        act(an_id(), "approve"),
        PauseProcess(process_id=known.process_id, actor=ANNA),
        act(known.process_id, "approve", number=9),
        act(known.process_id, "approve"),
    )

    kinds = [type(answer) for answer in answers]
    assert kinds[1:7] == [InvalidData, NotFound, NotFound, NotFound, NotAllowed, NotFound]
    assert answers[0].process.life is Life.RUNNING
    assert answers[7].process.life is Life.APPROVED
    assert await count(engine, "process") == 2
    with pytest.raises(NotFound):
        await engine.as_system().process(bad.process_id)


async def test_the_second_command_for_a_process_sees_the_first(engine):
    process_id = an_id()

    answers, batches = await together(
        engine,
        start(process_id),
        act(process_id, "claim"),
        act(process_id, "approve", data={"reason": "sun"}, comment="yes"),
        act(process_id, "deny"),
        AddComment(process_id=process_id, text="thanks", actor=ANNA),
    )

    assert batches == 1
    assert isinstance(answers[3], Conflict)
    stored = await load(engine, process_id)
    assert (stored.process.life, stored.process.revision) == (Life.APPROVED, 4)
    assert stored.process.data == {"reason": "sun"}
    assert stored.items[1].owner == BOB
    comments, events = await load_trail(engine, process_id)
    assert [comment.text for comment in comments] == ["yes", "thanks"]
    assert [event.number for event in events] == list(range(1, len(events) + 1))


async def test_of_two_decisions_at_once_one_wins(engine):
    commands = [start() for _ in range(10)]
    await together(engine, *commands)

    answers, _ = await together(
        engine, *(act(command.process_id, action) for command in commands for action in ("approve", "deny"))
    )

    won = [answer for answer in answers if not isinstance(answer, Exception)]
    assert len(won) == 10
    assert all(isinstance(answer, Conflict) for answer in answers if answer not in won)


async def test_a_bug_is_the_answer_of_its_own_command(engine, monkeypatch, caplog):
    def faulty(definition, snapshot, command, facts):
        if command.actor == CARL:
            raise ZeroDivisionError("a bug")
        return deciding.decide(definition, snapshot, command, facts)

    monkeypatch.setattr(batching, "decide", faulty)
    one, bad, other = start(), start(actor=CARL, initiator=CARL), start()

    answers, _ = await together(engine, one, bad, other)

    assert isinstance(answers[1], ZeroDivisionError)
    assert await count(engine, "process") == 2
    assert "decision failed" in caplog.messages


async def test_what_the_database_refuses_is_the_answer_of_its_own_command(engine):
    taken = start()
    await engine.as_system().handle(taken)
    one, bad, other = start(), start(taken.process_id, actor=ADMIN, initiator=BOB), start()

    answers, _ = await together(engine, one, bad, other)

    assert isinstance(answers[1], exc.IntegrityError | Conflict)
    assert [type(answers[n]).__name__ for n in (0, 2)] == ["Outcome", "Outcome"]
    assert await count(engine, "process") == 3
    assert (await load(engine, taken.process_id)).process.initiator == ANNA
    assert await count(engine, "event") == 6


async def test_every_first_event_of_a_command_carries_its_id(engine):
    process_id = an_id()
    commands = [start(process_id), act(process_id, "claim"), act(process_id, "approve")]
    for command in commands:
        await engine.as_system().handle(command)

    _, events = await load_trail(engine, process_id)

    assert [event.command_id for event in events if event.command_id] == [command.id for command in commands]


# -- idempotency keys --------------------------------------------------------------------------------


def keyed(key="k", fingerprint="f", **more):
    return start(idempotency_key=key, fingerprint=fingerprint, **more)


@pytest.mark.parametrize("at_once", [True, False])
async def test_one_key_starts_one_process(engine, at_once):
    commands = [keyed() for _ in range(3)]
    if at_once:
        answers, _ = await together(engine, *commands)
    else:
        answers = [await engine.as_system().handle(command) for command in commands]

    assert {answer.process_id for answer in answers} == {commands[0].process_id}
    assert [answer.repeated for answer in answers] == [False, True, True]
    assert await count(engine, "process") == 1
    assert await count(engine, "start_key") == 1


@pytest.mark.parametrize("at_once", [True, False])
async def test_a_key_belongs_to_one_request_of_one_caller(engine, at_once):
    commands = [keyed(), keyed(fingerprint="g"), keyed(key="l"), keyed(actor=ADMIN), keyed(actor=ANNA)]
    if at_once:
        answers, _ = await together(engine, *commands)
    else:
        answers = [await _answer(engine, command) for command in commands]

    assert isinstance(answers[1], Conflict)
    assert "was used for another request" in answers[1].message
    assert await count(engine, "process") == 4


async def _answer(engine, command):
    try:
        return await engine.as_system().handle(command)
    except Conflict as refusal:
        return refusal


@pytest.mark.parametrize("at_once", [True, False])
async def test_a_refused_start_leaves_its_key_unused(engine, at_once):
    bad, good = keyed(data={"reason": 1}), keyed()
    if at_once:
        (refused, answer), _ = await together(engine, bad, good)
        assert isinstance(refused, InvalidData)
    else:
        with pytest.raises(InvalidData):
            await engine.as_system().handle(bad)
        answer = await engine.as_system().handle(good)

    assert answer.process_id == good.process_id
    assert (await load(engine, good.process_id)).process.life is Life.RUNNING


async def test_a_key_used_through_the_library_gives_the_same_process(engine):
    first = await engine.as_system().start("Ask", initiator="anna", idempotency_key="k")
    await engine.act(first.process.id[:28] + "0001", "approve", actor="bob")

    again = await engine.as_system().start("Ask", initiator="anna", idempotency_key="k")

    assert (again.process.id, again.process.life) == (first.process.id, Life.APPROVED)


async def test_a_key_is_known_to_the_next_engine_and_to_another(database_url, clock):
    async with an_engine(database_url, clock) as one:
        first = await one.as_system().handle(keyed())
        async with an_engine(database_url, clock) as other:
            assert (await other.as_system().handle(keyed())).process_id == first.process_id
    async with an_engine(database_url, clock) as later:
        assert (await later.as_system().handle(keyed())).process_id == first.process_id


async def test_two_engines_race_for_one_key(database_url, clock):
    async with an_engine(database_url, clock) as one, an_engine(database_url, clock) as other:
        for turn in range(5):
            commands = [keyed(f"k{turn}") for _ in range(4)]
            engines = [one, other] * 2
            answers = await asyncio.gather(*(e.as_system().handle(c) for e, c in zip(engines, commands, strict=True)))
            assert len({answer.process_id for answer in answers}) == 1
        assert await count(one, "process") == 5


# -- the outbox --------------------------------------------------------------------------------------


async def test_a_child_is_started_by_the_outbox_once(database_url, clock):
    async with an_engine(database_url, clock, ASK, KICK, run_jobs=True) as engine:
        parent = await engine.as_system().start("Kick", initiator="anna")
        await engine.settled()

        assert parent.process.life is Life.APPROVED
        assert await count(engine, "process") == 2
        assert await count(engine, "job") == 0


async def test_a_job_is_answered_once(engine):
    await engine.as_system().deploy(KICK)
    parent = await engine.as_system().start("Kick", initiator="anna")
    ((key, job),) = [((parent.process.id, n), job) for n, job in (await load(engine, parent.process.id)).jobs.items()]
    commands = [start(job.payload["child"], job=key) for _ in range(3)]

    (first, second), _ = await together(engine, *commands[:2])
    third = await engine.as_system().handle(commands[2])

    assert first.process is not None
    assert (second.process, third.process) == (None, None)
    assert await count(engine, "process") == 2


async def test_a_child_whose_parent_ends_at_the_same_time_does_not_stay_behind(database_url, clock):
    waiting = KICK.replace("wait: false, next: done", "wait: true, paths: {approved: done, denied: done}")
    async with an_engine(database_url, clock, ASK, waiting, run_jobs=True) as engine:
        for turn in range(10):
            parent = await engine.as_system().start("Kick", initiator="anna")
            for _ in range(turn):
                await asyncio.sleep(0)
            await engine.as_system().terminate(parent.process.id)
        await engine.settled()

        assert await engine.as_system().processes(["ProcessStatus=Running"]) == []
        assert await count(engine, "job") == 0


# -- several engines on one database -----------------------------------------------------------------


async def test_another_engine_sees_new_versions_and_people_by_itself(database_url, clock):
    async with an_engine(database_url, clock) as one, an_engine(database_url, clock) as other:
        await one.as_system().deploy(ASK.replace("'bob'", "'carl'"))
        process = await other.as_system().start("Ask", initiator="anna")
        assert (await load(other, process.process.id)).items[1].addressee == CARL
        assert process.definition.version == 2
        await one.as_system().retire("Ask")
        with pytest.raises(Conflict, match="retired"):
            await other.as_system().start("Ask", initiator="anna")

        await one.store.write(_dismiss_carl)
        await other.as_system().handle(TerminateProcess(process_id=process.process.id))
        assert not other.directory.person("carl").active


def _dismiss_carl(tx):
    from placet.core.names import dn_guid
    from placet.store import people

    people.set_status(tx, dn_guid(CARL), people.INACTIVE)


async def test_a_running_process_keeps_its_own_version(engine):
    process = await engine.as_system().start("Ask", initiator="anna")
    await engine.as_system().deploy(
        ASK.replace("approved: done", "approved: no").replace(
            "  done", "  no: {kind: status, set: denied, next: done}\n  done"
        )
    )

    await engine.act(process.process.id[:28] + "0001", "approve", actor="bob")

    assert (await load(engine, process.process.id)).process.life is Life.APPROVED
    newer = await engine.as_system().start("Ask", initiator="anna")
    await engine.act(newer.process.id[:28] + "0001", "approve", actor="bob")
    assert (await load(engine, newer.process.id)).process.life is Life.DENIED


async def test_two_engines_decide_about_the_same_processes(database_url, clock):
    async with an_engine(database_url, clock) as one, an_engine(database_url, clock) as other:
        ids = [(await one.as_system().start("Ask", initiator="anna")).process.id for _ in range(12)]
        tasks = [
            engine.as_system().handle(act(process_id, action))
            for process_id in ids
            for engine, action in ((one, "approve"), (other, "deny"))
        ]
        answers = await asyncio.gather(*tasks, return_exceptions=True)

        assert sum(isinstance(answer, Conflict) for answer in answers) == 12
        assert sum(not isinstance(answer, Exception) for answer in answers) == 12
        for process_id in ids:
            assert (await load(one, process_id)).process.revision == 2
