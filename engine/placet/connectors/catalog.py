"""All configurations, services and connectors at hand, read again when another program has changed them."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Generic, TypeVar

from placet.clock import Clock
from placet.connectors.checks import fold_name, unknown
from placet.connectors.records import AuthKind, Configuration, Connector, Service
from placet.connectors.rows import configuration_of, connector_of, service_of
from placet.directory.database import Database
from placet.errors import NotFound
from placet.store import connectors as store
from placet.store.directory_version import Transaction

_LOOKS_AGAIN = timedelta(seconds=1)


Record = TypeVar("Record", bound=Configuration | Service | Connector)


class Named(Generic[Record]):
    """Records by id, and by name without regard to case."""

    def __init__(self, what: str, records: Iterable[Record]) -> None:
        self.what = what
        self.by_id = {each.id: each for each in records}
        self.by_name = {fold_name(each.name): each for each in self.by_id.values()}

    def all(self) -> list[Record]:
        """All of them by name."""
        return [self.by_name[folded] for folded in sorted(self.by_name)]

    def put(self, record: Record) -> None:
        """Know a record, in the place of the one with its id."""
        former = self.by_id.get(record.id)
        if former is not None:
            del self.by_name[fold_name(former.name)]
        self.by_id[record.id] = self.by_name[fold_name(record.name)] = record

    def find(self, name_or_id: str) -> Record | None:
        return self.by_name.get(fold_name(name_or_id)) or self.by_id.get(name_or_id.lower())

    def get(self, name_or_id: str) -> Record:
        """One by name or id; raises `NotFound` with the name that may have been meant."""
        found = self.find(name_or_id)
        if found is None:
            raise NotFound(unknown(self.what, name_or_id, [each.name for each in self.all()]))
        return found


class Catalog:
    """Everything as of one moment, by name; `number` says how many changes there had been."""

    def __init__(
        self,
        number: int = -1,
        configurations: Iterable[Configuration] = (),
        services: Iterable[Service] = (),
        connectors: Iterable[Connector] = (),
    ) -> None:
        self.number = number
        self.configurations = Named("configuration", configurations)
        self.services = Named("service", services)
        self.connectors = Named("connector", connectors)

    def connector(self, name_or_id: str) -> Connector:
        """One connector; raises `NotFound`."""
        return self.connectors.get(name_or_id)

    def service_of(self, connector: Connector) -> Service:
        return self.services.by_id[connector.service_id]

    def configuration_of(self, service: Service) -> Configuration | None:
        """By what a service is signed in at; None where nothing has to be proven."""
        found = None if service.configuration_id is None else self.configurations.by_id[service.configuration_id]
        return None if found is None or found.kind is AuthKind.NONE else found


class LiveCatalog:
    """The catalog of a database: what another program has changed is seen within a second."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self._database, self._clock = database, clock
        self._looked_at: datetime | None = None
        self._changes = 0  # that were made here
        #: As it was last seen.
        self.last = Catalog()

    async def now(self) -> Catalog:
        """The catalog as it is, or was less than a second ago; with everything that was changed here."""
        now, changes = self._clock.now(), self._changes
        if self._looked_at is None or not timedelta(0) <= now - self._looked_at < _LOOKS_AGAIN:
            found = await self._database.read(self._refreshed)
            if found.number > self.last.number:  # whoever asked later may have been answered before
                self.last = found
            if changes == self._changes:
                self._looked_at = now
        return self.last

    def forget(self) -> None:
        """Have the next who asks look again, because something has just been changed here."""
        self._looked_at = None
        self._changes += 1

    def _refreshed(self, tx: Transaction) -> Catalog:
        return self.last if store.number(tx) == self.last.number else load_catalog(tx)


def load_catalog(tx: Transaction) -> Catalog:
    """Everything as it is stored."""
    number = store.number(tx)  # first: what changes after it is read again
    return Catalog(
        number,
        map(configuration_of, store.configurations.all(tx)),
        map(service_of, store.services.all(tx)),
        map(connector_of, store.connectors.all(tx)),
    )
