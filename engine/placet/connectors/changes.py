"""Changes of configurations, services and connectors within one transaction, each with its line in the audit trail."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any, Protocol

from placet.connectors import rows
from placet.connectors.catalog import Named, Record, load_catalog
from placet.connectors.checks import fold_name, unknown
from placet.connectors.export import connector_content, content_of_configuration, service_content
from placet.connectors.reading import MOST, Contents, Given
from placet.connectors.records import Configuration, Connector, Service
from placet.connectors.sealing import goes_elsewhere, kept, seal
from placet.core.ids import IdMaker
from placet.directory.audit import note
from placet.directory.caller import Caller
from placet.directory.secrets import Vault
from placet.errors import Conflict, InvalidConnectors, RevisionMismatch
from placet.loader.faults import Fault
from placet.store import connectors as store
from placet.store.directory_version import Transaction

_ids = IdMaker()


@dataclass(slots=True)
class Counts:
    """How many were added, changed, or are as they were."""

    added: int = 0
    changed: int = 0
    same: int = 0


class Changes:
    """The changes of one transaction; nobody else changes any of them until it ends."""

    def __init__(self, tx: Transaction, caller: Caller, vault: Vault) -> None:
        store.lock(tx)
        self._tx, self._caller, self._vault = tx, caller, vault
        self.catalog = load_catalog(tx)
        self.counts = Counts()

    def put_all(self, contents: Contents) -> None:
        """Add what is not there, and change what differs; raises `InvalidConnectors` for names that nobody has."""
        catalog = self.catalog
        faults = [
            *_put_each(contents.configurations, catalog.configurations, self.put_configuration),
            *_put_each(contents.services, catalog.services, self.put_service),
            *_put_each(contents.connectors, catalog.connectors, self.put_connector),
        ]
        if faults:
            raise InvalidConnectors(faults)

    # -- adding and changing ---------------------------------------------------------------------

    def put_configuration(self, given: Given[Configuration], stored: Configuration | None = None) -> Configuration:
        """Store a configuration; of the one that it replaces the secrets stay that are not given anew."""
        made = self._placed(self.catalog.configurations, given.record, stored)
        made, told = self._with_secrets(made, stored)
        if stored is not None and not told and made == replace(stored, sealed=made.sealed):
            return self._as_it_was(stored)
        before = None if stored is None else _configuration(stored)
        after = _configuration(made) | ({"secrets_set": told} if told else {})
        made = self._noted("configuration", self.catalog.configurations, made, stored, before, after)
        row = rows.row_of_configuration(made, self._caller.at)
        (store.configurations.add if stored is None else store.configurations.change)(self._tx, row)
        return made

    def put_service(self, given: Given[Service], stored: Service | None = None) -> Service:
        """Store a service; one that it replaces keeps its image."""
        wanted = given.record
        if given.refers_to is not None:
            wanted = replace(wanted, configuration_id=id_of(self.catalog.configurations, given.refers_to))
        made = self._placed(self.catalog.services, wanted, stored)
        made = replace(made, image_type=None if stored is None else stored.image_type)
        if made == stored:
            return self._as_it_was(stored)
        before = None if stored is None else self._service(stored)
        made = self._noted("service", self.catalog.services, made, stored, before, self._service(made))
        row = rows.row_of_service(made, self._caller.at)
        (store.services.add if stored is None else store.services.change)(self._tx, row)
        return made

    def put_connector(self, given: Given[Connector], stored: Connector | None = None) -> Connector:
        """Store a connector."""
        service_id = id_of(self.catalog.services, given.refers_to or "")
        made = self._placed(self.catalog.connectors, replace(given.record, service_id=service_id), stored)
        if made == stored:
            return self._as_it_was(stored)
        before = None if stored is None else self._connector(stored)
        made = self._noted("connector", self.catalog.connectors, made, stored, before, self._connector(made))
        row = rows.row_of_connector(made, self._caller.at)
        (store.connectors.add if stored is None else store.connectors.change)(self._tx, row)
        return made

    def set_image(self, service: Service, content: bytes | None, media_type: str | None) -> None:
        """Keep an image for a service, or none."""
        made = replace(service, image_type=media_type)
        before, after = {"image": service.image_type}, {"image": media_type}
        made = self._noted("service", self.catalog.services, made, service, before, after)
        store.services.change(self._tx, rows.row_of_service(made, self._caller.at))
        store.set_image(self._tx, service.id, content, media_type)

    # -- removing --------------------------------------------------------------------------------

    def remove_configuration(self, found: Configuration) -> None:
        """Remove a configuration with the token that was got by it; raises `Conflict` while a service has it."""
        users = [each.name for each in self.catalog.services.all() if each.configuration_id == found.id]
        _require_unused("configuration", found.name, "service", users)
        store.configurations.remove(self._tx, found.id)
        store.forget_token(self._tx, found.id)
        self._note_removal("configuration", found.name, _configuration(found))

    def remove_service(self, found: Service) -> None:
        """Remove a service; raises `Conflict` while it has connectors."""
        users = [each.name for each in self.catalog.connectors.all() if each.service_id == found.id]
        _require_unused("service", found.name, "connector", users)
        store.services.remove(self._tx, found.id)
        self._note_removal("service", found.name, self._service(found))

    def remove_connector(self, found: Connector) -> None:
        """Remove a connector."""
        store.connectors.remove(self._tx, found.id)
        self._note_removal("connector", found.name, self._connector(found))

    # -- how ------------------------------------------------------------------------------------

    def _placed(self, known: Named[Record], record: Record, stored: Record | None) -> Record:
        """A record with the id and times of the one that it replaces, or with new ones."""
        other = known.by_name.get(fold_name(record.name))
        if other is not None and (stored is None or other.id != stored.id):
            raise Conflict(f"There is a {known.what} {other.name!r} already; choose another name, or change that one.")
        if stored is None:
            if len(known.by_id) >= MOST:
                raise Conflict(f"There are {MOST} {known.what}s already; remove one first.")
            return replace(record, id=_ids.make(self._caller.at), created_at=self._caller.at)
        kept = {name: getattr(stored, name) for name in ("id", "revision", "created_at", "updated_at")}
        return replace(record, **kept)

    def _with_secrets(self, made: Configuration, stored: Configuration | None) -> tuple[Configuration, list[str]]:
        """The configuration with its secrets sealed, and the names of those that are other than they were.

        What is stored is opened only where it is needed: everything else works also without the key.
        """
        if stored is None:
            before: Mapping[str, str] = {}
        elif not made.secrets and stored.kind is made.kind and not goes_elsewhere(stored, made):
            return replace(made, sealed=stored.sealed), []
        else:
            before = kept(self._vault, stored, made)
        merged = {name: text for name, text in {**before, **made.secrets}.items() if text}
        told = sorted(name for name in {*before, *merged} if before.get(name) != merged.get(name))
        if stored is not None and stored.kind is made.kind and not told:
            return replace(made, secrets={}, sealed=stored.sealed), []
        return replace(made, secrets={}, sealed=seal(self._vault, made.id, merged)), told

    def _as_it_was(self, stored: Record) -> Record:
        self.counts.same += 1
        return stored

    def _noted(
        self,
        what: str,
        known: Named[Record],
        made: Record,
        stored: Record | None,
        before: Mapping[str, Any] | None,
        after: Mapping[str, Any],
    ) -> Record:
        """The record as it is stored next, noted in the audit trail and known from here on."""
        if stored is None:
            self.counts.added += 1
            note(self._tx, self._caller, f"{what}.added", made.name, after=after)
        else:
            self.counts.changed += 1
            made = replace(made, revision=stored.revision + 1, updated_at=self._caller.at)
            assert before is not None
            names = [name for name in {**before, **after} if before.get(name) != after.get(name)]
            was, is_ = ({name: each[name] for name in names if name in each} for each in (before, after))
            note(self._tx, self._caller, f"{what}.changed", stored.name, was, is_)
        known.put(made)
        return made

    def _service(self, record: Service) -> dict[str, Any]:
        return {"name": record.name, **service_content(self.catalog, record)}

    def _connector(self, record: Connector) -> dict[str, Any]:
        return {"name": record.name, **connector_content(self.catalog, record)}

    def _note_removal(self, what: str, name: str, before: Mapping[str, Any]) -> None:
        note(self._tx, self._caller, f"{what}.removed", name, before=before)


def _configuration(record: Configuration) -> dict[str, Any]:
    return {"name": record.name, **content_of_configuration(record)}


def _put_each(
    section: Iterable[Given[Record]], known: Named[Record], put: Callable[[Given[Record], Record | None], Record]
) -> Iterator[object]:
    """Put all of a section, and give the faults of those that refer to what is not there."""
    for given in section:
        try:
            put(given, known.by_name.get(fold_name(given.record.name)))
        except InvalidConnectors as failure:
            place = given.place
            yield Fault(given.file, place.line, place.column, failure.message) if given.file else failure.message


def id_of(known: Named[Record], name: str) -> str:
    """The id of what something refers to by name; raises `InvalidConnectors` where it is not there."""
    found = known.by_name.get(fold_name(name))
    if found is None:
        raise InvalidConnectors([unknown(known.what, name, [each.name for each in known.all()])])
    return found.id


class Revised(Protocol):
    """What has a name and counts its changes."""

    @property
    def name(self) -> str: ...

    @property
    def revision(self) -> int: ...


def require_revision(record: Revised, expected: int | None) -> None:
    """Refuse who has an older copy; raises `RevisionMismatch`."""
    if expected is not None and record.revision != expected:
        raise RevisionMismatch(
            f"{record.name!r} is at revision {record.revision} and no longer at {expected}; "
            "read it again and decide anew."
        )


def _require_unused(what: str, name: str, user: str, users: list[str]) -> None:
    if users:
        named = ", ".join(map(repr, users[:5])) + (" …" if len(users) > 5 else "")
        raise Conflict(f"The {what} {name!r} is used by the {user} {named}; change or remove that first.")
