"""Clients: each is one clerk who asks whichever node the plan says, and asks again where he hears nothing."""

from __future__ import annotations

import asyncio
from typing import Any, Protocol

from tests.crash.callers import CLERKS, Answer, Caller, ConnectionLost
from tests.crash.kit.flows import definition_id, item_of
from tests.crash.kit.history import Decision, History, Start
from tests.crash.kit.plan import Plan, Step, steps

#: How long an answer is waited for, how often a command is sent before it is left for later, and what lies between.
ANSWER_SECONDS, TRIES, AGAIN_SECONDS = 3.0, 4, 0.1


class Addresses(Protocol):
    """Where the nodes answer just now."""

    count: int

    def address(self, node: int) -> str | None:
        """The address of a node, None while it has none."""


class Client:
    """One clerk with a connection to each node, which is kept for as long as it holds."""

    def __init__(self, number: int, history: History, nodes: Addresses) -> None:
        self.number, self.clerk = number, CLERKS[number % len(CLERKS)]
        self._history, self._nodes = history, nodes
        self._open: dict[str, Caller] = {}

    async def run(self, plan: Plan, enough: asyncio.Event) -> None:
        """Do what the plan says until there was enough of it."""
        for step in steps(plan, self.number):
            if enough.is_set():
                return
            await asyncio.sleep(step.pause)
            await self._take(step)

    async def close(self) -> None:
        for caller in self._open.values():
            await caller.close()

    async def _take(self, step: Step) -> None:
        if step.verb == "start":
            start = self._history.new_start(self.number, self.clerk, step.flow)
            await self.start(start, step.node)
            if step.twice:
                await self.start(start, step.node + 1)
            return
        known = [each for each in self._history.starts[-40:] if each.process_id]
        if len(known) <= step.back:
            return
        about = known[-1 - step.back]
        assert about.process_id is not None
        if step.verb == "look":
            await self.look(about, step.node)
        else:
            item_id = item_of(about.process_id, about.flow, CLERKS.index(self.clerk))
            await self.decide(self._history.new_decision(self.clerk, item_id, step.action), step.node)

    # -- what is asked -----------------------------------------------------------------------------

    async def start(self, start: Start, node: int, tries: int = TRIES) -> None:
        """Start a process under its key."""
        items = [{"Name": "number", "Value": start.number}, {"Name": "tag", "Value": start.key}]
        path = f"/v1/wf/definitions/{definition_id(start.flow)}"
        for where in range(node, node + tries):
            answer = await self._ask(where, "POST", path, {"DataItems": items}, Idempotency_Key=start.key)
            if answer is not None:
                if answer.status == 204:
                    self._history.told(start, answer.headers["location"].rpartition("/")[2])
                else:
                    self._history.wrong.append(f"{start.key} was answered {answer.status}: {answer.body}")
                return

    async def decide(self, decision: Decision, node: int, tries: int = TRIES) -> None:
        """Decide about an item, with a comment."""
        body = {"AvailableActions": [{"Value": decision.action}], "Comment": decision.tag}
        for where in range(node, node + tries):
            answer = await self._ask(where, "PUT", f"/v1/wf/workitems/{decision.item_id}", body)
            if answer is not None:
                decision.status = answer.status
                if answer.status not in (200, 409):
                    self._history.wrong.append(f"{decision.tag} was answered {answer.status}: {answer.body}")
                return
            decision.doubts += 1

    async def look(self, start: Start, node: int) -> None:
        """Read a process that somebody was told of: any node has to know it."""
        answer = await self._ask(node, "GET", f"/v1/wf/processes/{start.process_id}")
        if answer is not None and answer.status != 200:
            said = f"{answer.status}: {answer.body}"
            self._history.wrong.append(f"{start.key} was told of process {start.process_id}, which is {said}")

    async def is_ready(self, node: int) -> bool:
        """Whether a node says that it takes commands."""
        answer = await self._ask(node, "GET", "/readyz")
        return answer is not None and answer.status == 200

    async def _ask(self, node: int, method: str, path: str, body: Any = None, **headers: str) -> Answer | None:
        """One request and its answer; None where there was none that says what became of it."""
        address = self._nodes.address(node % self._nodes.count)
        if address is not None:
            try:
                async with asyncio.timeout(ANSWER_SECONDS):
                    answer = await (await self._caller(address)).ask(method, path, body, **headers)
                if answer.status != 503:
                    return answer
            except (ConnectionLost, TimeoutError):
                if caller := self._open.pop(address, None):
                    await caller.close()
        self._history.unanswered += 1
        await asyncio.sleep(AGAIN_SECONDS)
        return None

    async def _caller(self, address: str) -> Caller:
        if address not in self._open:
            self._open[address] = await Caller.connect(address, self.clerk)
        return self._open[address]
