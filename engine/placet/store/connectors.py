"""Authentication configurations, services and connectors as rows. A change moves their counter on."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Generic, TypeVar

from sqlalchemy import Connection, Table, delete, insert, select, update

from placet.store import counters
from placet.store.tables import auth_configuration, connector, outbound_token, service

COUNTER = "connectors"

Row = TypeVar("Row", bound="NamedRow")


@dataclass(frozen=True, slots=True, kw_only=True)
class NamedRow:
    """What the three have in common; `folded` is the name as it is told apart from others."""

    id: str
    name: str
    folded: str
    revision: int
    created_at: datetime
    updated_at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ConfigurationRow(NamedRow):
    kind: str
    fields: Mapping[str, Any]
    secrets: bytes | None = field(default=None, repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class ServiceRow(NamedRow):
    """A service without its image, whose type says whether there is one."""

    product_name: str
    product_version: str
    api_version: str
    image_type: str | None = None
    configuration_id: str | None
    limits: Mapping[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class ConnectorRow(NamedRow):
    service_id: str
    content: Mapping[str, Any]


class Rows(Generic[Row]):
    """One of the three tables; `lock` comes before every change."""

    def __init__(self, table: Table, row: type[Row]) -> None:
        self._table, self._row = table, row
        self._names = list(row.__dataclass_fields__)
        self._columns = [table.c[name] for name in self._names]

    def all(self, tx: Connection) -> list[Row]:
        """All rows by name."""
        found = tx.execute(select(*self._columns)).mappings()
        return sorted((self._row(**row) for row in found), key=lambda row: row.folded)

    def add(self, tx: Connection, row: Row) -> None:
        tx.execute(insert(self._table).values({name: getattr(row, name) for name in self._names}))

    def change(self, tx: Connection, row: Row) -> None:
        """Write a row over the one with its id; who it was made by and its image stay."""
        values = {name: getattr(row, name) for name in self._names if name not in ("id", "created_at", "image_type")}
        tx.execute(update(self._table).where(self._table.c.id == row.id).values(values))

    def remove(self, tx: Connection, row_id: str) -> None:
        tx.execute(delete(self._table).where(self._table.c.id == row_id))


configurations = Rows(auth_configuration, ConfigurationRow)
services = Rows(service, ServiceRow)
connectors = Rows(connector, ConnectorRow)


def lock(tx: Connection) -> int:
    """Let nobody else change any of them until this transaction ends, and have them read again; gives the new number.

    It comes before reading.
    """
    return counters.bump(tx, COUNTER)


def number(tx: Connection) -> int:
    """How many changes there were."""
    return counters.value(tx, COUNTER)


def forget_token(tx: Connection, configuration_id: str) -> None:
    """Take away the token that others gave for a configuration."""
    tx.execute(delete(outbound_token).where(outbound_token.c.configuration_id == configuration_id))


def image(tx: Connection, service_id: str) -> tuple[bytes, str] | None:
    """The image of a service and its media type."""
    query = select(service.c.image, service.c.image_type).where(service.c.id == service_id)
    found = tx.execute(query.where(service.c.image_type.is_not(None))).first()
    return None if found is None else (bytes(found.image), found.image_type)


def set_image(tx: Connection, service_id: str, content: bytes | None, media_type: str | None) -> None:
    """Keep an image for a service, or none."""
    tx.execute(update(service).where(service.c.id == service_id).values(image=content, image_type=media_type))
