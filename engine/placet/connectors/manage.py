"""Everything that operators do with connectors, as one thing."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Awaitable, Callable, Collection, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from placet.clock import Clock
from placet.connectors import trying
from placet.connectors.authorizing import Authorizing
from placet.connectors.caller import Caller as OutboundCaller
from placet.connectors.catalog import Catalog, Named
from placet.connectors.changes import Changes, Counts, id_of
from placet.connectors.checks import fold_name
from placet.connectors.client import Client
from placet.connectors.export import connector_content, content_of_configuration, exported
from placet.connectors.files import contents_of, load_folder, parse_connectors
from placet.connectors.nouns import Configurations, Desk, Noun, Services
from placet.connectors.openapi_import import picked, read_document
from placet.connectors.openapi_operations import Offer
from placet.connectors.reading import Contents, Given, Reader
from placet.connectors.records import Configuration, Connector
from placet.connectors.sealing import is_the_same, kept
from placet.connectors.tokens import Tokens
from placet.connectors.trying import Trial, require_same_server
from placet.connectors.usage import require_unused
from placet.core.definition import Definition
from placet.core.permissions import Permission
from placet.directory.caller import Caller
from placet.directory.database import Database
from placet.directory.secrets import Vault
from placet.errors import Conflict
from placet.loader.yaml_tree import Node
from placet.telemetry import Telemetry

FOLDER = "connectors"  # of a folder of definitions
_NOT_IN_DOCUMENTS = ("timeout", "retry", "success", "output", "pagination")


@dataclass(frozen=True, slots=True)
class Imported:
    """How much an import added, changed and found as it was; `notes` say what it passed over."""

    counts: Counts
    notes: Sequence[str] = ()


@dataclass(frozen=True, slots=True)
class FromOpenApi:
    """What a document offers, and what was made of it."""

    offers: Sequence[Offer]
    made: Imported


class _Unchanged(Exception):
    """Nothing differs, so that there is nothing to commit."""


class Connectors(Noun[Connector]):
    """Connectors, with the `services` that they call and the `configurations` that those are signed in by."""

    def __init__(
        self,
        database: Database,
        clock: Clock,
        vault: Vault,
        client: Client,
        definitions: Callable[[], Awaitable[Sequence[Definition]]],
        telemetry: Telemetry,
    ) -> None:
        """`definitions` gives those that there are: what they call is neither removed nor renamed."""
        super().__init__(Desk(database, clock, vault))
        self._definitions = definitions
        self.configurations = Configurations(self._desk)
        self.services = Services(self._desk)
        #: All three as calls look them up.
        self.catalog = self._desk.catalog
        self.tokens = Tokens(client, database, vault, clock)
        #: What makes the calls.
        self.calls = OutboundCaller(client, self.tokens, vault, clock, self.catalog.now, telemetry)
        self.authorizing = Authorizing(client, self.tokens, vault, clock, self._configuration)

    async def change(
        self, caller: Caller, name_or_id: str, name: str, content: Mapping[str, Any], *, revision: int | None = None
    ) -> Connector:
        stored = await self.one(caller, name_or_id)
        if fold_name(stored.name) != fold_name(name):
            require_unused(stored.name, await self._definitions())
        return await super().change(caller, name_or_id, name, content, revision=revision)

    async def remove(self, caller: Caller, name_or_id: str, *, revision: int | None = None) -> None:
        stored = await self.one(caller, name_or_id)
        require_unused(stored.name, await self._definitions())
        await super().remove(caller, name_or_id, revision=revision)

    async def close(self) -> None:
        """Give up the tokens that are being asked for."""
        await self.tokens.close()

    # -- tests -----------------------------------------------------------------------------------

    async def test_configuration(
        self, caller: Caller, name_or_id: str | None = None, content: Mapping[str, Any] | None = None
    ) -> Trial:
        """Try a configuration out: the one that is stored, one that is only asked for, or with both a changed one.

        A changed one has the stored secrets that are not given anew, where it sends them to the same server. Nothing of
        it is kept but a line in the audit trail. One that is asked for as it is stored is the stored one, with what
        somebody has agreed to. Raises `InvalidConnectors`, `NotFound`, and `NotAllowed` without PM_SETUP_ADVANCE.
        """
        catalog = await self._desk.read_for_outside(caller)
        stored = None if name_or_id is None else catalog.configurations.get(name_or_id)
        tried = stored
        if content is not None or tried is None:
            tried = self.configurations.read("unsaved" if stored is None else stored.name, content or {}).record
            if stored is not None:
                tried = replace(tried, secrets={**kept(self._desk.vault, stored, tried), **tried.secrets})
            if stored is not None and is_the_same(self._desk.vault, stored, tried):
                tried = stored
            else:
                await self._desk.note(caller, "configuration.tested", tried.name, content_of_configuration(tried))
        return trying.of_configuration(tried, await self.calls.test(tried))

    async def test(
        self,
        caller: Caller,
        inputs: Mapping[str, Any],
        name_or_id: str | None = None,
        content: Mapping[str, Any] | None = None,
    ) -> Trial:
        """Call a connector once: the one that is stored, one that is only asked for, or with both a changed one.

        Nothing of what is not stored is kept but a line in the audit trail. Raises `InvalidConnectors`, `InvalidInput`
        for inputs that it does not take and for a changed one that would send what proves who calls to another server,
        `NotFound`, and `NotAllowed` without PM_SETUP_ADVANCE.
        """
        catalog = await self._desk.read_for_outside(caller)
        stored = None if name_or_id is None else catalog.connector(name_or_id)
        tried = stored
        if content is not None or tried is None:
            given = self.read("unsaved" if stored is None else stored.name, content or {})
            tried = replace(given.record, service_id=id_of(catalog.services, given.refers_to or ""))
            require_same_server(catalog, stored, tried)
            await self._desk.note(caller, "connector.tested", tried.name, connector_content(catalog, tried))
        return trying.of_call(await self.calls.call(tried, inputs, key=None))

    # -- agreement -------------------------------------------------------------------------------

    async def authorize(self, caller: Caller, name_or_id: str) -> str:
        """Where an operator goes to agree at a service; `authorizing.finish` takes what he brings back.

        Raises `NotFound`, `InvalidInput` for a configuration of another kind, and `NotAllowed` without
        PM_SETUP_ADVANCE.
        """
        return await self.authorizing.begin(caller, (await self._desk.read(caller)).configurations.get(name_or_id))

    # -- files -----------------------------------------------------------------------------------

    async def export(self, caller: Caller, names: Collection[str] = ()) -> dict[str, Any]:
        """All of them as the sections of a connector file without secrets; with names only what those need.

        Raises `NotFound`, and `NotAllowed` without PM_SETUP_ADVANCE.
        """
        return exported(await self._desk.read_for_outside(caller), names)

    async def import_text(
        self, caller: Caller, text: str, file: str, environment: Mapping[str, str] | None = None
    ) -> Imported:
        """Add or change what a YAML or JSON text asks for, all of it or nothing; its secrets are variables.

        Raises `InvalidConnectors` with all faults, each as `file:line:column: …`, and `NotAllowed` without
        PM_SETUP_ADVANCE.
        """
        caller.require(Permission.OPERATE)
        variables = os.environ if environment is None else environment
        contents = await asyncio.to_thread(parse_connectors, text, file, variables)
        return await self.import_contents(caller, contents)

    async def import_sections(self, caller: Caller, sections: Mapping[str, Any]) -> Imported:
        """As `import_text`, of what `export` gave; secrets may stand in it, and no variable is read."""
        caller.require(Permission.OPERATE)
        return await self.import_contents(caller, await asyncio.to_thread(contents_of, sections))

    async def import_folder(self, caller: Caller, folder: Path) -> Imported:
        """As `import_text`, of all `*.yaml` files of a folder together; nothing is done where it is not there."""
        caller.require(Permission.OPERATE)
        return await self.import_contents(caller, await asyncio.to_thread(load_folder, folder, os.environ))

    async def import_openapi(
        self, caller: Caller, text: str, *, service: str = "", operations: Sequence[str] = (), url: str | None = None
    ) -> FromOpenApi:
        """Make connectors of operations of an OpenAPI document, by operationId or as in `GET /users`; else list them.

        They belong to the service of that name, which is added where it is not there, by the document's title where
        none is named; `url` takes the place of the document's first server. One that is there keeps what no document
        tells: its success condition, output, pagination, other headers, time and tries. Raises `InvalidConnectors` for
        operations that are not there or cannot be connectors, `Conflict`, and `NotAllowed` without PM_SETUP_ADVANCE.
        """
        catalog = await self._desk.read(caller)
        document = await asyncio.to_thread(read_document, text, url)
        name = service or document.title
        contents = await asyncio.to_thread(picked, document, name, operations)
        contents.connectors = [_kept(catalog, given) for given in contents.connectors]
        if contents and catalog.services.find(name) is None:
            about = {"product_name": document.title, "api_version": document.version}
            contents.services.append(self.services.read(name, about))
        return FromOpenApi(document.offers, await self.import_contents(caller, contents))

    async def import_contents(self, caller: Caller, contents: Contents) -> Imported:
        """Add or change what was read from a file, all of it or nothing; raises as `import_text` does."""
        counts = Counts()

        def work(changes: Changes) -> None:
            nonlocal counts
            counts = changes.counts
            changes.put_all(contents)
            if not counts.added and not counts.changed:
                raise _Unchanged

        if contents:
            with suppress(_Unchanged):
                await self._desk.change(caller, work)
        return Imported(counts, contents.notes)

    async def _configuration(self, configuration_id: str) -> Configuration | None:
        return (await self.catalog.now()).configurations.by_id.get(configuration_id)

    def _in(self, catalog: Catalog) -> Named[Connector]:
        return catalog.connectors

    def _read(self, reader: Reader, name: str, node: Node) -> Given[Connector] | None:
        return reader.connector(name, node)

    def _put(self, changes: Changes, given: Given[Connector], stored: Connector | None) -> Connector:
        return changes.put_connector(given, stored)

    def _remove(self, changes: Changes, stored: Connector) -> None:
        changes.remove_connector(stored)


def _kept(catalog: Catalog, given: Given[Connector]) -> Given[Connector]:
    """What a document asks for, with what is known of it already and no document tells."""
    known = catalog.connectors.find(given.record.name)
    if known is None:
        return given
    service = catalog.service_of(known).name
    if fold_name(service) != fold_name(given.refers_to or ""):
        raise Conflict(f"There is a connector {known.name!r} of the service {service!r} already; rename that first.")
    kept = {name: getattr(known, name) for name in _NOT_IN_DOCUMENTS}
    headers = {name: text for name, text in known.headers.items() if name.lower() != "content-type"}
    return replace(given, record=replace(given.record, headers={**headers, **given.record.headers}, **kept))
