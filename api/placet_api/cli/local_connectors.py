"""Commands about connectors, carried out by an engine of this program's own, on a database."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from placet import Engine
from placet.connectors.catalog import Catalog
from placet.connectors.manage import Imported
from placet.connectors.reading import Contents
from placet.connectors.records import Configuration, Connector, Service
from placet.directory.caller import Caller
from placet.errors import NotFound
from placet_api.cli.connector_desk import ImportView, Of, Row, TrialView


class LocalConnectorDesk:
    """`placet_api.cli.connector_desk.ConnectorDesk` on an opened engine; `actor` None is the engine itself."""

    def __init__(self, engine: Engine, actor: str | None) -> None:
        person = None if actor is None else engine.directory.person(actor)
        if actor is not None and person is None:
            raise NotFound(f"There is no user {actor!r}; give a user name or a DN of the directory.")
        self._connectors = engine.connectors
        self._caller = Caller(person, engine.directory, engine.clock.now())

    async def every(self, of: Of) -> list[Row]:
        connectors, caller = self._connectors, self._caller
        catalog = await connectors.catalog.now()
        if of == "configurations":
            return [
                _row(each, kind=each.kind.value, secrets=connectors.configurations.secrets_kept(each))
                for each in await connectors.configurations.every(caller)
            ]
        if of == "services":
            names = ("product_name", "product_version", "api_version")
            return [
                _row(each, **{name: getattr(each, name) for name in names}, configuration=_name_of(catalog, each))
                for each in await connectors.services.every(caller)
            ]
        return [
            _row(each, service=catalog.service_of(each).name, method=each.method, url=each.url)
            for each in await connectors.every(caller)
        ]

    async def remove(self, of: Of, name: str) -> None:
        await self._noun(of).remove(self._caller, name)

    async def test(self, of: Of, name: str, inputs: Mapping[str, str]) -> TrialView:
        if of == "configurations":
            found = await self._connectors.test_configuration(self._caller, name)
        else:
            found = await self._connectors.test(self._caller, inputs, name)
        sent, answer = found.answer.request, found.answer.shown
        result = answer.pop("result", None)
        request = None if sent is None else {name: getattr(sent, name) for name in ("method", "url", "headers", "body")}
        return TrialView(found.ok, found.message, {"request": request, "response": answer, "result": result})

    async def export(self, names: Sequence[str]) -> dict[str, Any]:
        return await self._connectors.export(self._caller, names)

    async def import_(self, contents: Contents) -> ImportView:
        made = await self._connectors.import_contents(self._caller, contents)
        return _imported(made)

    async def openapi(
        self, text: str, service: str, operations: Sequence[str], url: str | None
    ) -> tuple[list[Row], ImportView]:
        found = await self._connectors.import_openapi(
            self._caller, text, service=service, operations=operations, url=url
        )
        names = ("name", "method", "path", "summary", "refused")
        rows = [{name: getattr(each, name) for name in names} for each in found.offers]
        return rows, _imported(found.made)

    async def set_secret(self, configuration: str, field: str, text: str) -> None:
        await self._connectors.configurations.set_secret(self._caller, configuration, field, text)

    async def set_image(self, service: str, content: bytes | None) -> None:
        await self._connectors.services.set_image(self._caller, service, content)

    def _noun(self, of: Of) -> Any:
        return self._connectors if of == "connectors" else getattr(self._connectors, of)


def _row(record: Configuration | Service | Connector, **more: Any) -> Row:
    return {"id": record.id, "name": record.name, **more}


def _name_of(catalog: Catalog, service: Service) -> str:
    id_ = service.configuration_id
    return "" if id_ is None else catalog.configurations.by_id[id_].name


def _imported(made: Imported) -> ImportView:
    return ImportView(made.counts.added, made.counts.changed, made.counts.same, made.notes)
