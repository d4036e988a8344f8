"""What has to be there before a test looks at it, done over REST as somebody: requests, answers, connectors."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx2

from tests.fault_server import FaultServer
from tests.programs import ROOT

DEFINITIONS = (ROOT / "definitions", Path(__file__).parent / "definitions")

#: The connector of `booking.yaml`, which asks once and gives up.
_HOTEL: dict[str, Any] = {
    "services": {"Hotel": {"limits": {"breaker_failures": 1000}}},
    "connectors": {
        "Rooms": {
            "service": "Hotel",
            "method": "POST",
            "parameters": {"who": {"in": "body", "required": True, "description": "Which room"}},
            "timeout": "1s",
            "retry": {"attempts": 1},
        }
    },
}


@dataclass
class Rest:
    """The service of a node, to speak to as anybody of the demonstration."""

    url: str
    passwords: dict[str, str]
    client: httpx2.AsyncClient
    _definitions: dict[str, str] = field(default_factory=dict)

    async def __call__(self, user: str, method: str, path: str, **options: Any) -> httpx2.Response:
        """What the service answers; anything but a success is the test's own fault."""
        auth = (user, self.passwords.get(user, self.passwords[""]))
        answer = await self.client.request(method, f"{self.url}{path}", auth=auth, **options)
        assert answer.is_success, f"{method} {path}: {answer.text}"
        return answer

    async def definition(self, name: str) -> str:
        """The id of a definition."""
        if name not in self._definitions:
            found = (await self("admin", "GET", "/v1/wf/definitions")).json()
            self._definitions = {each["Value"]: each["GUID"] for each in found}
        return self._definitions[name]

    async def start(self, user: str, definition: str, correlation: str | None = None, **data: Any) -> str:
        """The id of a new request."""
        body = {"Data": data} | ({"CorrelationId": correlation} if correlation else {})
        answer = await self(user, "POST", f"/v1/wf/definitions/{await self.definition(definition)}", json=body)
        return str(answer.headers["location"].rpartition("/")[2])

    async def act(self, user: str, process: str, action: str, number: int = 1, **members: Any) -> None:
        """Answer a work item of a process."""
        body = {"AvailableActions": [{"Value": action}], **members}
        await self(user, "PUT", f"/v1/wf/workitems/{item_of(process, number)}", json=body)

    async def connect(self, url: str) -> None:
        """Have bookings ask a URL."""
        rooms = _HOTEL["connectors"]["Rooms"] | {"url": url}
        await self("admin", "POST", "/v1/connectors/import", json=_HOTEL | {"connectors": {"Rooms": rooms}})

    async def failed_booking(self, faults: FaultServer, target: str, room: str = "12") -> str:
        """The id of a booking that waits with an incident, because the hotel answers from `target` with an error."""
        await self.connect(faults.url(target))
        auth = ("admin", self.passwords.get("admin", self.passwords[""]))
        opened = f"{self.url}/v1/events?q=Kind+%3D+incident.opened"
        async with self.client.stream("GET", opened, auth=auth, headers={"Accept": "text/event-stream"}) as events:
            process = await self.start("admin", "Booking", room=room)
            async for line in events.aiter_lines():
                if process in line:
                    return process
        raise AssertionError(f"the booking {process} has no incident")


def item_of(process: str, number: int = 1) -> str:
    """The id of a work item of a process."""
    return f"{process[:28]}{number:04x}"
