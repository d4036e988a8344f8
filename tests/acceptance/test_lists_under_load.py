"""What a command has answered stands in the next list, however many others write and read at the same time."""

from __future__ import annotations

import asyncio
from typing import Any

import httpx2
import pytest

from tests.acceptance.conftest import LEAVE, RunningServer

CALLERS, ROUNDS = 8, 4


class Caller:
    """One who starts, has it approved and withdraws, and looks after each step by every way that there is."""

    def __init__(self, server: RunningServer, number: int) -> None:
        self.anna, self.ben, self.reference = server("anna"), server("ben"), f"caller {number}"
        self.started: list[str] = []
        self.running: set[str] = set()

    async def run(self) -> None:
        for days in range(ROUNDS):
            await self.start(days)
            await self.look()
            await (self.approve if days % 2 else self.terminate)(self.started[-1])
            await self.look()

    async def start(self, days: int) -> None:
        body = {"DataItems": [{"Name": "days", "Value": days}], "CorrelationId": self.reference}
        answer = await self.anna.post(f"/v1/wf/definitions/{LEAVE}", json=body)
        assert answer.status_code == 204, answer.text
        self.started.append(answer.headers["location"].rsplit("/", 1)[1])
        self.running.add(self.started[-1])

    async def approve(self, process: str) -> None:
        item = f"/v1/wf/workitems/{process[:28]}0001"
        answer = await self.ben.post(item, json={"AvailableActions": [{"Value": "Approve"}]})
        assert answer.status_code == 200, answer.text
        self.running.remove(process)

    async def terminate(self, process: str) -> None:
        answer = await self.anna.delete(f"/v1/wf/processes/{process}")
        assert answer.status_code == 204, answer.text
        self.running.remove(process)

    async def look(self) -> None:
        mine = f'CorrelationId = "{self.reference}"'
        running, everything = f"{mine} and ProcessStatus = Running", set(self.started)
        waiting = f'Process.CorrelationId = "{self.reference}" and Status = Open'
        assert await self.listed(self.anna, "processes", q=mine) == everything
        assert await self.listed(self.anna, "processes", q=running) == self.running
        assert await self.table(self.anna, "processes", running) == self.running
        assert await self.counted(self.anna, "processes", mine) == len(everything)
        assert await self.counted(self.anna, "events", f"{started_in(everything)}") == len(everything)
        assert {each[:28] for each in await self.listed(self.ben, "workitems", q=waiting)} == {
            each[:28] for each in self.running
        }

    @staticmethod
    async def listed(client: httpx2.AsyncClient, resource: str, **filters: str) -> set[str]:
        answer = await client.get(f"/v1/wf/{resource};debug", params={"limit": "1000", **filters})
        assert answer.status_code == 200, answer.text
        return {each["GUID"] for each in answer.json()}

    @staticmethod
    async def table(client: httpx2.AsyncClient, resource: str, query: str) -> set[str]:
        rows = (await ask(client, resource, f"{query} fields ProcessId"))["rows"]
        return {row[0] for row in rows}

    @staticmethod
    async def counted(client: httpx2.AsyncClient, resource: str, query: str) -> int:
        count = (await ask(client, resource, query, count="exact"))["count"]
        assert count["exact"]
        return int(count["value"])


def started_in(processes: set[str]) -> str:
    return f"Kind = process.started and ProcessId in ({', '.join(sorted(processes))})"


async def ask(client: httpx2.AsyncClient, resource: str, query: str, **more: Any) -> dict[str, Any]:
    answer = await client.get(f"/v1/query/{resource}", params={"q": query, "limit": "1000", **more})
    assert answer.status_code == 200, answer.text
    return dict(answer.json())


@pytest.mark.timeout(300)
async def test_what_was_answered_is_in_the_next_list(server: RunningServer):
    await asyncio.gather(*(Caller(server, number).run() for number in range(CALLERS)))
