"""What a run does: who asks for what, and what breaks when; all of it follows from the seed."""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import count
from typing import Literal

from tests.crash.kit.flows import FLOWS
from tests.crash.node import EDGES

Kind = Literal["kill", "stop", "edge", "full", "restart", "cut", "delay", "hole"]
Verb = Literal["start", "decide", "look"]
Database = Literal["sqlite", "postgresql"]

#: What can break with any database, and what only with one that is reached over a wire.
ANYWHERE: tuple[Kind, ...] = ("kill", "stop", "edge", "full")
OVER_A_WIRE: tuple[Kind, ...] = ("restart", "cut", "delay", "hole")
#: For how many seconds a fault lasts; one that is not named is over at once.
LASTING: dict[Kind, tuple[float, float]] = {"stop": (0.5, 5), "full": (0.5, 2), "delay": (1, 4), "hole": (1, 5)}
#: How often the next fault does not wait for the end of the one before.
OVERLAPPING = 0.3


@dataclass(frozen=True, slots=True)
class Fault:
    """Something that breaks `at` so many seconds from the beginning, and for how many."""

    at: float
    kind: Kind
    node: int
    seconds: float = 0.0

    def __str__(self) -> str:
        lasting = f" for {self.seconds:.1f} s" if self.seconds else ""
        return f"{self.at:6.1f} s  {self.kind} node {self.node}{lasting}"


@dataclass(frozen=True, slots=True)
class Step:
    """What a client does next, after a `pause`, and at which node."""

    pause: float
    node: int
    verb: Verb
    flow: str
    back: int  # which of the last processes it is about
    action: str
    twice: bool  # whether a start is sent again although it was answered


@dataclass(frozen=True, slots=True)
class Plan:
    """One run; `faults` are drawn from the seed unless they are given."""

    seed: int
    seconds: float
    database: Database
    nodes: int
    clients: int = 6
    rest_seconds: float = 30.0  # within which timers and calls have to come to their end
    plants: tuple[str, ...] = ()
    faults: tuple[Fault, ...] | None = field(default=None, repr=False)

    def __str__(self) -> str:
        """The command that does it again."""
        given = f"SEED={self.seed} SECONDS={self.seconds:g} DATABASE={self.database} NODES={self.nodes}"
        return f"make crash {given}"

    def drawn(self, *of: object) -> random.Random:
        """Random numbers of one part of the run, the same whatever the others do."""
        return random.Random("/".join(map(str, (self.seed, self.database, self.nodes, *of))))


def schedule(plan: Plan) -> list[Fault]:
    """What breaks when: all kinds in turn, each time in another order."""
    if plan.faults is not None:
        return list(plan.faults)
    chance, at = plan.drawn("faults"), 1.0
    faults: list[Fault] = []
    kinds = ANYWHERE + (OVER_A_WIRE if plan.database == "postgresql" else ())
    while True:
        for kind in chance.sample(kinds, len(kinds)):
            seconds = chance.uniform(*LASTING[kind]) if kind in LASTING else 0.0
            if at + seconds > plan.seconds:
                return faults
            faults.append(Fault(at, kind, chance.randrange(plan.nodes), seconds))
            at += chance.uniform(0.5, 2.5) + (0.0 if chance.random() < OVERLAPPING else seconds)


def steps(plan: Plan, client: int) -> Iterator[Step]:
    """What one client does, for as long as it is let."""
    chance = plan.drawn("client", client)
    verbs: tuple[Verb, ...] = ("start", "decide", "look")
    while True:
        yield Step(
            pause=chance.uniform(0.02, 0.15),
            node=chance.randrange(plan.nodes),
            verb=chance.choices(verbs, (4, 5, 1))[0],
            flow=chance.choice(FLOWS),
            back=chance.randrange(12),
            action=chance.choices(("Approve", "Deny"), (4, 1))[0],
            twice=chance.random() < 0.15,
        )


def edges(plan: Plan, node: int) -> Iterator[tuple[str, int]]:
    """For each life of a node the edge of a transaction that it dies at once it is told to, and at which pass."""
    chance = plan.drawn("edges", node)
    for _ in count():
        yield chance.choice(EDGES), chance.randint(1, 20)
