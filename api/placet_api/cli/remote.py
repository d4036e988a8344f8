"""Commands carried out by a running server, over `/v1/wf`."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from typing import Any
from urllib.parse import quote

import httpx2

from placet.core.names import fold_dn, is_dn, user_dn
from placet.core.statuses import Action
from placet.errors import NotAllowed
from placet_api.cli.backend import Answer, Start, no_definition
from placet_api.cli.connection import Connection, open_connection
from placet_api.cli.data import read_data
from placet_api.cli.exits import WrongUsage
from placet_api.cli.remote_views import (
    comment,
    data_items,
    definition,
    event,
    fields,
    incident,
    process,
    wait,
    work_item,
)
from placet_api.cli.views import DefinitionView, FieldView, ProcessDetails, ProcessView, WorkItemView


@asynccontextmanager
async def open_remote(url: str) -> AsyncIterator[RemoteBackend]:
    """The server at `url`, signed in as PLACET_USER with PLACET_PASSWORD."""
    async with open_connection(url) as connection:
        yield RemoteBackend(connection)


class RemoteBackend:
    """`placet_api.cli.backend.Backend` through the REST service of a server."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    async def definitions(self) -> list[DefinitionView]:
        return [definition(each) for each in await self._get("definitions")]

    async def definition(self, name: str) -> DefinitionView:
        """By name, DN or GUID, as an engine finds one."""
        known = await self.definitions()
        for each in known:
            if name.casefold() in (each.name.casefold(), each.guid) or fold_dn(name) == fold_dn(each.dn):
                return each
        raise no_definition(name, [each.name for each in known])

    async def form(self, name: str) -> list[FieldView]:
        found = await self.definition(name)
        return fields(await self._get(f"definitions/{found.guid}/form"))

    async def start(self, wanted: Start) -> ProcessView:
        if wanted.initiator is not None:
            raise WrongUsage("--initiator does not go with --server: whoever signs in is the initiator.")
        body: dict[str, Any] = {"DataItems": data_items(wanted.data, wanted.definition.data)}
        body |= {"Recipient": wanted.recipient} if wanted.recipient else {}
        body |= {"CorrelationId": wanted.correlation_id} if wanted.correlation_id else {}
        response = await self._send("POST", f"definitions/{wanted.definition.guid}", body)
        return process(await self._get(f"processes/{response.headers['Location'].rsplit('/', 1)[-1]}"))

    async def _work_items(self, filters: Sequence[str], limit: int | None) -> AsyncIterator[WorkItemView]:
        """Oldest first, the open ones unless a filter asks for a status."""
        async for row in self._connection.pages("/v1/wf/workitems", [("filter", each) for each in filters], limit):
            yield work_item(row)

    def inbox(self, user: str | None, limit: int | None) -> AsyncIterator[WorkItemView]:
        addressee = "self" if user is None else user if is_dn(user) else user_dn(user)
        return self._work_items([f"Addressee={addressee}"], limit)

    async def process(self, process_id: str) -> ProcessDetails:
        path = f"processes/{quote(process_id, safe='')}"
        found = process(await self._get(path))
        items = [each async for each in self._work_items([f"ProcessId={found.id}"], None)]
        comments = [comment(each) for each in await self._get(f"{path}/comments")]
        incidents = [incident(each) for each in await self._incidents(found.id)]
        waiting = [wait(each) for each in await self._get(f"{path}/waiting")]
        return ProcessDetails(
            process=found,
            work_items=tuple(items),
            comments=tuple(comments),
            data=(await self._get(f"{path}/data"))["Data"],
            timeline=tuple(event(each) for each in await self._get(f"{path}/timeline")),
            incidents=tuple(incidents),
            waiting=tuple(waiting),
        )

    async def _incidents(self, process_id: str) -> list[Any]:
        """What is open of a process, for who may resolve it."""
        try:
            return list(await self._connection.get("/v1/incidents", process=process_id))
        except NotAllowed:
            return []

    async def terminate(self, process_id: str, reason: str | None) -> None:
        why = f"?reason={quote(reason, safe='')}" if reason else ""
        await self._send("DELETE", f"processes/{quote(process_id, safe='')}{why}")

    async def pause(self, process_id: str) -> None:
        await self._send("POST", f"processes/{quote(process_id, safe='')}/pause")

    async def resume(self, process_id: str) -> None:
        await self._send("POST", f"processes/{quote(process_id, safe='')}/resume")

    async def act(self, item_id: str, answer: Answer) -> WorkItemView:
        path = f"workitems/{quote(item_id, safe='')}"
        body: dict[str, Any] = {"AvailableActions": [{"Code": str(int(Action[answer.action.upper()]))}]}
        body |= {"Comment": answer.comment} if answer.comment else {}
        body |= {"Addressee": {"DN": answer.to}} if answer.to else {}
        if answer.data:
            known = definition({"DataItems": (await self._get(path))["DataItems"]}).data
            body["DataItems"] = data_items(read_data(answer.data, known), known)
        return work_item((await self._send("PUT", path, body)).json())

    async def _get(self, path: str) -> Any:
        return await self._connection.get(f"/v1/wf/{path}")

    async def _send(self, method: str, path: str, body: Any = None) -> httpx2.Response:
        return await self._connection.send(method, f"/v1/wf/{path}", body)
