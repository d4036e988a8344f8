"""Commands about connectors, carried out by a running server, over `/v1/connectors`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from placet.connectors.checks import unknown
from placet.connectors.export import sections_of
from placet.connectors.kinds import secret_names
from placet.connectors.reading import Contents
from placet.connectors.records import AuthKind
from placet.errors import InvalidInput, NotFound
from placet_api.cli.connection import Connection
from placet_api.cli.connector_desk import ImportView, Of, Row, TrialView


class RemoteConnectorDesk:
    """`placet_api.cli.connector_desk.ConnectorDesk` through the REST service of a server."""

    def __init__(self, connection: Connection) -> None:
        self._server = connection

    async def every(self, of: Of) -> list[Row]:
        return [_ROWS[of](each) for each in await self._server.get(_PATHS[of])]

    async def remove(self, of: Of, name: str) -> None:
        await self._server.send("DELETE", (await self._found(of, name))["Link"])

    async def test(self, of: Of, name: str, inputs: Mapping[str, str]) -> TrialView:
        link = (await self._found(of, name))["Link"]
        found = (await self._server.send("POST", f"{link}/test", {"Inputs": dict(inputs)})).json()
        sent, answer = found["Request"], found["Response"]
        shown = {
            "request": sent and {name.lower(): value for name, value in sent.items()},
            "response": {name.lower(): value for name, value in answer.items()},
            "result": found["Result"],
        }
        return TrialView(found["Success"], found["Message"], shown)

    async def export(self, names: Sequence[str]) -> dict[str, Any]:
        sections: dict[str, Any] = await self._server.get("/v1/connectors/export", name=list(names) or None)
        return sections

    async def import_(self, contents: Contents) -> ImportView:
        answer = await self._server.send("POST", "/v1/connectors/import", sections_of(contents))
        return _imported(answer.json(), contents.notes)

    async def openapi(
        self, text: str, service: str, operations: Sequence[str], url: str | None
    ) -> tuple[list[Row], ImportView]:
        picked = [{"Name": name} for name in operations]
        body = {"Document": text, "Service": service, "Operations": picked, "URL": url}
        answer = (await self._server.send("POST", "/v1/connectors/openapi", body)).json()
        rows = [{name.lower(): value for name, value in each.items()} for each in answer["Operations"]]
        return rows, _imported(answer)

    async def set_secret(self, configuration: str, field: str, text: str) -> None:
        found = await self._found("configurations", configuration)
        names = secret_names(AuthKind(found["Kind"]))
        if field not in names:
            raise InvalidInput(f"{field!r} is no secret of {found['Name']!r}; there are: {', '.join(names) or 'none'}.")
        body = {"Name": found["Name"], "Kind": found["Kind"], "Fields": found["Fields"] | {field: text}}
        await self._server.send("PUT", found["Link"], body)

    async def set_image(self, service: str, content: bytes | None) -> None:
        link = f"{(await self._found('services', service))['Link']}/image"
        if content is None:
            await self._server.send("DELETE", link)
        else:
            await self._server.send_bytes("PUT", link, content)

    async def _found(self, of: Of, name: str) -> Row:
        known: list[Row] = await self._server.get(_PATHS[of])
        for each in known:
            if each["Name"].casefold() == name.casefold() or each["GUID"] == name.lower():
                return each
        raise NotFound(unknown(of.removesuffix("s"), name, [each["Name"] for each in known]))


_PATHS: Mapping[Of, str] = {
    "connectors": "/v1/connectors",
    "services": "/v1/connectors/services",
    "configurations": "/v1/connectors/configurations",
}


def _configuration(row: Row) -> Row:
    return _remote(row, kind=row["Kind"], secrets=[each["Value"] for each in row["Secrets"]])


def _service(row: Row) -> Row:
    texts = {"product_name": row["ProductName"], "product_version": row["ProductVersion"]}
    return _remote(row, **texts, api_version=row["APIVersion"], configuration=row["Configuration"]["Value"])


def _connector(row: Row) -> Row:
    return _remote(row, service=row["Service"]["Value"], method=row["Method"], url=row["URL"])


_ROWS = {"connectors": _connector, "services": _service, "configurations": _configuration}


def _remote(row: Row, **more: Any) -> Row:
    return {"id": row["GUID"], "name": row["Name"], **more}


def _imported(answer: Mapping[str, Any], notes: Sequence[str] = ()) -> ImportView:
    return ImportView(answer["Added"], answer["Changed"], answer["Same"], notes)
