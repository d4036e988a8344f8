"""What is stored is what was decided: after each step the database holds what a process in memory holds."""

from datetime import timedelta

import pytest

from placet.commands import (
    ActOnWorkItem,
    AddComment,
    ChildEnded,
    FireItemTimer,
    FireJob,
    PauseProcess,
    ResumeProcess,
    StartProcess,
    TerminateProcess,
)
from placet.core.statuses import Action, Life
from placet.query.folding import fold_text
from tests.builders import ADMIN, ANNA, BOARD, BOB, CARL, DAY, DORA, NINE, Story
from tests.store.harness import an_engine, an_id, count, load, load_trail

RICH = """
name: Rich
data:
  word: {type: string, required: true, indexed: true}
  words: {type: string, multi_valued: true, indexed: true}
  yes: {type: boolean, indexed: true}
  whole: {type: integer, indexed: true}
  part: {type: decimal, indexed: true}
  day: {type: date, indexed: true}
  whose: {type: dn, indexed: true}
  bytes: {type: binary}
  tree: {type: json}
start: fork
activities:
  fork: {kind: branch, next: [left, right]}
  left:
    kind: approval
    name: The left one
    addressees: "['bob', 'cn=Board,ou=groups,o=placet']"
    settle: all
    priority: high
    due: 2d
    timeout: 9d
    remind: {after: 1d, every: 1d}
    escalate: {after: 3d, to: "'dora'"}
    paths: {approved: note, denied: note}
  note: {kind: log, comment: "'left: ' + data.word", next: meet}
  right: {kind: wait, for: 4d, next: meet}
  meet: {kind: merge, next: change}
  change: {kind: mapping, set: {whole: data.whole + 1, words: "['x', data.word]"}, next: kick}
  kick: {kind: process, definition: Rich, wait: true, data: {word: data.word}, paths: {approved: done, denied: done}}
  done: {kind: finish}
"""
DATA = {
    "word": "Straße 'n\"\\ \u2603 \U0001f600",
    "words": ["b", "a", "b"],
    "yes": False,
    "whole": 2**63 - 2,
    "part": "0.1",
    "day": "20080723044715123-0400",
    "whose": "CN=Some One, o=x",
    "bytes": "AAECAwQ=",
    "tree": {"a": [1, 2.5, None, True, {"b": "ü"}]},
}


def the_script(number):
    """One long life, in which every field of every record is set at some time."""

    def act(n, action, actor=None, **more):
        return ActOnWorkItem(process_id=number, number=n, action=Action[action.upper()], actor=actor, **more)

    yield (
        0 * DAY,
        StartProcess(
            process_id=number,
            definition="Rich",
            actor=ADMIN,
            initiator="anna",
            recipient="CN=Else, o=x",
            correlation_id="C 1",
            proxy="carl",
            data=DATA,
        ),
    )
    yield timedelta(milliseconds=7), act(2, "claim", CARL)
    yield 0 * DAY, AddComment(process_id=number, text="why? \u2603", actor=ANNA, number=2)
    yield 0 * DAY, act(2, "release", CARL)
    yield DAY, FireItemTimer(process_id=number, number=1, timer=0)
    yield 0 * DAY, PauseProcess(process_id=number, actor=ADMIN)
    yield DAY, AddComment(process_id=number, text="held")
    yield DAY, ResumeProcess(process_id=number, actor=ADMIN)
    yield DAY, act(2, "return", DORA, comment="no")
    yield 0 * DAY, act(3, "approve", ANNA, data={"yes": True, "words": ["c"], "tree": None})
    yield 0 * DAY, act(4, "reassign", ADMIN, to="eve")
    yield 4 * DAY, FireItemTimer(process_id=number, number=4, timer=0)
    yield 0 * DAY, act(4, "approve", DORA)
    yield 0 * DAY, act(5, "approve", BOB, comment="fine")


async def test_a_process_is_the_same_in_memory_and_in_the_database(database_url, clock):
    number = an_id()
    async with an_engine(database_url, clock, RICH) as engine:
        story = Story(await engine.as_system().definition("Rich"), directory=engine.directory)
        story.id = number
        for step, (later, command) in enumerate(the_script(number)):
            clock.move_to(clock.now() + later)
            story.now = clock.now()
            answer = await engine.as_system().handle(command)
            story.send(command)
            story.process.engine_id = engine.engine_id

            stored = await load(engine, number)
            assert stored == story.snapshot, step
            assert await load_trail(engine, number) == (story.comments, story.events), step
            if answer.process is not None:
                assert answer.process == stored.process, step
            if answer.item is not None:
                assert answer.item == stored.items[answer.item.number]
        assert [item.escalated for item in stored.items.values()] == [False] * 3 + [True, False]
        assert max(item.reminders for item in stored.items.values()) >= 1
        assert all(item.held == 2 * DAY / timedelta(milliseconds=1) for item in list(stored.items.values())[:2])
        assert stored.jobs[1].timer_at == NINE + 6 * DAY


async def test_the_other_half_of_the_life(database_url, clock):
    number = an_id()
    async with an_engine(database_url, clock, RICH) as engine:
        await engine.as_system().handle(next(the_script(number))[1])
        for item, actor in ((1, BOB), (2, CARL)):
            command = ActOnWorkItem(process_id=number, number=item, action=Action.APPROVE, actor=actor)
            await engine.as_system().handle(command)
        assert (await load(engine, number)).process.flow["scopes"]
        clock.move(days=4)
        await _fire_wait(engine, number)

        waiting = await load(engine, number)
        assert waiting.process.data["whole"] == 2**63 - 1
        assert waiting.process.data["words"] == ["x", DATA["word"]]
        (job,) = waiting.jobs.values()
        assert job.kind == "start_child"
        assert job.payload["parent"] == f"{number}:{job.token}"
        await engine.as_system().handle(StartProcess(
            process_id=job.payload["child"], definition=job.payload["definition"], initiator=ANNA,
            data=job.payload["data"], parent=job.payload["parent"], job=(number, job.number),
        ))  # fmt: skip
        assert (await load(engine, job.payload["child"])).process.parent == job.payload["parent"]
        assert (await load(engine, number)).jobs == {}
        await engine.as_system().handle(PauseProcess(process_id=number, actor=ADMIN))
        await engine.as_system().handle(
            ChildEnded(process_id=number, token=job.token, child=job.payload["child"], outcome="approved")
        )
        assert len((await load(engine, number)).process.flow["held"]) == 1
        await engine.as_system().handle(ResumeProcess(process_id=number, actor=ADMIN))
        ended = await load(engine, number)
        assert (ended.process.life, ended.process.flow) == (Life.APPROVED, {})


async def _fire_wait(engine, number):
    (job,) = (await load(engine, number)).jobs.values()
    await engine.as_system().handle(FireJob(process_id=number, number=job.number, timer=job.timer))


async def test_indexed_data_items_have_rows_of_their_own(database_url, clock):
    async def rows(process_id):
        sql = "SELECT item, ordinal, text_value, number_value FROM data_value WHERE process_id = {} ORDER BY 1, 2"
        literal = f"X'{process_id}'" if database_url.startswith("sqlite") else f"'\\x{process_id}'::bytea"
        return [tuple(row) for row in await engine.store.read(lambda tx: tx.exec_driver_sql(sql.format(literal)).all())]

    async with an_engine(database_url, clock, RICH) as engine:
        found = await engine.as_system().start("Rich", initiator="anna", data=DATA | {"whole": 7})
        assert await rows(found.process.id) == [
            ("day", 0, "2008-07-23t08:47:15.123z", None),
            ("part", 0, None, 0.1),
            ("whole", 0, None, 7.0),
            ("whose", 0, "cn=some one, o=x", None),
            ("word", 0, fold_text(DATA["word"]), None),
            ("words", 0, "b", None),
            ("words", 1, "a", None),
            ("words", 2, "b", None),
            ("yes", 0, "false", None),
        ]
        await engine.as_system().handle(
            ActOnWorkItem(process_id=found.process.id, number=1, action=Action.RETURN, actor=BOB),
        )
        await engine.as_system().handle(
            ActOnWorkItem(
                process_id=found.process.id,
                number=3,
                action=Action.APPROVE,
                actor=ANNA,
                data={"words": ["z"], "yes": None, "part": 2},
            ),
        )
        assert [row[:3] for row in await rows(found.process.id) if row[0] in ("words", "yes")] == [("words", 0, "z")]


async def test_times_come_back_to_the_millisecond(database_url, clock):
    async with an_engine(database_url, clock) as engine:
        clock.move(milliseconds=1)
        for _ in range(30):
            clock.move(milliseconds=37, days=11)
            found = await engine.as_system().start("Ask", initiator="anna")
            assert (await load(engine, found.process.id)).process.created_at == clock.now()


@pytest.mark.parametrize("ending", [Life.RETRACTED, Life.ERROR])
async def test_an_ended_process_leaves_no_timer(database_url, clock, ending):
    number = an_id()
    async with an_engine(database_url, clock, RICH) as engine:
        await engine.as_system().handle(next(the_script(number))[1])
        await engine.as_system().handle(
            TerminateProcess(process_id=number, actor=ADMIN, error=ending is Life.ERROR, reason="enough")
        )

        stored = await load(engine, number)
        assert stored.process.life is ending
        assert all(item.timer_at is None for item in stored.items.values())
        assert await count(engine, "job") == 0
        assert stored.items[2].addressee == BOARD
