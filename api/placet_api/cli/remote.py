"""Commands carried out by a running server, over `/v1/wf`."""

from __future__ import annotations

import os
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from typing import Any
from urllib.parse import quote

import httpx2

from placet import errors
from placet.core.names import fold_dn, is_dn, user_dn
from placet.core.statuses import Action
from placet_api.cli.backend import Answer, Start, no_definition
from placet_api.cli.data import read_data
from placet_api.cli.exits import WrongUsage
from placet_api.cli.remote_views import comment, data_items, definition, process, work_item
from placet_api.cli.views import DefinitionView, ProcessDetails, ProcessView, WorkItemView

_AT_ONCE = 500
_SECONDS = 30.0
_ERRORS: Mapping[int, type[errors.PlacetError]] = {
    401: errors.NotAuthenticated,
    403: errors.NotAllowed,
    404: errors.NotFound,
    409: errors.Conflict,
    412: errors.RevisionMismatch,
    413: errors.TooLarge,
    429: errors.Unavailable,
    502: errors.Unavailable,
    503: errors.Unavailable,
    504: errors.Unavailable,
}


@asynccontextmanager
async def open_remote(url: str) -> AsyncIterator[RemoteBackend]:
    """The server at `url`, signed in as PLACET_USER with PLACET_PASSWORD."""
    user, password = os.environ.get("PLACET_USER"), os.environ.get("PLACET_PASSWORD")
    if not user or password is None:
        raise errors.NotAuthenticated(f"{url} asks who you are; set PLACET_USER and PLACET_PASSWORD.")
    if not url.startswith(("http://", "https://")):
        raise WrongUsage(f"--server {url!r} is no URL; write one such as http://127.0.0.1:8080.")
    async with httpx2.AsyncClient(auth=(user, password), timeout=_SECONDS) as client:
        yield RemoteBackend(client, url.rstrip("/"))


class RemoteBackend:
    """`placet_api.cli.backend.Backend` through the REST service of a server."""

    def __init__(self, client: httpx2.AsyncClient, url: str) -> None:
        self._client, self._url = client, url

    async def definitions(self) -> list[DefinitionView]:
        return [definition(each) for each in await self._get("definitions")]

    async def definition(self, name: str) -> DefinitionView:
        """By name, DN or GUID, as an engine finds one."""
        known = await self.definitions()
        for each in known:
            if name.casefold() in (each.name.casefold(), each.guid) or fold_dn(name) == fold_dn(each.dn):
                return each
        raise no_definition(name, [each.name for each in known])

    async def start(self, wanted: Start) -> ProcessView:
        if wanted.initiator is not None:
            raise WrongUsage("--initiator does not go with --server: whoever signs in is the initiator.")
        body: dict[str, Any] = {"DataItems": data_items(wanted.data, wanted.definition.data)}
        body |= {"Recipient": wanted.recipient} if wanted.recipient else {}
        body |= {"CorrelationId": wanted.correlation_id} if wanted.correlation_id else {}
        response = await self._send("POST", f"definitions/{wanted.definition.guid}", body)
        return process(await self._get(f"processes/{response.headers['Location'].rsplit('/', 1)[-1]}"))

    async def processes(self, filters: Sequence[str], limit: int | None) -> AsyncIterator[ProcessView]:
        async for row in self._pages("processes", filters, limit):
            yield process(row)

    async def work_items(self, filters: Sequence[str], limit: int | None) -> AsyncIterator[WorkItemView]:
        async for row in self._pages("workitems", filters, limit):
            yield work_item(row)

    def inbox(self, user: str | None, limit: int | None) -> AsyncIterator[WorkItemView]:
        addressee = "self" if user is None else user if is_dn(user) else user_dn(user)
        return self.work_items([f"Addressee={addressee}"], limit)

    async def process(self, process_id: str) -> ProcessDetails:
        path = f"processes/{quote(process_id, safe='')}"
        found = process(await self._get(path))
        items = [each async for each in self.work_items([f"ProcessId={found.id}"], None)]
        comments = [comment(each) for each in await self._get(f"{path}/comments")]
        return ProcessDetails(found, tuple(items), tuple(comments))

    async def terminate(self, process_id: str, reason: str | None) -> None:
        if reason is not None:
            raise WrongUsage("--reason does not go with --server: the service takes none.")
        await self._send("DELETE", f"processes/{quote(process_id, safe='')}")

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

    async def _pages(self, collection: str, filters: Sequence[str], limit: int | None) -> AsyncIterator[Any]:
        left = limit
        size = _AT_ONCE if limit is None else min(limit, _AT_ONCE)
        url: str | None = f"{self._url}/v1/wf/{collection}"
        parameters: Any = [("filter", each) for each in filters] + [("limit", str(size))]
        while url is not None and left != 0:
            response = await self._request("GET", url, params=parameters)
            for row in response.json()[:left]:
                yield row
                left = None if left is None else left - 1
            following = response.links.get("next", {}).get("url")
            url, parameters = (str(response.url.join(following)) if following else None), None

    async def _get(self, path: str) -> Any:
        return (await self._send("GET", path)).json()

    async def _send(self, method: str, path: str, body: Any = None) -> httpx2.Response:
        return await self._request(method, f"{self._url}/v1/wf/{path}", json=body)

    async def _request(self, method: str, url: str, **content: Any) -> httpx2.Response:
        try:
            response = await self._client.request(method, url, headers={"Accept": "application/json"}, **content)
        except httpx2.InvalidURL as failure:
            raise WrongUsage(f"{self._url!r} is no URL: {failure}.") from None
        except httpx2.TransportError as failure:
            reason = str(failure) or type(failure).__name__
            raise errors.Unavailable(
                f"No answer from {self._url} ({reason}); is a server running there, and is --server right?"
            ) from None
        if response.is_success:
            return response
        raise _ERRORS.get(response.status_code, errors.InvalidInput)(_reason(response))


def _reason(response: httpx2.Response) -> str:
    """What the server says is wrong, or what can be said without its fault body."""
    try:
        return str(response.json()["Fault"]["Reason"]["Text"])
    except (ValueError, KeyError, TypeError):
        return f"{response.url.path} answered {response.status_code} {response.reason_phrase}."
