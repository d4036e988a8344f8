"""Configurations, services and connectors as operators deal with them: listed, added, changed and removed."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from typing import Any, Generic, TypeVar

from placet.clock import Clock
from placet.connectors import images
from placet.connectors.catalog import Catalog, LiveCatalog, Named, Record
from placet.connectors.changes import Changes, require_revision
from placet.connectors.checks import name_fault
from placet.connectors.content import tree_of
from placet.connectors.kinds import FIELDS, secret_names
from placet.connectors.reading import Given, Reader
from placet.connectors.records import Configuration, Service
from placet.connectors.sealing import opened
from placet.core.permissions import Permission
from placet.directory.audit import note
from placet.directory.caller import Caller
from placet.directory.database import Database
from placet.directory.secrets import Vault
from placet.errors import InvalidConnectors, InvalidInput, NotFound
from placet.loader.faults import Faults, did_you_mean
from placet.loader.yaml_tree import Node
from placet.store import connectors as store
from placet.store.directory_version import Transaction

T = TypeVar("T")


class Desk:
    """Where operators read and change; everything there takes PM_SETUP_ADVANCE."""

    def __init__(self, database: Database, clock: Clock, vault: Vault) -> None:
        self.database, self.vault = database, vault
        self.catalog = LiveCatalog(database, clock)

    async def read(self, caller: Caller) -> Catalog:
        caller.require(Permission.OPERATE)
        return await self.catalog.now()

    async def read_for_outside(self, caller: Caller) -> Catalog:
        """As `read`, by the rights that are stored: what is done with it leaves the house."""
        caller.require(Permission.OPERATE)
        await self.database.read(lambda tx: caller.as_stored(tx).require(Permission.OPERATE))
        return await self.catalog.now()

    async def note(self, caller: Caller, kind: str, target: str, after: Mapping[str, Any]) -> None:
        """Write down in the audit trail what is done without a change."""
        await self.database.write(lambda tx: note(tx, caller, kind, target, after=after))

    async def change(self, caller: Caller, work: Callable[[Changes], T]) -> T:
        """Run changes in one transaction, all of them or none, by the rights that the caller has in it."""
        caller.require(Permission.OPERATE)

        def permitted(tx: Transaction) -> T:
            caller.as_stored(tx).require(Permission.OPERATE)
            return work(Changes(tx, caller, self.vault))

        try:
            return await self.database.write(permitted, aside=True)
        finally:
            self.catalog.forget()


class Noun(ABC, Generic[Record]):
    """One of the three; what is asked for is a name, and an object with the keys of a connector file.

    Every method takes PM_SETUP_ADVANCE, and raises `NotAllowed` without.
    """

    def __init__(self, desk: Desk) -> None:
        self._desk = desk

    async def every(self, caller: Caller) -> list[Record]:
        """All of them by name."""
        return self._in(await self._desk.read(caller)).all()

    async def one(self, caller: Caller, name_or_id: str) -> Record:
        """One of them; raises `NotFound`."""
        return self._in(await self._desk.read(caller)).get(name_or_id)

    async def add(self, caller: Caller, name: str, content: Mapping[str, Any]) -> Record:
        """Add one; raises `InvalidConnectors` with all faults, and `Conflict` where the name is taken."""
        caller.require(Permission.OPERATE)
        given = self.read(name, content)
        return await self._desk.change(caller, lambda changes: self._put(changes, given, None))

    async def change(
        self, caller: Caller, name_or_id: str, name: str, content: Mapping[str, Any], *, revision: int | None = None
    ) -> Record:
        """Put another in its place, maybe by another name; what it does not say is as if it had never been said.

        Raises what `add` raises, `NotFound`, and `RevisionMismatch` where it is not at this revision.
        """
        caller.require(Permission.OPERATE)
        given = self.read(name, content)

        def work(changes: Changes) -> Record:
            stored = self._in(changes.catalog).get(name_or_id)
            require_revision(stored, revision)
            return self._put(changes, given, stored)

        return await self._desk.change(caller, work)

    async def remove(self, caller: Caller, name_or_id: str, *, revision: int | None = None) -> None:
        """Remove one; raises `NotFound`, `RevisionMismatch`, and `Conflict` while another needs it."""

        def work(changes: Changes) -> None:
            stored = self._in(changes.catalog).get(name_or_id)
            require_revision(stored, revision)
            self._remove(changes, stored)

        await self._desk.change(caller, work)

    def read(self, name: str, content: Mapping[str, Any]) -> Given[Record]:
        """What is asked for, checked and not stored; raises `InvalidConnectors`."""
        if (fault := name_fault(name)) is not None:
            raise InvalidConnectors([f"{name[:100]!r} {fault}."])
        faults = Faults("")
        given = self._read(Reader(faults), name, tree_of(dict(content)))
        if faults or given is None:
            raise InvalidConnectors([fault.message for fault in faults.sorted()])
        return given

    @abstractmethod
    def _in(self, catalog: Catalog) -> Named[Record]: ...

    @abstractmethod
    def _read(self, reader: Reader, name: str, node: Node) -> Given[Record] | None: ...

    @abstractmethod
    def _put(self, changes: Changes, given: Given[Record], stored: Record | None) -> Record: ...

    @abstractmethod
    def _remove(self, changes: Changes, stored: Record) -> None: ...


class Configurations(Noun[Configuration]):
    """Authentication configurations; a secret that is given as an empty text is taken away."""

    async def set_secret(self, caller: Caller, name_or_id: str, field: str, text: str) -> Configuration:
        """Keep one secret anew, or none where the text is empty; raises `NotFound` and `InvalidInput`."""

        def work(changes: Changes) -> Configuration:
            stored = changes.catalog.configurations.get(name_or_id)
            _check_secret(stored, field, text)
            given = Configuration(
                id="", name=stored.name, kind=stored.kind, fields=stored.fields, secrets={field: text}
            )
            return changes.put_configuration(Given(given), stored)

        return await self._desk.change(caller, work)

    def secrets_kept(self, configuration: Configuration) -> list[str]:
        """The names of the secrets that a configuration has; raises `Unavailable` where they do not open."""
        return sorted(opened(self._desk.vault, configuration).secrets)

    def _in(self, catalog: Catalog) -> Named[Configuration]:
        return catalog.configurations

    def _read(self, reader: Reader, name: str, node: Node) -> Given[Configuration] | None:
        return reader.configuration(name, node)

    def _put(self, changes: Changes, given: Given[Configuration], stored: Configuration | None) -> Configuration:
        return changes.put_configuration(given, stored)

    def _remove(self, changes: Changes, stored: Configuration) -> None:
        changes.remove_configuration(stored)


class Services(Noun[Service]):
    """Services, each maybe with an image."""

    async def image(self, caller: Caller, name_or_id: str) -> tuple[bytes, str]:
        """The image of a service and its media type; raises `NotFound` where it has none."""
        service = await self.one(caller, name_or_id)
        found = await self._desk.database.read(lambda tx: store.image(tx, service.id))
        if found is None:
            raise NotFound(f"The service {service.name!r} has no image.")
        return found

    async def set_image(self, caller: Caller, name_or_id: str, content: bytes | None) -> None:
        """Keep a PNG, JPEG, GIF or WebP for a service, or none; raises `InvalidInput`, `TooLarge` and `NotFound`."""
        media_type = None if content is None else images.media_type_of(content)

        def work(changes: Changes) -> None:
            changes.set_image(changes.catalog.services.get(name_or_id), content, media_type)

        await self._desk.change(caller, work)

    def _in(self, catalog: Catalog) -> Named[Service]:
        return catalog.services

    def _read(self, reader: Reader, name: str, node: Node) -> Given[Service] | None:
        return reader.service(name, node)

    def _put(self, changes: Changes, given: Given[Service], stored: Service | None) -> Service:
        return changes.put_service(given, stored)

    def _remove(self, changes: Changes, stored: Service) -> None:
        changes.remove_service(stored)


def _check_secret(configuration: Configuration, field: str, text: str) -> None:
    names = secret_names(configuration.kind)
    if field not in names:
        raise InvalidInput(
            f"{field[:100]!r} is no secret of {configuration.name!r} ({configuration.kind}): "
            f"{did_you_mean(field[:100], names)}"
        )
    if text and (fault := FIELDS[configuration.kind][field].fault(text)):
        raise InvalidInput(f"{field!r} of configuration {configuration.name!r} {fault}.")
