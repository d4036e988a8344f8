"""What only the terminal console asks, answered by a running server."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any
from urllib.parse import quote

from placet import Action as Code
from placet_api.actions import Offer, Subject, action
from placet_api.cli.connection import Connection
from placet_api.cli.remote_views import data_item, fields, named
from placet_api.cli.views import DataItemView, FieldView, Named


class RemoteProcesses:
    """`placet_api.cli.console.sources.ProcessDesk` through the REST service of a server."""

    def __init__(self, connection: Connection) -> None:
        self._server = connection
        self.hands = RemoteHands(connection)

    async def me(self) -> Named:
        return named((await self._server.get("/v1/session"))["Person"])

    async def offers(self, process_id: str) -> Sequence[Offer]:
        """Those that this program knows: a newer server may offer more."""
        told = await self._server.get(f"{_process(process_id)}/actions")
        known = ((action(Subject(each["Of"]), each["Name"]), each["GUID"]) for each in told)
        return [Offer(wanted, id_) for wanted, id_ in known if wanted is not None]

    async def data_items(self, process_id: str) -> Sequence[DataItemView]:
        told = await self._server.get(f"{_process(process_id)}/data")
        return [data_item(each) for each in told["DataItems"]]

    async def diagram(self, process_id: str) -> str:
        return str((await self._server.get(f"{_process(process_id)}/diagram"))["Value"])

    async def form(self, definition: str, data: Mapping[str, Any]) -> Sequence[FieldView]:
        return await self._form(f"/v1/wf/definitions/{quote(definition, safe='')}/form", data)

    async def item_form(self, item_id: str, data: Mapping[str, Any]) -> Sequence[FieldView]:
        return await self._form(f"{_item(item_id)}/form", data)

    async def _form(self, path: str, data: Mapping[str, Any]) -> Sequence[FieldView]:
        return fields((await self._server.send("POST", path, {"Data": data})).json())


class RemoteHands:
    """`placet_api.hands.Hands` of whoever is signed in at a server."""

    def __init__(self, connection: Connection) -> None:
        self._server = connection

    async def comment(self, process_id: str, text: str) -> None:
        await self._server.send("POST", f"{_process(process_id)}/comments", {"Comment": text})

    async def change_data(self, process_id: str, data: Mapping[str, Any], reason: str | None) -> None:
        body = {"Data": data} | ({"Comment": reason} if reason else {})
        await self._server.send("POST", f"{_process(process_id)}/data", body)

    async def pause(self, process_id: str) -> None:
        await self._server.send("POST", f"{_process(process_id)}/pause")

    async def resume(self, process_id: str) -> None:
        await self._server.send("POST", f"{_process(process_id)}/resume")

    async def terminate(self, process_id: str, reason: str | None, *, error: bool) -> None:
        why = f"&reason={quote(reason, safe='')}" if reason else ""
        await self._server.send("DELETE", f"{_process(process_id)}?type={'ERROR' if error else 'RETRACT'}{why}")

    async def act(
        self, item_id: str, action: Code, *, data: Mapping[str, Any], comment: str | None, to: str | None
    ) -> None:
        body: dict[str, Any] = {"AvailableActions": [{"Code": str(int(action))}]}
        body |= {"Data": data} if data else {}
        body |= {"Comment": comment} if comment else {}
        body |= {"Addressee": {"DN": to}} if to else {}
        await self._server.send("PUT", _item(item_id), body)

    async def retry(self, incident_id: str, data: Mapping[str, Any], inputs: Mapping[str, Any]) -> None:
        await self._server.send("POST", f"{_incident(incident_id)}/retry", {"Data": data, "Inputs": inputs})

    async def skip(self, incident_id: str, result: Any) -> None:
        await self._server.send("POST", f"{_incident(incident_id)}/skip", {"Result": result})


def _process(id_: str) -> str:
    return f"/v1/wf/processes/{quote(id_, safe='')}"


def _item(id_: str) -> str:
    return f"/v1/wf/workitems/{quote(id_, safe='')}"


def _incident(id_: str) -> str:
    return f"/v1/incidents/{quote(id_, safe='')}"
