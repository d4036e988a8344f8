"""A running server as commands talk to it: requests that are answered, or refused with errors of `placet.errors`."""

from __future__ import annotations

import os
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from typing import Any

import httpx2
from httpx2 import EventSource, ServerSentEvent

from placet import errors
from placet_api.cli.exits import WrongUsage

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
async def open_connection(url: str) -> AsyncIterator[Connection]:
    """The server at `url`, signed in as PLACET_USER with PLACET_PASSWORD."""
    user, password = os.environ.get("PLACET_USER"), os.environ.get("PLACET_PASSWORD")
    if not user or password is None:
        raise errors.NotAuthenticated(f"{url} asks who you are; set PLACET_USER and PLACET_PASSWORD.")
    if not url.startswith(("http://", "https://")):
        raise WrongUsage(f"--server {url!r} is no URL; write one such as http://127.0.0.1:8080.")
    async with httpx2.AsyncClient(auth=(user, password), timeout=_SECONDS) as client:
        yield Connection(client, url.rstrip("/"))


class Connection:
    """Sends requests; paths are below the address of the server."""

    def __init__(self, client: httpx2.AsyncClient, url: str) -> None:
        self._client, self._url = client, url

    async def get(self, path: str, **parameters: Any) -> Any:
        """The JSON of an answer; a parameter that is None is left out."""
        given = {name: value for name, value in parameters.items() if value is not None}
        return (await self._request("GET", f"{self._url}{path}", params=given)).json()

    async def send(self, method: str, path: str, body: Any = None) -> httpx2.Response:
        return await self._request(method, f"{self._url}{path}", json=body)

    async def send_bytes(self, method: str, path: str, content: bytes) -> httpx2.Response:
        return await self._request(method, f"{self._url}{path}", content=content)

    async def pages(self, path: str, parameters: list[tuple[str, str]], limit: int | None) -> AsyncIterator[Any]:
        """The rows of a collection that comes in pages; a limit of None gives all."""
        left = limit
        size = _AT_ONCE if limit is None else min(limit, _AT_ONCE)
        url: str | None = f"{self._url}{path}"
        query: Any = [*parameters, ("limit", str(size))]
        while url is not None and left != 0:
            response = await self._request("GET", url, params=query)
            for row in response.json()[:left]:
                yield row
                left = None if left is None else left - 1
            following = response.links.get("next", {}).get("url")
            url, query = (str(response.url.join(following)) if following else None), None

    async def listen(self, path: str, *, last: str | None = None, **parameters: str) -> AsyncIterator[ServerSentEvent]:
        """The messages of a stream, from behind the `last` one that was seen; it ends when the server ends it."""
        headers = {"Accept": "text/event-stream"} | ({"Last-Event-ID": last} if last is not None else {})
        url = f"{self._url}{path}"
        try:
            async with self._client.stream("GET", url, params=parameters, headers=headers) as response:
                if not response.is_success:
                    await response.aread()
                    raise _refusal(response)
                async for message in EventSource(response):
                    yield message
        except httpx2.TransportError as failure:
            raise self._no_answer(failure) from None

    async def _request(self, method: str, url: str, **content: Any) -> httpx2.Response:
        try:
            response = await self._client.request(method, url, headers={"Accept": "application/json"}, **content)
        except httpx2.InvalidURL as failure:
            raise WrongUsage(f"{self._url!r} is no URL: {failure}.") from None
        except httpx2.TransportError as failure:
            raise self._no_answer(failure) from None
        if response.is_success:
            return response
        raise _refusal(response)

    def _no_answer(self, failure: httpx2.TransportError) -> errors.Unavailable:
        reason = str(failure) or type(failure).__name__
        return errors.Unavailable(
            f"No answer from {self._url} ({reason}); is a server running there, and is --server right?"
        )


def _refusal(response: httpx2.Response) -> errors.PlacetError:
    if faults := _faults(response):
        return errors.InvalidData.of(faults)
    return _ERRORS.get(response.status_code, errors.InvalidInput)(_reason(response))


def _faults(response: httpx2.Response) -> list[tuple[str, str]]:
    """What is wrong with which data item, where the server says so."""
    try:
        return [(each["Name"], each["Text"]) for each in response.json()["Fault"]["Detail"]["DataItems"]]
    except (ValueError, KeyError, TypeError):
        return []


def _reason(response: httpx2.Response) -> str:
    """What the server says is wrong, in the body of either service, or what can be said without."""
    try:
        body = response.json()
        return str(body["Fault"]["Reason"]["Text"] if "Fault" in body else body["error"]["message"])
    except (ValueError, KeyError, TypeError):
        return f"{response.url.path} answered {response.status_code} {response.reason_phrase}."
