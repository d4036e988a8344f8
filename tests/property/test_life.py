"""The whole life of processes, in random order, against a small model that knows nothing of the engine's code."""

import asyncio
from datetime import timedelta

import pytest
from hypothesis import Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule, run_state_machine_as_test

from placet.clock import ManualClock
from placet.core.statuses import Life
from placet.engine import Engine
from placet.errors import Conflict, NotAllowed, NotFound, TransitionNotAllowed
from tests.builders import ADMIN, ANNA, BOARD, BOB, CARL, DORA, EVE, NINE, STRANGER
from tests.store.harness import add_people, load

DAY = timedelta(days=1)
MEMBERS = {BOARD: {BOB, CARL, DORA}}
EVERYBODY = [ANNA, BOB, CARL, DORA, EVE, STRANGER, ADMIN]
PEOPLE = st.sampled_from(EVERYBODY)
REFUSALS = (Conflict, NotAllowed, NotFound, TransitionNotAllowed)

#: First Eve, alone; then Board, Eve and Dora, of whom two have to agree. Each has five days.
DEFINITION = """
name: Model
data: {reason: {type: string}}
start: first
activities:
  first:
    kind: approval
    addressees: "'eve'"
    timeout: 5d
    paths: {approved: second, denied: done, timedout: done}
  second:
    kind: approval
    addressees: "['cn=Board,ou=groups,o=placet', 'eve', 'dora']"
    settle: 2
    timeout: 5d
    paths: {approved: done, denied: done, timedout: done}
  done: {kind: finish}
"""
ASKED = {"first": [EVE], "second": [BOARD, EVE, DORA]}


class Item:
    def __init__(self, addressee, expires, returned=False):
        self.addressee, self.expires, self.returned = addressee, expires, returned
        self.status, self.owner = "OPEN", None
        self.seen_by = {addressee}

    @property
    def is_open(self):
        return self.status in ("OPEN", "CLAIMED")


class Model:
    """One process: its stage, the votes of the round, and every item there ever was."""

    def __init__(self, now):
        self.life, self.paused_at, self.items, self.stage, self.votes = "RUNNING", None, [], "first", {}
        self.ask(now)

    def ask(self, now):
        self.votes = {}
        self.items += [Item(addressee, now + 5 * DAY) for addressee in ASKED[self.stage]]

    @property
    def is_over(self):
        return self.life not in ("RUNNING", "STOPPED")

    def end(self, life, others="CANCELLED"):
        self.life = life
        self.close(others)

    def close(self, status="CANCELLED"):
        for item in self.items:
            if item.is_open:
                item.status = status

    def tick(self, now):
        if self.life == "RUNNING" and any(i.is_open and not i.returned and i.expires <= now for i in self.items):
            self.end("DENIED", "TIMED_OUT")

    def refuses(self, actor, item, action):
        """Why somebody may not do something to an item now, None where he may."""
        mine = actor == item.addressee or actor in MEMBERS.get(item.addressee, ()) or actor == item.owner
        if not mine and actor != ADMIN:
            return "not yours"
        if not item.is_open or self.life == "STOPPED":
            return "too late"
        if item.status == "CLAIMED" and actor not in (item.owner, ADMIN):
            return "claimed"
        if (action == "claim" and item.status == "CLAIMED") or (action == "release" and item.status == "OPEN"):
            return "no way"
        if item.returned:
            return "no way" if action in ("refuse", "return") else None
        return "twice" if action in ("approve", "deny", "refuse") and actor in self.votes else None

    def asks(self, actor, item):
        """Whether an item asks somebody, himself or as one of a group."""
        return actor == item.addressee or actor in MEMBERS.get(item.addressee, ())

    def answers(self, actor, item):
        """Whether somebody could answer an item, once the process is resumed where it is stopped."""
        life, self.life = self.life, "RUNNING"
        refusal = self.refuses(actor, item, "approve")
        self.life = life
        return refusal is None

    def act(self, actor, item, action, now):
        if action in ("claim", "release"):
            item.status, item.owner = ("CLAIMED", actor) if action == "claim" else ("OPEN", None)
            return
        item.status = "COMPLETED"
        item.seen_by.add(actor)
        if item.returned:
            self.ask(now) if action == "approve" else self.end("RETRACTED")
        elif action == "return":
            self.close()
            self.items.append(Item(ANNA, None, returned=True))
        else:
            self.votes[actor] = action
            self.settle(now)

    def settle(self, now):
        answers = list(self.votes.values())
        total, wanted = len(ASKED[self.stage]), len(ASKED[self.stage]) - 1 or 1
        left = total - len(answers)
        if answers.count("approve") >= wanted:
            self.close()
            if self.stage == "first":
                self.stage = "second"
                self.ask(now)
            else:
                self.end("APPROVED")
        elif answers.count("approve") + left < wanted:
            self.end("DENIED")

    def shows(self, item, person):
        """Whether an item is in somebody's inbox; the others of a group do not see what one of it holds."""
        return person == item.addressee or (person in MEMBERS.get(item.addressee, ()) and item.owner in (None, person))

    def shift(self, by):
        for item in self.items:
            if item.is_open and item.expires is not None:
                item.expires += by


class LifeOfProcesses(RuleBasedStateMachine):
    database_url = ""

    def __init__(self):
        super().__init__()
        self.runner = asyncio.Runner(loop_factory=asyncio.new_event_loop)
        self.clock, self.models = ManualClock(NINE), {}
        self.last_id, self.turns = "", 0
        self.open_engine()

    def open_engine(self):
        self.engine = Engine(self.database_url, clock=self.clock)
        self.run(self.engine.open())

    def run(self, work):
        return self.runner.run(work)

    def teardown(self):
        for process_id, model in self.models.items():
            if not model.is_over:
                self.run(self.engine.as_system().terminate(process_id))
        self.run(self.engine.close())
        self.runner.close()

    async def load_all(self):
        return await asyncio.gather(*(load(self.engine, process_id) for process_id in self.models))

    def attempt(self, work, refused):
        """Do what the model says can be done, or cannot."""
        try:
            self.run(work)
        except REFUSALS:
            if not refused:
                raise
        else:
            assert not refused, f"{refused}: the engine did it"

    def some_process(self, which):
        return list(self.models)[which % len(self.models)]

    def some_item(self, which):
        items = [
            (p, n, i) for p, m in self.models.items() for n, i in enumerate(m.items, 1) if i.is_open or not which % 5
        ]
        return items[which % len(items)] if items else None

    @rule()
    def start(self):
        found = self.run(self.engine.start("Model", actor="anna"))
        assert found.process.id > self.last_id
        self.last_id = found.process.id
        self.models[found.process.id] = Model(self.clock.now())

    @precondition(lambda self: self.models)
    @rule(
        which=st.integers(0, 99),
        actor=PEOPLE,
        action=st.sampled_from(["approve", "approve", "deny", "refuse", "claim", "release", "return"]),
        rightly=st.booleans(),
    )
    def act(self, which, actor, action, rightly):
        chosen = self.some_item(which)
        if chosen is None:
            return
        process_id, number, item = chosen
        model = self.models[process_id]
        if rightly:
            actor = (
                item.owner
                or sorted(MEMBERS.get(item.addressee, {item.addressee}))[
                    which % 3 % len(MEMBERS.get(item.addressee, "x"))
                ]
            )
        refused = model.refuses(actor, item, action)
        self.attempt(self.engine.act(f"{process_id[:28]}{number:04x}", action, actor=actor), refused)
        if not refused:
            model.act(actor, item, action, self.clock.now())

    @precondition(lambda self: self.models)
    @rule(
        which=st.integers(0, 99),
        to=st.sampled_from([ANNA, BOB, EVE, DORA, BOARD]),
        actor=st.sampled_from([ADMIN, ADMIN, BOB]),
    )
    def reassign(self, which, to, actor):
        chosen = self.some_item(which)
        if chosen is None:
            return
        process_id, number, item = chosen
        model = self.models[process_id]
        others = {i.addressee for i in model.items if i.is_open and i is not item}
        able = MEMBERS.get(to, {to}) - model.votes.keys() and to not in others
        refused = actor != ADMIN or not item.is_open or model.life == "STOPPED" or not (able or item.returned)
        work = self.engine.act(f"{process_id[:28]}{number:04x}", "reassign", actor=actor, to=to)
        self.attempt(work, refused)
        if not refused:
            item.addressee, item.owner, item.status = to, None, "OPEN"

    @precondition(lambda self: self.models)
    @rule(which=st.integers(0, 99), actor=st.sampled_from([ANNA, ADMIN, EVE]))
    def terminate(self, which, actor):
        process_id = self.some_process(which)
        model = self.models[process_id]
        refused = model.is_over or actor == EVE
        self.attempt(self.engine.terminate(process_id, actor=actor), refused)
        if not refused:
            model.end("RETRACTED")

    @precondition(lambda self: self.models)
    @rule(which=st.integers(0, 99), actor=st.sampled_from([ADMIN, ADMIN, ANNA]))
    def pause(self, which, actor):
        process_id = self.some_process(which)
        model = self.models[process_id]
        refused = actor != ADMIN or model.life != "RUNNING"
        self.attempt(self.engine.pause(process_id, actor=actor), refused)
        if not refused:
            model.life, model.paused_at = "STOPPED", self.clock.now()

    @precondition(lambda self: any(model.life == "STOPPED" for model in self.models.values()))
    @rule(which=st.integers(0, 99))
    def resume(self, which):
        stopped = [p for p, model in self.models.items() if model.life == "STOPPED"]
        process_id = stopped[which % len(stopped)]
        model = self.models[process_id]
        self.run(self.engine.resume(process_id, actor=ADMIN))
        model.life = "RUNNING"
        model.shift(self.clock.now() - model.paused_at)
        model.tick(self.clock.now())
        self.run(self.engine.settled())

    @rule(hours=st.sampled_from([0.5, 5, 24, 24, 49, 121]))
    def wait(self, hours):
        self.clock.move(hours=hours)
        for model in self.models.values():
            model.tick(self.clock.now())
        self.run(self.engine.settled())

    @rule(hours=st.sampled_from([0, 1, 30, 130]))
    def restart(self, hours):
        self.run(self.engine.close())
        self.clock.move(hours=hours)
        self.last_id = ""  # ids of one engine go up
        self.open_engine()
        for model in self.models.values():
            model.tick(self.clock.now())
        self.run(self.engine.settled())

    @invariant()
    def every_process_is_where_the_model_is(self):
        for snapshot, model in zip(self.run(self.load_all()), self.models.values(), strict=True):
            assert snapshot.process.life is Life[model.life]
            stored = [
                (i.addressee, i.status.name, i.owner if i.status.is_open else None) for i in snapshot.items.values()
            ]
            expected = [(i.addressee, i.status, i.owner if i.is_open else None) for i in model.items]
            assert stored == expected
            if model.life == "RUNNING":
                expires = [(n, i.expires) for n, i in enumerate(model.items, 1) if i.is_open]
                assert [(n, snapshot.items[n].expires_at) for n, _ in expires] == expires

    @invariant()
    def every_process_says_whom_it_waits_for(self):
        if not self.models or self.turns % 3:
            return
        process_id, model = list(self.models.items())[self.turns // 3 % len(self.models)]
        waits = self.run(self.engine.as_system().waiting(process_id))
        assert bool(waits) is not model.is_over
        told = {each.item.number: set(each.can_answer) for wait in waits for each in wait.asked}
        assert told == {
            number: {who for who in EVERYBODY if model.asks(who, item) and model.answers(who, item)}
            for number, item in enumerate(model.items, 1)
            if item.is_open
        }

    @invariant()
    def inboxes_hold_what_waits(self):
        self.turns += 1
        person = (BOB, EVE, ANNA)[self.turns % 3]
        expected = {
            f"{process_id[:28]}{number:04x}"
            for process_id, model in self.models.items()
            for number, item in enumerate(model.items, 1)
            if item.is_open and model.shows(item, person)
        }
        found = self.run(self.engine.inbox(person, limit=1000))
        mine = {each.item.id for each in found if each.process.id in self.models}
        assert mine == expected


@pytest.mark.timeout(240)
def test_the_life_of_processes(database_url, rounds):
    """One database for all examples: each looks at its own processes only."""

    async def prepare():
        async with Engine(database_url, clock=ManualClock(NINE), run_jobs=False) as engine:
            await engine.store.write(add_people)
            await engine.as_system().deploy(DEFINITION)

    with asyncio.Runner(loop_factory=asyncio.new_event_loop) as runner:
        runner.run(prepare())
    LifeOfProcesses.database_url = database_url
    usual = rounds < 10  # then a failure is told as it was found, since making it small takes minutes
    phases = [Phase.explicit, Phase.generate] if usual else list(Phase)
    examples, steps = (8, 20) if usual else (300, 50)
    run_state_machine_as_test(
        LifeOfProcesses,
        settings=settings(max_examples=examples, stateful_step_count=steps, deadline=None, phases=phases),
    )
